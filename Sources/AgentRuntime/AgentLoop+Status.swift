internal import AgentConfiguration
internal import AttestationFormat
internal import EventJournal
internal import GatewayAgent
internal import LogisticsEvents
internal import MQTTLink
internal import SensorSources

extension AgentLoop {
    /// Everything an operator may want to know, as of this turn.
    func statusDocument() -> StatusDocument {
        var document = StatusDocument()
        document.section("agent")
        document.add("gateway", text: facts.gatewayID)
        document.add("version", text: AgentVersion.number.description)
        document.add("running-s", now.milliseconds(since: facts.startedMilliseconds) / 1_000)
        document.add("epoch", text: journal.epoch.text.string)
        addConcerns(to: &document)
        addLink(to: &document)
        addClock(to: &document)
        addJournal(to: &document)
        addBatches(to: &document)
        addSeal(to: &document)
        addSigner(to: &document)
        addRenewal(to: &document)
        addNodes(to: &document)
        addSources(to: &document)
        document.addSensors(of: sensors, at: now)
        document.addRules(of: sensors)
        addCounters(to: &document)
        return document
    }

    private func addConcerns(to document: inout StatusDocument) {
        let concerns = operatorConcerns()
        document.add("concern-count", UInt64(concerns.count), level: concerns.isEmpty ? .good : .bad)
        for concern in concerns {
            document.section("concerns", item: concern.code)
            document.add("text", text: concern.text, level: .bad)
        }
    }

    private func addLink(to document: inout StatusDocument) {
        document.section("link")
        guard let status = link.link?.status else {
            document.add("state", text: "none", words: "no broker is configured")
            return
        }
        let isUp = status.phase == .connected
        document.add("state", text: status.phase.word, level: isUp ? .good : .warning)
        document.add("broker", text: brokerName(status.brokerIndex))
        if let version = status.version { document.add("mqtt", text: version == .v5 ? "5" : "3.1.1") }
        if !isUp { document.add("cause", text: status.lastCause.text, level: .bad) }
        document.add("connections", status.connectionCount)
        document.add("attempts", status.attemptCount)
        document.add("published", status.publishedCount)
        document.add("acknowledged", status.acknowledgedCount)
        document.add("in-flight", UInt64(status.inFlightCount))
        document.add("refused-publishes", status.refusedPublishCount)
        document.add("dropped-messages", status.droppedCount)
    }

    private func addClock(to document: inout StatusDocument) {
        document.section("clock")
        document.add("source", text: now.clockSource.word.string)
        document.add(
            "synchronised", flag: now.isSynchronised, words: now.isSynchronised ? nil : "no: events are flagged",
            level: now.isSynchronised ? .good : .warning)
        if let error = now.errorMilliseconds {
            document.add("error-ms", error)
        } else {
            document.addUnknown("error-ms", words: "unknown")
        }
        document.add("time-ms", now.wallMilliseconds, words: EventView.utc(now.wallMilliseconds).string)
    }

    private func addJournal(to document: inout StatusDocument) {
        let store = journal.journal
        document.section("journal")
        document.add("directory", text: configuration.journal.directory.string)
        document.add("events", journal.nextSequence)
        document.add("durable", store.durableUpTo)
        document.add("signed", journal.signedEnd)
        document.add("quorum", journal.quorumEnd)
        document.add("unreceipted", journal.nextSequence - journal.quorumEnd)
        addOldestUnreceipted(to: &document)
        document.add("oldest-held", journal.oldestHeld)
        document.add("bytes", UInt64(max(0, store.usedByteCount)))
        document.add("cap-bytes", configuration.journal.capByteCount)
        addArchive(to: &document)
        let space = store.suspended?.isLackOfSpace ?? false ? .full : store.spaceLevel
        document.add("space", text: space.word, level: space == .normal ? .good : .warning)
        let interval = configuration.journal.syncIntervalMilliseconds
        document.add(
            "loss-window-ms", interval, words: interval == 0 ? "0: an acknowledged event is on the medium" : nil)
        let written = store.counters.writtenByteCount
        let events = store.counters.eventByteCount
        document.add("event-bytes", events)
        document.add("written-bytes", written)
        let perMille = events == 0 ? 0 : written.multipliedReportingOverflow(by: 1_000).partialValue / events
        document.add("wear-per-mille", perMille, words: "\(perMille): \(FixedPoint.text(Int64(clamping: perMille), decimals: 3).string) bytes written per event byte")
        document.add("syncs", store.counters.syncCount)
        document.add("failed-syncs", store.counters.failedSyncCount)
        document.add("failed-writes", store.counters.failedWriteCount)
        document.add("damages", store.counters.damageCount)
    }

