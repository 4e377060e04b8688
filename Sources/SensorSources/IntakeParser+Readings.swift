import AttestationFormat
import LogisticsEvents

/// Readings, attachments and fields of a line.
extension IntakeParser {
    private static let readingKeys = KeyTable([
        "sensor", "quantity", "value", "min", "max", "mean", "count", "span-ms", "text", "ruuvi",
    ])

    func readReadings(
        _ line: Span<UInt8>, _ members: JSONMembers, into draft: inout EventDraft
    ) throws(EventError) {
        guard let list = members[.readings] else { return }
        try expect(.array, list, key: "readings")
        var token = list + 1
        var index = 0
        while token < Int(json[list].next) {
            try expect(.object, token, key: IntakeParser.place("readings", index))
            let parts = try JSONMembers(
                json, line, object: token, keys: IntakeParser.readingKeys,
                place: index == 0 ? "readings[0]" : IntakeParser.place("readings", index))
            if let data = parts[9] {
                try readRuuvi(line, parts, data, index: index, into: &draft)
            } else {
                let reading = try reading(line, parts, index: index)
                if reading.value == nil, reading.summary.minimum == nil { draft.add(.sensorFault) }
                // Suspect data is flagged, never dropped (EventKinds.md).
                if reading.contradictsItself { draft.add(.suspectValue) }
                try draft.add(reading)
            }
            token = Int(json[token].next)
            index += 1
        }
    }

    private func reading(_ line: Span<UInt8>, _ parts: JSONMembers, index: Int) throws(EventError) -> EventReading {
        func key(_ name: UTF8Text) -> UTF8Text { IntakeParser.place("readings", index) + "." + name }
        guard let sensor = parts[0] else {
            throw EventError(.missingField, key: key("sensor"), "missing: name the sensor")
        }
        guard let quantityToken = parts[1], json[quantityToken].kind == .string,
            let quantity = Quantity(name: line.extracting(json[quantityToken].range))
        else {
            throw EventError(
                .unknownQuantity, key: key("quantity"), "one of " + Quantity.nameList + " belongs here, in quotes")
        }
        guard parts[2] != nil || parts[3] != nil else {
            throw EventError(.missingField, key: key("value"), "missing: write null when the sensor answered with a fault")
        }
        var reading = EventReading(
            sensor: try text(line, sensor, key: key("sensor")), quantity: UInt64(quantity.rawValue),
            value: try parts[2].flatMap { token throws(EventError) in
                try measured(line, token, quantity, key: key("value"))
            })
        if parts[3] != nil || parts[4] != nil || parts[5] != nil || parts[6] != nil || parts[7] != nil || parts[8] != nil {
            reading.summary = try summary(line, parts, quantity, index: index)
        }
        return reading
    }

    private func summary(
        _ line: Span<UInt8>, _ parts: JSONMembers, _ quantity: Quantity, index: Int
    ) throws(EventError) -> EventReading.Summary {
        func key(_ part: Int) -> UTF8Text {
            IntakeParser.place("readings", index) + "." + IntakeParser.readingKeys.names[part].text
        }
        var summary = EventReading.Summary()
        if let token = parts[3] { summary.minimum = try measured(line, token, quantity, key: key(3)) }
        if let token = parts[4] { summary.maximum = try measured(line, token, quantity, key: key(4)) }
        if let token = parts[5] { summary.mean = try measured(line, token, quantity, key: key(5)) }
        if let token = parts[6] { summary.count = try unsigned(line, token, key: key(6)) }
        if let token = parts[7] { summary.spanMilliseconds = try unsigned(line, token, key: key(7)) }
        if let token = parts[8] { summary.text = try text(line, token, key: key(8)) }
        return summary
    }

    /// A value in the user's unit as an integer of the quantity's unit; nil for null. A state may be true or false.
    private func measured(
        _ line: Span<UInt8>, _ token: Int, _ quantity: Quantity, key: @autoclosure () -> UTF8Text
    ) throws(EventError) -> CBORInteger? {
        switch json[token].kind {
        case .null: return nil
        case .isTrue where quantity == .state: return .unsigned(1)
        case .isFalse where quantity == .state: return .unsigned(0)
        default: break
        }
        let row = quantity.description
        let value = try number(line, token, decimals: row.decimals, unit: row.userUnit, key: key())
        guard quantity != .state || (0...1).contains(value) else {
            throw EventError(.outOfRange, key: key(), "a state is 0 or 1, false or true")
        }
        return CBORInteger(value)
    }

