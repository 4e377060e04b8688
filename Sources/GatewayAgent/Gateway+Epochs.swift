import AttestationFormat
import MerkleTree

extension Gateway {
    /// Asks for a new epoch; it begins as soon as the gate is open and the last change is long enough ago.
    func requestEpoch(previous: Digest?, statement: Statement?, why: EpochReason) {
        epochs.ask(.init(
            reason: why, previous: previous, issuedAtSeconds: statement?.header.issuedAtSeconds ?? 0,
            first: statement?.header.first ?? 0))
        concerns.epochReason = why
    }

    /// Asks for an epoch of its own when another seal key signed the journal's latest statement: a chain is one key's, and a new
    /// key's opens with zero bytes (wire-format.md, sections 4 and 6). Nothing is signed until it has begun.
    func openForNewKey() {
        guard let latest = journal.latestStatement.flatMap({ try? Statement(parsing: $0) }), latest.header.keyID != identity.keyID
        else { return }
        requestEpoch(previous: Digest(), statement: nil, why: .newKey)
    }

    /// Begins the epoch that was asked for. What the closed one left without a quorum is batched again, the same bytes.
    func beginEpochIfDue(at now: Moment) {
        if let reason = journal.closedBecause, !epochs.isPending { requestEpoch(previous: nil, statement: nil, why: reason) }
        guard gate.isOpen, epochs.isDue(at: now), let request = epochs.request else { return }
        // A signature under way belongs to the old epoch: its statement has not left and never will.
        guard sealing == nil || sealing?.statement != nil else { return }
        do throws(JournalProblem) {
            try journal.beginEpoch(because: request.reason, previous: request.previous)
        } catch {
            note(error)
            return
        }
        sealing = nil
        freshMessage = nil
        window.removeAll()
        storedReceipts = []
        catchUp.cancel()
        builder.reset(first: journal.signedEnd)
        publishCursor = journal.quorumEnd
        epochs.began(at: now)
        nodes.epochBegan()
        counters.epochCount += 1
        hello.request()
        recordStarted(why: .newEpoch, cause: request.reason, at: now)
    }
}
