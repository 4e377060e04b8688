import AllianceTrust
import AttestationFormat
import Logging

/// What a node says of the times in its trust file: of the file's own end, and of the end of this node's key.
public struct TrustTimes: Equatable, Sendable {
    /// The trust file is past its `not-after`, in words; it goes on being used.
    public var outOfDate: String?
    /// This node's key ends soon, in words.
    public var keyEndsSoon: String?
    /// This node's key has ended, in words: no receipt is given.
    public var keyEnded: String?
}

extension NodeCore {
    /// How long before its key's end a node speaks of it: time to stop it, change its key and start it.
    private static var keyNoticeSeconds: UInt64 { 14 * 86_400 }

    /// What of the trust file's times needs somebody now.
    public var trustTimes: TrustTimes { trustTimes(atSeconds: clock.nowSeconds) }

    func trustTimes(atSeconds seconds: Int64) -> TrustTimes {
        var times = TrustTimes()
        let now = UInt64(clamping: seconds)
        if trust.file.isExpired(atSeconds: now), let end = trust.file.content.notAfterSeconds {
            times.outOfDate =
                "the trust file, version \(trust.version), is out of date by its own words since \(UTCText.text(seconds: Int64(clamping: end))), "
                + "and goes on being used: put a newer one in its place"
        }
        guard let (_, key) = trust.file.node(forKeyID: settings.key.keyID), let end = key.untilSeconds else { return times }
        let words = UTCText.text(seconds: Int64(clamping: end))
        let step = "start this node with the key that harborseal alliance rotate-node-key made, or stop it where it is retired"
        if end <= now {
            times.keyEnded = "the key of node \(settings.name.node) ended at \(words), and no receipt is given: \(step)"
        } else if end - now <= Self.keyNoticeSeconds {
            times.keyEndsSoon = "the key of node \(settings.name.node) ends at \(words): \(step)"
        }
        return times
    }

    /// Says what has changed since it was said last.
    func noteTrustTimes() {
        let times = trustTimes
        guard times != notedTimes else { return }
        metrics.set(.trustOutOfDate, times.outOfDate == nil ? 0 : 1)
        metrics.set(.keyEnded, times.keyEnded == nil ? 0 : 1)
        if let words = times.outOfDate, notedTimes.outOfDate == nil { logger.warning("\(words)") }
        if let words = times.keyEndsSoon, notedTimes.keyEndsSoon == nil { logger.warning("\(words)") }
        if let words = times.keyEnded, notedTimes.keyEnded == nil { logger.error("\(words)") }
        notedTimes = times
    }
}
