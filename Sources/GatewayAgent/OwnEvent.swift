import AttestationFormat
import LogisticsEvents

/// A value of an extension in one of the agent's own events.
enum OwnValue {
    case integer(Int64)
    case text(UTF8Text)
    case bytes([UInt8])
}

/// Encodes the agent's own events: control kinds, which need no place, and a salt only when they leave as hashes (wire-format.md,
/// section 3).
enum OwnEvent {
    /// The event's bytes, or `nil` if they would exceed 4,096.
    static func encode(
        _ kind: KnownKind, _ fields: [(ExtensionField, OwnValue)], moment: EventMoment, salt: [UInt8]
    ) -> [UInt8]? {
        var event = Event(
            kind: .number(kind.rawValue), wallClockMilliseconds: moment.wallMilliseconds,
            monotonicMilliseconds: moment.monotonicMilliseconds)
        if moment.clockSource != .none || moment.errorMilliseconds != nil {
            event.clock = EventClock(
                source: .init(rawValue: UInt64(moment.clockSource.rawValue)), errorMilliseconds: moment.errorMilliseconds)
        }
        event.salt = salt
        if moment.isUnsynchronised { event.flags.insert(.clockUnsynchronised) }
        if moment.isStepped { event.flags.insert(.clockStepped) }
        for (field, value) in fields {
            switch value {
            case .integer(let number): event.extensions.append(EventExtension(name: field.name, integer: number))
            case .text(let text): event.extensions.append(EventExtension(name: field.name, value: .text(text)))
            case .bytes(let bytes): event.extensions.append(EventExtension(name: field.name, value: .bytes(bytes)))
            }
        }
        return try? event.encoded()
    }
}
