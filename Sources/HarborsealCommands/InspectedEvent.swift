internal import AllianceTrust
internal import AttestationFormat
internal import LogisticsEvents

/// An event with names for its keys and numbers.
enum InspectedEvent {
    static func value(_ event: EventView) -> JSONValue {
        .members(
            ("kind", .string(EventWords.kind(event.kind))),
            ("time", .string(UTCText.text(milliseconds: event.wallClockMilliseconds))),
            ("monotonicMilliseconds", .unsigned(event.monotonicMilliseconds)),
            ("clock", event.clock.map(clock)),
            ("what", event.what.isEmpty ? nil : .array(event.what.map { .string($0.string) })),
            ("readPoint", event.readPoint.map { .string($0.string) }),
            ("position", event.position.map(position)),
            ("readings", event.readings.isEmpty ? nil : .array(event.readings.map(reading))),
            ("documents", event.documents.isEmpty
                ? nil : .object(event.documents.map { .init($0.role.string, .string($0.value.string)) })),
            ("attachments", event.attachments.isEmpty ? nil : .array(event.attachments.map(attachment))),
            ("foreign", event.foreign.map {
                .members(("contentType", .string($0.contentType.string)), ("byteCount", .unsigned(UInt64($0.bytes.count))))
            }),
            ("flags", event.flagNumbers.isEmpty
                ? nil : .array(event.flagNumbers.map { .string(EventWords.flags[$0] ?? "flag \($0)") })),
            ("extensions", event.extensions.isEmpty
                ? nil : .object(event.extensions.map { .init($0.name.string, extensionValue($0.value)) })),
            ("salt", event.salt.isEmpty ? nil : .string(Hexadecimal.text(of: event.salt).string)))
    }

    private static func clock(_ clock: EventClock) -> JSONValue {
        .members(
            ("source", .string(EventWords.clockSource(clock.source.rawValue))),
            ("errorMilliseconds", clock.errorMilliseconds.map { .unsigned($0) } ?? .null))
    }

    private static func position(_ position: EventPosition) -> JSONValue {
        .members(
            ("latitude", .string(EventWords.decimal(position.latitude, decimals: 7))),
            ("longitude", .string(EventWords.decimal(position.longitude, decimals: 7))),
            ("accuracyMillimetres", position.accuracyMillimetres.map { .unsigned($0) }),
            ("altitudeMillimetres", position.altitudeMillimetres.map { .integer($0) }))
    }

    private static func reading(_ reading: EventReading) -> JSONValue {
        let summary = reading.summary
        func words(_ value: CBORInteger?) -> JSONValue? {
            value.map { .string(EventWords.value($0, quantity: reading.quantity)) }
        }
        return .members(
            ("sensor", .string(reading.sensor.string)),
            ("quantity", .string(EventWords.quantity(reading.quantity)?.name.text.string ?? "\(reading.quantity)")),
            ("value", .string(EventWords.value(reading.value, quantity: reading.quantity))),
            ("minimum", words(summary.minimum)), ("maximum", words(summary.maximum)), ("mean", words(summary.mean)),
            ("count", summary.count.map { .unsigned($0) }),
            ("spanMilliseconds", summary.spanMilliseconds.map { .unsigned($0) }),
            ("text", summary.text.map { .string($0.string) }))
    }

    private static func attachment(_ attachment: EventAttachment) -> JSONValue {
        .members(
            ("algorithm", .integer(attachment.algorithm)),
            ("digest", .string(Hexadecimal.text(of: attachment.digest).string)),
            ("contentType", attachment.contentType.map { .string($0.string) }))
    }

    private static func extensionValue(_ value: EventExtension.Value) -> JSONValue {
        switch value {
        case .text(let text): .string(text.string)
        case .integer(let number): .string("\(number)")
        case .bool(let flag): .bool(flag)
        case .bytes(let bytes): .string(Hexadecimal.text(of: bytes).string)
        }
    }
}
