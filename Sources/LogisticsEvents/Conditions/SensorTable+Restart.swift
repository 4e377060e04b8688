public import AttestationFormat

/// An excursion whose opening a former run recorded under a rule that the configuration does not have any more.
struct RestoredExcursion: Sendable {
    let rule: ConditionRule
    let quantity: Quantity
    let countedMilliseconds: UInt64
    let worst: Int64?
}

/// What survives a restart is what the journal says: open excursions and cumulative counts, read from its latest events. A
/// contiguous count that was no excursion yet begins anew, since nobody observed the sensor in between. The time between the two runs
/// is a gap: it counts for nothing.
extension SensorTable {
    /// Most excursions of rules that are no more; further ones stay open in the record.
    private static let orphanCapacity = 64

    /// Whether the journal's events matter: a rule that is no more may have left an excursion open.
    public var wantsRestoring: Bool { !sensors.isEmpty }

    /// Numbers of the kinds that ``restore(_:)`` looks at.
    public static let restoredKinds: [UInt64] = [
        KnownKind.transportDeparted.rawValue, KnownKind.conditionSummary.rawValue, KnownKind.excursionOpened.rawValue,
        KnownKind.excursionClosed.rawValue,
    ]

    /// Takes a stored event, in the order of the journal; recordings, and kinds that say nothing of sensors, are passed over.
    public mutating func restore(_ event: EventView) {
        guard !event.flags.contains(.replayed) else { return }
        guard case .number(let number) = event.kind, let kind = KnownKind(rawValue: number) else { return }
        switch kind {
        case .transportDeparted: forgetJourney()
        case .conditionSummary: restoreSummary(event)
        case .excursionOpened, .excursionClosed: restoreExcursion(event, isOpen: kind == .excursionOpened)
        default: break
        }
    }

    /// After the last stored event: ends what has no rule any more.
    public mutating func finishRestoring(at moment: EventMoment, into events: inout [ConditionEvent]) {
        for orphan in orphans {
            var state = SensorState(
                SensorSettings(name: orphan.rule.sensor, quantity: orphan.quantity), rules: [orphan.rule],
                at: moment.monotonicMilliseconds)
            state.watches[0].restore(
                isOpen: true, countedMilliseconds: orphan.countedMilliseconds, unobservedMilliseconds: 0, worst: orphan.worst)
            state.tellExcursion(.excursionClosed, 0, value: nil, reason: ConditionReason.ruleRemoved, at: moment, into: &events)
        }
        orphans = []
    }

    private mutating func forgetJourney() {
        for index in states.indices {
            for watch in states[index].watches.indices where states[index].watches[watch].rule.counting == .cumulative {
                states[index].watches[watch].forget()
            }
        }
    }

    private mutating func restoreSummary(_ event: EventView) {
        for reading in event.readings {
            for index in states.indices where states[index].settings.name == reading.sensor {
                if reading.summary.minimum != nil { states[index].hasAnswered = true }
                for watch in states[index].watches.indices {
                    if let low = reading.summary.minimum?.int64, let high = reading.summary.maximum?.int64 {
                        states[index].watches[watch].restore(minimum: low, maximum: high)
                    }
                    let name = ConditionWatch.progressPrefix + states[index].watches[watch].rule.id
                    guard let counted = event.unsigned(name) else { continue }
                    states[index].watches[watch].restore(countedMilliseconds: counted)
                }
            }
        }
    }

    private mutating func restoreExcursion(_ event: EventView, isOpen: Bool) {
        guard case .text(let id) = event.extensionValue(ExtensionField.rule.name), let reading = event.readings.first,
            case .integer(let number) = event.extensionValue(ExtensionField.threshold.name), let threshold = number.int64,
            let quantity = UInt8(exactly: reading.quantity).flatMap({ Quantity(rawValue: $0) })
        else { return }
        let counted = event.unsigned(ExtensionField.duration.name) ?? 0
        var worst: Int64?
        if case .integer(let number) = event.extensionValue(ExtensionField.worst.name) { worst = number.int64 }
        orphans.removeAll { $0.rule.id == id && $0.rule.sensor == reading.sensor }
        for index in states.indices where states[index].settings.isSame(reading.sensor, quantity) {
            for watch in states[index].watches.indices {
                let rule = states[index].watches[watch].rule
                guard rule.id == id, rule.threshold == threshold else { continue }
                let unobserved = event.unsigned(ExtensionField.unobserved.name) ?? 0
                states[index].watches[watch].restore(
                    isOpen: isOpen, countedMilliseconds: counted, unobservedMilliseconds: unobserved, worst: worst)
                if event.extensionValue(ExtensionField.reason.name) == .text(ConditionReason.newJourney.text) {
                    states[index].watches[watch].forget()
                }
                return
            }
        }
        guard isOpen, orphans.count < SensorTable.orphanCapacity else { return }
        orphans.append(
            RestoredExcursion(
                rule: ConditionRule(id: id, sensor: reading.sensor, .above, threshold), quantity: quantity,
                countedMilliseconds: counted, worst: worst))
    }
}

extension EventView {
    /// A field of key 12 that is a number and not negative.
    fileprivate func unsigned(_ name: UTF8Text) -> UInt64? {
        guard case .integer(let number) = extensionValue(name), let value = number.int64 else { return nil }
        return UInt64(exactly: value)
    }
}
