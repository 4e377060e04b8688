import AttestationFormat

/// One rule over one sensor: how long its values have been in breach, and whether an excursion is open.
///
/// Time counts only between two readings that are both in breach and no farther apart than three periods: it is what was observed,
/// never more. The time between readings that are farther apart is a gap. A gap ends a contiguous count; in an open excursion, and in a
/// cumulative count, it is kept apart as time that nobody observed.
struct ConditionWatch: Sendable {
    /// What a reading changed.
    enum Change: Equatable, Sendable {
        case opened
        /// The excursion ended; it may have ended earlier than this reading, where that was not observed.
        case closed(wasObserved: Bool)
    }

    private(set) var rule: ConditionRule
    /// The longest time between two readings that is no gap.
    private(set) var longestGapMilliseconds: UInt64

    /// Whether an excursion was declared and has not ended.
    private(set) var isOpen = false
    /// Observed time in breach: of the contiguous run, or all of it, in ms.
    private(set) var countedMilliseconds: UInt64 = 0
    /// Time in gaps between readings in breach, in ms.
    private(set) var unobservedMilliseconds: UInt64 = 0
    /// The value farthest from the limit since the count began.
    private(set) var worst: Int64?
    /// What the values in breach were flagged with.
    private(set) var flags: EventFlags = []
    /// The monotonic time of the latest reading, if it was in breach; nil also after a restart.
    private var breachMilliseconds: UInt64?

    init(_ rule: ConditionRule, longestGapMilliseconds: UInt64) {
        self.rule = rule
        self.longestGapMilliseconds = longestGapMilliseconds
    }

    /// Goes on under another wording of the same rule: what was counted stays counted.
    mutating func adopt(_ rule: ConditionRule, longestGapMilliseconds: UInt64) {
        self.rule = rule
        self.longestGapMilliseconds = longestGapMilliseconds
    }

    /// Whether there is anything that a restart must not forget.
    var isWorthKeeping: Bool { isOpen || rule.counting == .cumulative && countedMilliseconds > 0 }

    /// Takes the next reading; one with a fault is none.
    mutating func take(_ value: Int64, at monotonicMilliseconds: UInt64, flags newFlags: EventFlags) -> Change? {
        guard rule.isBreach(value, whileOpen: isOpen) else { return end(at: monotonicMilliseconds) }
        if let last = breachMilliseconds {
            count(monotonicMilliseconds - min(last, monotonicMilliseconds))
        }
        breachMilliseconds = monotonicMilliseconds
        worst = rule.worse(value, worst)
        flags.formUnion(newFlags)
        guard !isOpen, countedMilliseconds >= rule.forMilliseconds else { return nil }
        isOpen = true
        return .opened
    }

    /// Forgets the count; after a journey's or an excursion's last event.
    mutating func forget() {
        isOpen = false
        countedMilliseconds = 0
        unobservedMilliseconds = 0
        worst = nil
        flags = []
        breachMilliseconds = nil
    }

    private mutating func count(_ step: UInt64) {
        if step <= longestGapMilliseconds {
            countedMilliseconds &+= step
        } else if isOpen || rule.counting == .cumulative {
            unobservedMilliseconds &+= step
        } else {
            forget()
        }
    }

    /// A reading within the limit. The time since the last one in breach is not counted: when it ended in between is not known.
    private mutating func end(at monotonicMilliseconds: UInt64) -> Change? {
        let step = breachMilliseconds.map { monotonicMilliseconds - min($0, monotonicMilliseconds) }
        breachMilliseconds = nil
        guard isOpen else {
            if rule.counting == .contiguous { forget() }
            return nil
        }
        if let step, step > longestGapMilliseconds { unobservedMilliseconds &+= step }
        return .closed(wasObserved: step.map { $0 <= longestGapMilliseconds } ?? false)
    }

    /// After the event of an excursion's end was made.
    mutating func close() {
        isOpen = false
        if rule.counting == .contiguous { forget() }
    }
}

extension ConditionWatch {
    /// What a stored event said of the rule: continues from there, without the time in between.
    mutating func restore(isOpen: Bool, countedMilliseconds: UInt64, unobservedMilliseconds: UInt64, worst: Int64?) {
        self.isOpen = isOpen
        self.countedMilliseconds = countedMilliseconds
        self.unobservedMilliseconds = unobservedMilliseconds
        self.worst = worst
        breachMilliseconds = nil
        if !isOpen, rule.counting == .contiguous { forget() }
    }

    /// What a stored summary says of the rule's count.
    mutating func restore(countedMilliseconds: UInt64) {
        if isOpen || rule.counting == .cumulative { self.countedMilliseconds = countedMilliseconds }
    }

    /// A stored summary of the sensor: how far its values went while the excursion was open.
    mutating func restore(minimum: Int64, maximum: Int64) {
        guard isOpen else { return }
        worst = rule.worse(rule.side == .above ? maximum : minimum, worst)
    }
}
