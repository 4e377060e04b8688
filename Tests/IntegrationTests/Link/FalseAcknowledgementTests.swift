import Testing

extension BrokersAndNodes {
    /// Three ways in which a broker takes a batch that no node will ever see.
    @Suite struct FalseAcknowledgements {
        private static let alliance = Result { try Alliance(name: "gba-false", nodes: ["hk-1"], quorum: 1) }

        /// Lines as `broker-config` writes them, and the same without the one for batches.
        private static let noBatches = ["pattern write hs/1/+/%u/hello", "pattern write hs/1/+/%u/status", "pattern read hs/1/+/%u/reply/+"]
        private static let fullAccess = noBatches + ["pattern write hs/1/+/%u/batch"]

        @Test("an ACL that denies batches: status names it, and nothing is lost when it is mended", arguments: ["5", "3.1.1"])
        func deniedByAccessList(version: String) throws {
            let alliance = try Self.alliance.get()
            let broker = try OpenBroker(alliance, plainAccess: Self.noBatches)
            let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.securePort])
            let agent = try Self.agent(alliance, broker, version)
            let journey = try Journey(agent)
            try journey.feed(10)
            // MQTT 5 has a reason code; 3.1.1 acknowledges what it throws away, and only the receipts are missing.
            let report = try agent.waitForReport("the cause", seconds: 60) {
                version == "5" ? !$0.concerns("broker-refuses").isEmpty : !$0.concerns("no-quorum").isEmpty
            }
            #expect(report.number("link", "acknowledged") > 0 && report.number("journal", "quorum") == 0)
            if version == "5" { #expect(report.concerns("broker-refuses")[0].contains("ACL")) }
            try broker.setPlainAccess(Self.fullAccess)
            try agent.waitUntilReceipted(seconds: 40)
            try journey.expectEverything(once: 10, in: node)
            #expect(try agent.report().concerns("broker-refuses").isEmpty)
        }

        @Test("batches larger than the broker takes: status names it, and nothing is lost when it is mended", arguments: [
            // Told at the connect, MQTT 5 only.
            ("max_packet_size 4000", "5", "too-large"),
            // Told with each PUBACK, MQTT 5 only.
            ("message_size_limit 4000", "5", "broker-refuses"),
            // The broker closes the connection, without a word.
            ("max_packet_size 4000", "3.1.1", "link"),
            // Acknowledged and thrown away.
            ("message_size_limit 4000", "3.1.1", "no-quorum"),
        ])
        func tooLarge(limit: String, version: String, concern: String) throws {
            let alliance = try Self.alliance.get()
            let broker = try OpenBroker(alliance, extraLines: [limit])
            let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.securePort])
            let agent = try Self.agent(alliance, broker, version, ["batches.batch-interval=500 ms", "journal.sync-interval=10 ms"])
            let journey = try Journey(agent)
            try journey.feed(8, padding: 700)
            let report = try agent.waitForReport("the concern \(concern)", seconds: 60) { !$0.concerns(concern).isEmpty }
            #expect(report.number("journal", "unreceipted") > 0)
            // Each concern has its step behind it in doctor, and what happened in front.
            let told = try Diagnosis(agent).findings.filter { $0.item == concern || $0.check == concern }
            #expect(!told.isEmpty && told.allSatisfy { !$0.advice.isEmpty && !$0.advice.contains("status shows") && !$0.value.contains($0.advice) }, "\(told)")
            try broker.remove(line: limit)
            try agent.waitUntilReceipted(seconds: 40)
            try journey.expectEverything(once: 8, in: node)
        }

        @Test("a broker that dies after its PUBACK takes the batches with it: they are published again")
        func killedAfterAcknowledging() throws {
            let alliance = try Self.alliance.get()
            let broker = try OpenBroker(alliance)
            let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.securePort])
            let agent = try Self.agent(alliance, broker, "5")
            let journey = try Journey(agent)
            try journey.feed(2)
            try agent.waitUntilReceipted()
            // From here on the broker queues for the node, acknowledges, and forgets.
            node.stop()
            try journey.feed(10)
            try agent.waitForReport("every PUBACK", seconds: 10) {
                $0.number("link", "acknowledged") == $0.number("link", "published") && $0.number("batches", "open-events") == 0
            }
            try broker.restart()
            try node.start()
            try agent.waitUntilReceipted(seconds: 40)
            try journey.expectEverything(once: 12, in: node)
        }

        private static func agent(
            _ alliance: Alliance, _ broker: OpenBroker, _ version: String, _ settings: [String] = []
        ) throws -> RunningAgent {
            let agent = try RunningAgent(
                alliance, brokerPorts: [broker.plainPort], settings: RunningAgent.quick + ["link.mqtt-version=\(version)"] + settings)
            try agent.connectPlainly()
            try agent.start()
            return agent
        }
    }
}
