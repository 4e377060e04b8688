internal import AttestationFormat
internal import CPosixShims

/// The socket that `status` talks to: one short question a connection, one answer, and the connection ends.
final class ControlSocket {
    /// Most people who ask at once. Further ones wait in the kernel.
    static let clientCapacity = 8
    /// Longest question: `status colour` and its line end.
    static let questionByteCount = 64
    /// A client that neither asks nor reads is dropped after this.
    static let patienceMilliseconds: UInt64 = 5_000

    private struct Client {
        let descriptor: Int32
        let sinceMilliseconds: UInt64
        var question: [UInt8] = []
        var answer: [UInt8] = []
        var writtenCount = 0
        var isAnswered = false
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
    var deadlineMilliseconds: UInt64? { clients.first.map { $0.sinceMilliseconds &+ Self.patienceMilliseconds } }

    /// Accepts, reads, answers and closes, without ever waiting.
    func serve(nowMilliseconds: UInt64, answer: ([UInt8]) -> [UInt8]) {
        while clients.count < Self.clientCapacity {
            let descriptor = posix_socket_accept(listener)
            guard descriptor >= 0 else { break }
            clients.append(Client(descriptor: descriptor, sinceMilliseconds: nowMilliseconds))
        }
        var index = 0
        while index < clients.count {
            let isLate = nowMilliseconds &- clients[index].sinceMilliseconds > Self.patienceMilliseconds
            if isLate || !advance(index, answer) {
                posix_socket_close(clients[index].descriptor)
                clients.remove(at: index)
            } else {
                index += 1
            }
        }
    }

    /// Goes on with one client; `false` when it is finished or gone.
    private func advance(_ index: Int, _ answer: ([UInt8]) -> [UInt8]) -> Bool {
        if !clients[index].isAnswered {
            guard readQuestion(index) else { return false }
            guard let end = clients[index].question.firstIndex(of: UInt8(ascii: "\n")) else { return true }
            clients[index].answer = answer(Array(clients[index].question[..<end]))
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

    private func readQuestion(_ index: Int) -> Bool {
        var bytes = [UInt8](repeating: 0, count: Self.questionByteCount)
        let count = posix_socket_read(clients[index].descriptor, &bytes, bytes.count)
        if count == -ErrorNumber.tryAgain { return true }
        guard count > 0 else { return false }
        clients[index].question.append(contentsOf: bytes[..<count])
        return clients[index].question.count <= Self.questionByteCount
    }
}

/// The errno values that are branched on; the same on x86, ARM and RISC-V Linux.
enum ErrorNumber {
    static let notFound = 2
    static let tryAgain = 11
    static let connectionRefused = 111
}
