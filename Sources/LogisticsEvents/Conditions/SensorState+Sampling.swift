import AttestationFormat

/// Readings into summaries.
extension SensorState {
    /// The first reading was expected one period after the one that nobody saw.
    mutating func beginCovering(at now: UInt64) {
        coveredMilliseconds = now - min(UInt64(clamping: settings.periodMilliseconds ?? 0), now)
    }

    /// Takes a reading into the window, and makes the events that it completes.
    mutating func sample(_ reading: SensorReading, flags: EventFlags, isRecorded: Bool, into events: inout [ConditionEvent]) {
        let now = reading.moment.monotonicMilliseconds
        if let window, !window.takes(flags: flags, fault: reading.fault, isRecorded: isRecorded) {
            closeWindow(upTo: window.lastMilliseconds, at: reading.moment, into: &events)
        }
        add(reading, flags: flags, isRecorded: isRecorded, into: &events)
        let isDue = now >= summaryDueMilliseconds
        if isDue || !isRecorded && tellsAtOnce(reading, flags: flags) {
            closeWindow(upTo: now, at: reading.moment, into: &events)
        }
    }

    private mutating func add(_ reading: SensorReading, flags: EventFlags, isRecorded: Bool, into events: inout [ConditionEvent]) {
        let now = reading.moment.monotonicMilliseconds
        var open = window ?? SampleWindow(settings.quantity, flags: flags, fault: reading.fault, isRecorded: isRecorded)
        if !open.add(reading.value, at: now) {
            closeWindow(upTo: open.lastMilliseconds, at: reading.moment, into: &events)
            open = SampleWindow(settings.quantity, flags: flags, fault: reading.fault, isRecorded: isRecorded)
            _ = open.add(reading.value, at: now)
        }
        window = open
    }

    /// Whether a reading does not wait for the summary's time.
    private func tellsAtOnce(_ reading: SensorReading, flags: EventFlags) -> Bool {
        if isSilent { return true }
        // A device that is gone has an event of its own, and one that was never there this one.
        let isNews = flags != (latest?.flags ?? []) || reading.fault != latest?.fault
        if isNews, !flags.isEmpty, reading.fault != .absent || !hasAnswered { return true }
        return reading.fault == nil && reading.value.map { leavesDeadband($0) } ?? false
    }

    /// Makes the summary of the window, if there is one.
    mutating func closeWindow(upTo end: UInt64, at moment: EventMoment, into events: inout [ConditionEvent]) {
        guard let window else { return }
        self.window = nil
        let expected = takeExpectedCount(upTo: end, count: window.count)
        if window.fault == nil { recordedValue = window.latest }
        guard !window.isRecorded || hasRuleToKeep else { return }
        var fields: [(ExtensionField, Int64)] = [(.expectedCount, Int64(clamping: expected))]
        if let kinetic = window.meanKinetic { fields.append((.meanKinetic, kinetic)) }
        make(
            .conditionSummary, window.reading(of: settings.name, settings.quantity), fields, reason: window.fault?.word,
            flags: window.flags, at: moment, into: &events)
    }

    /// A summary of nothing: no reading for three periods.
    mutating func declareSilence(at moment: EventMoment, into events: inout [ConditionEvent]) {
        let now = moment.monotonicMilliseconds
        closeWindow(upTo: window?.lastMilliseconds ?? now, at: moment, into: &events)
        isSilent = true
        var reading = EventReading(sensor: settings.name, quantity: UInt64(settings.quantity.rawValue), value: Int64?.none)
        reading.summary.count = 0
        reading.summary.spanMilliseconds = now - min(heardMilliseconds, now)
        let expected = takeExpectedCount(upTo: now, count: 0)
        make(
            .conditionSummary, reading, [(.expectedCount, Int64(clamping: expected))], reason: ConditionReason.silent,
            flags: .sensorFault, at: moment, into: &events)
    }
}

/// Events about the sensor itself.
extension SensorState {
    /// What is told once: the sensor with its calibration, and a device that is gone.
    mutating func announce(_ reading: SensorReading, flags: EventFlags, into events: inout [ConditionEvent]) {
        let plain = EventReading(sensor: settings.name, quantity: UInt64(settings.quantity.rawValue), value: reading.value)
        if reading.fault == .absent, latest?.fault != .absent, hasAnswered {
            make(.tamperDetected, plain, [], what: "sensor-unplugged", flags: flags, at: reading.moment, into: &events)
        }
        guard !isCommissioned, reading.fault == nil, let calibration = settings.calibration,
            let until = settings.calibrationUntilSeconds, let placement = settings.placement
        else { return }
        isCommissioned = true
        make(
            .deviceCommissioned, plain, [(.calibrationUntil, until)],
            texts: [(.calibration, calibration), (.placement, placement)], flags: flags, at: reading.moment, into: &events)
    }

    /// Puts an event together; one that its kind's table does not take cannot come about, and is left out rather than trapped on.
    func make(
        _ kind: KnownKind, _ reading: EventReading, _ fields: [(ExtensionField, Int64)], texts: [(ExtensionField, UTF8Text)] = [],
        what: FixedText? = nil, reason: FixedText? = nil, flags: EventFlags, isPriority: Bool? = nil, at moment: EventMoment,
        into events: inout [ConditionEvent]
    ) {
        var draft = EventDraft(kind, at: moment)
        draft.add(flags)
        do throws(EventError) {
            try draft.add(reading)
            for (field, number) in fields { try draft.set(field, .integer(CBORInteger(number))) }
            for (field, text) in texts { try draft.set(field, text) }
            if let what { try draft.set(.what, what.text) }
            if let reason { try draft.set(.reason, reason.text) }
            if kind == .conditionSummary { try addProgress(to: &draft) }
        } catch {
            return
        }
        events.append(ConditionEvent(draft: draft, isPriority: isPriority ?? draft.isPriority))
    }

    /// What the rules have counted, so that a restart can go on from there: `breach-ms.<rule>`.
    private func addProgress(to draft: inout EventDraft) throws(EventError) {
        for watch in watches where watch.isWorthKeeping {
            try draft.setOwn(
                ConditionWatch.progressPrefix + watch.rule.id,
                .integer(.unsigned(watch.countedMilliseconds)))
        }
    }
}

extension ConditionWatch {
    /// What the name of a summary's field begins with that says how much time in breach a rule has counted, in ms.
    static let progressPrefix: UTF8Text = "breach-ms."
}
