import Foundation

/// The table in `BrokerAccess`, run by its own raw MQTT client against a mosquitto with what `harborseal alliance broker-config` writes.
///
/// To that a witness is added who may read everything, for only a delivery tells what a broker let through.
final class BrokerAccessCheck: Sendable {
    /// One case, and what went otherwise than the table says.
    struct Case: Decodable {
        let group: String
        let `case`: String
        /// `nobody`, or who hears it.
        let expected: String
        let wrong: [String]
    }

    /// A gateway's broker, its own and another firm, nodes with and without a worker, and the witness's node.
    static let alliance = Result {
        let alliance = try Alliance(name: "gba-acl", nodes: ["hk-1", "mo-1", "ear-1"], quorum: 3)
        try alliance.harborseal("alliance", "add-firm", "bolt")
        try alliance.harborseal("alliance", "add-node", "gz-1", "--url", "http://127.0.0.1:8480", "--workers", "1")
        try alliance.harborseal("alliance", "sign")
        for (firm, device) in [("acme", "gw-1"), ("acme", "gw-2"), ("bolt", "gw-1")] {
            try alliance.harborseal("device", "issue", "--firm", firm, "--device", device, "-o", "\(firm).\(device)")
        }
        return alliance
    }

    let cases: [Case]

    /// - Parameters:
    ///   - changing: what is done to the broker's folder before it starts.
    ///   - only: the groups of `check.py` to run, up to the first case that went wrong; empty: all, with a node that judges.
    init(only: [String] = [], changing: (_ brokerFolder: String) throws -> Void = { _ in }) throws {
        let alliance = try Self.alliance.get()
        let broker = try RunningBroker(alliance) { folder in
            try Self.edit(folder + "/acl") { list in
                list + "\nuser node.ear-1\n" + ["#", "$SYS/#", "$CONTROL/#", "$hs/#", "$", "$/#"].map { "topic read \($0)\n" }.joined()
            }
            try changing(folder)
        }
        let node = only.isEmpty ? try RunningNode(alliance, "hk-1", brokerPorts: [broker.port]) : nil
        let script = Programs.packageRoot + "/Tests/IntegrationTests/Support/BrokerAccess/check.py"
        let what = node.map { ["--ledger", $0.ledgerFile] } ?? ["--only"] + only
        // -B: nothing is written into the sources' folder.
        let words = [try Programs.python, "-B", script, alliance.folder.path, "\(broker.port)", broker.configurationFolder, "\(broker.processID ?? 0)"]
        let output = try ChildProcess.run(words + what)
        cases = try output.split(separator: "\n").map { try JSONDecoder().decode(Case.self, from: Data($0.utf8)) }
        node?.kill()
        broker.kill()
    }

    /// Rewrites a text file.
    static func edit(_ path: String, _ change: (String) throws -> String) throws {
        let text = try change(try String(contentsOfFile: path, encoding: .utf8))
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
}
