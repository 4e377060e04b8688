/// A token bucket for each gateway, so that a noisy one cannot slow the others (refusal 9), or for each firm.
struct RateLimiter<Key: Hashable> {
    /// About 100 bytes each; an attacker's invented names push out idle buckets first.
    static var maximumKeyCount: Int { 65_536 }

    private struct Bucket {
        var tokens: Double
        var refilledMilliseconds: Int64
        var toldMilliseconds: Int64?
    }

    /// What to do with one message.
    enum Answer: Equatable {
        case allowed
        /// Refuse, and say so.
        case refused
        /// Refuse silently: this one was told within the last second.
        case refusedSilently
    }

    private let perSecond: Double
    private let burst: Double
    private var buckets: [Key: Bucket] = [:]

    /// - Parameters:
    ///   - perSecond: messages a second that one may send in the long run; 0 switches the limit off.
    ///   - burst: messages that it may send at once after a pause.
    init(perSecond: Double, burst: Int) {
        self.perSecond = perSecond
        self.burst = Double(max(burst, 1))
    }

    mutating func admit(_ key: Key, nowMilliseconds: Int64) -> Answer {
        guard perSecond > 0 else { return .allowed }
        if buckets[key] == nil && buckets.count >= Self.maximumKeyCount { evict(nowMilliseconds) }
        var bucket = buckets[key] ?? Bucket(tokens: burst, refilledMilliseconds: nowMilliseconds)
        let elapsed = Double(max(nowMilliseconds - bucket.refilledMilliseconds, 0)) / 1_000
        bucket.tokens = min(bucket.tokens + elapsed * perSecond, burst)
        bucket.refilledMilliseconds = nowMilliseconds
        defer { buckets[key] = bucket }
        if bucket.tokens >= 1 {
            bucket.tokens -= 1
            return .allowed
        }
        if let told = bucket.toldMilliseconds, nowMilliseconds - told < 1_000 { return .refusedSilently }
        bucket.toldMilliseconds = nowMilliseconds
        return .refused
    }

    /// Forgets buckets that have filled up again; when none has, all of them: to be generous is the lesser fault.
    private mutating func evict(_ nowMilliseconds: Int64) {
        let fillMilliseconds = Int64(burst / perSecond * 1_000) + 1
        buckets = buckets.filter { nowMilliseconds - $0.value.refilledMilliseconds < fillMilliseconds }
        if buckets.count >= Self.maximumKeyCount { buckets.removeAll(keepingCapacity: true) }
    }
}
