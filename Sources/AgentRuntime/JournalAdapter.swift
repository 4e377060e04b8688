internal import AttestationFormat
internal import DeviceCrypto
internal import EventJournal
internal import GatewayAgent
internal import MerkleTree

/// Joins the journal to the state machine's port: names and types only, no policy.
final class JournalAdapter<FileSystem: JournalFileSystem>: JournalPort {
    let journal: EventJournal<FileSystem, SHA256>
    /// Names of intake sources, by their place in the journal's table, so that the hot path makes no lookups by name.
    private var sources: [(name: UTF8Text, index: SourceIndex)] = []

    /// Bytes of the latest statement of the open epoch.
    private(set) var latestStatement: [UInt8]?

    init(_ journal: EventJournal<FileSystem, SHA256>) {
        self.journal = journal
        latestStatement = findLatestStatement()
    }

    var epoch: Epoch { Epoch(journal.epoch) }
    var nextSequence: UInt64 { journal.nextSequence }
    var signedEnd: UInt64 { journal.signedUpTo }
    var quorumEnd: UInt64 { journal.quorumUpTo }
    var oldestHeld: UInt64 { journal.oldestHeld }
    var latestStatementHash: Digest { journal.latestStatementHash }
    var closedBecause: EpochReason? { journal.mustBeginEpoch?.reason }
    /// Whether events or statements were appended that are not on the medium yet.
    private(set) var hasUnsynced = false
    /// Whether receipts or marks were: losing them costs a question to the nodes, so they wait for the next sync a while.
    private(set) var hasUnsyncedReceipts = false

    func isFormer(_ epoch: Epoch) -> Bool { epoch.value != journal.epoch && journal.knowsEpoch(epoch.value) }

    // MARK: - Writing

    func append(
        event: [UInt8], importance: EventImportance, origin: EventOrigin?
    ) throws(JournalProblem) -> AppendOutcome {
        do throws(JournalError) {
            let weight = Importance(rawValue: importance.rawValue) ?? .normal
            guard let origin, let source = sources.first(where: { $0.index.value == origin.source })?.index else {
                let sequence = try journal.append(event: event.span, importance: weight)
                hasUnsynced = true
                return .stored(sequence: sequence)
            }
            switch try journal.append(event: event.span, source: source, number: origin.number, importance: weight) {
            case .stored(let place):
                hasUnsynced = true
                return .stored(sequence: place.sequence)
            case .repeated(let place): return .repeated(epoch: Epoch(place.epoch), sequence: place.sequence)
            case .olderThanHeld: return .olderThanHeld
            }
        } catch {
            throw problem(error)
        }
    }

    /// The place of a source's name in the journal's table; `nil` when the table is full. Throws when a new name cannot be stored now.
    func place(ofSource name: UTF8Text) throws(JournalProblem) -> UInt8? {
        for source in sources where source.name == name { return source.index.value }
        do throws(JournalError) {
            let index = try journal.sourceIndex(named: name.bytes.span)
            sources.append((name, index))
            return index.value
        } catch {
            if error == .tooManySources { return nil }
            throw problem(error)
        }
    }

    /// One more than the highest number that a source gave; 0 if it gave none.
    func numberLimit(ofSource name: UTF8Text) -> UInt64 {
        guard (try? place(ofSource: name)) != nil, let source = sources.first(where: { $0.name == name }) else { return 0 }
        return journal.numberLimit(of: source.index)
    }

    func append(statement: [UInt8], first: UInt64, count: UInt64) throws(JournalProblem) {
        do throws(JournalError) {
            try journal.appendStatement(first: first, count: count, bytes: statement.span)
            hasUnsynced = true
            latestStatement = statement
        } catch {
            throw problem(error)
        }
    }

    func append(receipt: [UInt8], first: UInt64) throws(JournalProblem) {
        do throws(JournalError) { try journal.appendReceipt(first: first, bytes: receipt.span) } catch { throw problem(error) }
        hasUnsyncedReceipts = true
    }