    private static let attachmentKeys = KeyTable(["sha256", "type"])
    private static let foreignKeys = KeyTable(["type", "text", "hex"])

    func readAttachments(
        _ line: Span<UInt8>, _ members: JSONMembers, into draft: inout EventDraft
    ) throws(EventError) {
        if let list = members[.attachments] {
            try expect(.array, list, key: "attachments")
            var token = list + 1
            while token < Int(json[list].next) {
                try expect(.object, token, key: "attachments")
                let parts = try JSONMembers(
                    json, line, object: token, keys: IntakeParser.attachmentKeys, place: "attachments")
                guard let digestToken = parts[0] else {
                    throw EventError(.missingField, key: "attachments.sha256", "missing: 64 hex digits")
                }
                let digest = try bytes(line, digestToken, key: "attachments.sha256")
                guard digest.count == 32 else {
                    throw EventError(.outOfRange, key: "attachments.sha256", "a SHA-256 digest has 64 hex digits")
                }
                let type = try parts[1].flatMap { part throws(EventError) -> UTF8Text? in
                    try text(line, part, key: "attachments.type")
                }
                try draft.add(EventAttachment(digest: digest, contentType: type))
                token = Int(json[token].next)
            }
        }
        try readForeign(line, members, into: &draft)
    }

    private func readForeign(
        _ line: Span<UInt8>, _ members: JSONMembers, into draft: inout EventDraft
    ) throws(EventError) {
        guard let object = members[.foreign] else { return }
        try expect(.object, object, key: "foreign")
        let parts = try JSONMembers(json, line, object: object, keys: IntakeParser.foreignKeys, place: "foreign")
        guard let typeToken = parts[0] else {
            throw EventError(.missingField, key: "foreign.type", "missing: a media type such as application/json")
        }
        let type = try text(line, typeToken, key: "foreign.type")
        if let token = parts[1], parts[2] == nil {
            draft.set(foreign: EventForeign(contentType: type, bytes: try text(line, token, key: "foreign.text").bytes))
        } else if let token = parts[2], parts[1] == nil {
            draft.set(foreign: EventForeign(contentType: type, bytes: try bytes(line, token, key: "foreign.hex")))
        } else {
            throw EventError(.missingField, key: "foreign", "either text or hex, not both, holds the payload")
        }
    }

    func readFields(_ line: Span<UInt8>, _ members: JSONMembers, into draft: inout EventDraft) throws(EventError) {
        guard let object = members[.fields] else { return }
        try expect(.object, object, key: "fields")
        var token = object + 1
        while token < Int(json[object].next) {
            if let field = ExtensionField(name: line.extracting(json[token].range)) {
                try draft.set(field, try value(line, token + 1, of: field, in: draft))
            } else {
                let name = try text(line, token, key: "fields")
                try draft.setOwn(name, try ownValue(line, token + 1, key: "fields." + name))
            }
            token = Int(json[token + 1].next)
        }
    }

    private func value(
        _ line: Span<UInt8>, _ token: Int, of field: ExtensionField, in draft: EventDraft
    ) throws(EventError) -> EventExtension.Value {
        func key() -> UTF8Text { "fields." + field.name }
        switch field.type {
        case .text, .oneOf, .epoch:
            guard case .string = json[token].kind else {
                throw EventError(.wrongType, key: key(), field.typeSentence)
            }
            return .text(try text(line, token, key: key()))
        case .integer:
            return .integer(CBORInteger(try number(line, token, decimals: 0, unit: "", key: key())))
        case .measured:
            guard let row = draft.measuredQuantity?.description else {
                throw EventError(.missingField, key: "readings", "missing: the unit of " + key() + " is its quantity's")
            }
            return .integer(
                CBORInteger(try number(line, token, decimals: row.decimals, unit: row.userUnit, key: key())))
        case .bytes:
            return .bytes(try bytes(line, token, key: key()))
        }
    }

    private func ownValue(
        _ line: Span<UInt8>, _ token: Int, key: UTF8Text
    ) throws(EventError) -> EventExtension.Value {
        switch json[token].kind {
        case .string: return .text(try text(line, token, key: key))
        case .number: return .integer(CBORInteger(try number(line, token, decimals: 0, unit: "", key: key)))
        case .isTrue: return .bool(true)
        case .isFalse: return .bool(false)
        default: throw EventError(.wrongType, key: key, "text, a whole number, true or false belongs here")
        }
    }
}
