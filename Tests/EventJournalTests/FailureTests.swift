import EventJournal
import HarborsealTesting
import Testing

@Suite("Failing calls")
struct FailureTests {
    static let faults: [FaultyFileSystem.Fault] = [
        .fail(SystemError.inputOutput), .fail(SystemError.noSpace), .fail(SystemError.interrupted), .short(1), .short(100),
        .fail(SystemError.readOnly), .fail(24),
    ]

    /// What a life of the journal gave: acknowledged events and statements.
    private struct Life {
        var acknowledged: [Int] = []
        var next = 0
        /// What the journal told of: errors thrown, and counted.
        var failures = 0
    }

    /// Runs the journal with a fault at one call, mending as the agent does; returns false when the fault was not reached.
    @Test("a fault at each call index leaves a defined state, is reported, and ends with its cause", arguments: faults)
    func everyCall(fault: FaultyFileSystem.Fault) throws {
        var index = 0
        while true {
            let disk = FaultyFileSystem()
            disk.faults[index] = fault
            var life = Life()
            try live(disk, &life, index)
            if disk.faults[index] != nil, life.next > 0 {
                #expect(life.failures == 0, "a failure is told where none was")
                break
            }
            if case .fail(let code) = fault {
                #expect(disk.firedCount == 1, "call \(index)")
                if let call = disk.failedChange, mustBeTold(call, code) { #expect(life.failures > 0, "\(call) at \(index), code \(code)") }
            }
            // Judged as after a power cut that keeps only what was synced, and as after a kill.
            disk.forEachCrashImage(partAt: { _ in 0 }) { image in
                do { try judge(image, life, index) } catch { Issue.record("\(error) with a fault at call \(index)") }
            }
            index += 1
        }
        #expect(index > 60, "\(index) calls")
    }

    /// An interrupted call is made again, but for a sync; what cannot be removed is void and stays.
    private func mustBeTold(_ call: SystemError.Call, _ code: Int32) -> Bool {
        call != .remove && (code != SystemError.interrupted || call == .sync || call == .syncFolder)
    }

    private func live(_ disk: FaultyFileSystem, _ life: inout Life, _ index: Int) throws {
        for start in 0..<2 {
            var opened: TestJournal?
            for _ in 0..<2 where opened == nil {
                do { opened = try TestJournal(disk, options: options(epoch: UInt64(0xE0 + start))) } catch {
                    guard case .system = error else { throw error }
                    life.failures += 1
                }
            }
            let journal = try #require(opened)
            if journal.suspended != nil { life.failures += 1 }
            for _ in 0..<3 {
                mend(journal, &life)
                for _ in 0..<14 { record(journal, &life) }
                mend(journal, &life)
                if let reason = journal.mustBeginEpoch { try journal.beginEpoch(journal.epoch + 0x100, because: reason) }
                attempt(&life) { () throws(JournalError) in
                    try journal.sign(batch: 10)
                    try journal.sync()
                }
                attempt(&life) { () throws(JournalError) in
                    if journal.publishableUpTo > 20 { try journal.appendMark(upTo: 20) }
                    try journal.sync()
                    try journal.retain(monotonicMilliseconds: 5)
                }
            }
            mend(journal, &life)
            #expect(journal.suspended == nil, "call \(index)")
            try journal.sync()
            life.acknowledged = Array(0..<life.next)
            life.failures += Int(journal.counters.failedSyncCount + journal.counters.failedWriteCount)
        }
    }

    private func record(_ journal: TestJournal, _ life: inout Life) {
        let id = life.next
        let isStored = attempt(&life) { () throws(JournalError) in _ = try journal.append(eventBytes(id)) }
        // An event that was refused is offered again, as a source would.
        if isStored { life.next += 1 }
        if id % 5 == 4, attempt(&life, { () throws(JournalError) in try journal.sync() }) {
            life.acknowledged = Array(0..<life.next)
        }
    }

    private func mend(_ journal: TestJournal, _ life: inout Life) {
        for _ in 0..<3 where journal.suspended != nil {
            attempt(&life) { () throws(JournalError) in try journal.resume() }
        }
    }

    @discardableResult
    private func attempt(_ life: inout Life, _ body: () throws(JournalError) -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            life.failures += 1
            return false
        }
    }

