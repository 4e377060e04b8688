public import AttestationFormat
public import LogisticsEvents

/// Which value of which messages is which sensor's: a `[mapping.NAME]` section.
public struct TopicMapping: Sendable {
    /// The name that readings carry, or that of the contact in door events.
    public let sensor: UTF8Text
    public let value: MappedValue
    /// The topic filter, as the broker gets it.
    public let filter: UTF8Text
    let pattern: TopicPattern
    let pointer: JSONPointer

    /// Nil when `pointer` is no JSON pointer (RFC 6901).
    public init?(sensor: UTF8Text, filter: UTF8Text, pointer: UTF8Text, value: MappedValue) {
        guard let parsed = JSONPointer(pointer) else { return nil }
        self.sensor = sensor
        self.filter = filter
        self.value = value
        self.pointer = parsed
        pattern = TopicPattern(filter)
    }
}
