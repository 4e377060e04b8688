internal import AttestationFormat
internal import ConfigurationFile
internal import LogisticsEvents

extension CrossCheck {
    /// The rules: those of the sensors' profiles, then the sections'.
    mutating func rules(of sensors: [AgentConfiguration.Sensor]) -> [ConditionRule] {
        var rules: [ConditionRule] = []
        for sensor in sensors {
            let section = "sensor." + sensor.name
            guard let profile = profile(resolved.text(section, "profile")), canWatch(sensor, section, "profile", profile)
            else { continue }
            rules += profile.rules(sensor: sensor.name)
        }
        for name in resolved.members(of: "rule.") {
            for rule in rulesOfSection(name, sensors) {
                if rules.contains(where: { $0.id == rule.id && $0.sensor == rule.sensor }) {
                    report("rule." + name, "limit", "[sensor." + rule.sensor + "] has the same rules by its profile already; remove one")
                }
                rules.append(rule)
            }
        }
        return rules
    }

    private mutating func rulesOfSection(_ name: UTF8Text, _ sensors: [AgentConfiguration.Sensor]) -> [ConditionRule] {
        let section = "rule." + name
        guard let sensorName = resolved.text(section, "sensor") else { return [] }
        guard let sensor = sensors.first(where: { $0.name == sensorName }) else {
            report(section, "sensor", "there is no [sensor." + sensorName + "]; add it, or name another sensor")
            return []
        }
        let profile = profile(resolved.text(section, "limit"))
        guard canWatch(sensor, section, "sensor", profile) else { return [] }
        let isPriority = resolved.text(section, "priority") != "normal"
        if let profile {
            checkProfileAlone(section, profile)
            return profile.rules(sensor: sensorName, idPrefix: name, isPriority: isPriority)
        }
        let limit = resolved.texts(section, "limit")
        guard limit.count == 2, let threshold = value(limit[1], section, "limit", sensor.quantity, example: limit[0] + " 8")
        else { return [] }
        let isAbove = limit[0] == "above" || limit[0] == "at-least"
        return [
            ConditionRule(
                id: name, sensor: sensorName, isAbove ? .above : .below, threshold,
                isInclusive: limit[0] == "at-least" || limit[0] == "at-most",
                forMilliseconds: UInt64(clamping: resolved.number(section, "for") ?? 0),
                counting: resolved.text(section, "counting") == "cumulative" ? .cumulative : .contiguous,
                hysteresis: amount(section, "hysteresis", sensor.quantity) ?? 0, isPriority: isPriority)
        ]
    }

    private func profile(_ name: UTF8Text?) -> ConditionProfile? {
        name.flatMap { ConditionProfile(name: $0) }
    }

    /// A rule needs to know what a gap is; a profile is for temperatures.
    private mutating func canWatch(
        _ sensor: AgentConfiguration.Sensor, _ section: UTF8Text, _ key: UTF8Text, _ profile: ConditionProfile?
    ) -> Bool {
        if let profile, sensor.quantity != .temperature {
            report(
                section, key, "the profile " + profile.name.text + " is for temperatures, and [sensor." + sensor.name + "] measures "
                    + sensor.quantity.description.name.text + "; use limit = above ... in a [rule.NAME] section")
            return false
        }
        guard sensor.periodMilliseconds != nil else {
            report(
                section, key, "[sensor." + sensor.name + "] has no period: without it a gap in the readings cannot be told from a steady value; "
                    + "add for example: period = 1 min")
            return false
        }
        return true
    }

    /// What a profile fixes is not for the section to change.
    private mutating func checkProfileAlone(_ section: UTF8Text, _ profile: ConditionProfile) {
        let keys: [UTF8Text] = ["for", "counting", "hysteresis"]
        for key in keys where resolved.row(section, key).map({ $0.text != nil && $0.origin != .builtIn }) ?? false {
            report(section, key, "the profile " + profile.name.text + " fixes " + key + "; remove it, or write the limit out")
        }
    }
}
