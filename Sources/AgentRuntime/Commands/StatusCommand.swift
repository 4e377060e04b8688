internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import ConfigurationFile

/// `status`: asks the running agent, and prints what it says.
enum StatusCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        let configuration: AgentConfiguration
        do throws(ConfigurationProblems) {
            configuration = try arguments.configuration()
        } catch {
            Output.complain(error.message.string)
            return error.exitCode
        }
        let isColourful = arguments.wantsColour ?? posix_is_terminal(1)
        let question: StaticString =
            arguments.wantsJSON ? "status json\n" : isColourful ? "status colour\n" : "status text\n"
        do throws(SetupError) {
            Output.write(try ControlQuestion(configuration).ask(Array(question.description.utf8)))
            return .success
        } catch {
            Output.complain(error.text)
            return error.code
        }
    }

    /// Says why a socket of the agent could not be reached.
    static func notReached(_ path: UTF8Text, error: Int32) -> SetupError {
        if Int(error) == ErrorNumber.notFound || Int(error) == ErrorNumber.connectionRefused {
            return SetupError(.notRunning, "the agent is not running (nobody listens at \(path.string)): start it with harborseal-agent run")
        }
        return SetupError(.noPermission, "\(path.string): \(SystemWords.of(error)): run this as a member of the socket's group")
    }
}

/// A short conversation with a socket of the running agent, with patience of ten seconds.
struct SocketClient: ~Copyable {
    private static let patienceMilliseconds: Int32 = 10_000
    private var descriptor: Int32 = -1

    init() {}

    deinit { if descriptor >= 0 { _ = posix_socket_close(descriptor) } }

    /// 0 or a negated errno.
    mutating func connect(_ path: UTF8Text) -> Int32 {
        let result = path.withCText { posix_unix_connect($0) }
        guard result >= 0 else { return result }
        descriptor = result
        return 0
    }

    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let rest = Array(bytes[sent...])
            let count = posix_socket_write(descriptor, rest, rest.count)
            if count == -ErrorNumber.tryAgain {
                guard wait(POSIX_POLL_OUT) else { return false }
            } else if count <= 0 {
                return false
            } else {
                sent += count
            }
        }
        return true
    }

    /// Everything until the other end closes.
    func receiveAll(limit: Int) -> [UInt8] { receive(limit: limit) { _ in false } }

    /// The next line, without its end; empty when the other end closed first.
    func receiveLine(limit: Int) -> [UInt8] {
        let bytes = receive(limit: limit) { $0.contains(UInt8(ascii: "\n")) }
        return bytes.firstIndex(of: UInt8(ascii: "\n")).map { Array(bytes[..<$0]) } ?? []
    }

    private func receive(limit: Int, until isComplete: ([UInt8]) -> Bool) -> [UInt8] {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while all.count < limit, !isComplete(all) {
            let count = posix_socket_read(descriptor, &chunk, chunk.count)
            if count == -ErrorNumber.tryAgain {
                guard wait(POSIX_POLL_IN) else { break }
            } else if count <= 0 {
                break
            } else {
                all.append(contentsOf: chunk[..<count])
            }
        }
        return all
    }

    private func wait(_ events: Int32) -> Bool {
        var entry = posix_poll_entry(descriptor: descriptor, events: Int16(events), revents: 0)
        return posix_poll(&entry, 1, Self.patienceMilliseconds) > 0
    }
}
