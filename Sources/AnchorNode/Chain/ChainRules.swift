public import MerkleTree

/// The part of a statement that its place in the chain depends on.
public struct ChainLink: Equatable, Sendable {
    /// SHA-256 of the statement's bytes.
    public let hash: Digest
    public let range: SequenceRange
    /// SHA-256 of the statement before it; 32 zero bytes where none is known.
    public let previous: Digest

    public init(hash: Digest, range: SequenceRange, previous: Digest) {
        self.hash = hash
        self.range = range
        self.previous = previous
    }
}

/// How the statement that an opening names as its predecessor stands in what the node holds of the same signer.
public enum PreviousStanding: Equatable, Sendable {
    /// Not held: an epoch end that the node does not know.
    case unknown
    /// The newest statement held.
    case newest
    /// Held, and another one is newer.
    case older
}

/// Everything that the rules ask the store about one statement, all of it of the same (kid, issuer).
public struct ChainFacts: Equatable, Sendable {
    /// What is held of the statement's epoch; nil: nothing.
    public var epoch: EpochState?
    /// The statement held at the same (epoch, first), with other bytes.
    public var occupant: Digest?
    /// The statement held that ends where this one begins.
    public var predecessor: Digest?
    /// The statement held at the end of the hole that this one falls into.
    public var successor: ChainLink?
    /// An opening held of a later epoch names this very statement as its predecessor, and it was missing until now.
    public var isAwaitedEnd = false
    /// Another opening held that names the same predecessor as this statement.
    public var rivalOpening: Digest?
    public var previousStanding = PreviousStanding.unknown
    /// The node holds at least one statement.
    public var hasStatements = false
    /// The newest statement held belongs to this epoch.
    public var isNewestEpoch = false
    /// The epoch of the newest statement held lacks its opening, so its order among the epochs is not known.
    public var newestLacksOpening = false
    /// `oldest-held` of the gateway's latest hello, when that named this epoch. Unsigned: it may open a hole, no more.
    public var oldestHeld: UInt64?

    public init() {}
}

/// Where a statement is put.
public enum ChainPlacement: Equatable, Sendable {
    /// First of an epoch whose end before it is held, or first of all.
    case opening
    /// First of an epoch that names an end the node does not hold; the end is recorded as awaited.
    case openingAfterUnknownEnd
    /// The next one of its epoch.
    case next
    /// Beyond the next one: a hole is recorded before it.
    case afterHole
    /// Within a hole, at its start.
    case holeStart
    /// Within a hole or at the end of an epoch, named by the statement after it.
    case holeEnd
    /// Within a hole, where the gateway says that its journal begins.
    case holeMiddle
}

/// What the rules decide of one statement.
public enum ChainDecision: Equatable, Sendable {
    /// Store it; `epoch` is the state afterwards.
    case accept(ChainPlacement, epoch: EpochState, becomesNewest: Bool)
    /// Refusal 6: keep it beside the ledger, and show the statement that it contradicts.
    case conflict(with: Digest)
    /// Reply 1: the newest statement held.
    case position
    /// Refusal 5: `previous` does not fit.
    case badChain
}

/// The order of wire-format.md, section 6, from "the same (epoch, first) with other bytes" on: pure, so that every case can be written as a table.
///
/// The statement's form, names, certificate, signature and events have been checked before; so has that it is not in the ledger.
public enum ChainRules {
    public static func judge(_ link: ChainLink, _ facts: ChainFacts) -> ChainDecision {
        if let occupant = facts.occupant { return .conflict(with: occupant) }
        guard let epoch = facts.epoch else { return judgeUnknownEpoch(link, facts) }
        if link.range.start >= epoch.next { return judgeBeyond(link, epoch, facts) }
        guard let hole = epoch.hole(containing: link.range.start) else { return .position }
        return judgeWithin(hole, link, epoch, facts)
    }

    private static func judgeUnknownEpoch(_ link: ChainLink, _ facts: ChainFacts) -> ChainDecision {
        let before = EpochState(next: 0)
        guard let after = before.appending(link.range) else { return .position }
        let isOpening = link.range.start == 0
        if isOpening, let rival = facts.rivalOpening { return .conflict(with: rival) }
        if facts.isAwaitedEnd { return .accept(.holeEnd, epoch: after, becomesNewest: false) }
        if isOpening { return judgeOpening(link, after, facts) }
        guard facts.oldestHeld == link.range.start else { return .position }
        return .accept(.afterHole, epoch: after, becomesNewest: true)
    }

    private static func judgeOpening(_ link: ChainLink, _ after: EpochState, _ facts: ChainFacts) -> ChainDecision {
        if link.previous == Digest() {
            // Zero bytes are older than anything held: a journal that was lost learns its position first.
            return facts.hasStatements ? .position : .accept(.opening, epoch: after, becomesNewest: true)
        }
        switch facts.previousStanding {
        case .unknown: return .accept(.openingAfterUnknownEnd, epoch: after, becomesNewest: true)
        case .newest: return .accept(.opening, epoch: after, becomesNewest: true)
        case .older:
            // A replayed middle of an old epoch must not stop a gateway: without its opening it proves no order.
            return facts.newestLacksOpening ? .accept(.opening, epoch: after, becomesNewest: true) : .position
        }
    }

    private static func judgeBeyond(_ link: ChainLink, _ epoch: EpochState, _ facts: ChainFacts) -> ChainDecision {
        guard let after = epoch.appending(link.range) else { return .position }
        let becomesNewest = facts.isNewestEpoch || facts.newestLacksOpening
        if link.range.start == epoch.next {
            guard facts.predecessor == link.previous else { return .badChain }
            return .accept(.next, epoch: after, becomesNewest: becomesNewest)
        }
        if facts.isAwaitedEnd { return .accept(.holeEnd, epoch: after, becomesNewest: becomesNewest) }
        guard facts.oldestHeld == link.range.start else { return .position }
        return .accept(.afterHole, epoch: after, becomesNewest: becomesNewest)
    }

    private static func judgeWithin(
        _ hole: SequenceRange, _ link: ChainLink, _ epoch: EpochState, _ facts: ChainFacts
    ) -> ChainDecision {
        guard let after = epoch.filling(hole, with: link.range), let successor = facts.successor else { return .position }
        // Two signed statements over one sequence: the same contradiction as the same `first`.
        if link.range.end > hole.end { return .conflict(with: successor.hash) }
        let reachesEnd = link.range.end == hole.end
        if reachesEnd && successor.previous != link.hash { return .badChain }
        if link.range.start == hole.start {
            if link.range.start == 0 {
                if let rival = facts.rivalOpening { return .conflict(with: rival) }
            } else if facts.predecessor != link.previous {
                return .badChain
            }
            return .accept(.holeStart, epoch: after, becomesNewest: false)
        }
        if reachesEnd { return .accept(.holeEnd, epoch: after, becomesNewest: false) }
        guard facts.oldestHeld == link.range.start else { return .position }
        return .accept(.holeMiddle, epoch: after, becomesNewest: false)
    }
}
