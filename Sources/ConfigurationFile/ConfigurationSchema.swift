public import AttestationFormat

/// The table of all settings of a program.
public struct ConfigurationSchema: Sendable {
    /// In the order of the example file; the settings of one section stand together.
    public let settings: [Setting]
    /// What is said of each section, in the order of the settings.
    public let notes: [SectionNote]
    /// What environment variables begin with, for example `HARBORSEAL`.
    public let environmentPrefix: UTF8Text

    public init(_ settings: [Setting], notes: [SectionNote], environmentPrefix: UTF8Text) {
        self.settings = settings
        self.notes = notes
        self.environmentPrefix = environmentPrefix
    }

    /// The sections of the table in order, families as `source.*`.
    public var sections: [UTF8Text] {
        var names: [UTF8Text] = []
        for setting in settings where names.last != setting.section { names.append(setting.section) }
        return names
    }

    /// The section of the table that governs a section of a file: itself, or its family; nil when there is none.
    ///
    /// The name of a family's member has 1 to 32 of `a-z 0-9 -`.
    func declared(_ section: UTF8Text) -> UTF8Text? {
        for name in sections {
            guard let family = ConfigurationSchema.familyPrefix(name) else {
                if name == section { return name }
                continue
            }
            guard section.hasPrefix(family),
                let member = UTF8Text(validating: Array(section.bytes.dropFirst(family.byteCount))), SettingKind.isName(member)
            else { continue }
            return name
        }
        return nil
    }

    /// The settings that a section of a file may hold.
    func settings(in section: UTF8Text) -> [Setting] {
        guard let name = declared(section) else { return [] }
        return settings.filter { $0.section == name }
    }

    /// `source.` for `source.*`, nil for a section that is alone.
    static func familyPrefix(_ section: UTF8Text) -> UTF8Text? {
        guard section.bytes.count > 2, section.bytes.last == UInt8(ascii: "*") else { return nil }
        return UTF8Text(validating: Array(section.bytes.dropLast()))
    }
}
