/// When the gateway says hello: on each connect, after refusal 1, when a receipt is overdue, and once a day; never twice within
/// the receipt-timeout on one connection (wire-format.md, section 7).
public struct HelloPolicy: Sendable {
    /// A newer trust file comes in answer to a hello alone: a link that lasts for months would keep a gateway on the old one.
    private static var dayMilliseconds: UInt64 { 86_400_000 }

    private let spacingMilliseconds: UInt64
    private var saidAtMilliseconds: UInt64?
    private var isWanted = false

    public init(receiptTimeoutMilliseconds: UInt64) {
        spacingMilliseconds = receiptTimeoutMilliseconds
    }

    /// The link came up: the hello goes out at once.
    public mutating func connected() {
        isWanted = true
        saidAtMilliseconds = nil
    }

    /// The link is gone: nothing to say until it is back.
    public mutating func disconnected() { isWanted = false }

    /// Refusal 1, or no receipt within the timeout.
    public mutating func request() { isWanted = true }

    public func isDue(at now: Moment) -> Bool {
        guard let wake = wakeMilliseconds else { return false }
        return now.monotonicMilliseconds >= wake
    }

    public mutating func said(at now: Moment) {
        isWanted = false
        saidAtMilliseconds = now.monotonicMilliseconds
    }

    /// When the next hello becomes due; `nil` before the first connection.
    public var wakeMilliseconds: UInt64? {
        guard let said = saidAtMilliseconds else { return isWanted ? 0 : nil }
        return said &+ (isWanted ? spacingMilliseconds : Self.dayMilliseconds)
    }
}
