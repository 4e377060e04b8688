import Foundation

/// Everything that `harborseal-agent status --json` says, by section and name.
struct AgentReport {
    private let sections: [String: Any]

    init(_ json: String) throws {
        guard let sections = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] else {
            throw IntegrationFailure("no JSON object: \(json)")
        }
        self.sections = sections
    }

    func number(_ section: String, _ name: String) -> Int { (sections[section] as? [String: Any])?[name] as? Int ?? -1 }
    func text(_ section: String, _ name: String) -> String { (sections[section] as? [String: Any])?[name] as? String ?? "" }

    /// A number of one node's section; -1 where it is missing.
    func number(ofNode node: String, _ name: String) -> Int { number("nodes", node, name) }

    /// A number of one item of a list; -1 where it is missing.
    func number(_ section: String, _ item: String, _ name: String) -> Int {
        let items = sections[section] as? [[String: Any]] ?? []
        return items.first { $0["name"] as? String == item }?[name] as? Int ?? -1
    }

    /// The texts of all concerns with this code.
    func concerns(_ code: String) -> [String] {
        let concerns = sections["concerns"] as? [[String: Any]] ?? []
        return concerns.filter { $0["name"] as? String == code }.compactMap { $0["text"] as? String }
    }
}

extension RunningAgent {
    /// What the agent's own program prints for `status --json`.
    func report() throws -> AgentReport { try AgentReport(command("status", "--json").output) }

    /// One of the agent's commands with this gateway's configuration, run to its end: exit code, and what it printed.
    func command(_ words: String...) throws -> (code: Int32, output: String) {
        try AgentCommand.run(words + ["--config", configuration])
    }

    /// Waits until the report satisfies `condition`, and returns it; its absence fails with the latest concerns.
    @discardableResult
    func waitForReport(_ what: String, seconds: Double = 60, _ condition: (AgentReport) -> Bool) throws -> AgentReport {
        try wait(
            for: what, seconds: seconds, everyMilliseconds: 50,
            instead: { "status: \((try? command("status", "--no-colour").output) ?? "none"); \(tail)" }
        ) {
            let report = try report()
            return condition(report) ? report : nil
        }
    }

    /// Changes the configuration file; the agent reads it at its next start.
    func reconfigure(_ old: String, _ new: String) throws {
        let text = try String(contentsOfFile: configuration, encoding: .utf8)
        guard text.contains(old) else { throw IntegrationFailure("agent.conf does not contain \(old)") }
        try text.replacingOccurrences(of: old, with: new).write(toFile: configuration, atomically: false, encoding: .utf8)
    }

    /// Plain MQTT, as only `insecure = true` allows it: whatever it reaches is free to do as it likes.
    func connectPlainly() throws {
        try reconfigure("ca = \(keys)/link-ca.crt\ncertificate = \(keys)/link.crt\nkey = \(keys)/link.key\n", "insecure = true\n")
    }
}

/// The agent's program as a person calls it.
enum AgentCommand {
    static func run(_ words: [String]) throws -> (code: Int32, output: String) {
        let folder = try ScratchFolder(named: "hs-command")
        let child = try ChildProcess([try Programs.agent] + words, logFile: folder.file("output"))
        guard case .exited(let code)? = child.waitUntilEnded(seconds: 120) else {
            throw IntegrationFailure("harborseal-agent \(words.joined(separator: " ")): not done after 30 s\n\(child.log)")
        }
        return (code, child.log)
    }
}