    /// What stays although the quorum has its hashes.
    private func addArchive(to document: inout StatusDocument) {
        guard journal.journal.keepsUntilArchived else {
            return document.addUnknown("archived", words: "share = events: nothing waits for an archive")
        }
        let archived = journal.journal.archivedUpTo
        document.add("archived", archived?.epoch == journal.epoch.value ? archived?.sequence ?? 0 : 0)
        let waiting = journal.journal.waitingForArchive
        document.add("unarchived-segments", UInt64(waiting.segmentCount))
        document.add(
            "unarchived-bytes", UInt64(waiting.byteCount), words: waiting.byteCount == 0 ? nil : "\(waiting.byteCount): \(Self.archiveStep)",
            level: waiting.byteCount == 0 ? .plain : .warning)
    }

    /// The step that lets them go.
    static var archiveStep: StaticString { "run harborseal-agent journal archive FOLDER" }

    /// How long the oldest event without a quorum has waited, by the wall clock that stands in it.
    private func addOldestUnreceipted(to document: inout StatusDocument) {
        var since: UInt64?
        if journal.quorumEnd < journal.journal.durableUpTo {
            try? journal.readEvents(from: journal.quorumEnd, count: 1) { bytes in
                since = (try? EventView(parsing: bytes))?.wallClockMilliseconds
                return false
            }
        }
        guard let since else { return document.addUnknown("oldest-unreceipted-s", words: "nothing waits") }
        document.add("oldest-unreceipted-s", now.wallMilliseconds > since ? (now.wallMilliseconds - since) / 1_000 : 0)
    }

    private func addBatches(to document: inout StatusDocument) {
        let counters = gateway.counters
        document.section("batches")
        document.add("open-events", UInt64(gateway.openEventCount))
        document.add("signed", counters.statementCount)
        document.add("unreceipted-window", UInt64(gateway.windowBatchCount))
        document.add("quorum-batches", counters.quorumBatchCount)
        document.add("quorum-events", counters.quorumEventCount)
        document.add("signing-us", gateway.signingMicroseconds)
        document.add("longest-signing-us", gateway.longestSigningMicroseconds)
        document.add("published", counters.publishCount)
        document.add("published-bytes", counters.publishByteCount)
        document.add("resent", counters.resendCount)
    }

    private func addSeal(to document: inout StatusDocument) {
        document.section("seal")
        document.add("key-class", text: facts.keyClass)
        addDaysLeft("certificate-days-left", facts.certificateUntilSeconds, to: &document)
        addDaysLeft("link-certificate-days-left", facts.linkCertificateUntilSeconds, to: &document)
    }

    private func addDaysLeft(_ name: StaticString, _ until: UInt64?, to document: inout StatusDocument) {
        guard let until else { return document.addUnknown(name, words: "no certificate") }
        let days = (Int64(clamping: until) - Int64(clamping: now.wallSeconds)) / 86_400
        document.add(name, days, level: days < 14 ? .warning : .good)
    }

