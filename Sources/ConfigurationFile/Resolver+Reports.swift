internal import AttestationFormat

extension Resolver {
    mutating func reportMissing(_ setting: Setting, _ section: UTF8Text, at origin: ValueOrigin) {
        problems.append(ConfigurationProblem(
            .missing, at: origin,
            "[" + section + "] needs \"" + setting.key + "\"; add for example: " + setting.key + " = " + setting.example))
    }

    mutating func reportBadValue(_ setting: Setting, _ entry: ConfigurationDocument.Entry) {
        let shown: UTF8Text = entry.value.bytes.isEmpty ? "it is empty" : "\"" + entry.value + "\" is not"
        problems.append(ConfigurationProblem(
            .badValue, at: entry.origin,
            "\"" + setting.key + "\" of [" + entry.section + "] must be " + setting.kind.article + setting.kind.explanation + "; " + shown
                + advice(setting, entry.value)))
    }

    /// - Parameter others: all that do not apply in the section; the same key may be for several values.
    mutating func reportInapplicable(_ setting: Setting, _ entry: ConfigurationDocument.Entry, of others: [Setting]) {
        guard let condition = setting.condition else { return }
        let row = configuration.row(entry.section, condition.key)
        // Where it is missing or wrong, that was said, and nobody knows what it would have allowed.
        if let row, row.value == nil, row.text != nil || row.setting.absence == .refused { return }
        let actual = row?.text ?? "unset"
        var values: UTF8Text = ""
        for other in others where other.key == setting.key {
            guard let value = other.condition?.value else { continue }
            values = values.byteCount == 0 ? value : values + " or " + value
        }
        problems.append(ConfigurationProblem(
            .impossible, at: entry.origin,
            "\"" + setting.key + "\" is for " + condition.key + " = " + values + ", but [" + entry.section + "] has "
                + condition.key + " = " + actual + "; remove it, or change " + condition.key))
    }

    func unknownSection(_ name: UTF8Text) -> UTF8Text {
        for section in schema.sections {
            guard let family = ConfigurationSchema.familyPrefix(section), name.hasPrefix(family) else { continue }
            return "the name in [" + name + "] must have 1 to 32 of a-z, 0-9 and - after \"" + family + "\""
        }
        let nearest = NearestName.find(name, among: schema.sections) ?? nearestMember(name)
        let advice = nearest.map { "; did you mean [" + $0 + "]?" } ?? "; see Firmware-Config for every section"
        return "there is no section [" + name + "]" + advice
    }

    /// The section of a family whose own name is near: `[sensors.air]` for `[sensor.air]`.
    private func nearestMember(_ name: UTF8Text) -> UTF8Text? {
        guard let dot = name.bytes.firstIndex(of: UInt8(ascii: ".")), let family = UTF8Text(validating: Array(name.bytes[...dot])),
            let member = UTF8Text(validating: Array(name.bytes[(dot + 1)...])), SettingKind.isName(member)
        else { return nil }
        return NearestName.find(family, among: schema.sections.compactMap { ConfigurationSchema.familyPrefix($0) }).map { $0 + member }
    }

    /// What a person most likely forgot or mistook.
    private func advice(_ setting: Setting, _ value: UTF8Text) -> UTF8Text {
        let bytes = value.bytes
        if bytes.indices.dropFirst().contains(where: { bytes[$0] == UInt8(ascii: "#") && bytes[$0 - 1] == UInt8(ascii: " ") }) {
            return "; put the comment on a line of its own"
        }
        switch setting.kind {
        case .choice(let words):
            let lower = UTF8Text(validating: bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }) ?? value
            return NearestName.find(lower, among: words.texts).map { "; did you mean \"" + $0 + "\"?" } ?? ""
        case .duration where UnitText.decimal(value.bytes[...]) != nil:
            return "; name the unit: ms, s, min, h or d, for example " + value + " s"
        case .byteCount where UnitText.decimal(value.bytes[...]) != nil:
            return "; name the unit: B, KiB, MiB or GiB, for example " + value + " KiB"
        case .duration where DurationText.milliseconds(value) == nil:
            return "; write a whole number with ms, s, min, h or d"
        case .byteCount where ByteCountText.byteCount(value) == nil:
            return "; write a whole number with B, KiB, MiB or GiB"
        case .flag:
            return "; write true or false"
        default:
            return ""
        }
    }
}
