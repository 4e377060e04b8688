import EventJournal
import HarborsealTesting
import Testing

@Suite("Storing and reading")
struct JournalBasicsTests {
    @Test("what was stored is read back after a restart, with its sequences")
    func roundTrip() throws {
        let disk = FaultyFileSystem()
        do {
            let journal = try TestJournal(disk, options: options())
            #expect(journal.recovery.isNew && journal.recovery.epochBegun == .journalNew && journal.epoch == 0xE0)
            for id in 0..<300 { #expect(try journal.append(eventBytes(id)) == UInt64(id)) }
            #expect(journal.durableUpTo < 300)
            #expect(try journal.sync() == 300)
            try journal.sign(batch: 64)
            try journal.sync()
            try journal.close()
            #expect(disk.openHandleCount == 0)
        }
        let journal = try TestJournal(disk, options: options(epoch: 0xE1))
        #expect(journal.epoch == 0xE0 && journal.nextSequence == 300 && journal.signedUpTo == 300)
        #expect(!journal.recovery.isNew && journal.recovery.damages.isEmpty && journal.mustBeginEpoch == nil)
        #expect(try journal.readAll().map(\.bytes) == (0..<300).map { eventBytes($0) })
        let statements = try journal.allStatements()
        #expect(statements.map(\.count) == [64, 64, 64, 64, 44])
        for statement in statements {
            #expect(statement.bytes == statementBytes(statement.first, statement.count, epoch: 0xE0))
            let batch = try journal.readBatch(first: statement.first, count: Int(statement.count))
            #expect(!batch.isIncomplete)
            for index in 0..<batch.count { #expect(Array(batch.event(at: index)) == eventBytes(Int(statement.first) + index)) }
        }
    }

    @Test("a statement is not shown before it is durable")
    func statementOnlyAfterSync() throws {
        let journal = try TestJournal(FaultyFileSystem(), options: options())
        _ = try journal.append(eventBytes(1))
        try journal.sign(batch: 64)
        #expect(try journal.nextStatement(from: 0) == nil)
        #expect(journal.publishableUpTo == 0 && journal.signedUpTo == 1)
        try journal.sync()
        #expect(try journal.nextStatement(from: 0)?.count == 1)
    }

    @Test("receipts and marks come back; a mark frees segments only after keep-for, oldest first")
    func marksAndRetention() throws {
        let disk = FaultyFileSystem()
        var settings = options()
        settings.keepForMilliseconds = 1_000
        let journal = try TestJournal(disk, options: settings)
        for id in 0..<200 { _ = try journal.append(eventBytes(id)) }
        try journal.sign(batch: 64)
        try journal.appendReceipt(first: 64, bytes: [1, 2, 3].span)
        try journal.appendReceipt(first: 128, bytes: [4].span)
        try journal.appendMark(upTo: 128)
        try journal.sync()
        let before = disk.image.count
        #expect(try journal.retain(monotonicMilliseconds: 999) == 0)
        let deleted = try journal.retain(monotonicMilliseconds: 1_000)
        #expect(deleted > 0 && disk.image.count == before - deleted)
        #expect(journal.oldestHeld > 0 && journal.oldestHeld <= 128)
        let again = try TestJournal(disk, options: options())
        #expect(again.quorumUpTo == 128 && again.mustBeginEpoch == nil && again.recovery.damages.isEmpty)
        #expect(again.oldestHeld == journal.oldestHeld)
        var receipts: [UInt64: [UInt8]] = [:]
        try again.forEachReceipt(from: 64) { first, bytes in receipts[first] = bytes.withUnsafeBytes { Array($0) } }
        #expect(receipts == [64: [1, 2, 3], 128: [4]])
        #expect(throws: JournalError.notHeld) { try again.readBatch(first: 0, count: 1) }
        #expect(try again.readBatch(first: again.oldestHeld, count: 10).ends.count == 10)
    }

    @Test("opening hands over the receipts behind the last quorum, once; those of a closed epoch and more than 256 KiB are left out")
    func unquorateReceipts() throws {
        let disk = FaultyFileSystem()
        let journal = try TestJournal(disk, options: options())
        for id in 0..<200 { _ = try journal.append(eventBytes(id)) }
        try journal.sign(batch: 20)
        for first in stride(from: 0, to: 200, by: 20) as StrideTo<UInt64> {
            try journal.appendReceipt(first: first, bytes: eventBytes(Int(first), byteCount: 700).span)
            if first == 80 { try journal.appendMark(upTo: 60) }
        }
        try journal.appendMark(upTo: 100)
        try journal.sync()
        #expect(journal.takeUnquorateReceipts().isEmpty, "what this run was told it knows")
        let again = try TestJournal(disk, options: options())
        let receipts = again.takeUnquorateReceipts()
        #expect(receipts.map(\.first) == [100, 120, 140, 160, 180])
        #expect(receipts.map(\.bytes) == receipts.map { eventBytes(Int($0.first), byteCount: 700) })
        #expect(again.takeUnquorateReceipts().isEmpty)
        try again.beginEpoch(0xE1, because: .rollback)
        try again.close()
        let third = try TestJournal(disk, options: options())
        #expect(third.epoch == 0xE1 && third.takeUnquorateReceipts().isEmpty)
        try third.sign(batch: 100)
        for _ in 0..<100 { try third.appendReceipt(first: 0, bytes: eventBytes(1, byteCount: 4_096).span) }
        try third.close()
        #expect(try TestJournal(disk, options: options()).takeUnquorateReceipts().count == 64)
    }

    @Test("what does not continue the journal is refused")
    func order() throws {
        let journal = try TestJournal(FaultyFileSystem(), options: options())
        _ = try journal.append(eventBytes(1))
        #expect(throws: JournalError.outOfOrder(expected: 0)) { try journal.appendStatement(first: 1, count: 1, bytes: [1].span) }
        #expect(throws: JournalError.outOfOrder(expected: 0)) { try journal.appendStatement(first: 0, count: 2, bytes: [1].span) }
        #expect(throws: JournalError.outOfOrder(expected: 0)) { try journal.appendStatement(first: 0, count: 0, bytes: [1].span) }
        #expect(throws: JournalError.outOfOrder(expected: 0)) { try journal.appendReceipt(first: 0, bytes: [1].span) }
        #expect(throws: JournalError.outOfOrder(expected: 0)) { try journal.appendMark(upTo: 1) }
        #expect(throws: JournalError.tooLarge(byteCount: 4_097)) { try journal.append(eventBytes(1, byteCount: 4_097)) }
        #expect(throws: JournalError.tooLarge(byteCount: 0)) { try journal.append([]) }
        #expect(throws: JournalError.tooLarge(byteCount: 1_025)) {
            try journal.appendStatement(first: 0, count: 1, bytes: eventBytes(1, byteCount: 1_025).span)
        }
        #expect(throws: JournalError.notHeld) { try journal.readBatch(first: 0, count: 2) }
        #expect(throws: JournalError.notHeld) { try journal.forEachEvent(from: .max, count: 2) { _, _ in } }
        #expect(throws: JournalError.badSourceName) { try journal.sourceIndex("") }
        #expect(throws: JournalError.badSourceName) { try journal.sourceIndex(String(repeating: "x", count: 65)) }
        #expect(throws: JournalError.epochClosed(.rollback)) { try journal.beginEpoch(0xE0, because: .rollback) }
    }

    @Test("a held lock names its holder; another gateway's journal is refused; so is a newer format")
    func refusals() throws {
        let disk = FaultyFileSystem()
        disk.lockHolder = 4_711
        #expect(throws: JournalError.locked(processID: 4_711)) { try TestJournal(disk, options: options()) }
        disk.lockHolder = nil
        try TestJournal(disk, options: options()).close()
        var other = options()
        other.gatewayID = Array("acme.gw-2".utf8)
        #expect(throws: JournalError.wrongGateway(Array("acme.gw-1".utf8))) { try TestJournal(disk, options: other) }
        var image = disk.image
        for name in image.keys { image[name] = Array("HSJRNL2\n".utf8) + [UInt8](repeating: 7, count: 100) }
        #expect(throws: JournalError.unknownFormat(0x32)) { try TestJournal(FaultyFileSystem(image: image), options: options()) }
    }
}
