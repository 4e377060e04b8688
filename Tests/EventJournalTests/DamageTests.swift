import EventJournal
import HarborsealTesting
import Testing

@Suite("Damage")
struct DamageTests {
    /// 40 events in one segment, 30 of them signed in threes, with receipts between; ends with an event.
    /// - Parameters:
    ///   - mark: where a mark in the middle says that the quorum ends; nil: there is none.
    ///   - tail: appends and syncs more.
    func makeImage(
        segmentByteCount: Int = 64 << 10, count: Int = 40, mark: UInt64? = nil, tail: ((TestJournal) throws -> Void)? = nil
    ) throws -> CrashImage {
        let disk = FaultyFileSystem()
        let journal = try TestJournal(disk, options: options(segmentByteCount: segmentByteCount))
        let source = try journal.sourceIndex("wms-1")
        for id in 0..<count {
            _ = try journal.append(eventBytes(id), source, UInt64(id))
            guard id % 3 == 2, id < 30 else { continue }
            try journal.sign(batch: 3)
            try journal.sync()
            try journal.appendReceipt(first: journal.signedUpTo - 3, bytes: eventBytes(id, byteCount: 200).span)
            if id == 17, let mark { try journal.appendMark(upTo: mark) }
        }
        try journal.sync()
        if let tail {
            try tail(journal)
            try journal.sync()
        }
        return disk.image
    }

    func ids(_ journal: TestJournal) throws -> [Int] {
        try journal.readAll().map { Int($0.bytes[0]) | Int($0.bytes[1]) << 8 }
    }

    /// Opens a changed image and checks that it works on; returns the journal as first opened.
    func recover(_ image: CrashImage) throws -> TestJournal {
        let journal = try TestJournal(FaultyFileSystem(image: image), options: options(segmentByteCount: 64 << 10, epoch: 0xF0))
        #expect(journal.suspended == nil)
        return journal
    }

    enum Fill: CaseIterable { case cut, zeros, ones, random }

