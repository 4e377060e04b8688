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
            #expect(try Diagnosis(agent).finding("node")?.value.hasPrefix("3 receipts did not verify, 1 said less than was sent") == true)

            let honest = try RunningNode(alliance, "hk-1", brokerPorts: [broker.securePort])
            try agent.waitUntilReceipted(seconds: 30)
            try journey.expectEverything(once: 3, in: honest)
            let since = try Diagnosis(agent).finding("node")
            #expect(since?.level == "ok" && agent.status != nil, "what verified since ends the warning: \(String(describing: since))")

            // The forger's own way is sound: what it signs without a fault, in the node's name, does free.
            honest.stop()
            let quorum = try agent.report().number("journal", "quorum")
            try journey.feed(1)
            let next = try anybody.nextBatch(of: agent.gateway, holding: UInt64(quorum)).statement
            try anybody.publish(Reply.encode(first: next.header.first, receipt: try node.receipt(for: next)), to: topic)
            try agent.waitUntilReceipted()
        }

        @Test("a refusal in a node's name is a cause in status until that node's receipt comes; in a stranger's name it is none")
        func refusals() throws {
            let alliance = try Alliance(name: "gba-refused", nodes: ["hk-1"], quorum: 1)
            let broker = try OpenBroker(alliance)
            let anybody = try PlainClient(broker.plainPort)
            let agent = try RunningAgent(alliance, brokerPorts: [broker.plainPort])
            try agent.connectPlainly()
            try agent.start()
            try Journey(agent).feed(1)
            let statement = try anybody.nextBatch(of: agent.gateway).statement
            func refuse(_ code: UInt64, as node: Name) throws {
                let refusal = Refusal(first: statement.header.first, code: .init(rawValue: code), text: "as the test says")
                try anybody.publish(Reply.refusal(refusal).encoded(), to: try Self.replyTopic(agent, node: node))
            }
            try refuse(Refusal.Code.revoked.rawValue, as: try #require(Name("nobody")))
            let stranger = try agent.waitForReport("a stranger's reply") { $0.number("dropped-or-refused", "stranger-replies") == 1 }
            #expect(stranger.concerns("refusal").isEmpty)
            let node = try #require(Name("hk-1"))
            // 1 asks for a hello and 9 slows the backlog down; 4 and 7 are checked; 77 is of a later wire format.
            for (code, words) in [
                (1, "unknown gateway"), (2, "renew the seal certificate"), (3, "revoked"), (4, "bad signature"), (7, "malformed"),
                (9, "rate limited"), (77, "refusal 77"),
            ] as [(UInt64, String)] {
                try refuse(code, as: node)
                try agent.waitForReport("the cause '\(words)'") {
                    $0.concerns("refusal").contains { $0.hasPrefix("node hk-1: ") && $0.contains(words) }
                }
            }
            // Of those that people mend the log has a line, not one a reply.
            for code in [3, 3, 3] as [UInt64] { try refuse(code, as: node) }
            try agent.waitForReport("the cause again") { $0.concerns("refusal").contains { $0.contains("revoked") } }
            func lines(_ words: String) -> Int { agent.log.split(separator: "\n").filter { $0.hasPrefix("<4>node hk-1: ") && $0.contains(words) }.count }
            #expect(lines("revoked") == 1 && lines("certificate not valid") == 1, "\(agent.tail)")
            let refused = try agent.report()
            #expect(refused.number("dropped-or-refused", "unconfirmed-refusals") >= 1 && refused.number("dropped-or-refused", "epochs") == 0)
            #expect(refused.number("journal", "quorum") == 0)
            let receipt = try Self.forger(alliance, key: try .load(from: UTF8Text(alliance.nodeFolder("hk-1") + "/receipt.key")))
                .receipt(for: statement)
            try anybody.publish(Reply.encode(first: statement.header.first, receipt: receipt), to: try Self.replyTopic(agent))
            let freed = try agent.waitForReport("the receipt") { $0.number("journal", "quorum") > 0 }
            #expect(freed.concerns("refusal").isEmpty)
        }

        private static func forger(_ alliance: Alliance, key: SigningKey) throws -> ReceiptForger {
            let name = try #require(NodeName(issuer: UTF8Text("hs:\(alliance.name)/node/hk-1")))
            return ReceiptForger(key: key, node: name)
        }

        private static func replyTopic(_ agent: RunningAgent, node: Name? = Name("hk-1")) throws -> Topic {
            let gatewayID = try #require(GatewayID(UTF8Text(agent.gateway)))
            return Topic(gatewayID, .reply(node: try #require(node)), using: SHA256.self)
        }
    }
}
