internal import AttestationFormat

extension Resolver {
    /// Takes `HARBORSEAL_SECTION_KEY=value`.
    ///
    /// A variable whose name goes on with a section of ours but no key of it is a problem; other names with the prefix
    /// are somebody else's (the build's own, for example) and are left alone.
    mutating func takeVariable(_ variable: UTF8Text) {
        let prefix = schema.environmentPrefix + "_"
        guard variable.hasPrefix(prefix), let equals = variable.bytes.firstIndex(of: UInt8(ascii: "=")),
            let name = UTF8Text(validating: Array(variable.bytes[..<equals])),
            let value = UTF8Text(validating: Array(variable.bytes[(equals + 1)...]))
        else { return }
        var nearestSection: (name: UTF8Text, start: UTF8Text)?
        for section in existingSections {
            let start = prefix + environmentName(section) + "_"
            guard name.hasPrefix(start), start.byteCount > nearestSection?.start.byteCount ?? 0 else { continue }
            nearestSection = (section, start)
        }
        guard let (section, start) = nearestSection else { return }
        for setting in schema.settings(in: section) where start + environmentName(setting.key) == name {
            guard value.byteCount <= LineGate.valueByteLimit else { return reportLongVariable(name) }
            entries.append(ConfigurationDocument.Entry(
                section: section, key: setting.key, value: value, origin: .environment(name)))
            return
        }
        // Compared without what they share, or every name would be near.
        let key = UTF8Text(validating: Array(name.bytes.dropFirst(start.byteCount))) ?? ""
        let nearest = NearestName.find(key, among: schema.settings(in: section).map { environmentName($0.key) })
        let advice = nearest.map { "; did you mean " + start + $0 + "?" } ?? "; unset it"
        problems.append(ConfigurationProblem(
            .badEnvironment, at: .environment(name), "[" + section + "] has no such key" + advice))
    }

    /// Takes `section.key=value`; the section ends at the last dot before the `=`.
    mutating func takeFlag(_ flag: UTF8Text) {
        let bytes = flag.bytes
        guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")),
            let dot = bytes[..<equals].lastIndex(of: UInt8(ascii: ".")),
            let section = UTF8Text(validating: trimmed(bytes[..<dot])),
            let key = UTF8Text(validating: trimmed(bytes[(dot + 1)..<equals])),
            let value = UTF8Text(validating: trimmed(bytes[(equals + 1)...])),
            value.byteCount <= LineGate.valueByteLimit
        else {
            problems.append(ConfigurationProblem(
                .badFlag, at: .flag(flag), "not of the form section.key=value, for example journal.sync-interval=0"))
            return
        }
        guard schema.declared(section) != nil else {
            problems.append(ConfigurationProblem(.unknownSection, at: .flag(flag), unknownSection(section)))
            return
        }
        if !sections.contains(where: { $0.name == section }) {
            sections.append(ConfigurationDocument.Section(name: section, origin: .flag(flag)))
        }
        take(ConfigurationDocument.Entry(section: section, key: key, value: value, origin: .flag(flag)))
    }

    /// All sections that stand alone, and the members of families that files or flags have named.
    private var existingSections: [UTF8Text] {
        var names = schema.sections.filter { ConfigurationSchema.familyPrefix($0) == nil }
        for section in sections where !names.contains(section.name) { names.append(section.name) }
        return names
    }

    private mutating func reportLongVariable(_ name: UTF8Text) {
        problems.append(ConfigurationProblem(
            .badEnvironment, at: .environment(name), "longer than 199 bytes, which no value is; shorten it"))
    }

    /// Upper case, with `_` for `-` and `.`
    private func environmentName(_ name: UTF8Text) -> UTF8Text {
        let bytes = name.bytes.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 0x20
            case UInt8(ascii: "-"), UInt8(ascii: "."): UInt8(ascii: "_")
            default: byte
            }
        }
        return UTF8Text(validating: bytes) ?? name
    }

    private func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var rest = bytes
        while rest.first == UInt8(ascii: " ") { rest.removeFirst() }
        while rest.last == UInt8(ascii: " ") { rest.removeLast() }
        return Array(rest)
    }
}
