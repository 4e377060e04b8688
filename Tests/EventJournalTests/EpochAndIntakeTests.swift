import EventJournal
import HarborsealTesting
import MerkleTree
import Testing

@Suite("Epochs and intake numbers")
struct EpochAndIntakeTests {
    @Test("a new epoch holds the events without a quorum under new sequences; epochs and the latest statement are remembered")
    func carryOver() throws {
        let disk = FaultyFileSystem()
        let journal = try TestJournal(disk, options: options())
        for id in 0..<100 { _ = try journal.append(eventBytes(id)) }
        try journal.sign(batch: 30)
        try journal.appendMark(upTo: 30)
        let shown = Digest { $0.initializeMemory(as: UInt8.self, repeating: 7) }
        try journal.beginEpoch(0xE1, because: .rollback, previous: shown)
        #expect(journal.epoch == 0xE1 && journal.epochReason == .rollback && journal.latestStatementHash == shown)
        #expect(journal.nextSequence == 70 && journal.signedUpTo == 0 && journal.quorumUpTo == 0 && journal.oldestHeld == 0)
        for id in 100..<130 { _ = try journal.append(eventBytes(id)) }
        try journal.sign(batch: 64)
        try journal.appendMark(upTo: 64)
        try journal.sync()
        try journal.beginEpoch(0xE2, because: .conflict)
        #expect(journal.nextSequence == 36)
        _ = try journal.append(eventBytes(130))
        try journal.sync()
        let again = try TestJournal(disk, options: options())
        for opened in [journal, again] {
            #expect(try opened.readAll().map(\.bytes) == (94..<131).map { eventBytes($0) })
            #expect(try opened.readAll().map(\.sequence) == Array(0..<37))
            #expect(try opened.readBatch(first: 5, count: 20).event(at: 0).elementsEqual(eventBytes(99)))
        }
        #expect(again.knowsEpoch(0xE0) && again.knowsEpoch(0xE1) && again.knowsEpoch(0xE2) && !again.knowsEpoch(0xE3))
        #expect(again.mustBeginEpoch == nil && again.recovery.damages.isEmpty)
        try again.sign(batch: 64)
        try again.appendMark(upTo: 37)
        try again.sync()
        #expect(try again.retain(monotonicMilliseconds: 1) > 0)
        #expect(try again.latestStatement()?.count == 37)
        let last = try TestJournal(disk, options: options())
        #expect(last.quorumUpTo == 37 && last.mustBeginEpoch == nil && last.recovery.damages.isEmpty)
    }

    @Test("damage in a carried event ends the epoch; what is left is carried again, in order")
    func damagedCarried() throws {
        let disk = FaultyFileSystem()
        let journal = try TestJournal(disk, options: options(segmentByteCount: 64 << 10))
        for id in 0..<20 { _ = try journal.append(eventBytes(id)) }
        try journal.beginEpoch(0xE1, because: .refusal)
        _ = try journal.append(eventBytes(20))
        try journal.sync()
        var image = disk.image
        for (name, bytes) in image {
            guard let place = bytes.indices.first(where: { bytes[$0...].starts(with: eventBytes(7)) }) else { continue }
            image[name]?[place + 3] ^= 8
        }
        let again = try TestJournal(FaultyFileSystem(image: image), options: options(segmentByteCount: 64 << 10))
        #expect(again.mustBeginEpoch == .unsignedEventsLost && again.recovery.damages.count == 1)
        try again.beginEpoch(0xE2, because: .unsignedEventsLost)
        let expected = (0..<21).filter { $0 != 7 }.map { eventBytes($0) }
        #expect(try again.readAll().map(\.bytes) == expected)
        #expect(again.nextSequence == 20 && again.mustBeginEpoch == nil)
    }

    @Test("a repeated number gets its old place: at once, after a kill, far back, and from a former epoch")
    func repeatedNumbers() throws {
        let disk = FaultyFileSystem()
        let journal = try TestJournal(disk, options: options(segmentByteCount: 32 << 10))
        let first = try journal.sourceIndex("wms-1"), second = try journal.sourceIndex("yard")
        for number in 0..<2_000 as Range<UInt64> {
            _ = try journal.append(eventBytes(Int(number)), number % 3 == 0 ? second : first, number)
        }
        try journal.sync()
        let killed = FaultyFileSystem(image: disk.image)
        let again = try TestJournal(killed, options: options(segmentByteCount: 32 << 10))
        #expect(try again.sourceIndex("wms-1") == first && again.sourceIndex("yard") == second)
        for opened in [journal, again] {
            for number in [1_999, 1_000, 1] as [UInt64] {
                let source = number % 3 == 0 ? second : first
                let place = EventPlace(epoch: 0xE0, sequence: number)
                #expect(try opened.append(eventBytes(1), source, number) == .repeated(place))
            }
        }
        try again.beginEpoch(0xE1, because: .rollback)
        #expect(try again.append(eventBytes(1), first, 4) == .repeated(EventPlace(epoch: 0xE0, sequence: 4)))
        // The same number of another source is another event.
        #expect(try again.append(eventBytes(1), second, 4) == .stored(EventPlace(epoch: 0xE1, sequence: 2_000)))
        #expect(again.nextSequence == 2_001)
    }

