internal import AgentConfiguration
internal import AttestationFormat
internal import EventJournal
internal import GatewayAgent
internal import LogisticsEvents
internal import SensorSources

extension AgentLoop {
    /// Events at the journal's end in which open excursions and counts are looked for, if there are rules: about 2 MB, read in a few
    /// milliseconds. Every summary repeats them, so that they are missed only when a sensor's latest one lies farther back.
    private static var restoredEventCount: UInt64 { 16_384 }

    /// Continues the rules where the journal's latest events leave them.
    func restoreSensors() {
        guard sensors.wantsRestoring else { return }
        let end = journal.nextSequence
        let first = max(journal.oldestHeld, end - min(end, Self.restoredEventCount))
        var table = sensors
        do throws(JournalError) {
            try journal.journal.forEachEvent(from: first, count: end - first) { _, bytes in
                let event = Array(copying: bytes)
                guard SensorTable.restoredKinds.contains(EventKindPeek.number(of: event) ?? 0) else { return }
                if let view = try? EventView(parsing: event) { table.restore(view) }
            }
        } catch {
            log(.warning, "the rules begin anew, since the journal could not be read: \(error.words)")
        }
        sensors = table
        sensors.finishRestoring(at: gateway.eventMoment(at: now), into: &conditions)
        recordConditions()
    }

    /// What a stored event of a source tells the rules.
    func noteReadings(of event: SourceEvent, kind: UInt64?, from source: Source) {
        // A recording tells nothing of now.
        if case .replay = source { return }
        for reading in event.readings { sensors.take(reading, isRecorded: true, into: &conditions) }
        if kind == KnownKind.transportDeparted.rawValue {
            sensors.beginJourney(at: gateway.eventMoment(at: now), into: &conditions)
        }
    }

    /// Records what the table made.
    func recordConditions() {
        guard !conditions.isEmpty else { return }
        for condition in conditions { record(condition) }
        conditions.removeAll(keepingCapacity: true)
    }

    private func record(_ condition: ConditionEvent) {
        let bytes: [UInt8]
        do throws(EventError) {
            bytes = try condition.draft.encoded(salts: &salts)
        } catch {
            return log(.error, "an event of a sensor could not be made: \(error.message.string)")
        }
        let traits = EventTraits(
            kind: condition.draft.kind?.rawValue, isPriority: condition.isPriority,
            importance: condition.isPriority ? .high : .normal)
        do throws(JournalProblem) {
            _ = try gateway.record(bytes, traits, at: now)
        } catch {
            // Nobody can repeat it: lost, counted and declared.
            gateway.dropped(eventCount: 1, at: now)
        }
    }

    /// Takes the configuration's sensors and rules.
    func adoptSensors() {
        sensors.adopt(
            sensors: configuration.sensors, rules: configuration.rules, at: gateway.eventMoment(at: now), into: &conditions)
        recordConditions()
    }

    /// An orderly end sums up what it has.
    func finishSensors() {
        guard !isHeldBack else { return }
        sensors.finish(at: gateway.eventMoment(at: now), into: &conditions)
        recordConditions()
    }
}
