internal import Synchronization

/// How often one address may fail, and how often one gateway may ask: nobody tries codes for ever.
///
/// A bucket an address, or a gateway that has proved to be one, that a failure fills by one and time empties. Whoever is below the brim is heard, and no
/// bucket holds more than its brim, so that each wait ends when the next failure is forgiven. A code has 128 bits: this spares the log and the processor, the
/// code defends itself.
final class FailureLimiter: Sendable {
    /// What one address may do.
    struct Limits: Equatable, Sendable {
        /// Failures at once.
        var count: Int
        /// Seconds after which one is forgiven.
        var forgivingSeconds: Int64
    }

    /// Addresses that are remembered. One more, and those that are forgiven first go: 16,384 take 2 MiB.
    private static let addressLimit = 16_384

    private struct Bucket {
        /// When its last failure is forgiven, in milliseconds of the monotonic clock.
        var emptyAtMilliseconds: Int64
    }

    private let limits: Limits
    private let buckets = Mutex<[String: Bucket]>([:])

    init(_ limits: Limits) {
        self.limits = limits
    }

    /// Seconds until this address is heard again; nil: it is heard now.
    func waitSeconds(of address: String, nowMilliseconds: Int64) -> Int64? {
        buckets.withLock { buckets in
            guard let bucket = buckets[address] else { return nil }
            let excess = bucket.emptyAtMilliseconds - nowMilliseconds + forgivingMilliseconds - brim
            return excess > 0 ? (excess + 999) / 1_000 : nil
        }
    }

    /// One failure more of this address.
    func addFailure(of address: String, nowMilliseconds: Int64) {
        buckets.withLock { buckets in
            let from = max(buckets[address]?.emptyAtMilliseconds ?? 0, nowMilliseconds)
            // Those that came at once, before the first of them had failed, owe no more than the brim.
            buckets[address] = Bucket(emptyAtMilliseconds: min(from, nowMilliseconds + brim - forgivingMilliseconds) + forgivingMilliseconds)
            guard buckets.count > Self.addressLimit else { return }
            buckets = buckets.filter { $0.value.emptyAtMilliseconds > nowMilliseconds }
            // Still too many: those that failed least, half of them at once, so that this is done seldom.
            guard buckets.count > Self.addressLimit else { return }
            let times = buckets.values.map(\.emptyAtMilliseconds).sorted()
            let middle = times[times.count / 2]
            buckets = buckets.filter { $0.value.emptyAtMilliseconds > middle }
        }
    }

    private var brim: Int64 { Int64(limits.count) * forgivingMilliseconds }
    private var forgivingMilliseconds: Int64 { limits.forgivingSeconds * 1_000 }

    /// Addresses that are remembered now.
    var addressCount: Int { buckets.withLock { $0.count } }
}
