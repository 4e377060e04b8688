import AllianceTrust
import AttestationFormat
import Logging
import MerkleTree

/// What became of a batch within the transaction.
private enum Outcome {
    /// In the ledger now; its receipt comes with the next checkpoint.
    case accepted(ChainPlacement, continuesEndedEpoch: Bool)
    /// Was in the ledger; the receipt that says all that is held, if there is one yet.
    case known(receipt: [UInt8]?, newlyHeldCount: Int, leaf: Int64)
    case position(Statement?)
    case refused(BatchRefusal)
}

extension NodeCore {
    /// A key's holder may sign contradictions without end; the first ones prove as much as all of them.
    private static var conflictsKeptPerSigner: Int { 64 }

    /// Statement, events and sequence of all batches in one transaction, each judged on what the ones before it left.
    func place(_ batches: [CheckedBatch]) async throws -> [OutboundReply] {
        guard !batches.isEmpty else { return [] }
        let outcomes = try store.write { transaction in
            try batches.map { try self.place($0, in: transaction) }
        }
        return zip(batches, outcomes).flatMap { report($0.batch, $1) }
    }

    private func place(_ checked: CheckedBatch, in transaction: Store.Transaction) throws -> Outcome {
        let batch = checked.batch
        if let entry = try transaction.entry(hash: batch.hash) {
            return try complete(checked, entry, in: transaction)
        }
        let header = batch.header
        let signer = try transaction.addSigner(keyID: header.keyID, issuer: header.gateway.issuer)
        let oldestHeld = sessions.oldestHeld(header.gateway.gatewayID, in: header.epoch)
        let facts = try ChainFacts(
            of: batch.link, in: header.epoch, of: signer, oldestHeld: oldestHeld, from: transaction)
        switch ChainRules.judge(batch.link, facts) {
        case .accept(let placement, let epoch, let becomesNewest):
            let leaf = try append(checked, of: signer, in: transaction)
            let tail = epoch.next == batch.link.range.end ? batch.hash : try transaction.tail(of: header.epoch, of: signer)
            try transaction.setEpochState(epoch, tail: tail ?? batch.hash, header.epoch, of: signer)
            if becomesNewest { try transaction.setNewest(leaf, of: signer) }
            return .accepted(placement, continuesEndedEpoch: placement == .next && facts.rivalOpening != nil)
        case .conflict(let rival):
            return .refused(try keep(batch, with: rival, of: signer, in: transaction))
        case .position:
            let newest = try transaction.newest(of: signer)
            return .position(try newest.flatMap { try transaction.storedStatement($0.leaf) })
        case .badChain:
            let text = "previous does not name the statement before it"
            return .refused(BatchRefusal(code: .badChain, text: text, first: header.first))
        }
    }

    private func append(_ checked: CheckedBatch, of signer: SignerID, in transaction: Store.Transaction) throws -> Int64 {
        let batch = checked.batch
        return try transaction.append(
            NewEntry(
                signer: signer, epoch: batch.header.epoch, link: batch.link,
                issuedSeconds: Int64(clamping: batch.header.issuedAtSeconds), bytes: batch.statement.bytes,
                events: batch.events?.encoded, heldCount: batch.heldCount, subjects: checked.subjects,
                isOpening: batch.header.first == 0))
    }

    /// Stores event bytes that were missing, and finds the receipt.
    private func complete(
        _ checked: CheckedBatch, _ entry: EntrySummary, in transaction: Store.Transaction
    ) throws -> Outcome {
        let batch = checked.batch
        if let events = batch.events, entry.heldCount < batch.header.count,
            let merged = try merge(events, into: entry, of: batch, in: transaction)
        {
            try transaction.setEvents(
                merged.encoded, heldCount: merged.heldCount, subjects: checked.subjects, of: entry.leaf)
            if merged.heldCount > entry.heldCount {
                return .known(receipt: nil, newlyHeldCount: merged.heldCount - entry.heldCount, leaf: entry.leaf)
            }
        }
        let receipt = try transaction.receipt(entry.leaf)
        let isCurrent = receipt?.heldCount == entry.heldCount
        return .known(receipt: isCurrent ? receipt?.bytes : nil, newlyHeldCount: 0, leaf: entry.leaf)
    }

