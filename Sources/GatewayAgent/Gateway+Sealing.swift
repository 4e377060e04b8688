import AttestationFormat

extension Gateway {
    /// Takes events from the journal that the open batch missed: after a start, and when signing was slower than the sources.
    func fillBuilder(at now: Moment) {
        guard builder.end < journal.nextSequence, builder.hasRoom(forEventByteCount: Limits.eventByteCount) else { return }
        let wanted = min(journal.nextSequence &- builder.end, UInt64(GatewayPolicy.largestEventCount - builder.count))
        var read: UInt64 = 0
        do throws(JournalProblem) {
            try journal.readEvents(from: builder.end, count: wanted) { event in
                guard builder.hasRoom(forEventByteCount: event.count) else { return false }
                let kind = EventKindPeek.number(of: event)
                builder.add(
                    event, hashOnly: policy.sharing.sharesHashOnly(kind: kind), isPriority: false, at: now)
                read += 1
                return true
            }
        } catch {
            note(error)
            // Events that no statement covers are lost: their sequences can never be signed, so a new epoch carries the rest.
            if error == .damaged, read == 0, builder.isEmpty { requestEpoch(previous: nil, statement: nil, why: .damage) }
        }
    }

    /// Whether a signature may begin now.
    var maySeal: Bool { sealing == nil && gate.isOpen && !epochs.isPending && ownVerifier != nil }

    /// Closes the open batch if the policy says so, and begins its signature.
    func sealIfDue(at now: Moment) {
        guard maySeal, now.monotonicMilliseconds >= retryAtMilliseconds else { return }
        guard builder.shouldClose(policy, pace: pace, at: now) else { return }
        guard
            let header = try? BatchHeader(
                keyID: identity.keyID, gateway: identity.name, epoch: journal.epoch, issuedAtSeconds: now.wallSeconds,
                first: builder.first, count: builder.count, previous: epochs.previous ?? journal.latestStatementHash)
        else {
            // 2^63 events in one epoch: the chain goes on in the next.
            requestEpoch(previous: nil, statement: nil, why: .damage)
            return
        }
        let root = builder.root
        sealing = Sealing(
            header: header, root: root, count: UInt64(builder.count), wholeCount: UInt64(builder.wholeCount),
            items: builder.encodedItems, beganAtMilliseconds: now.monotonicMilliseconds, statement: nil)
        builder.reset(first: builder.end)
        signer.begin(Statement.bytesToSign(header: header, root: root))
        finishSealing(at: now)
    }

    /// Asks for the signature under way, and makes the finished statement durable before anything leaves.
    func finishSealing(at now: Moment) {
        guard let pending = sealing else { return }
        if pending.statement == nil {
            switch signer.finish() {
            case .pending:
                return
            case .failed(let code):
                signingFailed(code: code, at: now)
                return
            case .finished(let signature, let blockedMicroseconds):
                let elapsed = now.milliseconds(since: pending.beganAtMilliseconds) &* 1_000
                pace.finished(
                    microseconds: max(elapsed, blockedMicroseconds), blockedMicroseconds: blockedMicroseconds, at: now)
                sealing?.statement = Statement(header: pending.header, root: pending.root, signature: signature)
                counters.statementCount += 1
                concerns.signingFailureCode = nil
            }
        }
        storeStatement(at: now)
    }

    private func signingFailed(code: Int32, at now: Moment) {
        counters.signingFailureCount += 1
        concerns.signingFailureCode = code
        // The same events close again a second later; nothing was signed, so the header may differ.
        builder.reset(first: journal.signedEnd)
        sealing = nil
        retryAtMilliseconds = now.monotonicMilliseconds &+ 1_000
    }

    /// Appends the signed statement and syncs. What fails is tried again with the same bytes, never signed again.
    private func storeStatement(at now: Moment) {
        guard let pending = sealing, let statement = pending.statement else { return }
        guard now.monotonicMilliseconds >= retryAtMilliseconds else { return }
        do throws(JournalProblem) {
            // After a failed sync the statement may be there already.
            if journal.signedEnd < pending.end {
                try journal.append(statement: statement.bytes, first: pending.header.first, count: pending.count)
            }
            try journal.sync()
        } catch {
            note(error)
            retryAtMilliseconds = now.monotonicMilliseconds &+ 1_000
            return
        }
        let message = BatchMessageBytes.make(statement: statement.bytes, items: pending.items, count: Int(pending.count))
        let batch = PublishedBatch(
            statement: statement, wholeCount: pending.wholeCount, messageByteCount: message.count,
            publishedAtMilliseconds: now.monotonicMilliseconds)
        // One message is kept; a backlog is read from the journal again.
        if publishCursor == batch.first { freshMessage = FreshMessage(batch: batch, bytes: message) }
        sealing = nil
        epochs.sealed()
    }

    /// The journal stores again after a failure: what it could not make durable is gone, and its sequences are given anew.
    public func journalResumed() {
        if let pending = sealing, pending.end > journal.nextSequence { sealing = nil }
        let signedEnd = sealing.map { max($0.end, journal.signedEnd) } ?? journal.signedEnd
        builder.reset(first: signedEnd)
        concerns.journal = nil
        control.hurry()
        retryAtMilliseconds = 0
    }

    /// Counts and remembers a failure of the journal.
    func note(_ problem: JournalProblem) {
        counters.journalFailureCount += 1
        concerns.journal = problem
    }
}
