import AttestationFormat
import MerkleTree

extension Gateway {
    /// The link came up: hello, and what was published on the last connection without a receipt is due again.
    public func linkConnected(at now: Moment) {
        isConnected = true
        nodes.connectionBegan()
        hello.connected()
        oldestResend.hurry()
        outageBacklogEnd = journal.signedEnd
        publishIfDue(at: now)
    }

    /// The link went down.
    public func linkDisconnected() {
        isConnected = false
        hello.disconnected()
    }

    /// Says and publishes what is due, as far as the link takes it.
    func publishIfDue(at now: Moment) {
        guard isConnected else { return }
        askWhenOverdue(at: now)
        sayHello(at: now)
        publishNew(at: now)
        repeatOldest(at: now)
        repeatForNodes(at: now)
    }

    /// No receipt within the receipt-timeout although batches are out: ask who is there.
    private func askWhenOverdue(at now: Moment) {
        guard !window.isEmpty, overdueHello.isDue(at: now) else { return }
        hello.request()
        overdueHello.repeated(at: now)
    }

    private func sayHello(at now: Moment) {
        // A hello carries at least one seal certificate: without any it would be malformed.
        guard hello.isDue(at: now), link.canPublish, !identity.certificates.isEmpty else { return }
        if link.publish(helloMessage().encoded(), on: .hello) { hello.said(at: now) }
    }

    /// This gateway's position and certificates as of now.
    func helloMessage() -> Hello {
        Hello(
            epoch: journal.epoch, next: journal.signedEnd, oldestHeld: journal.oldestHeld,
            lastStatement: journal.latestStatement.flatMap { try? Statement(parsing: $0) },
            trustVersion: trust?.content.version ?? 0, sealCertificates: identity.certificates)
    }

    // MARK: - First publication, in chain order

    private func publishNew(at now: Moment) {
        while publishCursor < journal.signedEnd, link.canPublish {
            if let fresh = freshMessage, fresh.batch.first == publishCursor {
                guard window.hasRoom(forByteCount: fresh.bytes.count), send(fresh.bytes) else { return }
                freshMessage = nil
                enter(fresh.batch, at: now)
                continue
            }
            guard !window.isFull, now.monotonicMilliseconds >= backlogAllowedMilliseconds else { return }
            let isCatchingUp = publishCursor < outageBacklogEnd
            guard let loaded = load(atOrAfter: publishCursor) else {
                backlogAllowedMilliseconds = now.monotonicMilliseconds &+ 1_000
                return
            }
            guard window.hasRoom(forByteCount: loaded.bytes.count), send(loaded.bytes) else {
                // Kept, so that waiting for room does not read the journal over and over.
                freshMessage = loaded
                return
            }
            if isCatchingUp { backlogAllowedMilliseconds = now.monotonicMilliseconds &+ backlogSpacingMilliseconds }
            enter(loaded.batch, at: now)
        }
    }

    private var backlogSpacingMilliseconds: UInt64 { 1_000 / UInt64(max(1, min(1_000, policy.catchUpBatchesPerSecond))) }

    /// The batch is out: it enters the window, and the next one is next.
    func enter(_ batch: PublishedBatch, at now: Moment) {
        var batch = batch
        batch.publishedAtMilliseconds = now.monotonicMilliseconds
        batch.firstPublishedAtMilliseconds = now.monotonicMilliseconds
        if window.isEmpty {
            oldestResend.start(at: now.monotonicMilliseconds)
            overdueHello.start(at: now.monotonicMilliseconds)
        }
        publishCursor = batch.end
        if window.add(batch) { countStoredReceipts(at: window.count - 1) }
    }

    private func send(_ message: [UInt8]) -> Bool {
        guard link.publish(message, on: .batch) else { return false }
        counters.publishCount += 1
        counters.publishByteCount &+= UInt64(message.count)
        return true
    }

    // MARK: - Again

