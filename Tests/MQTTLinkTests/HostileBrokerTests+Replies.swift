import AttestationFormat
import CPosixShims
import HarborsealTesting
import MQTTLink
import Testing

/// What the hostile broker does to answers, to hellos and to time.
extension HostileBrokerTests {
    private static let replyTopic = "hs/1/0a/acme.gw-1/reply/node.hk-1"
    private static let helloTopic = "hs/1/0a/acme.gw-1/hello"

    /// Lets the node's end answer with these payloads, and returns what the gateway's end gets.
    private func replies(_ payloads: [[UInt8]], _ gateway: LinkDriver, _ node: LinkDriver) throws -> [[UInt8]] {
        for payload in payloads {
            _ = try node.publish(Self.replyTopic, payload)
            // One at a time: the order in which the broker gets them is the order of the test.
            #expect(node.next { $0.acknowledged != nil } != nil)
        }
        return gateway.run(milliseconds: 300).compactMap(\.message).map(\.payload)
    }

    @Test("a dropped reply is acknowledged to the broker, which never sends it again") func dropsReplies() throws {
        try run([.dropReplies: 1]) { proxy, gateway, node in
            let dropped = try replies([[1], [2]], gateway, node)
            #expect(dropped.isEmpty && proxy.count(of: .dropReplies) == 2)
            proxy.behave()
            let passed = try replies([[3]], gateway, node)
            #expect(passed == [[3]])
        }
    }

    @Test("repeated replies come twice") func repeatsReplies() throws {
        try run([.repeatReplies: 1]) { proxy, gateway, node in
            let repeated = try replies([[1], [2]], gateway, node)
            #expect(repeated == [[1], [1], [2], [2]])
            #expect(proxy.count(of: .repeatReplies) == 2)
        }
    }

    @Test("reordered replies come after the next one") func reordersReplies() throws {
        try run([.reorderReplies: 1]) { proxy, gateway, node in
            let reordered = try replies([[1], [2]], gateway, node)
            #expect(reordered == [[2], [1]])
            #expect(proxy.count(of: .reorderReplies) == 1)
        }
    }

    @Test("forged hellos name another epoch, a position far ahead, and nothing held") func forgesHellos() throws {
        try run([.forgeHellos: 1]) { proxy, gateway, node in
            let genuine = Hello(
                epoch: Epoch(7), next: 40, oldestHeld: 3, lastStatement: nil, trustVersion: 1, sealCertificates: [[0x30, 0x00]])
            _ = try gateway.publish(Self.helloTopic, genuine.encoded())
            gateway.run(milliseconds: 50)
            let hellos = try node.run(milliseconds: 300).compactMap(\.message).map { try Hello(parsing: $0.payload) }
            #expect(hellos.count == 4 && hellos.first?.next == 40 && proxy.count(of: .forgeHellos) == 1)
            #expect(hellos.contains { $0.epoch != Epoch(7) })
            #expect(hellos.contains { $0.epoch == Epoch(7) && $0.next == 1_000_040 && $0.oldestHeld == 1_000_040 })
            #expect(hellos.contains { $0.epoch == Epoch(7) && $0.next == 0 && $0.oldestHeld == 0 })
        }
    }

    @Test("delays hold a message back and pass it whole") func delays() throws {
        try run([:]) { proxy, gateway, node in
            let batch = try batch()
            proxy.set([.delay: 1])
            let begun = posix_boottime_milliseconds()
            _ = try gateway.publish(Self.topic, batch)
            #expect(gateway.next { $0.acknowledged != nil } != nil)
            // Once on the way to the broker, once on the way back.
            #expect(posix_boottime_milliseconds() - begun >= 40)
            #expect(node.nextMessage()?.payload == batch && proxy.count(of: .delay) >= 2)
        }
    }
}
