import Testing

/// The wiring that every other test here stands on.
@Suite(.serialized)
struct HarnessTests {
    @Test("an event that the intake acknowledged stands in the node's ledger at the place it was told, and is receipted")
    func wholeWay() throws {
        let alliance = try Alliance.ofOneNode()
        let broker = try RunningBroker(alliance)
        let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
        let agent = try RunningAgent(alliance, brokerPorts: [broker.port])
        try agent.start()
        let answer = try agent.intake().send(IntakeClient.line(number: 1))
        try agent.waitUntilReceipted()
        let events = try node.ledger().events(of: agent.gateway)
        let place = try #require(events.first { $0.event.documents?["line"] == "wms-1/1" }, "\(answer) \(events) \(agent.tail)").place
        #expect(answer == .stored(place))
        #expect(node.conflictCount == 0)
    }
}
