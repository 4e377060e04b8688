/// When the gateway says hello: on each connect, after refusal 1, and when a receipt is overdue; never twice within the
/// receipt-timeout on one connection (wire-format.md, section 7).
public struct HelloPolicy: Sendable {
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
        guard isWanted else { return false }
        guard let said = saidAtMilliseconds else { return true }
        return now.milliseconds(since: said) >= spacingMilliseconds
    }

    public mutating func said(at now: Moment) {
        isWanted = false
        saidAtMilliseconds = now.monotonicMilliseconds
    }

    /// When the wanted hello becomes due; `nil` if none is wanted.
    public var wakeMilliseconds: UInt64? {
        guard isWanted else { return nil }
        return saidAtMilliseconds.map { $0 &+ spacingMilliseconds } ?? 0
    }
}
