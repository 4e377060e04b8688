internal import AttestationFormat

extension ConfigurationSchema {
    /// Puts the layers over the defaults and judges every value. All problems are found in one run.
    public func resolve(_ layers: ConfigurationLayers) -> (configuration: ResolvedConfiguration, problems: [ConfigurationProblem]) {
        var resolver = Resolver(self, layers.document)
        resolver.takeDocument()
        for variable in layers.environment { resolver.takeVariable(variable) }
        for flag in layers.flags { resolver.takeFlag(flag) }
        resolver.makeRows()
        return (resolver.configuration, resolver.problems)
    }
}

/// The state of one resolution.
struct Resolver {
    let schema: ConfigurationSchema
    let document: ConfigurationDocument
    var configuration = ResolvedConfiguration()
    var problems: [ConfigurationProblem]
    /// Known keys in the order of the layers; the last one of a key counts.
    var entries: [ConfigurationDocument.Entry] = []
    /// The sections that exist, with the place where they begin: all that stand alone, and the members of families.
    var sections: [ConfigurationDocument.Section] = []

    init(_ schema: ConfigurationSchema, _ document: ConfigurationDocument) {
        self.schema = schema
        self.document = document
        problems = document.problems
    }

    mutating func takeDocument() {
        for section in document.sections {
            if schema.declared(section.name) == nil {
                problems.append(ConfigurationProblem(.unknownSection, at: section.origin, unknownSection(section.name)))
            } else if !sections.contains(where: { $0.name == section.name }) {
                sections.append(section)
            }
        }
        for entry in document.entries { take(entry) }
    }

    /// Takes a value if its key is known. An unknown section was reported at its header.
    mutating func take(_ entry: ConfigurationDocument.Entry) {
        let known = schema.settings(in: entry.section)
        guard !known.isEmpty else { return }
        guard known.contains(where: { $0.key == entry.key }) else {
            let nearest = NearestName.find(entry.key, among: known.map { $0.key })
            let advice = nearest.map { "; did you mean \"" + $0 + "\"?" } ?? "; see Firmware-Config for every key"
            problems.append(ConfigurationProblem(
                .unknownKey, at: entry.origin, "[" + entry.section + "] has no key \"" + entry.key + "\"" + advice))
            return
        }
        entries.append(entry)
    }

    mutating func makeRows() {
        for name in schema.sections {
            guard let family = ConfigurationSchema.familyPrefix(name) else {
                let header = sections.first { $0.name == name }
                makeRows(of: name, at: header?.origin ?? .file(document.path, line: 0))
                continue
            }
            for section in sections where section.name.hasPrefix(family) { makeRows(of: section.name, at: section.origin) }
        }
    }

    private mutating func makeRows(of section: UTF8Text, at origin: ValueOrigin) {
        let settings = schema.settings(in: section)
        // This section's alone, once for all keys: hundreds of sensors have thousands of entries, and as many rows.
        let own = entries.filter { $0.section == section }
        var rows: [ResolvedConfiguration.Row] = []
        var inapplicable: [Setting] = []
        for setting in settings {
            guard Self.applies(setting, within: rows) else {
                inapplicable.append(setting)
                continue
            }
            let written = own.last { $0.key == setting.key }
            rows.append(row(setting, section, written, at: origin))
        }
        for row in rows { configuration.append(row) }
        // One key may be declared for several conditions, each with its own default: one that applies is enough.
        for (index, setting) in inapplicable.enumerated() {
            guard !rows.contains(where: { $0.setting.key == setting.key }), !inapplicable[..<index].contains(where: { $0.key == setting.key }),
                let written = own.last(where: { $0.key == setting.key })
            else { continue }
            reportInapplicable(setting, written, of: inapplicable)
        }
    }

    /// Whether a conditional key makes sense; the key that it depends on stands before it in the section.
    private static func applies(_ setting: Setting, within rows: [ResolvedConfiguration.Row]) -> Bool {
        guard let condition = setting.condition else { return true }
        return rows.last { $0.setting.key == condition.key }?.text == condition.value
    }

    private mutating func row(
        _ setting: Setting, _ section: UTF8Text, _ written: ConfigurationDocument.Entry?, at origin: ValueOrigin
    ) -> ResolvedConfiguration.Row {
        guard let written, !(written.value.bytes.isEmpty && setting.absence == .unset) else {
            if setting.absence == .refused, document.isReadable { reportMissing(setting, section, at: origin) }
            let value = setting.defaultText.flatMap { setting.kind.value(of: $0) }
            return ResolvedConfiguration.Row(
                section: section, setting: setting, text: setting.defaultText, value: value, origin: written?.origin ?? .builtIn)
        }
        let value = setting.kind.value(of: written.value)
        if value == nil { reportBadValue(setting, written) }
        return ResolvedConfiguration.Row(
            section: section, setting: setting, text: written.value, value: value, origin: written.origin)
    }
}
