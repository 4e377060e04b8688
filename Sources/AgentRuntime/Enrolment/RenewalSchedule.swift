internal import DeviceCrypto

/// When the link certificate is renewed: pure, without clock, file or process.
///
/// By a clock that can be right: when two thirds of its life are over, and a little jitter, so that a fleet enrolled in one hour does not
/// come in one hour. By a clock that was never set nobody knows; then a link that stays down asks, and the registry's time decides.
struct RenewalSchedule {
    /// After its end a certificate can still be renewed for this long.
    static let graceSeconds: Int64 = 30 * 86_400
    /// The first failure is tried again after this, then at doubling intervals.
    static let firstBackoffMilliseconds: UInt64 = 300_000
    static let lastBackoffMilliseconds: UInt64 = 6 * 3_600_000
    /// A registry that said no, and one that said "not yet", are asked once a day.
    static let refusedMilliseconds: UInt64 = 24 * 3_600_000
    /// A link may be down for this long before an unset clock is suspected of hiding an expired certificate.
    static let outageMilliseconds: UInt64 = 600_000

    /// A certificate that holds longer than this gives time to wait for a registry that is away.
    static let fewDays: Int64 = 14

    /// Whether a certificate holds for more than a few days.
    static func holdsLong(_ certificate: UnverifiedCertificate, nowSeconds: Int64) -> Bool {
        certificate.notAfterSeconds - nowSeconds > fewDays * 86_400
    }

    /// What is said of a link certificate that has ended, and what to do; nil of one that holds.
    static func end(of certificate: UnverifiedCertificate, nowSeconds: Int64) -> (happened: String, step: StaticString)? {
        let (end, last) = (certificate.notAfterSeconds, certificate.notAfterSeconds + graceSeconds)
        guard nowSeconds > end else { return nil }
        let isLate = nowSeconds > last
        return (
            "ended on " + Day.text(end) + (isLate ? "; renewal worked until " : "; renewal works until ") + Day.text(last),
            isLate
                ? "check this machine's clock (timedatectl), then ask the firm's operator for a new code (harborseal device code), and enroll with it"
                : "run harborseal-agent renew, or wait for the network; nothing is lost meanwhile"
        )
    }

    /// The certificate in use; nil: there is none to renew.
    private(set) var certificate: UnverifiedCertificate?
    private let jitter: UInt8
    private var failureCount: UInt64 = 0
    /// Nothing is tried before this, by the monotonic clock.
    private(set) var earliestMilliseconds: UInt64 = 0
    private var downSinceMilliseconds: UInt64?

    /// - Parameter jitter: any random byte.
    init(certificate: UnverifiedCertificate?, jitter: UInt8) {
        self.certificate = certificate
        self.jitter = jitter
    }

    /// Two thirds of a certificate's life, and up to a thirtieth more.
    static func dueSeconds(_ certificate: UnverifiedCertificate, jitter: UInt8) -> Int64 {
        let life = max(0, certificate.notAfterSeconds &- certificate.notBeforeSeconds)
        return certificate.notBeforeSeconds + life / 3 * 2 + life / 30 * Int64(jitter) / 256
    }

    /// When it is due, by a wall clock that is right.
    var dueSeconds: Int64? { certificate.map { Self.dueSeconds($0, jitter: jitter) } }

    /// Another certificate is in use.
    mutating func adopt(_ certificate: UnverifiedCertificate?) { self.certificate = certificate }

    /// Whether to try now.
    /// - Parameters:
    ///   - isConnected: whether the broker takes this gateway's certificate just now.
    mutating func isDue(time: BelievedTime, isConnected: Bool, monotonicMilliseconds: UInt64) -> Bool {
        downSinceMilliseconds = isConnected ? nil : downSinceMilliseconds ?? monotonicMilliseconds
        guard let certificate, let dueSeconds, monotonicMilliseconds >= earliestMilliseconds else { return false }
        switch time {
        case .clock(let seconds): return seconds >= dueSeconds && seconds <= certificate.notAfterSeconds + Self.graceSeconds
        case .notBefore:
            guard let downSinceMilliseconds else { return false }
            return monotonicMilliseconds &- downSinceMilliseconds >= Self.outageMilliseconds
        }
    }

    /// A try has ended.
    /// - Parameters:
    ///   - isLasting: the registry refused, or something here must be mended first.
    ///   - random: any random number; it spreads a fleet's tries.
    mutating func ended(succeeded: Bool, isLasting: Bool, monotonicMilliseconds: UInt64, random: UInt64) {
        var wait = Self.refusedMilliseconds
        if succeeded {
            failureCount = 0
        } else if !isLasting {
            wait = min(Self.firstBackoffMilliseconds << min(failureCount, 10), Self.lastBackoffMilliseconds)
            failureCount += 1
        }
        earliestMilliseconds = monotonicMilliseconds &+ wait / 2 &+ random % (wait / 2 + 1)
    }
}