    private func judge(_ image: CrashImage, _ life: Life, _ index: Int) throws {
        let journal = try TestJournal(FaultyFileSystem(image: image), options: options(epoch: 0xF0))
        let ids = try journal.readAll().map { Int($0.bytes[0]) | Int($0.bytes[1]) << 8 }
        try #require(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 }, "\(ids)")
        // Below the mark they may be deleted.
        try #require(Set(ids).isSuperset(of: life.acknowledged.dropFirst(20)), "\(ids)")
    }

    @Test("after a failed sync nothing more is written to that segment, and no event is acknowledged by it")
    func poisonedSegment() throws {
        let disk = FaultyFileSystem()
        let journal = try TestJournal(disk, options: options(segmentByteCount: 64 << 10))
        _ = try journal.append(eventBytes(0))
        try journal.sync()
        let name = try #require(disk.image.keys.first)
        _ = try journal.append(eventBytes(1))
        disk.faults[disk.callCount + 1] = .fail(SystemError.inputOutput)
        let failure = SystemError(.sync, SystemError.inputOutput)
        #expect(throws: JournalError.suspended(failure)) { try journal.sync() }
        #expect(journal.suspended == failure && journal.durableUpTo == 1 && journal.counters.poisonedSegmentCount == 1)
        #expect(throws: JournalError.suspended(failure)) { try journal.append(eventBytes(2)) }
        let before = disk.image[name]
        try journal.resume()
        #expect(journal.durableUpTo == 2 && disk.image.count == 2)
        _ = try journal.append(eventBytes(2))
        try journal.sync()
        #expect(try journal.readAll().map(\.bytes) == [eventBytes(0), eventBytes(1), eventBytes(2)])
        #expect((before?.count ?? 0) >= (disk.image[name]?.count ?? 0))
        disk.forEachCrashImage(partAt: { _ in 0 }) { image in
            let again = try? TestJournal(FaultyFileSystem(image: image), options: options())
            #expect((try? again?.readAll().count) == 3)
        }
    }

    @Test("a full or read-only medium: the journal opens, refuses, reads, and goes on when the cause ends",
          arguments: [SystemError.noSpace, SystemError.readOnly])
    func outage(code: Int32) throws {
        let disk = FaultyFileSystem()
        disk.outage = (0, code)
        let new = try TestJournal(disk, options: options())
        #expect(new.suspended?.code == code)
        #expect(throws: JournalError.self) { try new.append(eventBytes(0)) }
        disk.outage = nil
        try new.resume()
        for id in 0..<50 { _ = try new.append(eventBytes(id)) }
        try new.sync()
        disk.outage = (0, code)
        _ = try new.append(eventBytes(50))
        #expect(throws: JournalError.self) { try new.sync() }
        #expect(throws: JournalError.self) { try new.resume() }
        let again = try TestJournal(FaultyFileSystem(image: disk.image), options: options())
        #expect(try again.readAll().count >= 50)
        let reopened = try TestJournal(disk, options: options())
        #expect(reopened.suspended?.code == code && reopened.nextSequence >= 50)
        #expect(try reopened.readAll().count >= 50)
        disk.outage = nil
        try reopened.resume()
        let next = reopened.nextSequence
        #expect(try reopened.append(eventBytes(60)) == next)
        #expect(try reopened.sync() == next + 1)
    }

    /// What filling a journal met.
    private struct Filling {
        /// Sequence and level when each importance was refused first.
        var refused: [Importance: UInt64] = [:]
        var levels: [Importance: SpaceLevel] = [:]
        /// The bytes used when the level was no longer normal.
        var warnedByteCount: Int64?
    }

