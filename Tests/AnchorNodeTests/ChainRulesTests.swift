import MerkleTree
import Testing

@testable import AnchorNode

/// Digests that are easy to tell apart.
private func digest(_ number: UInt8) -> Digest {
    Digest([UInt8](repeating: number, count: 32)) ?? Digest()
}

private let own = digest(1)
private let tail = digest(2)
private let other = digest(3)
private let zero = Digest()

private func link(_ first: UInt64, _ end: UInt64, previous: Digest = tail) -> ChainLink {
    ChainLink(hash: own, range: SequenceRange(start: first, end: end), previous: previous)
}

private func makeFacts(_ change: (inout ChainFacts) -> Void) -> ChainFacts {
    var facts = ChainFacts()
    change(&facts)
    return facts
}

/// One row of the table.
struct ChainCase: Sendable, CustomTestStringConvertible {
    let name: String
    let link: ChainLink
    let facts: ChainFacts
    let decision: ChainDecision

    var testDescription: String { name }

    init(_ name: String, _ link: ChainLink, _ change: (inout ChainFacts) -> Void, _ decision: ChainDecision) {
        self.name = name
        self.link = link
        facts = makeFacts(change)
        self.decision = decision
    }
}

private func state(_ next: UInt64, _ holes: (UInt64, UInt64)...) -> EpochState {
    EpochState(next: next, holes: holes.map { SequenceRange(start: $0.0, end: $0.1) })
}

@Suite struct ChainRulesTests {
    static let openings: [ChainCase] = [
        ChainCase(
            "the first statement of all opens with zero bytes", link(0, 3, previous: zero), { _ in },
            .accept(.opening, epoch: state(3), becomesNewest: true)),
        ChainCase(
            "zero bytes are older than anything held", link(0, 3, previous: zero), { $0.hasStatements = true }, .position),
        ChainCase(
            "an opening after the newest statement is taken", link(0, 3),
            {
                $0.hasStatements = true
                $0.previousStanding = .newest
            }, .accept(.opening, epoch: state(3), becomesNewest: true)),
        ChainCase(
            "an opening after an end that is not held is taken, and the end recorded", link(0, 3),
            {
                $0.hasStatements = true
                $0.previousStanding = .unknown
            }, .accept(.openingAfterUnknownEnd, epoch: state(3), becomesNewest: true)),
        ChainCase(
            "an opening after an end older than the newest is answered with the position", link(0, 3),
            {
                $0.hasStatements = true
                $0.previousStanding = .older
            }, .position),
        ChainCase(
            "an old end is taken when the newest epoch cannot prove its order", link(0, 3),
            {
                $0.hasStatements = true
                $0.previousStanding = .older
                $0.newestLacksOpening = true
            }, .accept(.opening, epoch: state(3), becomesNewest: true)),
        ChainCase(
            "a second opening that names the same end is a conflict", link(0, 3),
            {
                $0.hasStatements = true
                $0.previousStanding = .older
                $0.rivalOpening = other
            }, .conflict(with: other)),
        ChainCase(
            "an awaited end fills a hole, also as an opening, and is not the newest", link(0, 3),
            {
                $0.hasStatements = true
                $0.isAwaitedEnd = true
            }, .accept(.holeEnd, epoch: state(3), becomesNewest: false)),
        ChainCase(
            "an awaited end beyond the start of its epoch leaves a hole before it", link(5, 8),
            {
                $0.hasStatements = true
                $0.isAwaitedEnd = true
            }, .accept(.holeEnd, epoch: state(8, (0, 5)), becomesNewest: false)),
        ChainCase("the middle of an unknown epoch is answered with the position", link(5, 8), { _ in }, .position),
        ChainCase(
            "the middle of an unknown epoch is taken at oldest-held", link(5, 8), { $0.oldestHeld = 5 },
            .accept(.afterHole, epoch: state(8, (0, 5)), becomesNewest: true)),
        ChainCase(
            "another sequence than oldest-held is answered with the position", link(5, 8), { $0.oldestHeld = 4 }, .position),
    ]

    static let continuations: [ChainCase] = [
        ChainCase(
            "the next one is taken", link(3, 5),
            {
                $0.epoch = state(3)
                $0.predecessor = tail
                $0.isNewestEpoch = true
            }, .accept(.next, epoch: state(5), becomesNewest: true)),
        ChainCase(
            "the next one of an older epoch is taken, and does not become the newest", link(3, 5),
            {
                $0.epoch = state(3)
                $0.predecessor = tail
            }, .accept(.next, epoch: state(5), becomesNewest: false)),
        ChainCase(
            "the next one must name the one before", link(3, 5, previous: other),
            {
                $0.epoch = state(3)
                $0.predecessor = tail
            }, .badChain),
        ChainCase(
            "zero bytes do not continue an epoch", link(3, 5, previous: zero),
            {
                $0.epoch = state(3)
                $0.predecessor = tail
            }, .badChain),
        ChainCase(
            "the same sequence with other bytes is a conflict, whatever else fits", link(0, 3),
            {
                $0.epoch = state(3)
                $0.occupant = other
                $0.oldestHeld = 0
            }, .conflict(with: other)),
        ChainCase("a sequence within another statement is answered with the position", link(1, 2), { $0.epoch = state(3) }, .position),
        ChainCase("a sequence beyond the next one is answered with the position", link(4, 6), { $0.epoch = state(3) }, .position),
        ChainCase(
            "a sequence beyond the next one is taken at oldest-held, with a hole", link(4, 6),
            {
                $0.epoch = state(3)
                $0.oldestHeld = 4
                $0.isNewestEpoch = true
            }, .accept(.afterHole, epoch: state(6, (3, 4)), becomesNewest: true)),
        ChainCase(
            "an awaited end beyond the next one leaves a hole", link(8, 9),
            {
                $0.epoch = state(3)
                $0.isAwaitedEnd = true
            }, .accept(.holeEnd, epoch: state(9, (3, 8)), becomesNewest: false)),
    ]

