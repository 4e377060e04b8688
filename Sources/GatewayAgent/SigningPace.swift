/// Makes batches grow while signing is what holds events back.
///
/// A token that takes 5 s is simply busy. A software key computes on the only thread there is: it counts as busy for a rest of
/// four times its own duration, so that signing never takes more than a fifth of the processor while events wait.
public struct SigningPace: Sendable {
    /// The rest, as a multiple of the time that signing kept the thread.
    static let restFactor: UInt64 = 4

    private var restsUntilMilliseconds: UInt64 = 0
    /// How long the latest signature took from begin to finish, microseconds.
    public private(set) var latestMicroseconds: UInt64 = 0
    /// The longest one since the start, microseconds.
    public private(set) var longestMicroseconds: UInt64 = 0

    public init() {}

    /// A signature was finished: it took `microseconds`, of which `blockedMicroseconds` kept the thread.
    mutating func finished(microseconds: UInt64, blockedMicroseconds: UInt64, at now: Moment) {
        latestMicroseconds = microseconds
        longestMicroseconds = max(longestMicroseconds, microseconds)
        // Bounded by a minute: a clock that lies must not stop batches from closing.
        let rest = min(blockedMicroseconds, 15_000_000) * Self.restFactor / 1_000
        restsUntilMilliseconds = now.monotonicMilliseconds &+ rest
    }

    /// Whether a full batch should rather grow than be signed now.
    func prefersGrowth(at now: Moment) -> Bool { now.monotonicMilliseconds < restsUntilMilliseconds }

    /// When the rest ends, for the loop's timer.
    var wakeMilliseconds: UInt64 { restsUntilMilliseconds }
}
