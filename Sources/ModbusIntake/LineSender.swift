/// Lines on their way to the agent: each is repeated with its own number until the answer says that it is durable. Pure.
///
/// Bounded: while the agent is away the newest lines wait, and what does not fit is dropped and counted.
public struct LineSender: Sendable {
    /// What became of the oldest line.
    public enum Outcome: Equatable, Sendable {
        case stored
        /// The agent refuses it, for this reason; it is sent again later when only the journal stands in the way.
        case refused(String)
    }

    /// Ten hours of one device at a line a minute.
    public static let capacity = 600
    /// A refused line is tried so often: a full journal refuses for a while, a wrong line for ever.
    static let attempts = 5
    /// Between two attempts at a refused line, and two at a connection.
    public static let pauseMilliseconds: UInt64 = 5_000
    /// An agent that does not answer for so long is called anew. It answers after a sync of its journal.
    public static let answerMilliseconds: UInt64 = 30_000

    private var lines: [[UInt8]] = []
    private var refusals = 0
    private var isWaiting = false
    private var received: [UInt8] = []
    private var notBefore: UInt64 = 0
    private var sentMilliseconds: UInt64 = 0
    /// Lines that were lost, because too many waited or the agent refused them.
    public private(set) var droppedCount: UInt64 = 0
    public private(set) var storedCount: UInt64 = 0

    public init() {}

    /// Whether something waits to be sent or answered.
    public var isIdle: Bool { lines.isEmpty }
    public var waitingCount: Int { lines.count }
    /// Whether an answer is due.
    public var isAwaitingAnswer: Bool { isWaiting }

    /// Takes a line; false when it does not fit and is dropped.
    public mutating func add(_ line: [UInt8]) -> Bool {
        guard lines.count < LineSender.capacity else {
            droppedCount += 1
            return false
        }
        lines.append(line)
        return true
    }

    /// The bytes to send now; nil while an answer is due, in a pause, or with nothing to send.
    public mutating func next(nowMilliseconds: UInt64) -> [UInt8]? {
        guard !isWaiting, nowMilliseconds >= notBefore, let line = lines.first else { return nil }
        isWaiting = true
        sentMilliseconds = nowMilliseconds
        received = []
        return line
    }

    /// When to look again even if nothing comes; nil when idle.
    public var nextDeadline: UInt64? {
        guard !lines.isEmpty else { return nil }
        return isWaiting ? sentMilliseconds + LineSender.answerMilliseconds : notBefore
    }

    /// The connection failed, ended, or its answer is overdue: the same line goes out again on the next one.
    public mutating func disconnected(nowMilliseconds: UInt64) {
        isWaiting = false
        notBefore = nowMilliseconds + LineSender.pauseMilliseconds
    }

    /// Takes bytes of the answer; nil until its line is whole, or when none was due.
    public mutating func receive(_ bytes: [UInt8], nowMilliseconds: UInt64) -> Outcome? {
        received += bytes
        guard let end = received.firstIndex(of: 0x0A) else { return nil }
        let answer = Array(received[..<end])
        received.removeAll()
        guard isWaiting, !lines.isEmpty else { return nil }
        isWaiting = false
        // {"epoch":"…","sequence":…} or {"error":"…",…}
        if answer.starts(with: Array("{\"epoch\":".utf8)) {
            lines.removeFirst()
            refusals = 0
            storedCount += 1
            return .stored
        }
        refusals += 1
        notBefore = nowMilliseconds + LineSender.pauseMilliseconds
        if refusals >= LineSender.attempts {
            lines.removeFirst()
            refusals = 0
            droppedCount += 1
        }
        return .refused(String(decoding: answer.prefix(300), as: UTF8.self))
    }
}
