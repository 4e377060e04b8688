public import AttestationFormat
public import LogisticsEvents

/// An event as a source hands it over: encoded, checked, ready for the journal.
public struct SourceEvent: Sendable {
    /// The event map of wire-format.md section 3; at most 4,096 bytes.
    public let bytes: [UInt8]
    /// The kind closes its batch at once.
    public let isPriority: Bool
    /// What makes a line idempotent; nil for sources that never repeat themselves.
    public let identity: IntakeIdentity?
    /// Who waits for epoch and sequence; nil when nobody does.
    public let token: AnswerToken?
    /// What the event tells of configured sensors now: for rules and silence, once the event is stored and no repetition.
    public let readings: [SensorReading]

    public init(
        bytes: [UInt8], isPriority: Bool, identity: IntakeIdentity? = nil, token: AnswerToken? = nil, readings: [SensorReading] = []
    ) {
        self.bytes = bytes
        self.isPriority = isPriority
        self.identity = identity
        self.token = token
        self.readings = readings
    }
}

/// `source` and `number` of an intake line: a repeated pair gets the sequence that it got before.
public struct IntakeIdentity: Hashable, Sendable {
    /// The sender's own name, 1 to 64 bytes; `replay:<file name>` for a replayed file.
    public let source: UTF8Text
    /// The sender's own number of the line, at most 2^63 - 1.
    public let number: UInt64

    public init(source: UTF8Text, number: UInt64) {
        self.source = source
        self.number = number
    }
}

/// Names one line of one connected client until it is answered.
public struct AnswerToken: Hashable, Sendable {
    /// Counts connections since the start, so that an answer never reaches a later client in the same place.
    let connection: UInt64
    /// Counts the connection's lines.
    let line: UInt64
}
