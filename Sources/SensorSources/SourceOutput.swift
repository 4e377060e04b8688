public import AttestationFormat
public import LogisticsEvents

/// What a source has to say: events for the journal, readings for the sensor table, notices for log and `status`.
public struct SourceOutput: Sendable {
    /// In the order in which they must enter the journal.
    public var events: [SourceEvent] = []
    /// Samples that no event tells of yet, in the order in which they were taken: the sensor table makes events of them.
    public var readings: [SensorReading] = []
    /// Changes worth telling a person, rate-limited by their sources.
    public var notices: [SourceNotice] = []

    public init() {}
}

/// A sentence about a source for log and `status`.
public struct SourceNotice: Sendable {
    /// How loud it is, in syslog's words.
    public enum Level: UInt8, Sendable {
        case warning = 4
        case notice = 5
    }

    public let level: Level
    /// The source's name, such as `gpsd`.
    public let source: UTF8Text
    /// What happened, the value, what to do.
    public let text: UTF8Text

    public init(_ level: Level, source: UTF8Text, _ text: UTF8Text) {
        self.level = level
        self.source = source
        self.text = text
    }
}