    @Test("a thousand single flipped bits: each detected, at most one record lost, what follows kept, the loss told")
    func bitFlips() throws {
        let image = try makeImage(mark: 9)
        let (name, bytes) = try #require(image.first)
        var generator = SeededGenerator(seed: 11)
        var undetected = 0
        for _ in 0..<1_000 {
            let place = Int(generator.next() % UInt64(bytes.count))
            var damaged = bytes
            damaged[place] ^= 1 << UInt8(generator.next() % 8)
            let journal = try recover([name: damaged])
            let kept = try ids(journal)
            #expect(kept.count >= 39 && Set(kept).isSubset(of: 0..<40) && kept == kept.sorted(), "byte \(place)")
            let lost = Set(0..<40).subtracting(kept)
            let told = journal.recovery.damages.reduce(0) { $0 + ($1.lostEventCount ?? 0) }
            let isTail = journal.recovery.tornTailByteCount > 0
            if !isTail { #expect(UInt64(lost.count) == told, "byte \(place)") }
            for id in lost where !isTail {
                #expect(journal.recovery.damages.contains { $0.firstSequence == UInt64(id) }, "byte \(place)")
                // A hole that no statement covers ends the epoch.
                if id >= 30 { #expect(journal.mustBeginEpoch == .unsignedEventsLost) }
            }
            if journal.recovery.damages.isEmpty, !isTail, lost.isEmpty, place > 8, !isHeader(place, bytes) { undetected += 1 }
        }
        #expect(undetected == 0)
    }

    /// Headers stand twice: a flip in one copy takes nothing.
    private func isHeader(_ place: Int, _ bytes: [UInt8]) -> Bool { place < 8 + 2 * 120 }

    @Test("a lost event under a surviving statement makes its batch incomplete; the epoch goes on")
    func incompleteBatch() throws {
        let image = try makeImage()
        let (name, bytes) = try #require(image.first)
        let place = try #require(find(eventBytes(4), in: bytes))
        var damaged = bytes
        damaged[place + 20] ^= 0x40
        let journal = try recover([name: damaged])
        #expect(journal.mustBeginEpoch == nil)
        #expect(journal.recovery.damages.count == 1 && journal.recovery.damages[0].firstSequence == 4)
        #expect(journal.recovery.damages[0].lostEventCount == 1)
        #expect(try journal.readBatch(first: 3, count: 3).isIncomplete)
        #expect(try !journal.readBatch(first: 6, count: 3).isIncomplete)
        #expect(try journal.allStatements().count == 10)
    }

    @Test("a lost statement whose successor survives ends the epoch, unless a quorum covers it")
    func lostStatement() throws {
        let image = try makeImage()
        let (name, bytes) = try #require(image.first)
        let place = try #require(find(statementBytes(6, 3, epoch: 0xE0), in: bytes))
        var damaged = bytes
        damaged[place + 100] ^= 1
        let journal = try recover([name: damaged])
        #expect(journal.mustBeginEpoch == .statementLost)
        #expect(throws: JournalError.epochClosed(.statementLost)) {
            try journal.appendStatement(first: 30, count: 1, bytes: [1].span)
        }
        // The next statement that is there begins later than asked.
        #expect(try journal.nextStatement(from: 6)?.first == 9)
        try journal.beginEpoch(0xF1, because: .statementLost)
        #expect(try ids(journal) == Array(0..<40) && journal.nextSequence == 40 && journal.signedUpTo == 0)
    }

    @Test("a damage that an event has declared is not told again")
    func declaredOnce() throws {
        let image = try makeImage()
        let (name, bytes) = try #require(image.first)
        var damaged = bytes
        damaged[try #require(find(eventBytes(4), in: bytes))] ^= 1
        let disk = FaultyFileSystem(image: [name: damaged])
        let journal = try TestJournal(disk, options: options(segmentByteCount: 64 << 10))
        #expect(journal.recovery.damages.count == 1)
        _ = try journal.append(event: eventBytes(500).span, importance: .control)
        try journal.appendDamagesDeclared()
        try journal.sync()
        let again = try TestJournal(disk, options: options(segmentByteCount: 64 << 10))
        #expect(again.recovery.damages.isEmpty && again.nextSequence == 41)
    }

    @Test("a segment's header is found in its second copy, and its facts in the next segment's header")
    func headers() throws {
        let image = try makeImage(segmentByteCount: 4 << 10)
        let names = image.keys.sorted { $0.lexicographicallyPrecedes($1) }
        try #require(names.count >= 3)
        for (index, name) in names.enumerated() {
            var first = image
            first[name]?[20] ^= 0xFF
            var journal = try recover(first)
            #expect(try ids(journal) == Array(0..<40) && journal.mustBeginEpoch == nil, "first copy of \(index)")
            var both = image
            for place in 8..<220 { both[name]?[place] = 0 }
            journal = try recover(both)
            if index == names.count - 1 {
                #expect(journal.recovery.epochBegun == .headerLost && journal.epoch == 0xF0 && journal.signedUpTo == 0)
            } else {
                #expect(journal.epoch == 0xE0)
            }
            #expect(try ids(journal).count >= 39, "both copies of \(index)")
        }
    }

    @Test("a missing segment in the middle is told with what it held, and ends the epoch")
    func missingSegment() throws {
        var image = try makeImage(segmentByteCount: 4 << 10, count: 120)
        let names = image.keys.sorted { $0.lexicographicallyPrecedes($1) }
        image[names[1]] = nil
        let journal = try recover(image)
        #expect(journal.mustBeginEpoch == .segmentMissing)
        let lost = try #require(journal.recovery.damages.first)
        let kept = try ids(journal)
        #expect(Set(kept).union(Int(lost.firstSequence)..<Int(lost.firstSequence + (lost.lostEventCount ?? 0))) == Set(0..<120))
        try journal.beginEpoch(0xF1, because: .segmentMissing)
        #expect(try ids(journal) == kept && journal.nextSequence == UInt64(kept.count))
    }

    @Test("unreadable blocks are damage; foreign files are left alone; an empty last file is cleared away")
    func unreadableAndForeign() throws {
        var image = try makeImage()
        let (name, bytes) = try #require(image.first)
        image[Array("notes.txt".utf8)] = [1, 2, 3]
        image[Array("00000000000000ff.hsj".utf8)] = []
        let disk = FaultyFileSystem(image: image)
        disk.unreadable = [name: 2_000..<2_010]
        let journal = try TestJournal(disk, options: options(segmentByteCount: 64 << 10))
        #expect(journal.recovery.foreignFileCount == 1 && disk.image[Array("notes.txt".utf8)] == [1, 2, 3])
        #expect(disk.image[Array("00000000000000ff.hsj".utf8)] == nil)
        #expect(journal.recovery.damages.count == 1 && journal.recovery.damages[0].byteCount >= 2_000)
        #expect(try ids(journal).count == 40 - Int(journal.recovery.damages[0].lostEventCount ?? 0))
        #expect(bytes.count > 4_096)
    }

    @Test("the inspector counts what is there and what is not")
    func inspector() throws {
        var image = try makeImage()
        let (name, bytes) = try #require(image.first)
        image[name]?[try #require(find(eventBytes(4), in: bytes))] ^= 1
        let disk = FaultyFileSystem(image: image)
        var items: [InspectedItem] = []
        let summary = try JournalInspector(disk).forEachItem { items.append($0); return true }
        #expect(summary.eventCount == 39 && summary.statementCount == 10 && summary.receiptCount == 10)
        #expect(summary.damageCount == 1 && summary.lostEventCount == 1 && summary.segmentCount == 1)
        #expect(disk.image == image && disk.openHandleCount == 0)
        #expect(SegmentReader.summary(of: bytes, number: 1).eventCount == 40)
        #expect(SegmentReader.summary(of: bytes, number: 2).eventCount == 0, "another segment's records are none of this one's")
    }

    @Test("whatever the bytes, reading ends without a trap")
    func hostileBytes() throws {
        let image = try makeImage()
        let (name, bytes) = try #require(image.first)
        var generator = SeededGenerator(seed: 5)
        for round in 0..<200 {
            var changed = bytes
            for _ in 0...(round % 20) {
                let place = Int(generator.next() % UInt64(changed.count))
                let length = min(changed.count - place, Int(generator.next() % 300))
                for index in place..<place + length { changed[index] = UInt8(truncatingIfNeeded: generator.next()) }
            }
            if round % 3 == 0 { changed.removeSubrange(0..<Int(generator.next() % UInt64(changed.count))) }
            _ = SegmentReader.summary(of: changed, number: 1)
            let journal = try recover([name: changed])
            if let reason = journal.mustBeginEpoch { try journal.beginEpoch(0xF9, because: reason) }
            _ = try journal.append(eventBytes(7))
            try journal.sync()
        }
    }

    func find(_ part: [UInt8], in bytes: [UInt8]) -> Int? {
        bytes.indices.first { bytes[$0...].starts(with: part) }
    }
}
