/// What a record is: the low four bits of its kind byte. The high four are bits 8 to 11 of an event's sequence, else zero.
public enum RecordKind: UInt8, Sendable {
    /// The segment's header; stands twice at the start.
    case header = 1
    /// An event of the agent's own.
    case event = 2
    /// An event that an intake source numbered.
    case intakeEvent = 3
    /// A statement and what it covers.
    case statement = 4
    /// A verified receipt.
    case receipt = 5
    /// A quorum reached up to a sequence.
    case mark = 6
    /// The name behind a source index; stands twice.
    case source = 7
    /// A damaged place that a stored event has declared.
    case declared = 8
    /// Archived, with events whole, up to a sequence.
    case archived = 9
}
