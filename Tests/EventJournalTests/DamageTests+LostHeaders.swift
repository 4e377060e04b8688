import EventJournal
import HarborsealTesting
import Testing

/// Segments whose header, or all of whose content, is lost.
extension DamageTests {
    @Test("a segment of which nothing is readable is damage that is told, and stays on the medium", arguments: [60_000, 4_000])
    func nothingReadable(byteCount: Int) throws {
        let image = try makeImage()
        let (name, bytes) = try #require(image.first)
        #expect(bytes.count > 1_024)
        var generator = SeededGenerator(seed: 3)
        for fill in Fill.allCases where fill != .cut {
            let damaged = (0..<byteCount).map { _ -> UInt8 in
                switch fill {
                case .zeros, .cut: 0
                case .ones: 0xFF
                case .random: UInt8(truncatingIfNeeded: generator.next())
                }
            }
            let disk = FaultyFileSystem(image: [name: damaged])
            let journal = try TestJournal(disk, options: options(segmentByteCount: 64 << 10, epoch: 0xF0))
            #expect(!journal.recovery.isNew && journal.recovery.tornTailByteCount == 0)
            #expect(journal.recovery.damages.map(\.byteCount) == [byteCount])
            #expect(journal.epoch == 0xF0 && journal.recovery.epochBegun == .headerLost)
            #expect(disk.image[name] == damaged)
            _ = try journal.append(eventBytes(1))
            try journal.appendDamagesDeclared()
            try journal.sync()
            let again = try TestJournal(FaultyFileSystem(image: disk.image), options: options(segmentByteCount: 64 << 10, epoch: 0xF1))
            #expect(again.epoch == 0xF0 && again.recovery.damages.isEmpty && again.mustBeginEpoch == nil)
            #expect(try again.readAll().map(\.bytes) == [eventBytes(1)])
        }
    }

    @Test("with the only header lost, a repeated number is answered with the epoch that carries its event now, at every later start")
    func lostEpochAnswers() throws {
        let image = try makeImage()
        let (name, bytes) = try #require(image.first)
        var damaged = bytes
        for place in 8..<(try #require(find(Array("wms-1".utf8), in: bytes)) - 7) { damaged[place] = 0xFF }
        let disk = FaultyFileSystem(image: [name: damaged])
        let journal = try TestJournal(disk, options: options(segmentByteCount: 64 << 10, epoch: 0xF0))
        #expect(journal.recovery.epochBegun == .headerLost && !journal.knowsEpoch(0))
        try expectRepeated(journal)
        // The events get a quorum, and an epoch follows that carries none of them.
        try journal.sign(batch: 64)
        try journal.appendMark(upTo: 40)
        try journal.beginEpoch(0xF1, because: .rollback)
        try expectRepeated(journal)
        try journal.close()
        let again = try TestJournal(FaultyFileSystem(image: disk.image), options: options(segmentByteCount: 64 << 10, epoch: 0xF2))
        #expect(again.epoch == 0xF1 && again.nextSequence == 0)
        try expectRepeated(again)
    }

    private func expectRepeated(_ journal: TestJournal) throws {
        let source = try journal.sourceIndex("wms-1")
        for number in 0..<40 as Range<UInt64> {
            #expect(
                try journal.append(eventBytes(0), source, number) == .repeated(EventPlace(epoch: 0xF0, sequence: number)), "number \(number)")
        }
    }

    @Test("with the only header lost, a number whose event had its quorum is neither stored again nor given an epoch that never was")
    func lostEpochWithQuorum() throws {
        let disk = FaultyFileSystem()
        let journal = try TestJournal(disk, options: options(segmentByteCount: 64 << 10))
        let source = try journal.sourceIndex("wms-1")
        for id in 0..<10 { _ = try journal.append(eventBytes(id), source, UInt64(id)) }
        try journal.appendStatement(first: 0, count: 6, bytes: statementBytes(0, 6, epoch: 0xE0).span)
        try journal.appendMark(upTo: 6)
        try journal.sync()
        let (name, bytes) = try #require(disk.image.first)
        var damaged = bytes
        for place in 8..<(try #require(find(Array("wms-1".utf8), in: bytes)) - 7) { damaged[place] = 0 }
        let again = try TestJournal(FaultyFileSystem(image: [name: damaged]), options: options(segmentByteCount: 64 << 10, epoch: 0xF0))
        for number in 0..<10 as Range<UInt64> {
            let expected: IntakeOutcome = number < 6 ? .olderThanHeld : .repeated(EventPlace(epoch: 0xF0, sequence: number - 6))
            #expect(try again.append(eventBytes(0), source, number) == expected)
        }
        #expect(again.nextSequence == 4)
    }

    @Test("a last segment that was in use and rotted whole is told and kept, however small; a half-made one is cleared away", arguments: Fill.allCases)
    func rottedLast(fill: Fill) throws {
        let image = try makeImage(segmentByteCount: 4 << 10)
        let names = image.keys.sorted { $0.lexicographicallyPrecedes($1) }
        let last = try #require(names.last), bytes = try #require(image[last])
        try #require(names.count >= 2 && bytes.count < 32 << 10)
        let kept = try ids(recover(image.filter { $0.key != last }))
        // A header twice, without sources, has some 200 bytes here.
        for byteCount in [100, bytes.count, 4 << 10, 30_000] {
            let rotten = (0..<byteCount).map { _ -> UInt8 in
                switch fill {
                case .zeros, .cut: 0
                case .ones: 0xFF
                case .random: UInt8.random(in: 0...255)
                }
            }
            let disk = FaultyFileSystem(image: image.merging([last: rotten]) { $1 })
            let journal = try TestJournal(disk, options: options(epoch: 0xF0))
            #expect(try ids(journal) == kept)
            if byteCount == 100 {
                #expect(disk.image[last] == nil && journal.recovery.damages.isEmpty && journal.epoch == 0xE0)
                #expect(journal.recovery.tornTailByteCount == 100)
            } else {
                #expect(disk.image[last] == rotten && journal.recovery.damages.map(\.byteCount) == [byteCount])
                #expect(journal.recovery.epochBegun == .headerLost && journal.epoch == 0xF0)
            }
        }
    }
}
