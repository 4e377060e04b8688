internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import DeviceCrypto
internal import EventJournal
internal import GatewayAgent
internal import LogisticsEvents
internal import MQTTLink
internal import SensorSources

/// Salts for events, drawn from the kernel's generator for many events at once: a system call for each would cost a
/// twentieth of the agent's rate. No byte is given out twice.
struct SaltWell: SaltSource {
    /// 64 ordinary salts.
    private static let drawByteCount = 512

    var isForHashes = false
    private var drawn: [UInt8] = []
    private var usedCount = 0

    mutating func salt(byteCount: Int) -> [UInt8] {
        if drawn.count - usedCount < byteCount {
            // Without random numbers nothing can be hidden; an empty salt says so, and the event is kept.
            drawn = (try? SecureRandom.bytes(count: Self.drawByteCount)) ?? []
            usedCount = 0
            guard byteCount <= drawn.count else { return [] }
        }
        let salt = Array(drawn[usedCount..<usedCount + byteCount])
        usedCount += byteCount
        return salt
    }
}

extension AgentLoop {
    // MARK: - Sources

    /// Lets each source make events, and records them.
    func serveSources() {
        let room = isHeldBack ? 0 : PendingAnswers.capacity - answers.count
        let context = SourceContext(
            moment: gateway.eventMoment(at: now), eventRoom: room,
            unreceiptedCount: journal.nextSequence - journal.quorumEnd, sensors: sensors.sensors)
        salts.isForHashes = gateway.policy.sharing.mayShareHashes
        for (index, source) in sources.enumerated() {
            var output = SourceOutput()
            source.serve(interests, context: context, salts: &salts, into: &output)
            for notice in output.notices {
                log(notice.level == .warning ? .warning : .notice, "\(notice.source.string): \(notice.text.string)")
            }
            let takenCount = record(output.events, from: source)
            sourceRecords[index].note(output, eventCount: takenCount, nowMilliseconds: now.monotonicMilliseconds)
            for reading in output.readings { sensors.take(reading, into: &conditions) }
            recordConditions()
        }
        // While nothing can be stored the sources are not read: their sensors' silence is ours.
        guard !isHeldBack else { return }
        sensors.tick(at: context.moment, into: &conditions)
        recordConditions()
    }

    /// Records events; returns how many, without those at the end that their source keeps for later.
    private func record(_ events: [SourceEvent], from source: Source) -> Int {
        for index in events.indices where !record(events[index], from: source) {
            guard case .replay(let replay) = source else { continue }
            // A file waits, and its lines stay in order: those behind wait too.
            replay.takeBack(events, from: index, nowMilliseconds: now.monotonicMilliseconds)
            return index
        }
        return events.count
    }

    /// Records one event; false when the journal cannot take it now.
    private func record(_ event: SourceEvent, from source: Source) -> Bool {
        let traits = EventTraits(
            kind: EventKindPeek.number(of: event.bytes), isPriority: event.isPriority,
            importance: event.isPriority ? .high : .normal)
        do throws(JournalProblem) {
            var origin: EventOrigin?
            if let identity = event.identity {
                guard let place = try journal.place(ofSource: identity.source) else {
                    refuse(event, from: source, "the journal's table of 64 sources is full: use fewer source names")
                    return true
                }
                origin = EventOrigin(source: place, number: identity.number)
            }
            switch try gateway.record(event.bytes, traits, origin: origin, at: now) {
            case .stored(let sequence):
                if let token = event.token { answers.add(token, epoch: journal.epoch, sequence: sequence) }
                noteReadings(of: event, kind: traits.kind, from: source)
            case .repeated(let epoch, let sequence):
                if let token = event.token { answers.add(token, epoch: epoch, sequence: sequence, isKnown: true) }
            case .olderThanHeld:
                refuse(event, from: source, "this number is older than what the journal still holds")
            }
            return true
        } catch {
            if case .replay = source, error != .unacceptable { return false }
            // A sender that waits for its answer sends again; what nobody can repeat is lost, counted and declared.
            if event.token == nil { gateway.dropped(eventCount: 1, at: now) }
            refuse(event, from: source, error.words)
            return error == .unacceptable
        }
    }

    private func refuse(_ event: SourceEvent, from source: Source, _ reason: String) {
        refusedLineCount += 1
        if let token = event.token, case .intake(let intake) = source { intake.refuse(token, error: UTF8Text(reason)) }
    }

    // MARK: - Durability

