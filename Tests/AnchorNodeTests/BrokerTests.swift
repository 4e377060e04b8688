import AllianceTrust
import AttestationFormat
import Foundation
import MerkleTree
import NodeTesting
import ServiceLifecycle
import Testing

@testable import AnchorNode

@Suite(.serialized) struct BrokerTests {
    @Test(
        "through a real broker a hello is answered and a batch gets its receipt",
        .enabled(if: TestBroker.isInstalled, "mosquitto is not installed"))
    func endToEnd() async throws {
        let alliance = try TestAlliance()
        let broker = try TestBroker()
        let node = try await TestNode(alliance)
        let group = try node.service(brokerPorts: [broker.port])
        let running = Task { try await group.run() }
        var gateway = try alliance.gateway()
        let filters = TopicFilter.replies(to: gateway.name.gatewayID, using: SHA256.self).map(\.bytes)
        let client = try TestClient(port: broker.port, clientID: "acme.gw-1", filters: filters)
        #expect(client.turn(seconds: 60) { client.isSubscribed && node.metrics.value(.brokersConnected) == 1 })
        // The broker may take what is published before it takes the node's SUBSCRIBE: nobody hears that hello.
        for _ in 0..<20 where client.received.isEmpty {
            try client.publish(gateway.hello())
            _ = client.turn(seconds: 3) { !client.received.isEmpty }
        }
        #expect(!client.received.isEmpty)
        let batches = try (0..<20).map { _ in try gateway.batch(count: 4) }
        for batch in batches { try client.publish(batch.message()) }
        func receipts() -> [Receipt] {
            let replies = client.received.compactMap { try? Reply(parsing: $0) }
            return batches.flatMap { replies.receipts(for: $0, trustFile: alliance.trustFile) }
        }
        #expect(client.turn(seconds: 120) { receipts().count == 20 })
        #expect(receipts().allSatisfy { $0.held == 4 })
        await group.triggerGracefulShutdown()
        try await running.value
        broker.stop()
        try node.remove()
    }

    @Test(
        "without a broker the node is not ready, and says why",
        .enabled(if: TestBroker.isInstalled, "mosquitto is not installed"))
    func noBroker() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        let health = NodeHealth()
        let group = try node.service(brokerPorts: [1], health: health)
        let running = Task { try await group.run() }
        let end = ContinuousClock.now + .seconds(60)
        while health.report[.broker] != "no broker is connected" || health.report[.ledger] != nil, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(health.report[.broker] == "no broker is connected")
        #expect(health.report[.ledger] == nil)
        await group.triggerGracefulShutdown()
        try await running.value
        try node.remove()
    }
}
