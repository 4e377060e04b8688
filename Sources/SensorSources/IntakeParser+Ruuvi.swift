import AttestationFormat
import LogisticsEvents

/// `{"sensor":"tag-7","ruuvi":"0512FC53…"}`: a RuuviTag's bytes as a Bluetooth scanner hears them, made into a reading a part.
extension IntakeParser {
    func readRuuvi(
        _ line: Span<UInt8>, _ parts: JSONMembers, _ data: Int, index: Int, into draft: inout EventDraft
    ) throws(EventError) {
        func key(_ name: UTF8Text) -> UTF8Text { IntakeParser.place("readings", index) + "." + name }
        guard let sensorToken = parts[0] else {
            throw EventError(.missingField, key: key("sensor"), "missing: name the sensor")
        }
        for other in 1...8 where parts[other] != nil {
            throw EventError(.unknownField, key: key("ruuvi"), "stands beside sensor alone: its bytes say all the rest")
        }
        guard let measurement = json.ruuvi(data, line) else {
            throw EventError(
                .wrongType, key: key("ruuvi"), "data format 5 belongs here: 48 hex digits, or the advertisement that holds them")
        }
        let sensor = try text(line, sensorToken, key: key("sensor"))
        var hasValue = false
        for part in RuuviPart.allCases {
            // A tag without the part says nothing of it, always: that is no fault.
            guard let value = measurement.value(of: part) else { continue }
            hasValue = true
            try draft.add(EventReading(sensor: sensor + part.suffix, quantity: UInt64(part.quantity.rawValue), value: value))
        }
        guard !hasValue else { return }
        draft.add(.sensorFault)
        try draft.add(EventReading(sensor: sensor, quantity: UInt64(Quantity.temperature.rawValue), value: nil as Int64?))
    }
}

extension RuuviPart {
    /// What tells three readings of one quantity apart.
    fileprivate var suffix: UTF8Text {
        switch self {
        case .accelerationX: "-x"
        case .accelerationY: "-y"
        case .accelerationZ: "-z"
        default: ""
        }
    }
}
