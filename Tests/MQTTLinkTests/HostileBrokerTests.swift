import AttestationFormat
import DeviceCrypto
import HarborsealTesting
import MQTTLink
import MerkleTree
import Testing

/// The tests' own hostile broker does what it says: otherwise tests with it would prove nothing.
@Suite(.serialized) struct HostileBrokerTests {
    static let topic = "hs/1/0a/acme.gw-1/batch"

    /// A batch of three small events under a signature of random numbers, which is well formed.
    func batch(first: UInt64 = 0) throws -> [UInt8] {
        let gateway = try #require(GatewayName(issuer: "hs:hk/acme.gw-1"))
        let events: [[UInt8]] = (0..<3).map { [0xA3, 0x00, 0x01, 0x01, 0x02, 0x02, UInt8($0)] }
        var frontier = MerkleFrontier<SHA256>()
        for event in events { frontier.append(leafHash: MerkleTree<SHA256>.leafHash(of: event)) }
        let header = try BatchHeader(
            keyID: Digest(), gateway: gateway, epoch: Epoch(7), issuedAtSeconds: 1, first: first, count: 3, previous: Digest())
        let signature = try Signature(validating: [UInt8](repeating: 0x11, count: 64))
        let statement = Statement(header: header, root: frontier.root, signature: signature)
        var writer = CBORWriter()
        BatchMessage.begin(statement: statement.bytes, itemCount: 3, in: &writer)
        for event in events { BatchMessage.append(event: event[...], to: &writer) }
        return writer.bytes
    }

    /// A listener at the real broker, and a gateway behind the proxy.
    func run(
        _ chances: [Mischief: Double], _ body: (HostileBroker, LinkDriver, LinkDriver) throws -> Void
    ) throws {
        let broker = try TestBroker()
        try broker.start()
        let proxy = try HostileBroker(upstreamPort: broker.port, seed: 1, chances: chances)
        defer { proxy.end() }
        var configuration = try LinkConfiguration.plain(broker.port, clientID: "node")
        configuration.subscriptions = [Subscription(filter: Array("hs/#".utf8))]
        let node = try LinkDriver(configuration)
        node.connect()
        #expect(node.next(where: \.isSubscribed) != nil)
        configuration = try .plain(proxy.port)
        configuration.subscriptions = [Subscription(filter: Array("hs/1/0a/acme.gw-1/reply/+".utf8))]
        let gateway = try LinkDriver(configuration)
        gateway.connect()
        #expect(gateway.next(where: \.isSubscribed) != nil)
        try body(proxy, gateway, node)
    }

    @Test("an honest proxy passes everything unchanged, both ways") func honest() throws {
        try run([:]) { proxy, gateway, node in
            let batch = try batch()
            _ = try gateway.publish(Self.topic, batch)
            #expect(gateway.next { $0.acknowledged != nil } != nil)
            #expect(node.nextMessage()?.payload == batch)
            _ = try node.publish("hs/1/0a/acme.gw-1/reply/node.hk-1", [1, 2, 3])
            node.run(milliseconds: 50)
            #expect(gateway.nextMessage()?.payload == [1, 2, 3])
            #expect(proxy.totalCount == 0)
        }
    }

    @Test("a dropped batch is acknowledged all the same: a false PUBACK") func drops() throws {
        try run([.dropBatches: 1]) { proxy, gateway, node in
            _ = try gateway.publish(Self.topic, batch())
            #expect(gateway.next { $0.acknowledged != nil } != nil)
            #expect(node.run(milliseconds: 200).allSatisfy { $0.message == nil } && proxy.count(of: .dropBatches) == 1)
        }
    }

    @Test("batches are repeated, reordered, and published under other names") func repeats() throws {
        try run([.repeatBatches: 1, .otherNames: 1]) { _, gateway, node in
            _ = try gateway.publish(Self.topic, batch())
            gateway.run(milliseconds: 50)
            let messages = node.messages(3)
            #expect(messages.count == 3 && Set(messages.map(\.topic)).count == 2 && Set(messages.map(\.payload)).count == 1)
        }
        try run([.reorderBatches: 1]) { proxy, gateway, node in
            let batches = [try batch(), try batch(first: 3)]
            _ = try gateway.publish(Self.topic, batches[0])
            gateway.run(milliseconds: 50)
            _ = try gateway.publish(Self.topic, batches[1])
            gateway.run(milliseconds: 50)
            #expect([node.nextMessage()?.payload, node.nextMessage()?.payload] == [batches[1], batches[0]])
        }
    }

    @Test("events swapped for hashes leave a valid tree without any event's bytes") func swapsForHashes() throws {
        try run([.eventsForHashes: 1]) { _, gateway, node in
            let original = try batch()
            _ = try gateway.publish(Self.topic, original)
            gateway.run(milliseconds: 50)
            let forged = try BatchMessage(parsing: #require(node.nextMessage()?.payload))
            #expect(forged.wholeEventCount == 0 && forged.isComplete(using: SHA256.self))
            #expect(forged.statement.bytes == (try BatchMessage(parsing: original)).statement.bytes)
        }
    }

    @Test("a flipped s is refused by our reader, and flipped back it is the original") func flips() throws {
        let original = try batch()
        let forged = try #require(HostileForgery.flippedSignature(in: original))
        #expect(forged != original && forged.count == original.count)
        #expect(throws: FormatError.self) { try BatchMessage(parsing: forged) }
    }

    @Test("forged replies reach the gateway: at least every refusal") func forgedReplies() throws {
        try run([.forgeReplies: 1]) { _, gateway, _ in
            _ = try gateway.publish(Self.topic, batch())
            let replies = gateway.messages(12).compactMap { try? Reply(parsing: $0.payload) }
            #expect(replies.count >= 12)
        }
    }

    @Test("cuts at random bytes: the link comes back each time") func cuts() throws {
        try run([:]) { proxy, gateway, _ in
            proxy.set([.cut: 0.3])
            for _ in 0..<10 {
                for _ in 0..<5 where gateway.link.freeWindow > 0 { _ = try? gateway.publish(Self.topic, batch()) }
                _ = gateway.next(within: 500) { $0.cause != nil }
                gateway.letPass(milliseconds: 2_000)
                gateway.run(milliseconds: 50)
            }
            proxy.behave()
            gateway.letPass(milliseconds: 300_000)
            if !gateway.link.isConnected { #expect(gateway.connect() != nil) }
            #expect(proxy.count(of: .cut) > 0 && gateway.link.status.connectionCount > 1)
        }
    }

    @Test("a half-open connection is noticed by its silence") func halfOpen() throws {
        try run([:]) { proxy, gateway, _ in
            proxy.set([.halfOpen: 1])
            _ = try gateway.publish(Self.topic, batch())
            #expect(gateway.run(milliseconds: 200).isEmpty)
            proxy.behave()
            gateway.letPass(milliseconds: 61_000)
            #expect(gateway.failure()?.code == .noProgress)
            gateway.letPass(milliseconds: 2_000)
            #expect(gateway.connect() != nil)
        }
    }
}
