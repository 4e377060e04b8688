import AttestationFormat
import DeviceCrypto
import MerkleTree
import Testing

extension BrokersAndNodes {
    /// Receipts that a stranger on the broker, or a node that lies, may send.
    @Suite struct ForgedReceipts {
        @Test("receipts from an unknown key, for another leaf, with another tree size or with held too small free nothing; the honest one does")
        func onlyTheRightOneFrees() throws {
            let alliance = try Alliance(name: "gba-forged", nodes: ["hk-1"], quorum: 1)
            let broker = try OpenBroker(alliance)
            let anybody = try PlainClient(broker.plainPort)
            let agent = try RunningAgent(alliance, brokerPorts: [broker.plainPort], settings: RunningAgent.quick + ["batches.batch-events=4"])
            try agent.connectPlainly()
            try agent.start()
            let journey = try Journey(agent)
            try journey.feed(3)
            let statement = try anybody.nextBatch(of: agent.gateway).statement
            let topic = try Self.replyTopic(agent)
            let node = try Self.forger(alliance, key: try .load(from: UTF8Text(alliance.nodeFolder("hk-1") + "/receipt.key")))
            let stranger = try Self.forger(alliance, key: try .generate())
            let forgeries = [
                try stranger.receipt(for: statement),
                try node.receipt(for: statement, leafHash: MerkleTree<SHA256>.leafHash(of: [1, 2, 3])),
                try node.receipt(for: statement, signedSize: 2),
                try node.receipt(for: statement, held: UInt64(statement.header.count) - 1),
            ]
            for forgery in forgeries { try anybody.publish(Reply.encode(first: statement.header.first, receipt: forgery), to: topic) }
            let report = try agent.waitForReport("the forgeries to be listed") {
                $0.number(ofNode: "hk-1", "rejected-receipts") == 3 && $0.number(ofNode: "hk-1", "held-too-small") == 1
            }
            #expect(report.number("journal", "quorum") == 0 && report.number(ofNode: "hk-1", "receipts") == 0)
            #expect(report.number("dropped-or-refused", "malformed-replies") == 0)

            let honest = try RunningNode(alliance, "hk-1", brokerPorts: [broker.securePort])
            try agent.waitUntilReceipted(seconds: 30)
            try journey.expectEverything(once: 3, in: honest)

            // The forger's own way is sound: what it signs without a fault, in the node's name, does free.
            honest.stop()
            let quorum = try agent.report().number("journal", "quorum")
            try journey.feed(1)
            let next = try anybody.nextBatch(of: agent.gateway, holding: UInt64(quorum)).statement
            try anybody.publish(Reply.encode(first: next.header.first, receipt: try node.receipt(for: next)), to: topic)
            try agent.waitUntilReceipted()
        }

        private static func forger(_ alliance: Alliance, key: SigningKey) throws -> ReceiptForger {
            let name = try #require(NodeName(issuer: UTF8Text("hs:\(alliance.name)/node/hk-1")))
            return ReceiptForger(key: key, node: name)
        }

        private static func replyTopic(_ agent: RunningAgent) throws -> Topic {
            let gatewayID = try #require(GatewayID(UTF8Text(agent.gateway)))
            return Topic(gatewayID, .reply(node: try #require(Name("hk-1"))), using: SHA256.self)
        }
    }
}
