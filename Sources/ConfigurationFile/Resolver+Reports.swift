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
            "\"" + setting.key + "\" of [" + entry.section + "] must be " + setting.kind.explanation + "; " + shown
                + advice(setting, entry.value)))
    }

    mutating func reportInapplicable(_ setting: Setting, _ entry: ConfigurationDocument.Entry) {
        guard let condition = setting.condition else { return }
        let actual = configuration.row(entry.section, condition.key)?.text ?? "unset"
        problems.append(ConfigurationProblem(
            .impossible, at: entry.origin,
            "\"" + setting.key + "\" is for " + condition.key + " = " + condition.value + ", but [" + entry.section + "] has "
                + condition.key + " = " + actual + "; remove it, or change " + condition.key))
    }

    func unknownSection(_ name: UTF8Text) -> UTF8Text {
        for section in schema.sections {
            guard let family = ConfigurationSchema.familyPrefix(section), name.hasPrefix(family) else { continue }
            return "the name in [" + name + "] must have 1 to 32 of a-z, 0-9 and - after \"" + family + "\""
        }
        let nearest = NearestName.find(name, among: schema.sections)
        let advice = nearest.map { "; did you mean [" + $0 + "]?" } ?? "; see Firmware-Config for every section"
        return "there is no section [" + name + "]" + advice
    }

    /// What a person most likely forgot or mistook.
    private func advice(_ setting: Setting, _ value: UTF8Text) -> UTF8Text {
        switch setting.kind {
        case .choice(let words):
            return NearestName.find(value, among: words.texts).map { "; did you mean \"" + $0 + "\"?" } ?? ""
        case .duration where UnitText.decimal(value.bytes[...]) != nil:
            return "; name the unit: ms, s, min, h or d, for example " + value + " s"
        case .byteCount where UnitText.decimal(value.bytes[...]) != nil:
            return "; name the unit: B, KiB, MiB or GiB, for example " + value + " KiB"
        case .flag:
            return "; write true or false"
        default:
            return ""
        }
    }
}
