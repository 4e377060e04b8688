import Foundation

/// What `doctor --json` said.
struct Diagnosis {
    struct Finding: Decodable {
        let level: String
        let check: String
        let item: String
        let value: String
        let advice: String
    }
    private struct Document: Decodable {
        let worst: String
        let findings: [Finding]
    }

    let code: Int32
    let worst: String
    let findings: [Finding]

    init(_ agent: RunningAgent, _ words: String...) throws {
        try self.init(AgentCommand.run(["doctor", "--json"] + words + ["--config", agent.configuration]))
    }

    init(_ gateway: BareGateway, _ words: [String] = [], under wrapper: [String] = []) throws {
        try self.init(gateway.command(["doctor", "--json"] + words, under: wrapper))
    }

    private init(_ result: (code: Int32, output: String)) throws {
        code = result.code
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(result.output.utf8)) else {
            throw IntegrationFailure("no findings: \(result.output)")
        }
        worst = document.worst
        findings = document.findings
    }

    /// The first finding of a check that is not ok, else the first.
    func finding(_ check: String) -> Finding? {
        let all = findings.filter { $0.check == check }
        return all.first { $0.level != "ok" } ?? all.first
    }
}
