import Foundation

/// A real mosquitto on loopback with a configuration file, and its clients with certificates.
final class RealBroker {
    static let isPresent = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto_pub", "/usr/bin/mosquitto_sub"]
        .allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }

    let port: Int
    private let process: Process
    private let log: String

    init(configuration: String, port: Int, log: String) throws {
        self.port = port
        self.log = log
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/mosquitto")
        process.arguments = ["-c", configuration]
        process.standardError = FileHandle(forWritingAtPath: log)
        process.standardOutput = FileHandle.nullDevice
        try process.runHearingSignals()
        for _ in 0..<1_200 where process.isRunning && !isListening { usleep(50_000) }
    }

    deinit { stop() }

    func stop() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    var isRunning: Bool { process.isRunning }
    var processIdentifier: Int32 { process.processIdentifier }
    var logText: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    func reload() { kill(process.processIdentifier, SIGHUP) }

    private var isListening: Bool {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(probe) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        } == 0
    }
}

extension Process {
    /// Starts the program with no signal blocked. The threads of tests block them all, children inherit that, and then
    /// neither a time-out's SIGALRM nor a reload's SIGHUP is heard.
    func runHearingSignals() throws {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}

/// Someone with a key and a certificate.
struct BrokerClient {
    var port: Int
    var authority: String
    /// Path of certificate and key without `.crt` and `.key`; nil: none is shown.
    var identity: String?

    private func arguments(_ own: [String]) -> [String] {
        var all = ["-h", "localhost", "-p", "\(port)", "--cafile", authority, "-q", "1"]
        if let identity { all += ["--cert", "\(identity).crt", "--key", "\(identity).key"] }
        return all + own
    }

    /// Publishes and waits for the broker's acknowledgement; the exit code.
    @discardableResult
    func publish(_ topic: String, _ message: String, more: [String] = []) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/mosquitto_pub")
        process.arguments = arguments(["-t", topic, "-m", message] + more)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runHearingSignals()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Subscribes, waits until the broker has confirmed it, and collects `count` messages as `topic payload`.
    func subscribe(_ filters: [String], count: Int, timeoutSeconds: Int = 60, more: [String] = []) throws -> Subscription {
        try Subscription(
            arguments: arguments(
                filters.flatMap { ["-t", $0] } + ["-C", "\(count)", "-W", "\(timeoutSeconds)", "-F", "%t %p", "-d"] + more))
    }
}

/// A running mosquitto_sub.
final class Subscription {
    private let process = Process()
    private let output = Pipe()
    private let early: String

    init(arguments: [String]) throws {
        // Into a pipe its output is buffered by blocks, unless stdbuf asks for lines.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/stdbuf")
        process.arguments = ["-oL", "/usr/bin/mosquitto_sub"] + arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.runHearingSignals()
        var text = ""
        // Debug output says when the broker has confirmed the subscription.
        while !text.contains("Subscribed (mid"), case let chunk = output.fileHandleForReading.availableData, !chunk.isEmpty {
            text += String(decoding: chunk, as: UTF8.self)
        }
        early = text
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// The messages that came, when all or the time-out have.
    func messages() -> [String] {
        let text = early + String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: "\n").filter { $0.hasPrefix("hs/") }.map(String.init)
    }
}
