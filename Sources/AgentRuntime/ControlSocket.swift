internal import AttestationFormat
internal import CPosixShims

/// The socket of `status`, `doctor` and `journal`: one question a connection, one answer, and the connection ends.
///
/// A question is a line; `take N` is followed by N bytes.
final class ControlSocket {
    /// Most people who ask at once. Further ones wait in the kernel.
    static let clientCapacity = 8
    /// Longest line: `carry`, a sequence of 20 digits, and the line end fit twice.
    static let lineByteCount = 64
    /// Most bytes behind a line: the largest reply is a trust file, with its topic.
    static let bodyByteCount = Limits.nodeMessageByteCount + CarriedMessage.topicByteLimit + 16
    /// A client that neither asks nor reads is dropped after this.
    static let patienceMilliseconds: UInt64 = 5_000
    /// One that has said nothing yet, after this: others wait for its place, and who asks does so at once.
    static let silenceMilliseconds: UInt64 = 500

    typealias Answer = (_ line: UTF8Text, _ body: ArraySlice<UInt8>, _ isOwner: Bool) -> [UInt8]

    private struct Client {
        let descriptor: Int32
        let sinceMilliseconds: UInt64
        var question: [UInt8] = []
        /// Where the line ends, once it has come, and where the whole question does.
        var lineEnd: Int?
        var end = 0
        var answer: [UInt8] = []
        var writtenCount = 0
        var isAnswered = false

        /// When it is dropped, monotonic ms.
        var deadlineMilliseconds: UInt64 {
            let isSilent = question.isEmpty && !isAnswered
            return sinceMilliseconds &+ (isSilent ? ControlSocket.silenceMilliseconds : ControlSocket.patienceMilliseconds)
        }
    }

    private let listener: Int32
    private var clients: [Client] = []

    /// Listens at `path` with exactly this mode; `nil` with the errno if that fails.
    init?(path: UTF8Text, mode: UInt32, error: inout Int32) {
        let result = path.withCText { posix_unix_listen($0, mode, 8) }
        guard result >= 0 else {
            error = -result
            return nil
        }
        listener = result
    }

    deinit {
        for client in clients { posix_socket_close(client.descriptor) }
        posix_socket_close(listener)
    }

    func appendEntries(to entries: inout [posix_poll_entry]) {
        if clients.count < Self.clientCapacity {
            entries.append(posix_poll_entry(descriptor: listener, events: Int16(POSIX_POLL_IN), revents: 0))
        }
        for client in clients {
            let events = client.isAnswered ? Int16(POSIX_POLL_OUT) : Int16(POSIX_POLL_IN)
            entries.append(posix_poll_entry(descriptor: client.descriptor, events: events, revents: 0))
        }
    }

    /// When an idle client is dropped; `nil` if there is none.
    var deadlineMilliseconds: UInt64? {
        var earliest: UInt64?
        for client in clients { earliest = min(earliest ?? .max, client.deadlineMilliseconds) }
        return earliest
    }

    /// Accepts, reads, answers and closes, without ever waiting.
    ///
    /// - Parameter answer: gives the answer to a line and what follows it; `isOwner`: root or the agent's own user asks, not only a member
    ///   of the socket's group.
    func serve(nowMilliseconds: UInt64, answer: Answer) {
        while clients.count < Self.clientCapacity {
            let descriptor = posix_socket_accept(listener)
            guard descriptor >= 0 else { break }
            clients.append(Client(descriptor: descriptor, sinceMilliseconds: nowMilliseconds))
        }
        var index = 0
        while index < clients.count {
            let isLate = nowMilliseconds > clients[index].deadlineMilliseconds
            if isLate || !advance(index, answer) {
                posix_socket_close(clients[index].descriptor)
                clients.remove(at: index)
            } else {
                index += 1
            }
        }
    }

    /// Goes on with one client; `false` when it is finished or gone.
    private func advance(_ index: Int, _ answer: Answer) -> Bool {
        if !clients[index].isAnswered {
            guard readQuestion(index) else { return false }
            guard let lineEnd = clients[index].lineEnd, clients[index].question.count >= clients[index].end else { return true }
            let question = clients[index].question
            guard let line = UTF8Text(validating: Array(question[..<lineEnd])) else { return false }
            clients[index].answer = answer(
                line, question[(lineEnd + 1)..<clients[index].end], Self.isOwner(clients[index].descriptor))
            clients[index].question = []
            clients[index].isAnswered = true
        }
        while clients[index].writtenCount < clients[index].answer.count {
            let rest = clients[index].answer[clients[index].writtenCount...]
            let count = rest.withUnsafeBufferPointer {
                posix_socket_write(clients[index].descriptor, $0.baseAddress, $0.count)
            }
            if count <= 0 { return count == -ErrorNumber.tryAgain }
            clients[index].writtenCount += count
        }
        return false
    }

    private static func isOwner(_ descriptor: Int32) -> Bool {
        var peer = posix_peer()
        return posix_socket_peer(descriptor, &peer) == 0 && (peer.user_id == 0 || peer.user_id == posix_user_id())
    }

    /// Takes what has come; `false` when the client is gone or asks for too much.
    private func readQuestion(_ index: Int) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = posix_socket_read(clients[index].descriptor, &bytes, bytes.count)
            if count == -ErrorNumber.tryAgain { return true }
            guard count > 0 else { return false }
            clients[index].question.append(contentsOf: bytes[..<count])
            if clients[index].lineEnd == nil, !findLine(index) { return false }
            guard clients[index].question.count <= max(clients[index].end, Self.lineByteCount) else { return false }
            if clients[index].lineEnd != nil, clients[index].question.count == clients[index].end { return true }
        }
    }

    /// Whether the line can still become one; once it is whole, how much follows it is known.
    private func findLine(_ index: Int) -> Bool {
        let question = clients[index].question
        guard let lineEnd = question.firstIndex(of: UInt8(ascii: "\n")) else { return question.count < Self.lineByteCount }
        guard lineEnd < Self.lineByteCount, let line = UTF8Text(validating: Array(question[..<lineEnd])) else { return false }
        let body = line.number(after: "take ") ?? 0
        guard body <= UInt64(Self.bodyByteCount) else { return false }
        clients[index].lineEnd = lineEnd
        clients[index].end = lineEnd + 1 + Int(body)
        return true
    }
}

extension UTF8Text {
    /// The decimal number that is all that follows a word; `nil` for anything else, and for more than 18 digits.
    func number(after word: UTF8Text) -> UInt64? {
        guard hasPrefix(word), byteCount > word.byteCount, byteCount <= word.byteCount + 18 else { return nil }
        var value: UInt64 = 0
        for byte in bytes[word.byteCount...] {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + UInt64(byte - UInt8(ascii: "0"))
        }
        return value
    }
}

/// The errno values that are branched on; the same on x86, ARM and RISC-V Linux.
enum ErrorNumber {
    static let notPermitted: Int32 = 1
    static let notFound = 2
    static let inputOutput: Int32 = 5
    static let tryAgain = 11
    static let readOnly: Int32 = 30
    static let connectionRefused = 111
}
