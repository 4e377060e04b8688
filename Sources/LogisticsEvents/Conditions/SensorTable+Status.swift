public import AttestationFormat

/// A sensor as `status` shows it.
public struct SensorStatus: Sendable {
    public let name: UTF8Text
    public let quantity: Quantity
    /// The latest value, in the quantity's integer unit; nil before the first, and when the latest reading had none.
    public let value: Int64?
    /// What is wrong with the latest reading.
    public let fault: ReadingFault?
    /// Flags of the latest reading.
    public let flags: EventFlags
    /// Monotonic ms of the latest reading that had a value; nil before the first.
    public let heardMilliseconds: UInt64?
    public let isSilent: Bool
    /// Readings with a value since the start.
    public let readingCount: UInt64
}

/// A rule as `status` shows it.
public struct RuleStatus: Sendable {
    public let rule: ConditionRule
    public let quantity: Quantity
    /// Whether an excursion is open.
    public let isOpen: Bool
    /// Observed time in breach, in ms.
    public let countedMilliseconds: UInt64
    /// Time in gaps, in ms.
    public let unobservedMilliseconds: UInt64
    /// The value farthest from the limit since the count began.
    public let worst: Int64?
}

extension SensorTable {
    /// All sensors: the configured ones, then those that readings brought.
    public var sensorStatuses: [SensorStatus] {
        states.map { state in
            SensorStatus(
                name: state.settings.name, quantity: state.settings.quantity, value: state.latest?.value,
                fault: state.latest?.fault, flags: state.latest?.flags ?? [],
                heardMilliseconds: state.valueMilliseconds, isSilent: state.isSilent,
                readingCount: state.readingCount)
        }
    }

    /// All rules.
    public var ruleStatuses: [RuleStatus] {
        var statuses: [RuleStatus] = []
        for state in states {
            for watch in state.watches {
                statuses.append(
                    RuleStatus(
                        rule: watch.rule, quantity: state.settings.quantity, isOpen: watch.isOpen,
                        countedMilliseconds: watch.countedMilliseconds, unobservedMilliseconds: watch.unobservedMilliseconds,
                        worst: watch.worst))
            }
        }
        return statuses
    }
}
