/// When something unanswered is said again: after `first`, doubling up to an hour; at once when a node answers, but never twice
/// within `first` (wire-format.md, section 6: at most one resend of the same batch per receipt-timeout).
public struct ResendSchedule: Sendable, Equatable {
    private let firstMilliseconds: UInt64
    private var delayMilliseconds: UInt64
    /// When it was last said; `nil` before the first time.
    public private(set) var saidAtMilliseconds: UInt64?
    private var hurried = false

    public init(firstMilliseconds: UInt64) {
        self.firstMilliseconds = firstMilliseconds
        delayMilliseconds = firstMilliseconds
    }

    /// The next time it is due; `nil` while it was never said.
    public var dueMilliseconds: UInt64? {
        saidAtMilliseconds.map { $0 &+ (hurried ? firstMilliseconds : delayMilliseconds) }
    }

    public func isDue(at now: Moment) -> Bool {
        guard let due = dueMilliseconds else { return false }
        return now.monotonicMilliseconds >= due
    }

    /// It was said for the first time, or for another subject: the schedule starts over.
    public mutating func start(at milliseconds: UInt64) {
        saidAtMilliseconds = milliseconds
        delayMilliseconds = firstMilliseconds
        hurried = false
    }

    /// It was said again: the next pause is twice as long, up to an hour.
    public mutating func repeated(at now: Moment) {
        saidAtMilliseconds = now.monotonicMilliseconds
        delayMilliseconds = min(delayMilliseconds * 2, max(GatewayPolicy.longestResendMilliseconds, firstMilliseconds))
        hurried = false
    }

    /// A node answered: no reason to wait longer than the receipt-timeout.
    public mutating func hurry() {
        hurried = true
        delayMilliseconds = firstMilliseconds
    }
}
