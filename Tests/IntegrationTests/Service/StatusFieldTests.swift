import Foundation
import Testing

extension BrokersAndNodes {
    /// `status --json` is read by scripts: its names are stable. This table is written by hand; a name that is dropped, renamed or
    /// added shows here.
    @Suite struct StatusFields {
        private static let alliance = Result { try Alliance(name: "gba-fields", nodes: ["hk-1"], quorum: 1) }

        private static let agent = "gateway version running-s epoch concern-count"
        private static let clock = "source synchronised error-ms time-ms"
        private static let journal = """
            directory events durable signed quorum unreceipted oldest-unreceipted-s oldest-held bytes cap-bytes archived space loss-window-ms \
            event-bytes written-bytes wear-per-mille syncs failed-syncs failed-writes damages
            """
        private static let batches = """
            open-events signed unreceipted-window quorum-batches quorum-events signing-us longest-signing-us published published-bytes resent
            """
        private static let seal = "key-class certificate-days-left link-certificate-days-left"
        private static let signer = "kind state waiting-events"
        /// Without a registry.
        private static let renewal = "registry"
        private static let counters = """
            dropped-events refused-lines stranger-senders crowded-senders surplus-receipts malformed-replies stranger-replies unbelieved-hints \
            unconfirmed-refusals rejected-trust-files signing-failures journal-failures epochs
            """
        private static let link = "state broker mqtt connections attempts published acknowledged in-flight refused-publishes dropped-messages"
        private static let node = """
            name receipts surplus-receipts tree-size heard-s-ago answered-hello rejected-receipts unread-receipts held-too-small
            """
        private static let source = "name events readings last-s-ago"
        private static let sensor = "name state quantity value heard-s-ago flags readings"
        private static let rule = "name sensor state threshold for-ms counted-ms unobserved-ms worst"

        /// Section and item, such as `nodes hk-1`, with the names in it.
        private typealias Table = [String: Set<String>]

        private static func table(_ rows: [String: String]) -> Table {
            let always = [
                "agent": agent, "clock": clock, "journal": journal, "batches": batches, "seal": seal, "signer": signer, "renewal": renewal, "dropped-or-refused": counters,
                "sources intake": source,
            ]
            return always.merging(rows) { $1 }.mapValues { Set($0.split(separator: " ").map(String.init)) }
        }

        private func fields(_ agent: RunningAgent) throws -> Table {
            let object = try JSONSerialization.jsonObject(with: Data(try agent.command("status", "--json").output.utf8))
            var table: Table = [:]
            for (name, value) in object as? [String: Any] ?? [:] {
                if let section = value as? [String: Any] { table[name] = Set(section.keys) }
                for item in value as? [[String: Any]] ?? [] { table["\(name) \(item["name"] as? String ?? "?")"] = Set(item.keys) }
            }
            return table
        }

        private func expect(_ found: Table, _ stated: Table) {
            for name in Set(found.keys).union(stated.keys).sorted() {
                let (has, should) = (found[name, default: []], stated[name, default: []])
                #expect(has == should, "\(name): missing \(should.subtracting(has).sorted()), more than stated \(has.subtracting(should).sorted())")
            }
        }

        @Test("a gateway that nothing is wrong with has these fields, with a node that answers, a sensor in breach and a source that cannot work")
        func connected() throws {
            let broker = try RunningBroker(try Self.alliance.get())
            let node = try RunningNode(try Self.alliance.get(), "hk-1", brokerPorts: [broker.port])
            let agent = try RunningAgent(try Self.alliance.get(), brokerPorts: [broker.port], settings: RunningAgent.quick + [
                "source.gps.type=gpsd", "source.gps.port=1", "sensor.air.quantity=temperature", "sensor.air.period=1 h",
                "rule.warm.sensor=air", "rule.warm.limit=above 8", "rule.warm.for=1 h",
            ])
            try agent.start()
            let answer = try agent.intake().send(
                #"{"source":"s","number":1,"kind":"condition.summary","readings":[{"sensor":"air","quantity":"temperature","value":9.5}]}"#)
            guard case .stored = answer else { throw IntegrationFailure("\(answer)") }
            try agent.waitUntilReceipted()
            let found = try fields(agent)
            expect(found, Self.table([
                "link": Self.link, "nodes hk-1": Self.node, "sources gps": Self.source + " working state warning", "sensors air": Self.sensor,
                "rules warm": Self.rule, "concerns source": "name text",
            ]))
            withExtendedLifetime(node) {}
        }

        @Test("without a broker, and with one that cannot be reached, the link says less and why; hashes bring what waits for an archive")
        func unconnected() throws {
            let alone = try RunningAgent(try Self.alliance.get(), brokerPorts: [], settings: RunningAgent.quick + ["batches.share=hashes"])
            try alone.start()
            let journal = Self.journal + " unarchived-segments unarchived-bytes"
            expect(try fields(alone), Self.table(["link": "state", "nodes hk-1": Self.node, "journal": journal]))
            let lonely = try RunningAgent(try Self.alliance.get(), brokerPorts: [1])
            try lonely.start()
            try lonely.waitForReport("an attempt") { !$0.text("link", "cause").isEmpty && !$0.concerns("link").isEmpty }
            expect(try fields(lonely), Self.table([
                "link": Self.link.replacingOccurrences(of: " mqtt", with: "") + " cause", "nodes hk-1": Self.node, "concerns link": "name text",
            ]))
        }
    }
}