    @Test("a number whose segment may have been deleted is answered as older than held; a skipped one is stored")
    func oldNumbers() throws {
        let journal = try TestJournal(FaultyFileSystem(), options: options())
        let source = try journal.sourceIndex("wms-1")
        for number in stride(from: 10, to: 3_000, by: 2) as StrideTo<UInt64> {
            _ = try journal.append(eventBytes(Int(number)), source, number)
        }
        try journal.sign(batch: 64)
        try journal.appendMark(upTo: journal.signedUpTo - 40)
        try journal.sync()
        #expect(try journal.retain(monotonicMilliseconds: 1) > 3)
        #expect(try journal.append(eventBytes(1), source, 12) == .olderThanHeld)
        let next = journal.nextSequence
        #expect(try journal.append(eventBytes(1), source, 2_997) == .stored(EventPlace(epoch: 0xE0, sequence: next)))
        #expect(try journal.append(eventBytes(1), source, 2_997) == .repeated(EventPlace(epoch: 0xE0, sequence: next)))
    }

    @Test("a source that counts anew below its highest number has the journal read once, and keeps every answer")
    func countingAnew() throws {
        let disk = FaultyFileSystem()
        let journal = try TestJournal(disk, options: options(segmentByteCount: 32 << 10))
        let source = try journal.sourceIndex("wms-1"), other = try journal.sourceIndex("yard")
        for number in 0..<2_000 as Range<UInt64> {
            _ = try journal.append(eventBytes(Int(number)), number % 2 == 0 ? source : other, 1_000_000 + number * 10)
        }
        try journal.sync()
        let callsBefore = disk.callCount
        _ = try journal.append(eventBytes(1), source, 5)
        let searchCount = disk.callCount - callsBefore
        for number in 6..<400 as Range<UInt64> {
            #expect(try journal.append(eventBytes(1), source, number) == .stored(EventPlace(epoch: 0xE0, sequence: 1_995 + number)))
        }
        // Only whether older segments were deleted is asked again, of one header.
        #expect(disk.callCount - callsBefore < searchCount + 394 * 6)
        for number in [5, 6, 399, 1_000_000, 1_000_020, 1_019_980] as [UInt64] {
            guard case .repeated = try journal.append(eventBytes(1), source, number) else {
                Issue.record("\(number) was stored twice")
                continue
            }
        }
        // Between stored ones, around them, and another source's: each is new once.
        for number in [1_000_015, 1_000_014, 1_000_016, 1_000_013] as [UInt64] {
            for place in [source, other] {
                guard case .stored = try journal.append(eventBytes(1), place, number) else {
                    Issue.record("\(number) was not stored")
                    continue
                }
                guard case .repeated = try journal.append(eventBytes(1), place, number) else {
                    Issue.record("\(number) was stored twice")
                    continue
                }
            }
        }
    }

    @Test("there are 64 places for sources")
    func sourceLimit() throws {
        let journal = try TestJournal(FaultyFileSystem(), options: options())
        for index in 0..<64 { #expect(try journal.sourceIndex("s\(index)").value == index) }
        #expect(throws: JournalError.tooManySources) { try journal.sourceIndex("one more") }
        #expect(try journal.sourceIndex("s63").value == 63)
    }

    @Test("more events lost than 12 bits can number: the next statement numbers what follows")
    func largeHole() throws {
        let disk = FaultyFileSystem()
        let journal = try TestJournal(disk, options: options(segmentByteCount: 2 << 20, capByteCount: 32 << 20))
        for id in 0..<9_000 { _ = try journal.append(eventBytes(id, byteCount: 20)) }
        try journal.sign(batch: 1_024)
        for id in 9_000..<9_010 { _ = try journal.append(eventBytes(id, byteCount: 20)) }
        try journal.sync()
        var image = disk.image
        let (name, bytes) = try #require(image.first)
        // 27 bytes a record.
        for place in 10_000..<(10_000 + 27 * 5_000) { image[name]?[place] = 0xFF }
        #expect(bytes.count > 200_000)
        let again = try TestJournal(FaultyFileSystem(image: image), options: options(segmentByteCount: 2 << 20))
        #expect(again.nextSequence == 9_010)
        for (sequence, bytes) in try again.readAll() { #expect(bytes == eventBytes(Int(sequence), byteCount: 20)) }
        #expect(try again.readAll().count == 9_010 - Int(again.recovery.damages[0].lostEventCount ?? 0))
    }
}
