import Testing

extension BrokersAndNodes {
    /// Brokers and nodes that are away: nothing is lost, nothing is doubled, and `status` says why nothing moves.
    @Suite struct Outages {
        @Test("a broker absent at start, killed and restarted: every event arrives, once")
        func brokerComesAndGoes() throws {
            let alliance = try Self.alliance.get()
            let broker = try RunningBroker(alliance)
            let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
            broker.kill()
            let agent = try RunningAgent(alliance, brokerPorts: [broker.port])
            try agent.start()
            let journey = try Journey(agent)
            try journey.feed(20)
            let absent = try agent.waitForReport("the cause of no connection", seconds: 10) {
                $0.text("link", "cause").contains("refused")
            }
            #expect(absent.number("journal", "quorum") == 0 && !absent.concerns("link").isEmpty)
            try broker.start()
            try agent.waitUntilReceipted(seconds: 40)
            try journey.feed(10)
            broker.kill()
            try journey.feed(10)
            try broker.start()
            try journey.feed(10)
            try agent.waitUntilReceipted(seconds: 40)
            try journey.expectEverything(once: 50, in: node)
        }

        @Test("a PUBACK without a node listening frees nothing, and status names the cause")
        func nobodyListens() throws {
            let alliance = try Self.alliance.get()
            let broker = try RunningBroker(alliance)
            let agent = try RunningAgent(alliance, brokerPorts: [broker.port])
            try agent.start()
            let journey = try Journey(agent)
            try journey.feed(5)
            // After 10 s without nodes it signs; MQTT 5 tells with the PUBACK that nobody subscribes.
            let alone = try agent.waitForReport("no node listens", seconds: 60) { !$0.concerns("no-node").isEmpty }
            #expect(alone.number("link", "acknowledged") > 0 && alone.number("journal", "quorum") == 0)
            #expect(try agent.command("status", "--no-colour").output.contains("no node listens"))

            let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
            try agent.waitUntilReceipted(seconds: 30)
            try agent.waitForReport("no concern", seconds: 10) { $0.number("agent", "concern-count") == 0 }

            // The broker keeps this node's session and queues for it: only the missing receipts tell.
            node.stop()
            let quorum = try agent.report().number("journal", "quorum")
            try journey.feed(5)
            let waiting = try agent.waitForReport("no node listens any more", seconds: 60) { !$0.concerns("no-node").isEmpty }
            #expect(waiting.number("journal", "quorum") == quorum && waiting.number("journal", "unreceipted") >= 5)
            try node.start()
            try agent.waitUntilReceipted(seconds: 30)
            try journey.expectEverything(once: 10, in: node)
        }

        @Test("MQTT 3.1.1 gives no reasons: the missing receipts tell within a minute")
        func nobodyListensToAnOldVersion() throws {
            let alliance = try Self.alliance.get()
            let broker = try RunningBroker(alliance)
            let agent = try RunningAgent(alliance, brokerPorts: [broker.port], settings: RunningAgent.quick + ["link.mqtt-version=3.1.1"])
            try agent.start()
            try Journey(agent).feed(5)
            let alone = try agent.waitForReport("no node listens", seconds: 60) { !$0.concerns("no-node").isEmpty }
            #expect(alone.text("link", "mqtt") == "3.1.1" && alone.number("link", "acknowledged") > 0)
            #expect(alone.number("journal", "quorum") == 0)
        }

        private static let alliance = Result { try Alliance(name: "gba-outages", nodes: ["hk-1"], quorum: 1) }
    }
}
