import EventJournal
import HarborsealTesting
import Testing

/// What a power cut leaves of the record that was being written.
extension DamageTests {
    /// The kinds of record that may come last.
    enum Tail: CaseIterable {
        case event, statement, receipt, mark, archived

        /// Adds one record of this kind to the 40 events.
        func append(to journal: TestJournal) throws {
            switch self {
            case .event: _ = try journal.append(eventBytes(40))
            case .statement: try journal.appendStatement(first: 30, count: 10, bytes: statementBytes(30, 10, epoch: 0xE0).span)
            case .receipt: try journal.appendReceipt(first: 27, bytes: eventBytes(99, byteCount: 200).span)
            case .mark: try journal.appendMark(upTo: 30)
            case .archived: try journal.appendArchived(upTo: 30)
            }
        }
    }

    /// What a journal says that each kind of record changes.
    private struct Account: Equatable {
        var nextSequence: UInt64 = 40
        var signedUpTo: UInt64 = 30
        /// Of statements behind the quorum.
        var receiptCount = 7
        var quorumUpTo: UInt64 = 9
        var archivedUpTo: EventPlace?

        init() {}

        init(_ journal: TestJournal) {
            nextSequence = journal.nextSequence
            signedUpTo = journal.signedUpTo
            receiptCount = journal.takeUnquorateReceipts().count
            quorumUpTo = journal.quorumUpTo
            archivedUpTo = journal.archivedUpTo
        }

        mutating func add(_ tail: Tail) {
            switch tail {
            case .event: nextSequence = 41
            case .statement: signedUpTo = 40
            case .receipt: receiptCount += 1
            case .mark: (quorumUpTo, receiptCount) = (30, 0)
            case .archived: archivedUpTo = EventPlace(epoch: 0xE0, sequence: 30)
            }
        }
    }

    @Test("the last record, of any kind, cut at every byte, or filled, is cut off and counted; the rest is exact",
          arguments: Tail.allCases, Fill.allCases)
    func tornTail(tail: Tail, fill: Fill) throws {
        let (name, bytes) = try #require(try makeImage(mark: 9, tail: tail.append).first)
        let begin = try #require(try makeImage(mark: 9).first).value.count
        try #require(begin < bytes.count)
        var whole = Account()
        whole.add(tail)
        #expect(try Account(recover([name: bytes])) == whole)
        var generator = SeededGenerator(seed: 7)
        for cut in begin..<bytes.count {
            var damaged = Array(bytes[..<cut])
            switch fill {
            case .cut: break
            case .zeros: damaged += [UInt8](repeating: 0, count: bytes.count - cut)
            case .ones: damaged += [UInt8](repeating: 0xFF, count: bytes.count - cut)
            case .random: damaged += (cut..<bytes.count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            }
            // The last bytes may be what they were: then nothing is damaged.
            guard damaged != bytes else { continue }
            let journal = try recover([name: damaged])
            #expect(try ids(journal) == Array(0..<40) && Account(journal) == Account(), "cut at \(cut)")
            #expect(journal.recovery.tornTailByteCount == damaged.count - begin, "cut at \(cut)")
            #expect(journal.mustBeginEpoch == nil && journal.recovery.damages.isEmpty)
        }
    }
}
