/// Republishes, in chain order and at a bounded rate, what a node said it lacks although it was published before: the run from
/// the node's position to the newest published batch, streamed from the journal.
///
/// How often one node may ask is the matter of its ``NodeRecord``; this is the place in the run, and the pace.
public struct CatchUp: Sendable {
    /// The next batch to repeat starts here; `nil` when there is nothing to repeat.
    public private(set) var next: UInt64?
    private var nextAllowedMilliseconds: UInt64 = 0

    public init() {}

    /// Repeat from here on; a run that begins earlier goes on as it is.
    public mutating func request(from sequence: UInt64) {
        next = min(next ?? sequence, sequence)
    }

    public func isDue(at now: Moment) -> Bool { next != nil && now.monotonicMilliseconds >= nextAllowedMilliseconds }

    /// The batch at ``next`` was dealt with: the run goes on at `end`, or is over at `limit`.
    public mutating func advance(to end: UInt64, limit: UInt64) {
        next = end < limit ? end : nil
    }

    /// A batch went out: the next one keeps the distance.
    public mutating func sent(at now: Moment, batchesPerSecond: Int) {
        nextAllowedMilliseconds = now.monotonicMilliseconds &+ 1_000 / UInt64(max(1, min(1_000, batchesPerSecond)))
    }

    public mutating func cancel() { next = nil }

    /// When the next repetition is due.
    public var wakeMilliseconds: UInt64? { next == nil ? nil : nextAllowedMilliseconds }
}
