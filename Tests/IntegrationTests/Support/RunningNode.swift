import Foundation
import HarborsealTesting

/// `harborseal node serve` of one node of an alliance. May be stopped and started again with its ledger.
final class RunningNode {
    let name: String
    let alliance: Alliance
    let httpPort: UInt16
    private let folder: ScratchFolder
    private var process: ChildProcess?

    /// - Parameter brokerPorts: where it connects with TLS; a hostile broker's port stands here too.
    init(_ alliance: Alliance, _ name: String, brokerPorts: [UInt16]) throws {
        self.alliance = alliance
        self.name = name
        httpPort = try LoopbackPort.free()
        folder = try ScratchFolder(named: "hs-node")
        let keys = alliance.nodeFolder(name)
        try """
            [node]
            alliance = \(alliance.name)
            name = \(name)
            key = \(keys)/receipt.key
            trust = \(alliance.trustFile)
            data = \(folder.path)

            [ledger]
            integrate-interval = 20 ms

            [limits]
            gateway-rate = 0

            [link]
            brokers = \(brokerPorts.map { "localhost:\($0)" }.joined(separator: ", "))
            ca = \(alliance.linkAuthority)
            certificate = \(keys)/link.crt
            key = \(keys)/link.key

            [http]
            port = \(httpPort)

            """.write(toFile: folder.file("node.conf"), atomically: false, encoding: .utf8)
        try start()
    }

    deinit { kill() }

    /// Returns at once.
    @discardableResult
    func launch() throws -> ChildProcess {
        let child = try ChildProcess(
            [try Programs.harborseal, "node", "serve", "--config", folder.file("node.conf")], logFile: folder.file("log"))
        process = child
        return child
    }

    /// Returns when it is connected to its broker.
    func start() throws {
        let child = try launch()
        try wait(until: "node \(name) connected", seconds: 30, everyMilliseconds: 50, instead: { child.log }) {
            guard child.isRunning else { throw IntegrationFailure("node \(name) ended: \(child.log)") }
            return metric("harborseal_brokers_connected") ?? 0 > 0 && metric("harborseal_ready") == 1
        }
    }

    /// SIGTERM, or SIGKILL after a minute.
    func stop() {
        process?.terminate()
        process = nil
    }

    func kill() {
        process?.kill()
        process = nil
    }

    /// SIGHUP: it looks at its trust file now, and not within five seconds.
    func reload() { process?.signal(SIGHUP) }

    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }
    var ledgerFile: String { folder.file("ledger.sqlite") }
    var url: String { "http://127.0.0.1:\(httpPort)" }

    /// The body of a page; nil when it does not answer with 200.
    func page(_ path: String) -> String? {
        try? ChildProcess.run(["/usr/bin/curl", "-sf", "-m", "60", url + path])
    }

    /// A line of `/metrics`, for example `harborseal_refusals_total{code="6",reason="conflict"}`.
    func metric(_ name: String) -> Int? {
        let line = page("/metrics")?.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Int($0.dropFirst(name.count + 1)) }
    }

    /// How many conflicts it has refused.
    var conflictCount: Int { metric("harborseal_refusals_total{code=\"6\",reason=\"conflict\"}") ?? -1 }

    func ledger() throws -> LedgerReader { try LedgerReader(ledgerFile) }
}
