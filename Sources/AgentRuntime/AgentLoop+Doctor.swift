internal import AgentConfiguration
internal import AttestationFormat
internal import EventJournal
internal import GatewayAgent
internal import MQTTLink
internal import SensorSources

extension AgentLoop {
    /// A node that was silent for this long while events wait is worth a look.
    private static var silenceMilliseconds: UInt64 { 600_000 }

    /// What only the running agent knows; files and brokers are `doctor`'s own to look at.
    func doctorFindings() -> Findings {
        var findings = Findings()
        findings.ok("agent", facts.gatewayID, "runs for \(now.milliseconds(since: facts.startedMilliseconds) / 1_000) s, epoch \(journal.epoch.text.string)")
        findings.add(now.finding)
        addJournal(to: &findings)
        addSigner(to: &findings)
        addLink(to: &findings)
        addRenewal(to: &findings)
        for node in gateway.nodes.records { add(node, to: &findings) }
        for (source, record) in zip(sources, sourceRecords) { add(record, source.state, to: &findings) }
        for concern in operatorConcerns() where !Self.toldElsewhere(concern.code) {
            findings.add(.problem, "concern", concern.code, splitting: concern.text)
        }
        if gateway.concerns.trustFileRefusal == .version, let words = gateway.concerns.trustFileRefusalWords {
            findings.ok("trust-file-refused", "", "a node sent a trust file that is not taken: \(words)")
        }
        return findings
    }

    /// Concerns that are findings of their own here or in the files.
    private static func toldElsewhere(_ code: String) -> Bool {
        for told: StaticString in ["journal", "journal-full", "link", "certificate", "trust", "refusal", "source", "token", "token-slow", "trust-file-old", "renewal", "link-certificate", "enrolment"]
        where code.utf8.elementsEqual(told.description.utf8) { return true }
        return false
    }

    private func addJournal(to findings: inout Findings) {
        let store = journal.journal
        let words = "\(journal.nextSequence) events, \(journal.nextSequence - journal.quorumEnd) without a quorum, "
            + "\(max(0, store.usedByteCount) >> 20) of \(configuration.journal.capByteCount >> 20) MiB"
        let advice = spaceAdvice ?? "bring the link back, carry batches with journal export, or raise [journal] cap"
        let dropped = gateway.counters.droppedEventCount
        if let cause = store.suspended {
            findings.add(.problem, "journal", "", "nothing can be stored: \(cause.words)", advice: "free space or replace the medium; sources are held back meanwhile")
        } else if store.spaceLevel == .full {
            findings.add(.problem, "journal", "", "full: \(words)", advice: advice)
        } else if dropped > 0 {
            findings.add(.warning, "journal", "", "\(dropped) events were dropped and declared; \(words)", advice: spaceAdvice ?? "raise [journal] cap, or bring the link back sooner")
        } else if store.spaceLevel == .warning {
            findings.add(.warning, "journal", "", "nearly full: \(words)", advice: advice)
        } else if store.counters.damageCount > 0 {
            findings.add(.warning, "journal", "", "\(store.counters.damageCount) damaged places were found and declared; \(words)", advice: "the medium wears out: plan its replacement")
        } else {
            findings.ok("journal", "", spaceAdvice.map { "\(words); \($0)" } ?? words)
        }
    }

    private func addLink(to findings: inout Findings) {
        guard let status = link.link?.status else { return }
        let name = brokerName(status.brokerIndex)
        if status.phase == .connected {
            findings.ok("link", name, "the agent is connected, MQTT \(status.version == .v5 ? "5" : "3.1.1")")
        } else {
            findings.add(.problem, "link", name, status.lastCause.text, advice: "see the broker's line below; the agent tries again by itself, at the latest after 5 min")
        }
    }

    private func add(_ node: NodeRecord, to findings: inout Findings) {
        let name = node.name.string
        guard let heard = node.heardAtMilliseconds else {
            // Without a broker nobody can be heard: replies come in files.
            let level: Finding.Level = link.link?.isConnected ?? false ? .warning : .ok
            return findings.add(
                level, "node", name, "not heard since this start",
                advice: level == .ok ? "" : "ask its operator whether it runs and is connected to this broker")
        }
        let silence = now.milliseconds(since: heard)
        let words = "heard \(silence / 1_000) s ago, \(node.receiptCount) receipts, \(node.surplusReceiptCount) more after the quorum, ledger of \(node.treeSize)"
        if let code = node.refusalCode {
            findings.add(.problem, "node", name, RefusalWords.of(code), advice: "mend what it names, or ask the node's operator; \(words)")
        } else if node.rejectedInARowCount > 0 {
            findings.add(
                .warning, "node", name, "\(node.rejectedReceiptCount) receipts did not verify, \(node.heldTooSmallCount) said less than was sent; \(words)",
                advice: "compare the trust file's version with the node's; a hostile broker looks like this too")
        } else if silence > Self.silenceMilliseconds, journal.quorumEnd < journal.signedEnd {
            findings.add(.warning, "node", name, words, advice: "ask its operator whether it runs and is connected to this broker")
        } else {
            findings.ok("node", name, words)
        }
    }

    private func add(_ record: SourceRecord, _ state: SourceState?, to findings: inout Findings) {
        let name = record.name.string
        let words = record.words(nowMilliseconds: now.monotonicMilliseconds)
        let advice = "check cable, device and [source.\(name)]; \(words)"
        if let state, !state.isWorking {
            findings.add(.problem, "source", name, state.text.string, advice: advice)
        } else if let warning = record.warning {
            // A source that works says what one of several sensors lacks.
            findings.add(state == nil ? .problem : .warning, "source", name, warning.string, advice: advice)
        } else {
            findings.ok("source", name, state.map { "\($0.text.string); \(words)" } ?? words)
        }
    }
}
