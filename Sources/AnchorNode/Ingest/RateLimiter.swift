import AttestationFormat

/// A token bucket a gateway, so that a noisy one cannot slow the others (refusal 9).
struct RateLimiter {
    /// About 100 bytes each; an attacker's invented names push out idle buckets first.
    static let maximumGatewayCount = 65_536

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
        /// Refuse silently: this gateway was told within the last second.
        case refusedSilently
    }

    private let perSecond: Double
    private let burst: Double
    private var buckets: [GatewayID: Bucket] = [:]

    /// - Parameters:
    ///   - perSecond: messages a second that one gateway may send in the long run; 0 switches the limit off.
    ///   - burst: messages that it may send at once after a pause.
    init(perSecond: Int, burst: Int) {
        self.perSecond = Double(perSecond)
        self.burst = Double(max(burst, 1))
    }

    mutating func admit(_ gateway: GatewayID, nowMilliseconds: Int64) -> Answer {
        guard perSecond > 0 else { return .allowed }
        if buckets[gateway] == nil && buckets.count >= Self.maximumGatewayCount { evict(nowMilliseconds) }
        var bucket = buckets[gateway] ?? Bucket(tokens: burst, refilledMilliseconds: nowMilliseconds)
        let elapsed = Double(max(nowMilliseconds - bucket.refilledMilliseconds, 0)) / 1_000
        bucket.tokens = min(bucket.tokens + elapsed * perSecond, burst)
        bucket.refilledMilliseconds = nowMilliseconds
        defer { buckets[gateway] = bucket }
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
        if buckets.count >= Self.maximumGatewayCount { buckets.removeAll(keepingCapacity: true) }
    }
}
