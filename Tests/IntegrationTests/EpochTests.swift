import Foundation
import Testing

/// Journals that are lost, old or cloned, against a live node (wire-format.md, sections 2, 4 and 6).
@Suite(.serialized, .timeLimit(.minutes(5)))
struct EpochTests {
    private let alliance: Alliance
    private let broker: RunningBroker
    private let node: RunningNode

    init() throws {
        alliance = try Alliance.ofOneNode()
        broker = try RunningBroker(alliance)
        node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
    }

    private func newAgent(cloneOf other: RunningAgent? = nil) throws -> RunningAgent {
        try RunningAgent(alliance, brokerPorts: [broker.port], cloneOf: other)
    }

    /// Feeds lines; each is acknowledged when this returns.
    private func feed(_ agent: RunningAgent, _ numbers: ClosedRange<Int>, source: String = "wms-1") throws {
        let client = try agent.intake()
        for number in numbers {
            let answer = try client.send(IntakeClient.line(source: source, number: number))
            guard case .stored = answer else { throw IntegrationFailure("line \(number): \(answer)") }
        }
    }

    private func names(_ numbers: ClosedRange<Int>, source: String = "wms-1") -> Set<String> {
        Set(numbers.map { "\(source)/\($0)" })
    }

    /// What holds whatever happens: no event twice in an epoch, one leaf hash a line, an unbroken chain.
    private func checkLedger(_ ledger: LedgerReader, _ agent: RunningAgent, lines: Set<String>) {
        let leaves = ledger.leaves(of: agent.gateway)
        #expect(Set(leaves.keys) == lines)
        #expect(leaves.allSatisfy { $0.value.count == 1 }, "a line is one event, with the same bytes in every epoch")
        #expect(ledger.doubled(of: agent.gateway).isEmpty)
        #expect(ledger.holes(of: agent.gateway).isEmpty)
        #expect(ledger.brokenLinks(of: agent.gateway).isEmpty)
    }

    /// Why each epoch began, as `agent.started` in it says.
    private func causes(_ ledger: LedgerReader, _ agent: RunningAgent, epoch: String) -> [String] {
        ledger.events(of: agent.gateway).filter { $0.place.epoch == epoch }.compactMap { $0.event.fields?["cause"] }
    }

    @Test("a lost journal begins an epoch that names the newest statement of the node")
    func journalLost() throws {
        let agent = try newAgent()
        try agent.start()
        try feed(agent, 1...10)
        try agent.waitUntilReceipted()
        agent.kill()
        let before = try node.ledger()
        let end = try #require(before.statements(of: agent.gateway).last)
        try FileManager.default.removeItem(atPath: agent.journal)
        try agent.start()
        try feed(agent, 11...20)
        try agent.waitUntilReceipted()
        let ledger = try node.ledger()
        #expect(ledger.epochs(of: agent.gateway).count == 2)
        let opening = try #require(ledger.statements(of: agent.gateway).first { $0.epoch != end.epoch })
        #expect(opening.first == 0 && opening.previous == end.hash)
        checkLedger(ledger, agent, lines: names(1...20))
        #expect(node.conflictCount == 0)
    }