    func append(mark end: UInt64) throws(JournalProblem) {
        do throws(JournalError) { try journal.appendMark(upTo: end) } catch { throw problem(error) }
        hasUnsyncedReceipts = true
    }

    func append(archived end: UInt64) throws(JournalProblem) {
        do throws(JournalError) { try journal.appendArchived(upTo: end) } catch { throw problem(error) }
    }

    /// Turns a journal that is open for reading to one of the epochs that it holds.
    func turn(to epoch: HeldEpoch) throws(JournalProblem) {
        do throws(JournalError) { try journal.turn(to: epoch) } catch { throw problem(error) }
    }

    func sync() throws(JournalProblem) {
        do throws(JournalError) {
            try journal.sync()
            hasUnsynced = false
            hasUnsyncedReceipts = false
        } catch {
            throw problem(error)
        }
    }

    func gapsDeclared() {
        try? journal.appendDamagesDeclared()
    }

    func beginEpoch(because reason: EpochReason, previous: Digest?) throws(JournalProblem) {
        guard let epoch = try? SecureRandom.word() else { throw .medium(errno: 5) }
        do throws(JournalError) {
            try journal.beginEpoch(epoch, because: reason.end, previous: previous)
            latestStatement = nil
        } catch {
            throw problem(error)
        }
    }

    // MARK: - Reading

    func takeStoredReceipts() -> [GatewayAgent.StoredReceipt] {
        journal.takeUnquorateReceipts().map { GatewayAgent.StoredReceipt(first: $0.first, bytes: $0.bytes) }
    }

    func statement(atOrAfter first: UInt64) throws(JournalProblem) -> GatewayAgent.StoredStatement? {
        do throws(JournalError) {
            guard let stored = try journal.nextStatement(from: first) else { return nil }
            return GatewayAgent.StoredStatement(bytes: stored.bytes, first: stored.first, count: stored.count)
        } catch {
            throw problem(error)
        }
    }

    func readEvents(from first: UInt64, count: UInt64, _ body: ([UInt8]) -> Bool) throws(JournalProblem) {
        do throws(JournalError) {
            let batch = try journal.readBatch(first: first, count: Int(clamping: min(count, 1_024)))
            // What damage took is missing in the middle: nothing of it may be taken for the wrong sequence.
            guard !batch.isIncomplete else { throw .notHeld }
            for index in 0..<batch.count where !body(Array(batch.event(at: index))) { return }
        } catch {
            throw problem(error)
        }
    }

    /// Statements cover at most 1,024 events: the latest begins within that distance of the end.
    private func findLatestStatement() -> [UInt8]? {
        var cursor = journal.signedUpTo > 1_024 ? journal.signedUpTo - 1_024 : 0
        var latest: [UInt8]?
        while let stored = try? journal.nextStatement(from: cursor) {
            latest = stored.bytes
            cursor = stored.first &+ stored.count
        }
        return latest
    }

    // MARK: - Errors

    private func problem(_ error: JournalError) -> JournalProblem {
        switch error {
        case .full: return .full
        case .suspended(let cause): return cause.isLackOfSpace ? .full : .medium(errno: cause.code)
        case .system(let cause): return .medium(errno: cause.code)
        case .tooLarge, .tooManySources, .badSourceName: return .unacceptable
        case .epochClosed, .outOfOrder, .notHeld, .locked, .wrongGateway, .unknownFormat, .tooManySegments: return .damaged
        }
    }
}

extension EpochReason {
    var end: EpochEnd {
        switch self {
        case .journalNew: .journalNew
        case .damage: .statementLost
        case .rollback: .rollback
        case .conflict: .conflict
        case .refusal: .refusal
        case .newKey: .newKey
        }
    }
}

extension EpochEnd {
    var reason: EpochReason {
        switch self {
        case .journalNew: .journalNew
        case .unsignedEventsLost, .statementLost, .headerLost, .segmentMissing: .damage
        case .rollback: .rollback
        case .conflict: .conflict
        case .refusal: .refusal
        case .newKey: .newKey
        }
    }
}
