import AttestationFormat

/// Makes events of readings: summaries, flagged readings, silence, and the excursions of the rules.
///
/// Pure: it has no clock and does no I/O. It takes readings and the time, and gives events in the order in which they must be
/// recorded. Order, periods and durations use monotonic time alone; a step of the wall clock changes none of them.
///
/// A reading is never dropped. Without a fault and within its range it is part of the next summary; the first one with another
/// flag or fault than the reading before makes an event at once, and those that follow are summed up under the same flags.
public struct SensorTable: Sendable {
    /// Sensors that readings name and the configuration does not: they get summaries, and nothing else. Further ones make an
    /// event a reading, so that a stranger's names take no memory.
    public static let strangerCapacity = 64

    var states: [SensorState]
    /// The configured sensors, for readings that are recorded elsewhere.
    public private(set) var sensors: [SensorSettings]
    /// Excursions that a former run opened under rules that are no more.
    var orphans: [RestoredExcursion] = []
    /// When ``tick(at:into:)`` has something to do, in monotonic ms; nil while only readings can change anything.
    public private(set) var nextDeadline: UInt64?

    /// - Parameter monotonicMilliseconds: now; silence is counted from here.
    public init(sensors: [SensorSettings], rules: [ConditionRule], at monotonicMilliseconds: UInt64) {
        self.sensors = sensors
        states = sensors.map { SensorState($0, rules: rules, at: monotonicMilliseconds) }
        plan()
    }

    /// Takes a reading.
    ///
    /// - Parameter isRecorded: an event tells of this very reading already (an intake line's). Then it feeds rules and silence, and is
    ///   summed up only while a rule has something to remember that a restart must not lose.
    public mutating func take(_ reading: SensorReading, isRecorded: Bool = false, into events: inout [ConditionEvent]) {
        let now = reading.moment.monotonicMilliseconds
        guard let index = place(of: reading) else { return takeStranger(reading, into: &events) }
        let before = states[index].latest
        var reading = reading
        if reading.fault == nil, let before, now < before.monotonicMilliseconds { reading.fault = .outOfOrder }
        var flags = states[index].settings.flags(of: reading.value, at: reading.moment)
        if let fault = reading.fault { flags.formUnion(fault.flags) }
        if before == nil, !states[index].isSilent { states[index].beginCovering(at: now) }
        states[index].announce(reading, flags: flags, into: &events)
        states[index].sample(reading, flags: flags, isRecorded: isRecorded, into: &events)
        if reading.fault != .outOfOrder {
            states[index].heardMilliseconds = now
            states[index].isSilent = false
            if reading.value != nil { states[index].valueMilliseconds = now }
            states[index].latest = SensorState.Latest(
                value: reading.value, fault: reading.fault, flags: flags, monotonicMilliseconds: now)
        }
        if reading.value != nil {
            states[index].readingCount &+= 1
            states[index].hasAnswered = true
        }
        states[index].watch(reading, flags: flags, into: &events)
        plan()
    }

    /// Declares silence and closes summaries that are due.
    public mutating func tick(at moment: EventMoment, into events: inout [ConditionEvent]) {
        let now = moment.monotonicMilliseconds
        guard let due = nextDeadline, now >= due else { return }
        for index in states.indices {
            if let silence = states[index].silenceMilliseconds, now >= silence {
                states[index].declareSilence(at: moment, into: &events)
            } else if states[index].window != nil, now >= states[index].summaryDueMilliseconds {
                states[index].closeWindow(upTo: now, at: moment, into: &events)
            }
        }
        plan()
    }

    /// A journey begins (`transport.departed` was recorded): cumulative counts begin anew, and their excursions end.
    public mutating func beginJourney(at moment: EventMoment, into events: inout [ConditionEvent]) {
        for index in states.indices { states[index].beginJourney(at: moment, into: &events) }
    }

    /// Closes all summaries, so that an orderly end loses nothing.
    public mutating func finish(at moment: EventMoment, into events: inout [ConditionEvent]) {
        for index in states.indices {
            states[index].closeWindow(upTo: moment.monotonicMilliseconds, at: moment, into: &events)
        }
        plan()
    }

    /// Takes other sensors and rules while running. Those that did not change go on as if nothing had happened.
    ///
    /// What was read of a changed or removed sensor is summed up first. An excursion ends with `rule-removed` when its rule is gone or
    /// finds other values in breach; a new calibration is told with the next reading. A removed sensor's later readings are a stranger's.
    public mutating func adopt(
        sensors: [SensorSettings], rules: [ConditionRule], at moment: EventMoment, into events: inout [ConditionEvent]
    ) {
        var former = states
        states = sensors.map { settings in
            guard let index = former.firstIndex(where: { $0.settings.isSame(settings.name, settings.quantity) }) else {
                return SensorState(settings, rules: rules, at: moment.monotonicMilliseconds)
            }
            var state = former.remove(at: index)
            state.adopt(settings, rules, at: moment, into: &events)
            return state
        }
        for var state in former {
            if self.sensors.contains(where: { state.settings.isSame($0.name, $0.quantity) }) {
                state.closeWindow(upTo: moment.monotonicMilliseconds, at: moment, into: &events)
                state.adopt(state.settings, [], at: moment, into: &events)
            } else {
                states.append(state)
            }
        }
        self.sensors = sensors
        plan()
    }

    /// The place of a reading's sensor; a new stranger gets one while there is room.
    private mutating func place(of reading: SensorReading) -> Int? {
        if let index = states.firstIndex(where: { $0.settings.isSame(reading.sensor, reading.quantity) }) { return index }
        guard states.count < sensors.count + SensorTable.strangerCapacity else { return nil }
        states.append(
            SensorState(
                SensorSettings(name: reading.sensor, quantity: reading.quantity), rules: [],
                at: reading.moment.monotonicMilliseconds))
        return states.count - 1
    }

    private func takeStranger(_ reading: SensorReading, into events: inout [ConditionEvent]) {
        var state = SensorState(
            SensorSettings(name: reading.sensor, quantity: reading.quantity, summaryMilliseconds: 0), rules: [],
            at: reading.moment.monotonicMilliseconds)
        state.sample(reading, flags: reading.fault?.flags ?? [], isRecorded: false, into: &events)
    }

    private mutating func plan() {
        nextDeadline = nil
        for state in states {
            if let due = state.nextDeadline { nextDeadline = min(nextDeadline ?? due, due) }
        }
    }
}