    @Test("an old image of the journal begins an epoch that names the newest statement, and brings its events there once each")
    func imageRestored() throws {
        let agent = try newAgent()
        try agent.start()
        try feed(agent, 1...5)
        try agent.waitUntilReceipted()
        // Stored and signed, without a quorum when the image is taken.
        broker.kill()
        try feed(agent, 6...11)
        agent.kill()
        let image = agent.folder.file("image")
        try FileManager.default.copyItem(atPath: agent.journal, toPath: image)
        try broker.start()
        try agent.start()
        try feed(agent, 12...20)
        try agent.waitUntilReceipted()
        agent.kill()
        let end = try #require(try node.ledger().statements(of: agent.gateway).last)
        try FileManager.default.removeItem(atPath: agent.journal)
        try FileManager.default.copyItem(atPath: image, toPath: agent.journal)
        try agent.start()
        try feed(agent, 21...25)
        try agent.waitUntilReceipted()
        #expect(agent.status?.concerns?.contains { $0.text.contains("an old image was restored") } == true)
        let ledger = try node.ledger()
        let epochs = ledger.epochs(of: agent.gateway)
        #expect(epochs.count == 2 && epochs.first == end.epoch)
        let opening = try #require(ledger.statements(of: agent.gateway).first { $0.epoch != end.epoch })
        #expect(opening.first == 0 && opening.previous == end.hash)
        #expect(causes(ledger, agent, epoch: opening.epoch) == ["rollback"])
        checkLedger(ledger, agent, lines: names(1...25))
        // What had its quorum stays where it is; the rest of the image and what came after it are in the new epoch. Some of 6 to 11 may
        // have got their receipts again before the node showed that the image is old.
        let again = ledger.events(of: agent.gateway).filter { $0.place.epoch == opening.epoch }.compactMap { $0.event.documents?["line"] }
        #expect(names(21...25).isSubset(of: again) && names(6...11).union(names(21...25)).isSuperset(of: again), "\(again)")
        #expect(node.conflictCount == 0, "nothing was signed before the node had shown what it has")
    }

    @Test("of two clones at work at once every event reaches the ledger once, each epoch linked, and people are told")
    func clones() throws {
        let one = try newAgent()
        try one.start()
        try feed(one, 1...5, source: "one")
        try one.waitUntilReceipted()
        let other = try newAgent(cloneOf: one)
        try FileManager.default.copyItem(atPath: one.journal, toPath: other.journal)
        try other.start()
        // Both write on from the same statement, and take the link from each other.
        for round in 0..<4 {
            try feed(one, (6 + 5 * round)...(10 + 5 * round), source: "one")
            try feed(other, (1 + 5 * round)...(5 + 5 * round), source: "other")
            usleep(500_000)
        }
        var told = tellings(one) + tellings(other)
        // Each alone comes to an end.
        other.kill()
        // Its second change of epoch waits a minute, in case the other clone is still there.
        try one.waitUntilReceipted(seconds: 120)
        told += tellings(one)
        one.kill()
        try other.start()
        try other.waitUntilReceipted(seconds: 120)
        told += tellings(other)
        let ledger = try node.ledger()
        checkLedger(ledger, one, lines: names(1...25, source: "one").union(names(1...20, source: "other")))
        #expect(ledger.epochs(of: one.gateway).count >= 2)
        #expect(!told.isEmpty || node.conflictCount > 0, "an operator learns of it: at a clone, or as a conflict at the node")
    }

    @Test("two clones that signed apart: the second meets a conflict, says so, and its events reach the ledger in an epoch of their own")
    func signedApart() throws {
        let one = try newAgent()
        try one.start()
        try feed(one, 1...5, source: "one")
        try one.waitUntilReceipted()
        one.kill()
        let other = try newAgent(cloneOf: one)
        try FileManager.default.copyItem(atPath: one.journal, toPath: other.journal)
        // Without a broker both go on signing at the same place after 10 s.
        broker.kill()
        try one.start()
        try feed(one, 6...10, source: "one")
        // More than the first one will ever sign: what the node shows is then no newer statement but another one for the same place.
        try other.start()
        try feed(other, 6...30, source: "other")
        for agent in [one, other] {
            try wait(until: "a signature", instead: { agent.tail }) { agent.status.map { $0.journal.signed == $0.journal.events } ?? false }
            agent.kill()
        }
        try broker.start()
        try one.start()
        try one.waitUntilReceipted(seconds: 40)
        one.kill()
        try other.start()
        try other.waitUntilReceipted(seconds: 40)
        #expect(tellings(other).contains { $0.contains("conflict") } || node.conflictCount > 0)
        let ledger = try node.ledger()
        #expect(ledger.epochs(of: one.gateway).count == 2)
        let opening = try #require(ledger.statements(of: one.gateway).last { $0.first == 0 })
        #expect(causes(ledger, other, epoch: opening.epoch) == ["conflict"])
        checkLedger(ledger, one, lines: names(1...10, source: "one").union(names(6...30, source: "other")))
    }

    private func tellings(_ agent: RunningAgent) -> [String] {
        agent.status?.concerns?.map(\.text).filter { $0.contains("another") } ?? []
    }
}
