import EventJournal
import HarborsealTesting
import Testing

/// What the sources and nodes were told: what a recovered journal must still know.
private final class Promises {
    var events: [Int] = []
    /// How many of them were appended when the last sync returned.
    var acknowledged = 0
    var places: [Int: EventPlace] = [:]
    /// Numbered from 1 by the one intake source; the event's id is its number.
    var statements: [StoredStatement] = []
    var publishable = 0
    var epoch: UInt64 = 0
    /// Sequences below have a quorum; the number of events at the front that this is.
    var marked: UInt64 = 0
    var durableMark: UInt64 = 0
    /// Events that are gone from this epoch because they had a quorum when it began.
    var front = 0
    var isChangingEpoch = false
    /// Nil: segments do not wait for an archive. Else the number of events at the front that the owner said to have.
    var archived: Int?
    /// The latest such note, and the latest that a sync returned for.
    var note: EventPlace?
    var durableNote: EventPlace?
}

@Suite("Power cuts")
struct CrashStateTests {
    /// One story, cut after each change of the disk; every state that the cut may leave is recovered and judged.
    @Test("no acknowledged event is lost or doubled in any enumerated crash state", arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func everyCrashState(seed: UInt64) throws {
        let disk = FaultyFileSystem()
        // Small parts make many states: a write of 300 bytes may survive in five pieces, each or none.
        disk.sectorByteCount = 64
        var generator = SeededGenerator(seed: seed)
        let promises = Promises()
        if seed > 4 { promises.archived = 0 }
        var stateCount = 0
        var isJudging = false
        disk.afterChange = {
            guard !isJudging else { return }
            isJudging = true
            defer { isJudging = false }
            disk.forEachCrashImage(partAt: { Int(generator.next() % UInt64($0)) }) { image in
                stateCount += 1
                do { try judge(image, promises) } catch { Issue.record("\(error) in state \(stateCount), seed \(seed)") }
            }
        }
        try story(disk, promises, eventByteCount: 60 + Int(seed % 4) * 30)
        #expect(stateCount > 3_000, "\(stateCount) states")
    }

    /// Events, syncs, statements, receipts, marks, segment changes, deletions, a new epoch with events to carry over, and more.
    private func story(_ disk: FaultyFileSystem, _ promises: Promises, eventByteCount: Int) throws {
        let journal = try TestJournal(disk, options: settings(promises))
        promises.epoch = journal.epoch
        let source = try journal.sourceIndex("wms-1")
        func record(_ count: Int) throws {
            for _ in 0..<count {
                let id = promises.events.count + 1
                // The promise's entry comes first: what is appended may be written at any time.
                promises.events.append(id)
                guard case .stored(let place) = try journal.append(
                    eventBytes(id, byteCount: eventByteCount), source, UInt64(id))
                else { throw JournalError.notHeld }
                promises.places[id] = place
            }
        }
        func sync() throws {
            try journal.sync()
            promises.acknowledged = promises.events.count
            promises.publishable = promises.statements.count
            promises.durableMark = promises.marked
            promises.durableNote = promises.note
        }
        func sign(_ count: UInt64) throws {
            let first = journal.signedUpTo
            let bytes = statementBytes(first, count, epoch: journal.epoch)
            promises.statements.append(StoredStatement(first: first, count: count, bytes: bytes))
            try journal.appendStatement(first: first, count: count, bytes: bytes.span)
        }
        func mark(_ sequence: UInt64) throws {
            promises.marked = sequence
            try journal.appendMark(upTo: sequence)
        }
        func archive() throws {
            guard promises.archived != nil else { return }
            // As with events: what is appended may be written at any time.
            promises.archived = promises.front + Int(journal.publishableUpTo)
            promises.note = EventPlace(epoch: journal.epoch, sequence: journal.publishableUpTo)
            try journal.appendArchived(upTo: journal.publishableUpTo)
        }
        for round in 0..<6 {
            try record(7)
            try sync()
            try record(5)
            _ = try journal.readAll()
            try record(2)
            try sync()
            try sign(8)
            try sync()
            try journal.appendReceipt(first: journal.signedUpTo - 8, bytes: eventBytes(round, byteCount: 700).span)
            if round % 2 == 1 { try mark(journal.signedUpTo - 8) }
            if round % 3 == 1 { try archive() }
            try record(1)
            try sync()
            try journal.retain(monotonicMilliseconds: 10)
        }
        try begin(journal, promises)
        for _ in 0..<3 {
            try record(6)
            try sign(10)
            try sync()
            try mark(journal.signedUpTo)
            try sync()
            try journal.retain(monotonicMilliseconds: 20)
            try archive()
            try sync()
            try journal.retain(monotonicMilliseconds: 30)
        }
        try begin(journal, promises)
        try record(3)
        try sync()
        try sign(12)
        try sync()
    }

    private func settings(_ promises: Promises, epoch: UInt64 = 0xE0) -> JournalOptions {
        var settings = options(epoch: epoch)
        settings.keepsUntilArchived = promises.archived != nil
        return settings
    }

    /// Whatever the owner has no copy of is on the medium, with a quorum or without, of whichever epoch.
    private func judgeArchive(_ disk: FaultyFileSystem, _ promises: Promises) throws {
        guard let archived = promises.archived else { return }
        var ids: Set<Int> = []
        _ = try JournalInspector(disk).forEachItem { item in
            if case .event(_, _, _, let bytes) = item { ids.insert(Int(bytes[0]) | Int(bytes[1]) << 8) }
            return true
        }
        try #require(ids.isSuperset(of: promises.events[..<promises.acknowledged].dropFirst(archived)), "\(ids.sorted()) from \(archived)")
    }

    private func begin(_ journal: TestJournal, _ promises: Promises) throws {
        promises.isChangingEpoch = true
        let front = Int(journal.quorumUpTo)
        try journal.beginEpoch(journal.epoch + 1, because: .rollback)
        promises.front += front
        promises.epoch = journal.epoch
        promises.statements = []
        promises.publishable = 0
        promises.marked = 0
        promises.durableMark = 0
        promises.isChangingEpoch = false
    }

    private func judge(_ image: CrashImage, _ promises: Promises) throws {
        let disk = FaultyFileSystem(image: image)
        try judgeArchive(disk, promises)
        let journal = try TestJournal(disk, options: settings(promises, epoch: 0xF0))
        try #require(journal.suspended == nil)
        try judge(journal, promises)
        let second = try TestJournal(disk, options: settings(promises, epoch: 0xF1))
        try #require(second.recovery.tornTailByteCount == 0, "the tail was cut the first time")
        try #require(
            second.epoch == journal.epoch && second.nextSequence == journal.nextSequence
                && second.signedUpTo == journal.signedUpTo && second.quorumUpTo == journal.quorumUpTo
                && second.archivedUpTo == journal.archivedUpTo
                && second.mustBeginEpoch == journal.mustBeginEpoch && second.latestStatementHash == journal.latestStatementHash)
        if let reason = second.mustBeginEpoch { try second.beginEpoch(0xF2, because: reason) }
        try goOn(second, promises)
    }