    /// Only the oldest batch without a quorum is repeated by the clock.
    private func repeatOldest(at now: Moment) {
        guard let oldest = window.oldest, oldestResend.isDue(at: now), link.canPublish else { return }
        guard let loaded = load(atOrAfter: oldest.first), loaded.batch.first == oldest.first else {
            oldestResend.repeated(at: now)
            return
        }
        guard send(loaded.bytes) else { return }
        counters.resendCount += 1
        oldestResend.repeated(at: now)
        window.republished(at: 0, wholeCount: loaded.batch.wholeCount, now: now)
    }

    /// What a node said it lacks.
    private func repeatForNodes(at now: Moment) {
        while let next = catchUp.next, catchUp.isDue(at: now), link.canPublish {
            guard next < publishCursor, let loaded = load(atOrAfter: next), loaded.batch.first < publishCursor else {
                catchUp.cancel()
                return
            }
            catchUp.advance(to: loaded.batch.end, limit: publishCursor)
            if let index = window.index(ofFirst: loaded.batch.first) {
                // At most one resend of the same batch per receipt-timeout.
                let age = now.milliseconds(since: window[index].publishedAtMilliseconds)
                guard age >= policy.receiptTimeoutMilliseconds else { continue }
                window.republished(at: index, wholeCount: loaded.batch.wholeCount, now: now)
                if index == 0 { oldestResend.repeated(at: now) }
            }
            guard send(loaded.bytes) else {
                catchUp.request(from: next)
                return
            }
            counters.resendCount += 1
            catchUp.sent(at: now, batchesPerSecond: policy.catchUpBatchesPerSecond)
        }
    }

    // MARK: - From the journal

    /// Reads a batch back and puts its message together, the same bytes as the first time.
    func load(atOrAfter first: UInt64) -> FreshMessage? {
        do throws(JournalProblem) {
            guard let stored = try journal.statement(atOrAfter: first) else { return nil }
            guard let statement = try? Statement(parsing: stored.bytes) else { throw .damaged }
            return FreshMessage.assemble(statement, from: journal, sharing: policy.sharing, hashing: Hash.self)
        } catch {
            note(error)
            return nil
        }
    }
}

extension FreshMessage {
    /// The message of a stored statement: whole events or hashes as `sharing` says; `nil` in place of the list, and none counted as
    /// sent, only when events of it are lost.
    static func assemble<Hash: HashFunction, Journal: JournalPort>(
        _ statement: Statement, from journal: Journal, sharing: SharingRule, hashing: Hash.Type
    ) -> FreshMessage {
        let count = Int(statement.header.count)
        var builder = BatchBuilder<Hash>(first: statement.header.first)
        try? builder.add(eventsOf: statement, from: journal, sharing: sharing)
        let isWhole = builder.count == count
        let bytes =
            isWhole
            ? BatchMessageBytes.make(statement: statement.bytes, items: builder.encodedItems, count: builder.count)
            : BatchMessageBytes.makeWithoutEvents(statement: statement.bytes)
        let batch = PublishedBatch(
            statement: statement, wholeCount: isWhole ? UInt64(builder.wholeCount) : 0, messageByteCount: bytes.count,
            publishedAtMilliseconds: 0)
        return FreshMessage(batch: batch, bytes: bytes)
    }

}

extension BatchBuilder {
    /// Adds the statement's events, all of them unless some are lost.
    mutating func add<Journal: JournalPort>(
        eventsOf statement: Statement, from journal: Journal, sharing: SharingRule
    ) throws(JournalProblem) {
        let unused = Moment(monotonicMilliseconds: 0, wallMilliseconds: 0)
        try journal.readEvents(from: statement.header.first, count: UInt64(statement.header.count)) { event in
            guard hasRoom(forEventByteCount: event.count) else { return false }
            add(event, hashOnly: sharing.sharesHashOnly(kind: EventKindPeek.number(of: event)), isPriority: false, at: unused)
            return true
        }
    }
}
