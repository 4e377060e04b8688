import AttestationFormat

/// An event that readings led to, ready to be encoded and recorded.
public struct ConditionEvent: Sendable {
    public let draft: EventDraft
    /// Its batch closes at once.
    public let isPriority: Bool
}

/// `reason` of events about sensors and rules, beside the words of ``ReadingFault``.
enum ConditionReason {
    static let silent: FixedText = "silent"
    /// The excursion ended while nobody observed the sensor: in a gap, or while the agent did not run.
    static let endedUnobserved: FixedText = "ended-unobserved"
    /// The configuration does not have the rule any more, or under the same name one that finds other values in breach.
    static let ruleRemoved: FixedText = "rule-removed"
    /// `transport.departed` began another journey.
    static let newJourney: FixedText = "new-journey"
}
