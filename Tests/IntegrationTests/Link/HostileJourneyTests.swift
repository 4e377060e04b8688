import CPosixShims
import HarborsealTesting
import Testing

extension BrokersAndNodes {
    /// The broker is the enemy: everything that it can do without a key, at once.
    @Suite struct HostileJourneys {
        /// Most batches and most answers meet some mischief, and connections die every few seconds.
        private static let mischief: [Mischief: Double] = [
            .dropBatches: 0.2, .repeatBatches: 0.2, .reorderBatches: 0.2, .eventsForHashes: 0.2, .flipSignatures: 0.2,
            .otherNames: 0.1, .dropReplies: 0.2, .repeatReplies: 0.2, .reorderReplies: 0.2, .forgeReplies: 0.3,
            .forgeHellos: 0.8, .cut: 0.02, .delay: 0.1,
        ]

        /// What must have happened in each journey, or it shows nothing.
        private static let required: [Mischief] = [
            .dropBatches, .repeatBatches, .reorderBatches, .eventsForHashes, .flipSignatures, .forgeReplies, .forgeHellos,
        ]

        @Test("a broker that drops, repeats, reorders, swaps, flips, forges, cuts and delays loses nothing and marks nobody", arguments: 1...3)
        func nothingLost(seed: UInt64) throws {
            let (broker, node) = try Self.alliesBehindIt()
            let proxy = try HostileBroker(upstreamPort: broker.plainPort, seed: seed)
            defer { proxy.end() }
            let agent = try RunningAgent(node.alliance, brokerPorts: [proxy.port])
            try agent.connectPlainly()
            try agent.start()
            let journey = try Journey(agent)
            try journey.feed(1)
            // Before nodes have answered, or 10 s have passed, nothing is signed: let it begin.
            try agent.waitUntilReceipted()
            proxy.set(Self.mischief)
            var fedCount = 1
            // As long as it takes: a connection that is cut comes back after seconds, and how many those are is chance.
            let patience = posix_monotonic_milliseconds() + 60_000
            while posix_monotonic_milliseconds() < patience, proxy.totalCount < 60 || Self.required.contains(where: { proxy.count(of: $0) == 0 }) {
                try journey.feed(3)
                fedCount += 3
                posix_sleep_milliseconds(100)
            }
            proxy.behave()
            try agent.waitUntilReceipted(seconds: 60)
            try journey.expectEverything(once: fedCount, in: node)
            #expect(proxy.totalCount >= 60)
            for mischief in Self.required { #expect(proxy.count(of: mischief) > 0, "\(mischief) in \(fedCount) lines") }
            let report = try agent.report()
            #expect(report.number("dropped-or-refused", "dropped-events") == 0 && report.number("dropped-or-refused", "epochs") == 0)
            // Whole again: no event stayed a hash.
            #expect(try node.ledger().statements(of: agent.gateway).allSatisfy { $0.held == $0.events.count })
        }

        /// One broker and one node for all seeds; each seed has its gateway.
        private static func alliesBehindIt() throws -> (OpenBroker, RunningNode) { try allies.get() }

        private nonisolated(unsafe) static let allies = Result {
            let alliance = try Alliance(name: "gba-hostile", nodes: ["hk-1"], quorum: 1)
            let broker = try OpenBroker(alliance)
            return (broker, try RunningNode(alliance, "hk-1", brokerPorts: [broker.securePort]))
        }
    }
}
