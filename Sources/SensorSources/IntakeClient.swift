import CPosixShims
import LogisticsEvents

/// One connection of the intake socket: bytes in, answers out in the order of the lines.
///
/// Pure but for its descriptor, which ``IntakeSource`` opens and closes.
struct IntakeClient {
    /// Lines read and not yet answered: what one group sync may hold for one sender.
    static let maximumUnansweredCount = 1024
    /// Answers that wait for a slow reader; beyond, nothing more is read from it.
    static let outputHighWaterByteCount = 32 * 1024
    /// A reader that takes nothing for so long is cut off.
    static let stalledAfterMilliseconds: UInt64 = 10_000
    /// Bytes taken from the socket at once, and most bytes kept of an unfinished line.
    static let inputByteCount = IntakeParser.maximumLineByteCount + 4096

    let descriptor: Int32
    let connection: UInt64
    /// Bytes that were read and are not yet taken as lines.
    private(set) var input: [UInt8] = []
    private var taken = 0
    /// The rest of a line that was too long is thrown away up to its newline.
    private var isSkipping = false
    /// The sender has closed its end.
    private(set) var hasEnded = false
    /// Answers by line, from `firstUnanswered` on; nil while the line is not durable.
    private var answers: [[UInt8]?] = []
    private var firstUnanswered: UInt64 = 0
    private(set) var output: [UInt8] = []
    private var sent = 0
    /// When output was last taken, or first had to wait; monotonic ms.
    private var progressMilliseconds: UInt64 = 0
    /// When a whole line came from the sender last, or when it connected; monotonic ms. Single bytes say nothing: they would hold a place for ever.
    var heardMilliseconds: UInt64
    /// The connection is broken, or was cut off.
    var isBroken = false

    init(descriptor: Int32, connection: UInt64, nowMilliseconds: UInt64 = 0) {
        self.descriptor = descriptor
        self.connection = connection
        heardMilliseconds = nowMilliseconds
    }

    /// What the next bytes of input are.
    enum Item {
        case line(Range<Int>)
        case tooLong
    }

    /// Whether bytes may be read: there is room for lines and for their answers.
    var wantsRead: Bool {
        !hasEnded && !isBroken && canAnswerMore && input.count - taken <= IntakeParser.maximumLineByteCount
    }

    var wantsWrite: Bool { sent < output.count && !isBroken }

    /// Whether another line may be taken.
    var canAnswerMore: Bool {
        answers.count < IntakeClient.maximumUnansweredCount
            && output.count - sent < IntakeClient.outputHighWaterByteCount
    }

    /// Whether a whole line, or one that is too long already, waits to be taken.
    var hasLine: Bool {
        canAnswerMore && (newline != nil || input.count - taken > IntakeParser.maximumLineByteCount)
    }

    /// Nothing more will come, and everything was answered.
    var isDone: Bool { isBroken || (hasEnded && !hasLine && answers.isEmpty && sent == output.count) }

    /// The sender is owed nothing: no whole line of it waits, and every answer has reached it.
    var isOwedNothing: Bool { !hasLine && answers.isEmpty && sent == output.count }

    private var newline: Int? {
        let bytes = input.span
        for index in taken..<input.count where bytes[index] == 0x0A { return index }
        return nil
    }

    /// Reads what is there.
    mutating func read() {
        if taken > 0 {
            input.removeFirst(taken)
            taken = 0
        }
        let start = input.count
        input.append(contentsOf: repeatElement(0, count: IntakeClient.inputByteCount - min(start, IntakeParser.maximumLineByteCount)))
        let room = input.count - start
        let count = input.withUnsafeMutableBufferPointer { target -> Int in
            guard let base = target.baseAddress else { return 0 }
            return posix_socket_read(descriptor, base + start, room)
        }
        input.removeLast(room - max(count, 0))
        if count == 0 { hasEnded = true }
        if count < 0, count != -Int(POSIX_EAGAIN) { isBroken = true }
    }

    /// The next line, whose range of ``input`` is valid until the next read.
    mutating func next() -> Item? {
        guard canAnswerMore else { return nil }
        guard let newline else {
            // What is left is longer than a line may be: it is refused once, and skipped up to its newline.
            guard input.count - taken > IntakeParser.maximumLineByteCount else { return nil }
            taken = input.count
            defer { isSkipping = true }
            return isSkipping ? nil : .tooLong
        }
        let line = taken..<newline
        taken = newline + 1
        if isSkipping {
            isSkipping = false
            return next()
        }
        return line.count > IntakeParser.maximumLineByteCount ? .tooLong : .line(line)
    }

    /// Gives a line its number among this connection's.
    mutating func open() -> AnswerToken {
        answers.append(nil)
        return AnswerToken(connection: connection, line: firstUnanswered + UInt64(answers.count - 1))
    }

    /// Answers a line; what is answered in a row from the first goes out.
    mutating func answer(_ line: UInt64, _ bytes: [UInt8], nowMilliseconds: UInt64) {
        guard line >= firstUnanswered, let index = Int(exactly: line - firstUnanswered), index < answers.count,
            answers[index] == nil
        else { return }
        answers[index] = bytes
        if sent == output.count { progressMilliseconds = nowMilliseconds }
        var ready = 0
        while ready < answers.count, let bytes = answers[ready] {
            output.append(contentsOf: bytes)
            ready += 1
        }
        answers.removeFirst(ready)
        firstUnanswered += UInt64(ready)
    }

    /// Sends what the other end takes; a reader that takes nothing for 10 s is cut off.
    mutating func write(nowMilliseconds: UInt64) {
        guard wantsWrite else { return }
        let start = sent
        let count = output.withUnsafeBufferPointer { source -> Int in
            guard let base = source.baseAddress else { return 0 }
            return posix_socket_write(descriptor, base + start, source.count - start)
        }
        if count > 0 {
            sent += count
            progressMilliseconds = nowMilliseconds
            if sent == output.count {
                output.removeAll(keepingCapacity: true)
                sent = 0
            }
        } else if count < 0, count != -Int(POSIX_EAGAIN) {
            isBroken = true
        } else if nowMilliseconds > progressMilliseconds + IntakeClient.stalledAfterMilliseconds {
            isBroken = true
        }
    }

    /// When a stalled reader must be looked at; nil when nothing waits.
    var nextDeadline: UInt64? {
        wantsWrite ? progressMilliseconds + IntakeClient.stalledAfterMilliseconds + 1 : nil
    }
}