    /// One sync for everything that came since the last one.
    func syncIfDue() {
        guard let due = syncDueMilliseconds, now.monotonicMilliseconds >= due else { return }
        do throws(JournalProblem) {
            try journal.sync()
            // The first sync holds the agent's own first event: it must not make the first sender wait for the next one.
            if hasSynced { lastSyncMilliseconds = now.monotonicMilliseconds }
            hasSynced = true
        } catch {
            // Nothing is acknowledged until it can be stored; the end of the turn says why.
        }
    }

    /// Says once that nothing can be stored, when that begins.
    func noteSuspension() {
        let cause = journal.journal.suspended
        if let cause, !isSuspensionTold { log(.error, Self.words(ofSuspension: cause)) }
        isSuspensionTold = cause != nil
    }

    static func words(ofSuspension cause: SystemError) -> String { "nothing can be stored: \(cause.words); sources are held back" }

    /// Tells the senders of everything that is durable now.
    func answerDurable() {
        guard !answers.isEmpty else { return }
        answers.takeDurable(epoch: journal.epoch, end: journal.journal.durableUpTo) { entry in
            for source in sources {
                if case .intake(let intake) = source {
                    intake.answer(entry.token, epoch: entry.epoch.text, sequence: entry.sequence, isKnown: entry.isKnown)
                }
            }
        }
    }

    /// After a failure of the medium: a new segment, and the open batch from what is really there.
    func resumeIfDue() {
        guard let cause = journal.journal.suspended, now.monotonicMilliseconds >= nextResumeMilliseconds else { return }
        nextResumeMilliseconds = now.monotonicMilliseconds &+ Self.resumeMilliseconds
        do throws(JournalError) {
            try journal.journal.resume()
            // What was appended before the failure waits in the journal's memory and is durable with the next sync.
            gateway.journalResumed()
            log(.notice, "the journal stores again after \(cause.words)")
        } catch {}
    }

    /// Looks for segments that may go.
    func retainIfDue() {
        guard now.monotonicMilliseconds >= nextRetainMilliseconds else { return }
        nextRetainMilliseconds = now.monotonicMilliseconds &+ Self.retainMilliseconds
        _ = try? journal.journal.retain(monotonicMilliseconds: now.monotonicMilliseconds)
        // Damage that reading met since the last look.
        let recovery = journal.journal.recovery
        if recovery.damages.count > declaredDamageCount {
            var fresh = RecoveryReport()
            fresh.damages = Array(recovery.damages[declaredDamageCount...])
            gateway.declare(AgentSetup.gaps(fresh))
        }
        declaredDamageCount = recovery.damages.count
    }

    // MARK: - Link

    /// Moves the link on, and hands the state machine what came.
    func serveLink() {
        guard let broker = link.link else { return }
        broker.handle(revents: linkHappened, nowMilliseconds: Int64(clamping: now.monotonicMilliseconds))
        while let event = broker.nextEvent() {
            switch event {
            case .connected(let index, let version):
                log(.notice, "connected to \(brokerName(index)), MQTT \(version == .v5 ? "5" : "3.1.1")")
                nextStatusMilliseconds = 0
                link.connected()
                gateway.linkConnected(at: now)
            case .disconnected(let cause):
                log(.warning, "connection to \(brokerName(broker.status.brokerIndex)) lost: \(cause.text)")
                gateway.linkDisconnected()
            case .attemptFailed(let cause):
                log(.warning, "no connection to \(brokerName(broker.status.brokerIndex)): \(cause.text)")
            case .published(let messageID, let reasonCode):
                link.acknowledged(messageID, reasonCode: reasonCode)
            case .subscriptionRefused(_, let reasonCode):
                link.subscriptionRefused(reasonCode: reasonCode)
                log(.error, "the broker refused the subscription to replies (code \(reasonCode)): check its ACL for this gateway")
            case .subscribed: break
            case .message(let message): receive(message)
            }
        }
    }

    private func receive(_ message: InboundMessage) {
        guard !message.isRetained, let text = UTF8Text(validating: message.topic),
            let topic = try? Topic(parsing: text), case .reply(let node) = topic.channel
        else { return }
        gateway.receive(message.payload, from: node.text, at: now)
        tellRefusal(of: node.text)
    }

    /// Once for each of the two that only people mend, not once a reply.
    private func tellRefusal(of name: UTF8Text) {
        guard let index = gateway.nodes.index(of: name), let code = gateway.nodes[index].refusalCode, code == 2 || code == 3,
            toldRefusals & (1 &<< code) == 0
        else { return }
        toldRefusals |= 1 &<< code
        log(.warning, "node \(name.string): \(RefusalWords.of(code))")
    }

    func brokerName(_ index: Int) -> String {
        let brokers = configuration.link.brokers
        guard index >= 0, index < brokers.count else { return "the broker" }
        return brokers[index].name
    }
}
