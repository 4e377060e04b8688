/// Holds signing back after a start until enough nodes have answered the hello, or 10 s have passed; events are stored and
/// acknowledged meanwhile. Without a broker it is open from the first moment.
public struct StartGate: Sendable {
    private let opensAtMilliseconds: UInt64
    private let neededAnswerCount: Int
    private var answers = NodeSet()
    public private(set) var isOpen: Bool

    /// - Parameter neededAnswerCount: the quorum's number of receipts.
    public init(neededAnswerCount: Int, hasBroker: Bool, at now: Moment) {
        self.neededAnswerCount = neededAnswerCount
        opensAtMilliseconds = now.monotonicMilliseconds &+ GatewayPolicy.answerWaitMilliseconds
        isOpen = !hasBroker
    }

    /// A node of the trust file answered the hello; the same node counts once.
    public mutating func answered(by node: NodeIndex) {
        answers.insert(node)
        if answers.count >= neededAnswerCount { isOpen = true }
    }

    public mutating func advance(to now: Moment) {
        if now.monotonicMilliseconds >= opensAtMilliseconds { isOpen = true }
    }

    /// When the wait ends by itself; `nil` once open.
    public var wakeMilliseconds: UInt64? { isOpen ? nil : opensAtMilliseconds }
}
