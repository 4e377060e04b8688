import Testing

/// Tests that start brokers and nodes run one after another: two cores serve all of them.
@Suite(.serialized) enum BrokersAndNodes {}

/// Numbered events fed to one agent, and what must have become of them.
final class Journey {
    private let agent: RunningAgent
    private var fedCount = 0

    init(_ agent: RunningAgent) throws { self.agent = agent }

    /// Feeds more lines and waits until each is acknowledged as durable.
    func feed(_ count: Int, padding: Int = 0) throws {
        let intake = try agent.intake()
        for _ in 0..<count {
            fedCount += 1
            guard case .stored = try intake.send(IntakeClient.line(number: fedCount, padding: padding)) else {
                throw IntegrationFailure("line \(fedCount) was refused: \(agent.tail)")
            }
        }
    }

    /// The node's ledger holds exactly the lines fed, each once, without a hole; it saw no conflict and marked nobody.
    func expectEverything(once count: Int, in node: RunningNode, sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(fedCount == count, sourceLocation: sourceLocation)
        let ledger = try node.ledger()
        let lines = ledger.events(of: agent.gateway).compactMap { $0.event.documents?["line"] }
        #expect(lines.sorted() == (0..<count).map { "wms-1/\($0 + 1)" }.sorted(), sourceLocation: sourceLocation)
        #expect(ledger.doubled(of: agent.gateway).isEmpty && ledger.holes(of: agent.gateway).isEmpty, sourceLocation: sourceLocation)
        #expect(node.conflictCount == 0, sourceLocation: sourceLocation)
        #expect(try node.markedSigners().isEmpty, sourceLocation: sourceLocation)
    }
}

extension RunningNode {
    /// Issuers that the node keeps evidence of a fork against: read with Debian's sqlite3, not with our program.
    func markedSigners() throws -> [String] {
        let script = """
            import sqlite3, sys
            database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
            for row in database.execute("SELECT issuer FROM signers WHERE marked OR id IN (SELECT signer FROM conflicts)"): print(row[0])
            """
        return try ChildProcess.run([try Programs.python, "-c", script, ledgerFile]).split(separator: "\n").map(String.init)
    }
}
