import EventJournal
import HarborsealTesting
import Testing

@Suite("Kept until archived")
struct ArchiveTests {
    private func settings(keeps: Bool = true, epoch: UInt64 = 0xE0, capByteCount: Int64 = 1 << 20) -> JournalOptions {
        var settings = options(capByteCount: capByteCount, epoch: epoch)
        settings.keepsUntilArchived = keeps
        return settings
    }

    /// A journal whose events all have their quorum.
    private func receipted(_ disk: FaultyFileSystem, eventCount: Int = 200, from first: Int = 0) throws -> TestJournal {
        let journal = try TestJournal(disk, options: settings())
        try receipt(journal, first..<(first + eventCount))
        return journal
    }

    private func receipt(_ journal: TestJournal, _ ids: Range<Int>) throws {
        for id in ids { _ = try journal.append(eventBytes(id)) }
        try journal.sign(batch: 20)
        try journal.appendMark(upTo: journal.signedUpTo)
        try journal.sync()
    }

    /// The ids of all events on the medium, in the order of storing.
    private func ids(_ disk: FaultyFileSystem) throws -> [Int] {
        var ids: [Int] = []
        _ = try JournalInspector(disk).forEachItem { item in
            if case .event(_, _, _, let bytes) = item { ids.append(Int(bytes[0]) | Int(bytes[1]) << 8) }
            return true
        }
        return ids
    }

    @Test("a quorum alone deletes nothing, an archive alone neither; both do, as far as both reach")
    func bothAreNeeded() throws {
        let disk = FaultyFileSystem()
        let journal = try receipted(disk)
        #expect(journal.archivedUpTo == nil)
        #expect(try journal.retain(monotonicMilliseconds: 1) == 0)
        let waiting = journal.waitingForArchive
        #expect(waiting.segmentCount == disk.image.count - 1 && waiting.byteCount > 15_000 && waiting.byteCount < journal.usedByteCount)
        try journal.appendArchived(upTo: 100)
        #expect(try journal.retain(monotonicMilliseconds: 1) == 0, "the note is not durable yet")
        #expect(journal.archivedUpTo == nil)
        try journal.sync()
        #expect(journal.archivedUpTo == EventPlace(epoch: 0xE0, sequence: 100))
        #expect(try journal.retain(monotonicMilliseconds: 1) > 0)
        #expect(journal.oldestHeld > 60 && journal.oldestHeld <= 100)
        #expect(journal.waitingForArchive.segmentCount < waiting.segmentCount)
        // Archived, and without a quorum.
        for id in 200..<300 { _ = try journal.append(eventBytes(id)) }
        try journal.sign(batch: 20)
        try journal.sync()
        try journal.appendArchived(upTo: 300)
        try journal.sync()
        #expect(journal.waitingForArchive.segmentCount == 0)
        _ = try journal.retain(monotonicMilliseconds: 1)
        #expect(journal.oldestHeld > 160 && journal.oldestHeld <= 200)
    }

    @Test("the note survives reopening, and the deletion of the segment that it was written to")
    func survives() throws {
        let disk = FaultyFileSystem()
        let journal = try receipted(disk, eventCount: 100)
        try journal.appendArchived(upTo: 60)
        try journal.sync()
        for _ in 0..<2 {
            let again = try TestJournal(FaultyFileSystem(image: disk.image), options: settings())
            #expect(again.archivedUpTo == EventPlace(epoch: 0xE0, sequence: 60))
            #expect(again.recovery.damages.isEmpty && again.mustBeginEpoch == nil)
        }
        try receipt(journal, 100..<200)
        try journal.appendArchived(upTo: 160)
        try journal.sync()
        try receipt(journal, 200..<400)
        let note = try #require(try noteSegment(disk, upTo: 60))
        #expect(try journal.retain(monotonicMilliseconds: 1) > 0)
        #expect(disk.image[note] == nil, "the first note went with its segment")
        let again = try TestJournal(FaultyFileSystem(image: disk.image), options: settings())
        #expect(again.archivedUpTo == EventPlace(epoch: 0xE0, sequence: 160))
        #expect(try again.retain(monotonicMilliseconds: 1) == 0)
    }