    private func addNodes(to document: inout StatusDocument) {
        for node in gateway.nodes.records {
            document.section("nodes", item: node.name.string)
            let isSurplus = node.receiptCount == 0 && node.surplusReceiptCount > 0
            document.add(
                "receipts", node.receiptCount, words: isSurplus ? "0: it answers after the quorum is reached; these are not counted" : nil,
                level: node.receiptCount > 0 ? .good : .plain)
            document.add("surplus-receipts", node.surplusReceiptCount)
            document.add("tree-size", node.treeSize, words: isSurplus ? "not read of receipts beyond the quorum" : nil)
            if let heard = node.heardAtMilliseconds {
                document.add("heard-s-ago", now.milliseconds(since: heard) / 1_000)
            } else {
                document.addUnknown("heard-s-ago", words: "never heard")
            }
            document.add("answered-hello", flag: node.answeredHello)
            if let code = node.refusalCode { document.add("refusal", code, words: RefusalWords.of(code), level: .bad) }
            document.add("rejected-receipts", node.rejectedReceiptCount)
            document.add("unread-receipts", node.unreadReceiptCount)
            document.add("held-too-small", node.heldTooSmallCount)
        }
    }

    private func addSources(to document: inout StatusDocument) {
        for (source, record) in zip(sources, sourceRecords) {
            document.section("sources", item: record.name.string)
            if let state = source.state {
                document.add("working", flag: state.isWorking, level: state.isWorking ? .good : .bad)
                document.add("state", text: state.text.string)
            }
            document.add("events", record.eventCount)
            document.add("readings", record.readingCount)
            if let last = record.lastMilliseconds {
                document.add("last-s-ago", now.milliseconds(since: last) / 1_000)
            } else {
                document.addUnknown("last-s-ago", words: "nothing yet")
            }
            if let warning = record.warning { document.add("warning", text: warning.string, level: .warning) }
        }
    }

    /// What the sources refused before it came to the journal: lines that are no events, senders whose user and group may not record, and
    /// senders for whom there was no place.
    private var refusals: (lineCount: UInt64, strangerCount: UInt64, crowdedCount: UInt64) {
        var sum: (lineCount: UInt64, strangerCount: UInt64, crowdedCount: UInt64) = (0, 0, 0)
        for source in sources {
            switch source {
            case .intake(let intake):
                sum.lineCount += intake.refusedCount
                sum.strangerCount += intake.strangerCount
                sum.crowdedCount += intake.turnedAwayCount - intake.strangerCount
            case .replay(let replay): sum.lineCount += replay.refusedCount
            default: break
            }
        }
        return sum
    }

    private func addCounters(to document: inout StatusDocument) {
        let counters = gateway.counters
        let refusals = refusals
        document.section("dropped-or-refused")
        document.add("dropped-events", counters.droppedEventCount, level: counters.droppedEventCount > 0 ? .bad : .plain)
        document.add("refused-lines", refusedLineCount + refusals.lineCount)
        document.add("stranger-senders", refusals.strangerCount)
        document.add("crowded-senders", refusals.crowdedCount)
        document.add("surplus-receipts", counters.surplusReceiptCount)
        document.add("malformed-replies", counters.malformedReplyCount)
        document.add("stranger-replies", counters.strangerReplyCount)
        document.add("unbelieved-hints", counters.unbelievedHintCount)
        document.add("unconfirmed-refusals", counters.unconfirmedRefusalCount)
        document.add("rejected-trust-files", counters.rejectedTrustFileCount)
        document.add("signing-failures", counters.signingFailureCount)
        document.add("journal-failures", counters.journalFailureCount)
        document.add("epochs", counters.epochCount, words: "\(counters.epochCount) begun since the start")
    }
}

extension LinkStatus.Phase {
    var word: String {
        switch self {
        case .stopped: "stopped"
        case .waiting: "waiting"
        case .connecting: "connecting"
        case .connected: "connected"
        }
    }
}

extension SpaceLevel {
    var word: String {
        switch self {
        case .normal: "normal"
        case .warning: "warning"
        case .full: "full"
        }
    }
}