    private static let successor = ChainLink(hash: other, range: SequenceRange(start: 9, end: 12), previous: own)
    private static let stranger = ChainLink(hash: other, range: SequenceRange(start: 9, end: 12), previous: digest(9))

    static let holes: [ChainCase] = [
        ChainCase(
            "a hole is filled from its start", link(3, 5),
            {
                $0.epoch = state(12, (3, 9))
                $0.predecessor = tail
                $0.successor = successor
            }, .accept(.holeStart, epoch: state(12, (5, 9)), becomesNewest: false)),
        ChainCase(
            "at the start of a hole previous must fit", link(3, 5, previous: other),
            {
                $0.epoch = state(12, (3, 9))
                $0.predecessor = tail
                $0.successor = successor
            }, .badChain),
        ChainCase(
            "a hole is filled from its end", link(7, 9, previous: other),
            {
                $0.epoch = state(12, (3, 9))
                $0.successor = successor
            }, .accept(.holeEnd, epoch: state(12, (3, 7)), becomesNewest: false)),
        ChainCase(
            "at the end of a hole the next statement must name this one", link(7, 9),
            {
                $0.epoch = state(12, (3, 9))
                $0.successor = stranger
            }, .badChain),
        ChainCase(
            "a hole is filled whole", link(3, 9),
            {
                $0.epoch = state(12, (3, 9))
                $0.predecessor = tail
                $0.successor = successor
            }, .accept(.holeStart, epoch: state(12), becomesNewest: false)),
        ChainCase(
            "a statement that fills a hole whole must fit at both ends", link(3, 9),
            {
                $0.epoch = state(12, (3, 9))
                $0.predecessor = tail
                $0.successor = stranger
            }, .badChain),
        ChainCase(
            "a statement that runs over the end of a hole contradicts the one there", link(7, 10),
            {
                $0.epoch = state(12, (3, 9))
                $0.successor = successor
            }, .conflict(with: other)),
        ChainCase(
            "the middle of a hole is answered with the position", link(5, 7),
            {
                $0.epoch = state(12, (3, 9))
                $0.successor = successor
            }, .position),
        ChainCase(
            "the middle of a hole is taken at oldest-held", link(5, 7),
            {
                $0.epoch = state(12, (3, 9))
                $0.successor = successor
                $0.oldestHeld = 5
            }, .accept(.holeMiddle, epoch: state(12, (3, 5), (7, 9)), becomesNewest: false)),
        ChainCase(
            "an opening that was missing fills the hole at the start of its epoch", link(0, 4, previous: other),
            {
                $0.epoch = state(12, (0, 9))
                $0.successor = successor
            }, .accept(.holeStart, epoch: state(12, (4, 9)), becomesNewest: false)),
        ChainCase(
            "an opening that was missing is a conflict when another names the same end", link(0, 4, previous: tail),
            {
                $0.epoch = state(12, (0, 9))
                $0.successor = successor
                $0.rivalOpening = digest(7)
            }, .conflict(with: digest(7))),
    ]

    @Test("openings, continuations and holes are decided as section 6 says", arguments: openings + continuations + holes)
    func table(_ row: ChainCase) {
        #expect(ChainRules.judge(row.link, row.facts) == row.decision)
    }

    @Test("the number of holes in an epoch is bounded")
    func boundedHoles() {
        var state = EpochState(next: 1)
        for _ in 0..<EpochState.maximumHoleCount {
            let start = state.next + 1
            state = state.appending(SequenceRange(start: start, end: start + 1)) ?? state
        }
        #expect(state.holes.count == EpochState.maximumHoleCount)
        let beyond = link(state.next + 1, state.next + 2)
        let refused = makeFacts {
            $0.epoch = state
            $0.oldestHeld = beyond.range.start
        }
        #expect(ChainRules.judge(beyond, refused) == .position)
    }

    @Test("the largest sequences do not overflow")
    func largest() {
        let end = UInt64(Int64.max)
        let last = link(end - 1, end)
        let held = makeFacts {
            $0.epoch = state(3)
            $0.oldestHeld = end - 1
        }
        #expect(ChainRules.judge(last, held) == .accept(.afterHole, epoch: state(end, (3, end - 1)), becomesNewest: false))
    }
}
