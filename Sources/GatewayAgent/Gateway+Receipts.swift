import AttestationFormat

extension Gateway {
    /// A receipt came. It counts only if it verifies for a batch that is out and lacks its quorum, and if the node holds every
    /// event that was sent whole (wire-format.md, section 5). Nothing else ever frees anything.
    func receive(_ unverified: UnverifiedReceipt, first: UInt64, at now: Moment) {
        guard trust != nil, let index = window.index(ofFirst: first) else {
            noteSurplus(unverified)
            return
        }
        let batch = window[index]
        // The issuer says which node it is; the topic says nothing.
        guard let node = nodes.index(of: unverified.header.node.node.text) else {
            counters.strangerReplyCount += 1
            return
        }
        guard batch.receiptedBy.count < receiptsNeededCount, !batch.receiptedBy.contains(node) else {
            noteSurplus(unverified)
            return
        }
        guard nodes[node].mayVerifyReceipt(at: now) else { return }
        guard let receipt = verified(unverified, for: batch.statement) else {
            nodes[node].rejectedReceiptCount += 1
            nodes[node].rejectedInARowCount += 1
            return
        }
        guard receipt.held >= batch.wholeCount else {
            nodes[node].heldTooSmallCount += 1
            nodes[node].rejectedInARowCount += 1
            return
        }
        nodes[node].rejectedInARowCount = 0
        count(receipt, of: node, at: index, now: now)
    }

    private func noteSurplus(_ unverified: UnverifiedReceipt) {
        counters.surplusReceiptCount += 1
        guard let node = nodes.index(of: unverified.header.node.node.text) else { return }
        nodes[node].surplusReceiptCount += 1
    }

    /// The receipt, if the trust file in force bears it out for this statement.
    @inline(never)
    private func verified(_ unverified: UnverifiedReceipt, for statement: Statement) -> Receipt? {
        guard let trust else { return nil }
        return try? unverified.verified(for: statement, trustFile: trust, verifier: Verifier.self, using: Hash.self)
    }

    private func count(_ receipt: Receipt, of node: NodeIndex, at index: Int, now: Moment) {
        // Stored before it counts: after a restart the quorum can be shown from the journal.
        do throws(JournalProblem) {
            try journal.append(receipt: receipt.bytes, first: window[index].first)
        } catch {
            note(error)
            return
        }
        nodes[node].receiptCount += 1
        nodes[node].treeSize = max(nodes[node].treeSize, receipt.header.treeSize)
        nodes[node].refusalCode = nil
        nodes[node].catchUpSchedule.hurry()
        lastReceiptMilliseconds = now.monotonicMilliseconds
        overdueHello.start(at: now.monotonicMilliseconds)
        control.sawCheckpoint(node: nodes[node].name, treeSize: receipt.header.treeSize, root: receipt.root)
        _ = window.count(receiptOf: node, at: index)
        releaseQuorate(at: now)
    }

    /// Receipts that an earlier run stored for this batch count as they did then: a node that gave one need not be there now. They
    /// are verified again, since the trust file may be another one: no more of them than a batch needs, when it enters the window.
    func countStoredReceipts(at index: Int) {
        guard !storedReceipts.isEmpty else { return }
        let batch = window[index]
        for stored in storedReceipts where stored.first == batch.first {
            guard window[index].receiptedBy.count < receiptsNeededCount,
                let unverified = try? UnverifiedReceipt(parsing: stored.bytes),
                let node = nodes.index(of: unverified.header.node.node.text), !window[index].receiptedBy.contains(node),
                let receipt = verified(unverified, for: batch.statement), receipt.held >= batch.wholeCount
            else { continue }
            nodes[node].treeSize = max(nodes[node].treeSize, receipt.header.treeSize)
            _ = window.count(receiptOf: node, at: index)
        }
        // Batches enter in chain order.
        storedReceipts.removeAll { $0.first <= batch.first }
        markQuorate()
    }

    /// Frees what has its quorum, and publishes what has room now.
    private func releaseQuorate(at now: Moment) {
        if markQuorate() { publishIfDue(at: now) }
    }

    /// Moves the mark over the batches that have their quorum, oldest first; `false` when there are none.
    @discardableResult
    private func markQuorate() -> Bool {
        var end: UInt64?
        while let batch = window.removeOldest(withReceipts: receiptsNeededCount) {
            end = batch.end
            counters.quorumBatchCount += 1
            counters.quorumEventCount &+= batch.count
        }
        guard let end else { return false }
        do throws(JournalProblem) {
            try journal.append(mark: end)
        } catch {
            note(error)
        }
        // Another batch is the oldest now: its own time since publication counts.
        if let oldest = window.oldest {
            oldestResend.start(at: oldest.publishedAtMilliseconds)
        }
        return true
    }
}
