import AttestationFormat

/// Readings against rules.
extension SensorState {
    /// Lets every rule see a reading. One with a fault says nothing of the goods: for the rules it is a part of a gap.
    mutating func watch(_ reading: SensorReading, flags: EventFlags, into events: inout [ConditionEvent]) {
        guard reading.fault == nil, let value = reading.value else { return }
        let kept = flags.intersection([.suspectValue, .calibrationExpired])
        for index in watches.indices {
            let change = watches[index].take(value, at: reading.moment.monotonicMilliseconds, flags: kept)
            tell(change, of: index, value: value, at: reading.moment, into: &events)
        }
    }

    /// Ends what belongs to the journey before.
    mutating func beginJourney(at moment: EventMoment, into events: inout [ConditionEvent]) {
        for index in watches.indices where watches[index].rule.counting == .cumulative {
            if watches[index].isOpen {
                tellExcursion(
                    .excursionClosed, index, value: latest?.value, reason: ConditionReason.newJourney, at: moment, into: &events)
            }
            watches[index].forget()
        }
    }

    /// Takes changed settings, and those of the rules that are for this sensor.
    mutating func adopt(
        _ new: SensorSettings, _ rules: [ConditionRule], at moment: EventMoment, into events: inout [ConditionEvent]
    ) {
        let now = moment.monotonicMilliseconds
        if new != settings {
            closeWindow(upTo: now, at: moment, into: &events)
            replaceSettings(new, at: now)
        }
        let own = rules.filter { $0.sensor == new.name }
        for index in watches.indices where watches[index].isOpen && !own.contains(where: { $0.continues(watches[index].rule) }) {
            tellExcursion(
                .excursionClosed, index, value: latest?.value, reason: ConditionReason.ruleRemoved, at: moment, into: &events)
        }
        let gap = new.longestGapMilliseconds ?? 0
        watches = own.map { rule in
            guard var watch = watches.first(where: { rule.continues($0.rule) }) else {
                return ConditionWatch(rule, longestGapMilliseconds: gap)
            }
            watch.adopt(rule, longestGapMilliseconds: gap)
            return watch
        }
    }

    private mutating func tell(
        _ change: ConditionWatch.Change?, of index: Int, value: Int64, at moment: EventMoment, into events: inout [ConditionEvent]
    ) {
        switch change {
        case .opened: tellExcursion(.excursionOpened, index, value: value, reason: nil, at: moment, into: &events)
        case .closed(let wasObserved):
            let reason = wasObserved ? nil : ConditionReason.endedUnobserved
            tellExcursion(.excursionClosed, index, value: value, reason: reason, at: moment, into: &events)
            watches[index].close()
        case nil: break
        }
    }

    func tellExcursion(
        _ kind: KnownKind, _ index: Int, value: Int64?, reason: FixedText?, at moment: EventMoment, into events: inout [ConditionEvent]
    ) {
        let watch = watches[index]
        var fields: [(ExtensionField, Int64)] = [
            (.threshold, watch.rule.threshold), (.worst, watch.worst ?? watch.rule.threshold),
            (.duration, Int64(clamping: watch.countedMilliseconds)),
        ]
        if watch.unobservedMilliseconds > 0 { fields.append((.unobserved, Int64(clamping: watch.unobservedMilliseconds))) }
        make(
            kind, EventReading(sensor: settings.name, quantity: UInt64(settings.quantity.rawValue), value: value), fields,
            texts: [(.rule, watch.rule.id)], reason: reason, flags: watch.flags, isPriority: watch.rule.isPriority, at: moment,
            into: &events)
    }
}