    /// The list of events with those that are new; nil when there are none.
    private func merge(
        _ events: EventList, into entry: EntrySummary, of batch: IncomingBatch, in transaction: Store.Transaction
    ) throws -> EventList? {
        guard let stored = try transaction.events(entry.leaf) else { return events }
        let merged = try EventList(stored: stored, of: batch.statement.bytes).merged(with: events)
        return merged.heldCount > entry.heldCount ? merged : nil
    }

    /// Keeps both sides of a contradiction and marks the gateway; the refusal shows the other side.
    private func keep(
        _ batch: IncomingBatch, with rival: Digest, of signer: SignerID, in transaction: Store.Transaction
    ) throws -> BatchRefusal {
        if try transaction.conflictCount(of: signer) < Self.conflictsKeptPerSigner {
            try transaction.addConflict(
                batch.statement.bytes, hash: batch.hash, with: rival, of: signer, atMilliseconds: clock.nowMilliseconds)
        }
        try transaction.mark(signer)
        let statement = try transaction.entry(hash: rival).flatMap { try transaction.storedStatement($0.leaf) }
        return BatchRefusal(
            code: .conflict, text: "another statement of this gateway holds this place in its chain",
            first: batch.header.first, conflicting: statement)
    }

    // MARK: - What follows the commit

    private func report(_ batch: IncomingBatch, _ outcome: Outcome) -> [OutboundReply] {
        let gateway = batch.topic.gatewayID
        switch outcome {
        case .accepted(let placement, let continuesEndedEpoch):
            count(placement, batch)
            if continuesEndedEpoch {
                metrics.add(.continuedEpochs)
                logger.critical(
                    "an epoch goes on after another one was opened from its end: two gateways may use one key",
                    metadata: ["gateway": "\(gateway)", "epoch": "\(batch.header.epoch)"])
            }
            return []
        case .known(let receipt, let newlyHeldCount, let leaf):
            metrics.add(.known)
            if newlyHeldCount > 0 {
                metrics.add(.eventsLate, newlyHeldCount)
                metrics.add(.eventsHeld, newlyHeldCount)
                if leaf < tree.size { owedReceipts.insert(leaf) }
            }
            guard let receipt else { return [] }
            return [reply(to: gateway, at: batch.broker, payload: Reply.encode(first: batch.header.first, receipt: receipt))]
        case .position(let statement):
            metrics.add(.positions)
            return [reply(to: gateway, at: batch.broker, .position(statement))]
        case .refused(let refusal):
            if refusal.code == .conflict { alarm(batch) }
            return [refuse(batch.topic, batch.broker, refusal)]
        }
    }

    private func count(_ placement: ChainPlacement, _ batch: IncomingBatch) {
        metrics.add(.statements)
        metrics.add(.eventsHeld, batch.heldCount)
        switch placement {
        case .opening, .next: break
        case .openingAfterUnknownEnd: metrics.add(.unknownEnds)
        case .afterHole: metrics.add(.holes)
        case .holeStart, .holeEnd, .holeMiddle: metrics.add(.holesFilled)
        }
    }

    private func alarm(_ batch: IncomingBatch) {
        metrics.add(.conflicts)
        areMarksUnknown = true
        logger.critical(
            "conflict: two statements of one gateway for one place; both are kept, the gateway is marked",
            metadata: [
                "gateway": "\(batch.topic.gatewayID)", "epoch": "\(batch.header.epoch)", "first": "\(batch.header.first)",
                "statement": "\(Hexadecimal.text(of: batch.hash.bytes))",
            ])
    }
}