    private static let capByteCount: Int64 = 128 << 10
    /// Without what is kept free for statements and receipts: half a segment and a sixteenth.
    private static let eventCapByteCount: Int64 = 112 << 10

    private func filled(_ policy: FullPolicy, _ disk: FaultyFileSystem) throws -> (TestJournal, Filling) {
        var settings = options(segmentByteCount: 16 << 10, capByteCount: Self.capByteCount)
        settings.policy = policy
        settings.keepForMilliseconds = .max
        let journal = try TestJournal(disk, options: settings)
        var filling = Filling()
        for id in 0..<2_000 {
            for importance in [Importance.high, .normal, .low] where filling.refused[importance] == nil {
                do { _ = try journal.append(event: eventBytes(id).span, importance: importance) } catch {
                    #expect(error == .full)
                    filling.refused[importance] = journal.nextSequence
                    filling.levels[importance] = journal.spaceLevel
                }
            }
            if filling.warnedByteCount == nil, journal.spaceLevel != .normal { filling.warnedByteCount = journal.usedByteCount }
        }
        return (journal, filling)
    }

    @Test("at 80 % of the room for events the level is a warning, whatever the policy", arguments: [FullPolicy.newest, .lowestPriority])
    func warning(policy: FullPolicy) throws {
        let (_, filling) = try filled(policy, FaultyFileSystem())
        let warned = try #require(filling.warnedByteCount)
        // Three events, and a segment's header, may come between two looks.
        #expect((Self.eventCapByteCount / 10 * 8..<Self.eventCapByteCount / 10 * 8 + 1_024).contains(warned))
        #expect(policy == .newest || (filling.levels[.low] == .warning && filling.levels[.normal] == .warning))
        #expect(filling.levels[.high] == .full)
    }

    @Test("with the policy newest every importance is taken up to the cap and refused at it; declarations and statements still fit")
    func newest() throws {
        let (journal, filling) = try filled(.newest, FaultyFileSystem())
        let high = try #require(filling.refused[.high])
        #expect(filling.refused == [.high: high, .normal: high, .low: high] && filling.levels == [.high: .full, .normal: .full, .low: .full])
        #expect(journal.counters.refusedEventCount == 3 && journal.usedByteCount > Self.eventCapByteCount - 1_024)
        #expect(throws: JournalError.full) { try journal.append(event: eventBytes(1).span, importance: .high) }
        _ = try journal.append(event: eventBytes(1).span, importance: .control)
        try journal.sign(batch: 64)
        #expect(journal.nextSequence == high + 1 && journal.usedByteCount < Self.capByteCount)
    }

    @Test("at the cap events are refused and counted, declarations and statements still fit, marks make room")
    func cap() throws {
        let disk = FaultyFileSystem()
        let (journal, filling) = try filled(.lowestPriority, disk)
        let low = try #require(filling.refused[.low]), normal = try #require(filling.refused[.normal])
        let high = try #require(filling.refused[.high])
        #expect(low < normal && normal < high && journal.counters.refusedEventCount == 3)
        #expect(journal.spaceLevel == .full && journal.usedByteCount < 128 << 10)
        _ = try journal.append(event: eventBytes(1).span, importance: .control)
        try journal.sign(batch: 64)
        for first in stride(from: 0, to: 640, by: 64) as StrideTo<UInt64> {
            try journal.appendReceipt(first: first, bytes: eventBytes(1, byteCount: 500).span)
        }
        try journal.appendMark(upTo: 640)
        #expect(journal.spaceLevel == .full, "a mark that a power cut may take back frees nothing")
        try journal.sync()
        // Asked before the append that deletes: who holds its sources back while it is full would never append.
        #expect(journal.spaceLevel != .full)
        _ = try journal.append(event: eventBytes(3).span)
        #expect(journal.counters.deletedSegmentCount > 0 && journal.oldestHeld > 0)
        #expect(disk.image.values.reduce(0) { $0 + $1.count } <= 128 << 10)
    }
}
