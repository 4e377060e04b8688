/// A run of sequences of one epoch, half open: `start` is in it, `end` is not.
public struct SequenceRange: Hashable, Sendable {
    public let start: UInt64
    public let end: UInt64

    public init(start: UInt64, end: UInt64) {
        self.start = start
        self.end = end
    }

    func contains(_ sequence: UInt64) -> Bool { start <= sequence && sequence < end }
}

/// What a node holds of one epoch of one signer: everything below `next` but the holes (wire-format.md, section 6).
public struct EpochState: Equatable, Sendable {
    /// A gateway opens a hole by an unsigned `oldest-held`; beyond this many in one epoch it is answered with its position.
    public static let maximumHoleCount = 256

    /// One past the newest sequence held.
    public internal(set) var next: UInt64
    /// Ascending, disjoint and never touching; each end is the first sequence of a statement that is held.
    public internal(set) var holes: [SequenceRange]

    public init(next: UInt64, holes: [SequenceRange] = []) {
        self.next = next
        self.holes = holes
    }

    /// Whether the statement that opened this epoch is held.
    public var hasOpening: Bool { holes.first?.start != 0 }

    /// The hole that `sequence` falls into.
    public func hole(containing sequence: UInt64) -> SequenceRange? {
        holes.first { $0.contains(sequence) }
    }

    /// The state after a statement over `range` was stored beyond `next`; what lies between is a hole.
    func appending(_ range: SequenceRange) -> EpochState? {
        var after = self
        if range.start > next {
            guard holes.count < Self.maximumHoleCount else { return nil }
            after.holes.append(SequenceRange(start: next, end: range.start))
        }
        after.next = range.end
        return after
    }

    /// The state after a statement over `range` was stored within `hole`.
    func filling(_ hole: SequenceRange, with range: SequenceRange) -> EpochState? {
        guard let place = holes.firstIndex(of: hole) else { return nil }
        var rest: [SequenceRange] = []
        if hole.start < range.start { rest.append(SequenceRange(start: hole.start, end: range.start)) }
        if range.end < hole.end { rest.append(SequenceRange(start: range.end, end: hole.end)) }
        guard holes.count + rest.count <= Self.maximumHoleCount + 1 else { return nil }
        var after = self
        after.holes.replaceSubrange(place...place, with: rest)
        return after
    }
}
