import Foundation
import Testing

/// The Embedded Swift release build of the agent with a gateway of its own. May be killed, stopped and started again with its journal.
final class RunningAgent {
    let alliance: Alliance
    let device: String
    let keys: String
    let folder: ScratchFolder
    private let brokerPorts: [UInt16]
    /// `section.key=value`, given as `--set` at each start.
    var settings: [String]
    private(set) var process: ChildProcess?
    /// The program and what runs it; the release build for this machine unless a test says otherwise.
    var program: [String]?

    var gateway: String { "\(Alliance.firm).\(device)" }
    var journal: String { folder.file("journal") }
    var intakeSocket: String { folder.file("intake.sock") }
    var controlSocket: String { folder.file("control.sock") }
    var configuration: String { folder.file("agent.conf") }
    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    /// Quick batches and every event synced by itself: many crash points in a short time.
    static let quick = ["journal.sync-interval=0", "batches.batch-interval=20 ms", "link.receipt-timeout=1 s"]

    /// Writes the configuration of a new gateway; `start()` runs it.
    /// - Parameters:
    ///   - clone: another agent whose keys this one takes, with a journal of its own.
    ///   - brokerPorts: tried in turn; none: nothing is published.
    init(
        _ alliance: Alliance, brokerPorts: [UInt16], settings: [String] = RunningAgent.quick, cloneOf clone: RunningAgent? = nil
    ) throws {
        self.alliance = alliance
        self.brokerPorts = brokerPorts
        self.settings = settings
        if let clone { (device, keys) = (clone.device, clone.keys) } else { (device, keys) = try alliance.issueGateway() }
        folder = try ScratchFolder(named: "hs-agent")
        try FileManager.default.copyItem(atPath: alliance.trustFile, toPath: folder.file("alliance.hstrust"))
        let brokers = brokerPorts.isEmpty ? "" : "brokers = \(brokerPorts.map { "localhost:\($0)" }.joined(separator: ", "))\n"
        try """
            [identity]
            alliance = \(alliance.name)
            firm = \(Alliance.firm)
            device = \(device)

            [journal]
            directory = \(folder.file("journal"))

            [link]
            \(brokers)ca = \(keys)/link-ca.crt
            certificate = \(keys)/link.crt
            key = \(keys)/link.key

            [seal]
            key = \(keys)/seal.key
            certificate = \(keys)/seal.crt

            [trust]
            file = \(folder.file("alliance.hstrust"))

            [control]
            socket = \(folder.file("control.sock"))

            [source.intake]
            type = intake
            socket = \(folder.file("intake.sock"))

            """.write(toFile: configuration, atomically: false, encoding: .utf8)
    }

    deinit { kill() }

    var command: [String] {
        get throws { try (program ?? [Programs.agent]) + ["run", "--config", configuration] + settings.flatMap { ["--set", $0] } }
    }

    /// Starts it, with `wrapper` (strace and its options) in front, and returns at once.
    func launch(under wrapper: [String] = []) throws {
        process?.kill()
        process = try ChildProcess(wrapper + command, logFile: folder.file("log"))
    }

    /// Starts it and waits until its intake accepts lines.
    func start(under wrapper: [String] = []) throws {
        try launch(under: wrapper)
        try waitUntilListening()
    }

    func waitUntilListening() throws {
        try wait(until: "the agent's sockets", everyMilliseconds: 2, instead: { tail }) {
            guard let process, process.isRunning else { throw IntegrationFailure("the agent ended: \(tail)") }
            return UnixStream(intakeSocket) != nil && UnixStream(controlSocket) != nil
        }
    }

    func kill() {
        process?.kill()
        process = nil
    }

    /// SIGTERM. How it ended, and after how many milliseconds.
    @discardableResult
    func terminate() -> (ending: ChildProcess.Ending?, milliseconds: Int) {
        defer { process = nil }
        return process?.terminate() ?? (nil, 0)
    }

    func intake() throws -> IntakeClient { try IntakeClient(intakeSocket) }

    /// Its status; nil while it does not answer.
    var status: AgentStatus? {
        guard let stream = UnixStream(controlSocket), stream.write("status json\n") else { return nil }
        return try? JSONDecoder().decode(AgentStatus.self, from: Data(stream.readAll(seconds: 60).utf8))
    }

    /// The last lines of its log, for messages.
    var tail: String { log.split(separator: "\n").suffix(15).joined(separator: "\n") }

    /// Waits until everything in the journal has a quorum.
    func waitUntilReceipted(seconds: Double = 20) throws {
        try wait(
            until: "receipts for every event of \(gateway)", seconds: seconds, everyMilliseconds: 5,
            instead: { "status: \(status.map { "\($0)" } ?? "none"); \(tail)" }
        ) { status.map { $0.journal.unreceipted == 0 && $0.journal.events > 0 } ?? false }
    }
}
