internal import AttestationFormat
internal import GatewayAgent
internal import LogisticsEvents

extension AgentLoop {
    /// Every sensor with its latest value and what is wrong with it.
    func addSensors(to document: inout StatusDocument) {
        for sensor in sensors.sensorStatuses {
            document.section("sensors", item: sensor.name.string)
            let isAwaited = sensor.heardMilliseconds == nil && !sensor.isSilent
            document.add("state", text: sensor.state, level: sensor.isWell ? .good : isAwaited ? .plain : .bad)
            document.add("quantity", text: sensor.quantity.description.name.text.string)
            if let value = sensor.value {
                document.add("value", value, words: sensor.quantity.words(value))
            } else {
                document.addUnknown("value", words: "none")
            }
            if let heard = sensor.heardMilliseconds {
                document.add("heard-s-ago", now.milliseconds(since: heard) / 1_000)
            } else {
                document.addUnknown("heard-s-ago", words: "never heard")
            }
            document.add("flags", text: sensor.flagNames, words: sensor.flags.isEmpty ? "none" : nil)
            document.add("readings", sensor.readingCount)
        }
    }

    /// Every rule with its count.
    func addRules(to document: inout StatusDocument) {
        for status in sensors.ruleStatuses {
            let rule = status.rule
            document.section("rules", item: rule.id.string)
            document.add("sensor", text: rule.sensor.string)
            let isCounting = status.countedMilliseconds > 0 || status.worst != nil
            document.add(
                "state", text: status.isOpen ? "open" : isCounting ? "counting" : "clear",
                level: status.isOpen ? .bad : isCounting ? .warning : .good)
            document.add("threshold", rule.threshold, words: status.quantity.words(rule.threshold))
            document.add("for-ms", rule.forMilliseconds)
            document.add("counted-ms", status.countedMilliseconds)
            document.add("unobserved-ms", status.unobservedMilliseconds)
            if let worst = status.worst { document.add("worst", worst, words: status.quantity.words(worst)) }
        }
    }

    /// Sensors that say nothing, and excursions that are open.
    func addSensorConcerns(to concerns: inout [OperatorConcern]) {
        for sensor in sensors.sensorStatuses where sensor.isSilent || sensor.fault != nil {
            concerns.add("sensor", "sensor \(sensor.name.string) is \(sensor.state): check it, its cable and its battery")
        }
        for status in sensors.ruleStatuses where status.isOpen {
            let worst = status.quantity.words(status.worst ?? status.rule.threshold)
            concerns.add("excursion", "sensor \(status.rule.sensor.string) is in breach of rule \(status.rule.id.string), worst \(worst): look after the goods")
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
