public import AttestationFormat

/// What a sensor's values must not do, and for how long: a `[rule.NAME]` section, or a part of a ``ConditionProfile``.
public struct ConditionRule: Equatable, Sendable {
    /// On which side of the threshold a value is a breach.
    public enum Side: UInt8, Equatable, Sendable {
        case above, below
    }

    /// How time in breach is counted.
    public enum Counting: UInt8, Equatable, Sendable {
        /// Without a break: a reading within the limit, or a gap, begins the count anew.
        case contiguous
        /// All time in breach since the journey began.
        case cumulative
    }

    /// What `rule` says in the rule's events: 1 to ``maximumIDByteCount`` lower-case letters, digits, hyphens and dots.
    public var id: UTF8Text
    /// The sensor's name.
    public var sensor: UTF8Text
    public var side: Side
    /// In the quantity's integer unit.
    public var threshold: Int64
    /// Whether the threshold itself is a breach.
    public var isInclusive: Bool
    /// Time in breach that makes an excursion; 0: the first reading does.
    public var forMilliseconds: UInt64
    public var counting: Counting
    /// How far a value must come back behind the threshold to end an excursion, in the quantity's integer unit.
    public var hysteresis: Int64
    /// Whether the rule's events close their batch at once.
    public var isPriority: Bool

    /// Names in the events' fields are this and a prefix, at most 64 bytes together.
    public static let maximumIDByteCount = 48

    public init(
        id: UTF8Text, sensor: UTF8Text, _ side: Side, _ threshold: Int64, isInclusive: Bool = false, forMilliseconds: UInt64 = 0,
        counting: Counting = .contiguous, hysteresis: Int64 = 0, isPriority: Bool = true
    ) {
        self.id = id
        self.sensor = sensor
        self.side = side
        self.threshold = threshold
        self.isInclusive = isInclusive
        self.forMilliseconds = forMilliseconds
        self.counting = counting
        self.hysteresis = hysteresis
        self.isPriority = isPriority
    }

    /// Whether a value is a breach; while an excursion is open, also one that has not come back behind the hysteresis.
    func isBreach(_ value: Int64, whileOpen: Bool) -> Bool {
        let slack = whileOpen ? hysteresis : 0
        switch side {
        case .above:
            let limit = threshold.subtractingReportingOverflow(slack).partialValue
            return isInclusive ? value >= limit : value > limit
        case .below:
            let limit = threshold.addingReportingOverflow(slack).partialValue
            return isInclusive ? value <= limit : value < limit
        }
    }

    /// Whether a count of `former` is one of this rule too: the same values of the same sensor are in breach, and are counted alike.
    /// Duration, hysteresis and priority may differ.
    func continues(_ former: ConditionRule) -> Bool {
        id == former.id && sensor == former.sensor && side == former.side && threshold == former.threshold
            && isInclusive == former.isInclusive && counting == former.counting
    }

    /// The farther of two values from what is allowed.
    func worse(_ value: Int64, _ other: Int64?) -> Int64 {
        guard let other else { return value }
        return side == .above ? max(value, other) : min(value, other)
    }
}
