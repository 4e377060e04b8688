import Foundation
import HarborsealTesting

/// A source at the agent's intake socket: one line, one answer.
final class IntakeClient {
    enum Answer: Equatable {
        case stored(LedgerReader.Place)
        case refused(String)

        var isRefused: Bool {
            if case .refused = self { return true }
            return false
        }
    }

    /// The connection ended before the answer came.
    struct Ended: Error {}

    private let stream: UnixStream

    init(_ path: String) throws {
        guard let stream = UnixStream(path) else { throw Ended() }
        self.stream = stream
    }

    /// Sends one line (its newline is added) and waits for its answer.
    func send(_ line: String, seconds: Double = 60) throws -> Answer {
        try write([line])
        return try answer(seconds: seconds)
    }

    /// Sends lines without waiting.
    func write(_ lines: [String]) throws {
        guard stream.write(lines.map { $0 + "\n" }.joined()) else { throw Ended() }
    }

    /// The next answer.
    func answer(seconds: Double = 60) throws -> Answer {
        guard let text = stream.readLine(seconds: seconds) else {
            guard stream.isAtEnd else { throw IntegrationFailure("the intake gave no answer within \(seconds) s") }
            throw Ended()
        }
        guard let reply = try? JSONDecoder().decode(Reply.self, from: Data(text.utf8)) else {
            throw IntegrationFailure("not an answer: \(text)")
        }
        if let epoch = reply.epoch, let sequence = reply.sequence { return .stored(.init(epoch: epoch, sequence: sequence)) }
        return .refused(reply.error ?? text)
    }

    private struct Reply: Decodable {
        var epoch: String?
        var sequence: UInt64?
        var error: String?
    }

    /// A line of an ordinary kind. `number` stands in its documents too, where a ledger's reader finds it again.
    static func line(source: String = "wms-1", number: Int, kind: String = "unit.packed", padding: Int = 0) -> String {
        let filler = padding == 0 ? "" : ",\"note\":\"\(String(repeating: "x", count: padding))\""
        return """
            {"source":"\(source)","number":\(number),"kind":"\(kind)","what":["parent:https://id.gs1.org/00/395212340000000175","bic:CSQU3054383"],\
            "documents":{"line":"\(source)/\(number)"\(filler)}}
            """
    }
}

/// A connected UNIX stream socket, with time-outs.
final class UnixStream {
    private let descriptor: Int32
    private var received: [UInt8] = []
    /// Whether the other end has closed.
    private(set) var isAtEnd = false

    init?(_ path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { target in
            guard path.utf8.count < target.count else { return false }
            target.copyBytes(from: path.utf8)
            return true
        }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard fits, result == 0 else { return nil }
    }

    deinit { close(descriptor) }

    func write(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// The next line without its newline; nil at the end of the stream or of the time.
    func readLine(seconds: Double) -> String? {
        let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                defer { received.removeFirst(end + 1) }
                return String(decoding: received[..<end], as: UTF8.self)
            }
            guard read(until: deadline) else { return nil }
        }
    }

    /// Everything up to the end of the stream.
    func readAll(seconds: Double) -> String {
        let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
        while read(until: deadline) {}
        return String(decoding: received, as: UTF8.self)
    }

    private func read(until deadline: ContinuousClock.Instant) -> Bool {
        let left = Int32(max(0, ContinuousClock.now.duration(to: deadline) / .milliseconds(1)))
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, left) == 1 else { return false }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else {
            isAtEnd = true
            return false
        }
        received += bytes[..<count]
        return true
    }
}