    /// Events, statements and marks as promised.
    private func judge(_ journal: TestJournal, _ promises: Promises) throws {
        try #require(journal.archivedUpTo == promises.note || journal.archivedUpTo == promises.durableNote)
        guard !promises.events.isEmpty else { return }
        let isOld = journal.epoch == promises.epoch
        try #require(isOld || promises.isChangingEpoch || promises.acknowledged == 0, "epoch \(journal.epoch)")
        let ids = try journal.readAll().map { Int($0.bytes[0]) | Int($0.bytes[1]) << 8 }
        // In order, each once, every acknowledged one that has no quorum.
        try #require(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 }, "\(ids)")
        let quorum = promises.front + Int(isOld ? journal.quorumUpTo : promises.marked)
        try #require(Set(ids).isSuperset(of: promises.events[..<promises.acknowledged].dropFirst(quorum)), "\(ids)")
        guard isOld else { return }
        try #require(journal.quorumUpTo == promises.marked || journal.quorumUpTo >= promises.durableMark)
        let held = try journal.allStatements(from: journal.quorumUpTo)
        let promised = promises.statements.filter { $0.first >= journal.quorumUpTo }
        let publishable = promises.statements[..<promises.publishable].filter { $0.first >= journal.quorumUpTo }
        try #require(held.count >= publishable.count && held == Array(promised.prefix(held.count)), "statements")
        if journal.mustBeginEpoch == nil {
            try #require(journal.nextSequence >= journal.signedUpTo)
            let first = journal.oldestHeld
            try #require(UInt64(ids.count) == journal.nextSequence - first, "sequences without gaps")
        }
    }

    /// The journal works on, and answers old numbers as before.
    private func goOn(_ journal: TestJournal, _ promises: Promises) throws {
        let source = try journal.sourceIndex("wms-1")
        for id in [1, promises.acknowledged / 2, promises.acknowledged] where id > 0 && id <= promises.acknowledged {
            let outcome = try journal.append(eventBytes(id), source, UInt64(id))
            if case .repeated(let place) = outcome {
                try #require(place == promises.places[id], "event \(id)")
            } else {
                try #require(outcome == .olderThanHeld && id <= promises.front + Int(promises.marked), "event \(id): \(outcome)")
            }
        }
        let before = journal.nextSequence
        guard case .stored(let place) = try journal.append(eventBytes(9_999), source, 9_999) else { throw JournalError.notHeld }
        try #require(place.sequence == before)
        try journal.sync()
        try journal.sign(batch: 64)
        try journal.sync()
        try #require(try journal.readBatch(first: before, count: 1).bytes == eventBytes(9_999))
    }
}
