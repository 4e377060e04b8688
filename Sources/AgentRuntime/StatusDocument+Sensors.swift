internal import AttestationFormat
internal import GatewayAgent
internal import LogisticsEvents

extension StatusDocument {
    /// Every sensor with its latest value and what is wrong with it.
    mutating func addSensors(of table: SensorTable, at now: Moment) {
        for sensor in table.sensorStatuses {
            section("sensors", item: sensor.name.string)
            let isAwaited = sensor.heardMilliseconds == nil && !sensor.isSilent && sensor.fault == nil
            add("state", text: sensor.state, level: sensor.isWell ? .good : isAwaited ? .plain : .bad)
            add("quantity", text: sensor.quantity.description.name.text.string)
            if let value = sensor.value {
                add("value", value, words: sensor.quantity.words(value))
            } else {
                addUnknown("value", words: "none")
            }
            if let heard = sensor.heardMilliseconds {
                add("heard-s-ago", now.milliseconds(since: heard) / 1_000)
            } else {
                addUnknown("heard-s-ago", words: "never heard")
            }
            add("flags", text: sensor.flagNames, words: sensor.flags.isEmpty ? "none" : nil)
            add("readings", sensor.readingCount)
        }
    }

    /// Every rule with its count.
    mutating func addRules(of table: SensorTable) {
        for status in table.ruleStatuses {
            let rule = status.rule
            section("rules", item: rule.id.string)
            add("sensor", text: rule.sensor.string)
            let isCounting = status.countedMilliseconds > 0 || status.worst != nil
            add(
                "state", text: status.isOpen ? "open" : isCounting ? "counting" : "clear",
                level: status.isOpen ? .bad : isCounting ? .warning : .good)
            add("threshold", rule.threshold, words: status.quantity.words(rule.threshold))
            add("for-ms", rule.forMilliseconds)
            add("counted-ms", status.countedMilliseconds)
            add("unobserved-ms", status.unobservedMilliseconds)
            if let worst = status.worst { add("worst", worst, words: status.quantity.words(worst)) }
        }
    }
}

extension [OperatorConcern] {
    /// Sensors that say nothing, and excursions that are open.
    mutating func addSensors(of table: SensorTable) {
        for sensor in table.sensorStatuses where sensor.isSilent || sensor.fault != nil {
            add("sensor", "sensor \(sensor.name.string) is \(sensor.state); check it, its cable and its battery")
        }
        for status in table.ruleStatuses where status.isOpen {
            let worst = status.quantity.words(status.worst ?? status.rule.threshold)
            add("excursion", "sensor \(status.rule.sensor.string) is in breach of rule \(status.rule.id.string), worst \(worst); look after the goods")
        }
    }
}

extension SensorStatus {
    /// Whether there is nothing to do about it.
    var isWell: Bool { heardMilliseconds != nil && !isSilent && flags.isEmpty && fault == nil }

    /// One word: what is wrong first.
    var state: String {
        if isSilent { return "silent" }
        if let fault { return fault.word.text.string }
        if heardMilliseconds == nil { return "awaited" }
        return flags.isEmpty ? "ok" : "flagged"
    }

    /// The flags' names with spaces between.
    var flagNames: String {
        var text: UTF8Text = ""
        for row in EventFlags.names where flags.contains(row.flag) {
            text = text.byteCount == 0 ? row.name : text + " " + row.name
        }
        return text.string
    }
}

extension Quantity {
    /// A value in the user's unit, for people.
    func words(_ value: Int64) -> String {
        let number = FixedPoint.text(value, decimals: description.decimals)
        switch self {
        case .state, .count: return number.string
        default: return (number + " " + description.userUnit.text).string
        }
    }
}
