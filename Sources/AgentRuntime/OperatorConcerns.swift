internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import EventJournal
internal import GatewayAgent
internal import MQTTLink
internal import SensorSources
internal import SmallFiles

/// One thing that somebody should do something about.
struct OperatorConcern {
    /// Stable, for scripts.
    let code: String
    /// What happened, the value; behind the last semicolon what to do.
    let text: String
}

extension [OperatorConcern] {
    /// Adds one; the code of doing so stands here once.
    @inline(never)
    mutating func add(_ code: StaticString, _ text: String) { append(OperatorConcern(code: code.description, text: text)) }
}

/// The refusal codes of wire-format.md, section 6, in words.
enum RefusalWords {
    static func of(_ code: UInt64) -> String {
        switch code {
        case 1: "unknown gateway: the node has no certificate of this seal key; enrol, or wait for the next hello"
        case 2: "certificate not valid: renew the seal certificate, or ask the alliance where doctor says that the firm left it"
        case 3: "revoked: the alliance revoked this seal key; ask the firm why; enroll --replace with a new code makes another"
        case 4: "bad signature"
        case 5: "bad chain"
        case 6: "conflict: the node has other bytes for this sequence; another device may use this identity"
        case 7: "malformed"
        case 8: "too large"
        case 9: "rate limited: the node asks for patience"
        default: "refusal \(code)"
        }
    }
}

extension AgentLoop {
    /// A batch that lacks its quorum for this long is a concern: one and a half times the receipt-timeout, so that a hello may
    /// be answered first, and always within a minute.
    private var patienceMilliseconds: UInt64 {
        min(45_000, UInt64(clamping: configuration.link.receiptTimeoutMilliseconds) * 3 / 2)
    }

    /// What stops receipts, events or the link now.
    func operatorConcerns() -> [OperatorConcern] {
        var concerns: [OperatorConcern] = []
        if let cause = journal.journal.suspended {
            concerns.add("journal", Self.words(ofSuspension: cause))
        } else if journal.journal.spaceLevel == .full {
            concerns.add("journal-full", spaceAdvice.map { "the journal is full: \($0)" } ?? JournalProblem.full.words)
        }
        addSignerConcern(to: &concerns)
        if gateway.concerns.trustFileNotStored {
            concerns.add("trust-file", "a newer trust file could not be written beside the old one; check its folder")
        }
        // An older one is nothing that this gateway lacks: that node has not got the newer one yet.
        if let words = gateway.concerns.trustFileRefusalWords, gateway.concerns.trustFileRefusal != .version {
            concerns.add("trust-file-refused", "a node sent a trust file that is not taken: \(words); ask the alliance if it goes on")
        }
        if gateway.trust?.isExpired(atSeconds: UInt64(clamping: posix_realtime_milliseconds() / 1_000)) == true {
            concerns.add("trust-file-old", "the trust file is out of date and goes on being used; ask the alliance for a newer one")
        }
        if let reason = gateway.concerns.epochReason, reason == .conflict || reason == .rollback {
            concerns.add(
                "epoch",
                """
                a new epoch began (\(reason.word.string)): nodes showed what this journal did not have; \
                an old image was restored, or another device uses this seal key; make sure which, and revoke a key in two hands
                """)
        }
        concerns.addSensors(of: sensors)
        addSourceConcerns(to: &concerns)
        addLinkConcerns(to: &concerns)
        addRenewalConcern(to: &concerns)
        return concerns
    }

    /// What frees space when events wait for their archive; nil when none do.
    var spaceAdvice: String? {
        let waiting = journal.journal.waitingForArchive
        guard waiting.segmentCount > 0 else { return nil }
        return "\(waiting.byteCount) bytes in \(waiting.segmentCount) segments wait to be archived: \(Self.archiveStep)"
    }

    private func addSourceConcerns(to concerns: inout [OperatorConcern]) {
        for (source, settings) in zip(sources, configuration.sources) {
            guard let state = source.state, !state.isWorking else { continue }
            concerns.add("source", "[source.\(settings.name.string)]: \(state.text.string)")
        }
    }

    private func addLinkConcerns(to concerns: inout [OperatorConcern]) {
        guard let broker = link.link else { return }
        guard broker.isConnected else {
            concerns.add("link", broker.status.lastCause.text)
            return
        }
        if facts.certificateUntilSeconds == nil {
            let path = configuration.seal.certificateFile
            concerns.add(
                "certificate", SmallFile.exists(path)
                    ? "\(path.string) is not for this gateway's name and seal key: nodes refuse it until key and certificate are of one enrolment"
                    : "there is no seal certificate: nodes refuse this gateway until it is enrolled")
        }
        if gateway.trust == nil {
            concerns.add("trust", "there is no trust file: no receipt can count")
        }
        for node in gateway.nodes.records {
            if let code = node.refusalCode {
                concerns.add("refusal", "node \(node.name.string): \(RefusalWords.of(code))")
            }
        }
        addBrokerConcerns(to: &concerns)
        addWaitingConcern(to: &concerns)
    }

    /// What an MQTT 5 broker says of its own accord, at once.
    private func addBrokerConcerns(to concerns: inout [OperatorConcern]) {
        if let code = link.answers.refusalCode {
            concerns.add(
                "broker-refuses",
                """
                the broker refuses what this gateway publishes \
                (\(LinkCause.words(ofReason: Int32(code)))), and the journal keeps it; check its ACL and its limits
                """)
        }
        if let code = link.answers.subscriptionRefusalCode {
            concerns.add(
                "broker-refuses-replies",
                """
                the broker refuses the subscription to replies \
                (\(LinkCause.words(ofReason: Int32(code)))); check its ACL for this gateway
                """)
        }
        if let byteCount = link.answers.refusedByteCount {
            concerns.add(
                "too-large",
                """
                a message of \(byteCount) bytes is larger than the broker takes, and the journal keeps it; \
                raise its max_packet_size to 270336
                """)
        }
    }

    /// Batches are out and no quorum comes: is nobody there, or too few?
    private func addWaitingConcern(to concerns: inout [OperatorConcern]) {
        if link.answers.hasNoSubscriber {
            concerns.add(
                "no-node",
                """
                no node listens: the broker has no subscriber for this gateway's batches; \
                check the nodes and the broker's ACL
                """)
            return
        }
        // What cannot be stored is no node's fault: receipts cannot be stored either.
        guard let oldest = gateway.oldestUnreceiptedMilliseconds, journal.journal.suspended == nil else { return }
        // Right after a reconnect nobody can have answered yet.
        let connected = UInt64(clamping: link.link?.status.connectedSinceMilliseconds ?? 0)
        let since = max(oldest, connected)
        guard now.milliseconds(since: since) > patienceMilliseconds else { return }
        // Whoever fell silent after its hello does not listen any more.
        let isAnybodyThere = gateway.nodes.records.contains { $0.heardAtMilliseconds.map { $0 > since } ?? false }
        if isAnybodyThere {
            concerns.add("no-quorum", "batches wait for receipts although nodes answer; see the nodes below")
        } else {
            concerns.add("no-node", "no node listens: batches go out and nobody answers; check the nodes and the broker's ACL")
        }
    }
}