    /// The file that holds a note.
    private func noteSegment(_ disk: FaultyFileSystem, upTo sequence: UInt64) throws -> [UInt8]? {
        var number: UInt64 = 0
        var found: UInt64?
        _ = try JournalInspector(disk).forEachItem { item in
            if case .segment(let current, _, _, _, _, _) = item { number = current }
            if item == .archived(epoch: 0xE0, upTo: sequence) { found = number }
            return true
        }
        guard let found else { return nil }
        return disk.image.keys.first { String(decoding: $0, as: UTF8.self).hasSuffix(String(found, radix: 16) + ".hsj") }
    }

    @Test("a full journal deletes nothing that is not archived; the archive frees it, although there is no room left for a record")
    func full() throws {
        let disk = FaultyFileSystem()
        let journal = try TestJournal(disk, options: settings(capByteCount: 128 << 10))
        var id = 0
        while let _ = try? journal.append(eventBytes(id)) {
            id += 1
            if id % 20 == 0 {
                try journal.sign(batch: 20)
                try journal.appendMark(upTo: journal.signedUpTo)
                try journal.sync()
            }
        }
        #expect(id > 900 && journal.spaceLevel == .full && journal.counters.refusedEventCount == 1)
        #expect(throws: JournalError.full) {
            while true { try journal.appendReceipt(first: 0, bytes: eventBytes(1, byteCount: 12).span) }
        }
        #expect(throws: JournalError.full) { try journal.append(eventBytes(1)) }
        #expect(journal.counters.deletedSegmentCount == 0 && journal.oldestHeld == 0)
        try journal.appendArchived(upTo: 400)
        try journal.sync()
        #expect(journal.spaceLevel == .normal)
        _ = try journal.append(eventBytes(id))
        #expect(journal.counters.deletedSegmentCount > 0 && journal.oldestHeld <= 400)
    }

    @Test("too many segments are no reason to delete what is not archived")
    func crowd() throws {
        let disk = FaultyFileSystem()
        var crowded = settings(capByteCount: 64 << 20)
        crowded.keepForMilliseconds = 1_000_000
        let journal = try TestJournal(disk, options: crowded)
        for id in 0..<5_000 { _ = try journal.append(eventBytes(id, byteCount: 1_000)) }
        try journal.sign(batch: 500)
        try journal.appendMark(upTo: 5_000)
        try journal.sync()
        #expect(disk.image.count > 1_024)
        #expect(try journal.retain(monotonicMilliseconds: 1) == 0)
        try journal.appendArchived(upTo: 5_000)
        try journal.sync()
        #expect(try journal.retain(monotonicMilliseconds: 1) > 0)
    }

    @Test("without the option nothing waits; with it again, what is left does", arguments: [true, false])
    func changedOption(byRestart: Bool) throws {
        let disk = FaultyFileSystem()
        var journal = try receipted(disk)
        #expect(try journal.retain(monotonicMilliseconds: 1) == 0)
        func change(to keeps: Bool) throws {
            guard byRestart else { return journal.keepsUntilArchived = keeps }
            try journal.close()
            journal = try TestJournal(disk, options: settings(keeps: keeps))
        }
        try change(to: false)
        #expect(journal.waitingForArchive.segmentCount == 0)
        #expect(try journal.retain(monotonicMilliseconds: 1) > 3)
        try receipt(journal, 200..<400)
        try change(to: true)
        #expect(try journal.retain(monotonicMilliseconds: 1) == 0 && journal.waitingForArchive.segmentCount > 3)
    }

    @Test("former epochs wait for the current one's note; the events that it took over are read under their new sequences")
    func formerEpochs() throws {
        let disk = FaultyFileSystem()
        let journal = try receipted(disk, eventCount: 100)
        try journal.appendArchived(upTo: 40)
        for id in 100..<150 { _ = try journal.append(eventBytes(id)) }
        try journal.sign(batch: 20)
        try journal.sync()
        try journal.beginEpoch(0xE1, because: .rollback)
        // 100 to 149 are its 0 to 49.
        try receipt(journal, 150..<250)
        #expect(try journal.retain(monotonicMilliseconds: 1) == 0)
        #expect(journal.archivedUpTo == EventPlace(epoch: 0xE0, sequence: 40))
        for _ in 0..<2 { try TestJournal(disk, options: settings()).close() }

        // What an archive reads, beside an agent that goes on.
        let medium = FaultyFileSystem(image: disk.image)
        medium.outage = (from: 0, code: SystemError.readOnly)
        let reader = try TestJournal(medium, options: settings())
        #expect(reader.archivedUpTo == EventPlace(epoch: 0xE0, sequence: 40))
        let held = reader.heldEpochs
        #expect(held.map(\.epoch) == [0xE0, 0xE1])
        try reader.turn(to: held[0])
        #expect(reader.oldestHeld == 0)
        let former = try reader.allStatements(from: 40)
        #expect(former.map(\.first) == [40, 60, 80, 100, 120, 140] && former.last?.count == 10)
        for statement in former {
            let batch = try reader.readBatch(first: statement.first, count: Int(statement.count))
            #expect(!batch.isIncomplete && batch.event(at: 0).elementsEqual(eventBytes(Int(statement.first))))
        }
        try reader.turn(to: held[1])
        let current = try reader.allStatements()
        #expect(current.reduce(0) { $0 + $1.count } == 150)
        for statement in current {
            let batch = try reader.readBatch(first: statement.first, count: Int(statement.count))
            #expect(!batch.isIncomplete && batch.event(at: 0).elementsEqual(eventBytes(100 + Int(statement.first))))
        }

        let again = try TestJournal(disk, options: settings())
        #expect(throws: JournalError.self) { try again.turn(to: held[0]) }
        try again.appendArchived(upTo: 30)
        try again.sync()
        #expect(try again.retain(monotonicMilliseconds: 1) > 0)
        #expect(try ids(disk).first ?? 0 > 80 && ids(disk).contains(130), "what it took over and did not archive stays")
        try again.appendArchived(upTo: 150)
        try again.sync()
        #expect(try again.retain(monotonicMilliseconds: 1) > 0)
        #expect(disk.image.count == 1)
    }

    @Test("a note that damage took is taken as not given: nothing goes early, and it can be given again")
    func damagedNote() throws {
        let disk = FaultyFileSystem()
        let journal = try receipted(disk, eventCount: 60)
        try journal.appendArchived(upTo: 60)
        try journal.sync()
        var image = disk.image
        let name = try #require(try noteSegment(disk, upTo: 60))
        let size = try #require(image[name]?.count)
        image[name]?[size - 1] ^= 1
        let again = try TestJournal(FaultyFileSystem(image: image), options: settings())
        #expect(again.archivedUpTo == nil)
        #expect(try again.retain(monotonicMilliseconds: 1) == 0)
        try again.appendArchived(upTo: 60)
        try again.sync()
        #expect(try again.retain(monotonicMilliseconds: 1) > 0)
    }

    @Test("only what a durable statement covers can be archived; a note that goes back changes and writes nothing")
    func order() throws {
        let disk = FaultyFileSystem()
        let journal = try receipted(disk, eventCount: 40)
        for id in 40..<50 { _ = try journal.append(eventBytes(id)) }
        try journal.sync()
        #expect(throws: JournalError.outOfOrder(expected: 40)) { try journal.appendArchived(upTo: 41) }
        try journal.sign(batch: 20)
        #expect(throws: JournalError.outOfOrder(expected: 40)) { try journal.appendArchived(upTo: 50) }
        try journal.appendArchived(upTo: 40)
        try journal.sync()
        let size = journal.usedByteCount
        for sequence in [0, 20, 40] as [UInt64] { try journal.appendArchived(upTo: sequence) }
        try journal.sync()
        #expect(journal.usedByteCount == size && journal.archivedUpTo?.sequence == 40)
        try journal.close()
        #expect(throws: JournalError.self) { try journal.appendArchived(upTo: 50) }
    }
}
