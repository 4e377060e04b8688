public import DeviceCrypto
internal import CPosixShims

extension BelievedTime {
    /// 2026-01-01: this program is not older.
    static let programSeconds: Int64 = 1_767_225_600

    /// What this machine's clock is worth. It is known to be wrong when it says a time before this program was written, or before a
    /// certificate of our own began: both have been. Then those are the least that it can be.
    ///
    /// The clock is not set from here: that is a time service's to do, and the agent may not.
    public static func now(knowing certificates: [UnverifiedCertificate]) -> BelievedTime {
        judge(clockSeconds: posix_realtime_milliseconds() / 1_000, knowing: certificates.map { $0.notBeforeSeconds })
    }

    static func judge(clockSeconds: Int64, knowing moments: [Int64]) -> BelievedTime {
        var least = programSeconds
        for moment in moments { least = max(least, moment) }
        return clockSeconds < least ? .notBefore(least) : .clock(clockSeconds)
    }

    /// The time, or the least that it can be.
    public var seconds: Int64 {
        switch self {
        case .clock(let seconds), .notBefore(let seconds): seconds
        }
    }
}
