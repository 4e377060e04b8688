import AllianceTrust
import AttestationFormat
import Foundation
import MerkleTree
import NodeTesting
import Testing

@testable import AnchorNode

@Suite struct HostileMessageTests {
    /// A message that must be refused, with the code.
    struct Hostile: Sendable, CustomTestStringConvertible {
        let name: String
        let code: UInt64
        let payload: @Sendable (TestBatch) -> [UInt8]
        var testDescription: String { name }
    }

    private static func withEvents(_ events: [[UInt8]]) -> @Sendable (TestBatch) -> [UInt8] {
        { TestBatch(statement: $0.statement, events: events).payload() }
    }

    private static func raw(_ suffix: [UInt8]) -> @Sendable (TestBatch) -> [UInt8] {
        { batch in
            var writer = CBORWriter()
            writer.beginArray(3)
            writer.write(UInt64(1))
            writer.write(batch.statement.bytes)
            return writer.bytes + suffix
        }
    }

    private static func event(ofByteCount count: Int) -> [UInt8] {
        let overhead = TestGateway.event(0).count + 1 + 3
        var writer = CBORWriter()
        writer.beginMap(4)
        writer.writeEncoded(TestGateway.event(0).dropFirst())
        writer.write(UInt64(13))
        writer.write([UInt8](repeating: 7, count: count - overhead))
        return writer.bytes
    }

    static let length63: [UInt8] = [0x80, 0, 0, 0, 0, 0, 0, 0]

    static let messages: [Hostile] = [
        Hostile(name: "an event of 4,097 bytes", code: 8, payload: withEvents([event(ofByteCount: 4_097)])),
        Hostile(name: "1,025 events", code: 8, payload: withEvents((0..<1_025).map { TestGateway.event($0) })),
        Hostile(name: "no events in a list", code: 7, payload: raw([0x80])),
        Hostile(
            name: "a message of 262,145 bytes", code: 8,
            payload: { $0.payload() + [UInt8](repeating: 0, count: 262_145 - $0.payload().count) }),
        Hostile(
            name: "a statement of 1,025 bytes", code: 8,
            payload: { $0.payload(statement: $0.statement.bytes + [UInt8](repeating: 0, count: 1_025 - $0.statement.bytes.count)) }),
        Hostile(name: "arrays nested 100,000 deep", code: 7, payload: raw([UInt8](repeating: 0x81, count: 100_000))),
        Hostile(name: "maps nested 100,000 deep", code: 7, payload: raw([UInt8](repeating: 0xA1, count: 100_000))),
        Hostile(name: "tags nested 100,000 deep", code: 7, payload: raw([UInt8](repeating: 0xC1, count: 100_000))),
        Hostile(name: "a list of 2^63 events", code: 7, payload: raw([0x9B] + length63)),
        Hostile(name: "an event of 2^63 bytes", code: 7, payload: raw([0x81, 0x5B] + length63)),
        Hostile(name: "a map of 2^63 pairs", code: 7, payload: raw([0x81, 0xBB] + length63)),
        Hostile(name: "a text of 2^63 bytes", code: 7, payload: raw([0x7B] + length63)),
        Hostile(name: "an indefinite list", code: 7, payload: raw([0x9F, 0xFF])),
        Hostile(name: "a byte after the end", code: 7, payload: { $0.payload() + [0] }),
        Hostile(name: "a message cut short", code: 7, payload: { $0.payload().dropLast() }),
        Hostile(name: "an empty message", code: 7, payload: { _ in [] }),
        Hostile(
            name: "an unprotected header put in", code: 7,
            payload: { batch in
                var bytes = batch.statement.bytes
                if let place = bytes.firstIndex(of: 0xA0) { bytes.replaceSubrange(place...place, with: [0xA1, 0x18, 0x63, 0x01]) }
                return batch.payload(statement: bytes)
            }),
        Hostile(name: "the high one of the two values of s", code: 7, payload: { $0.payload(statement: flipped($0.statement)) }),
        Hostile(
            name: "a signature of zeros", code: 7,
            payload: { $0.payload(statement: $0.statement.bytes.dropLast(64) + [UInt8](repeating: 0, count: 64)) }),
        Hostile(
            name: "a changed bit of the root", code: 4,
            payload: { batch in
                var bytes = batch.statement.bytes
                bytes[bytes.count - 66 - 5] ^= 1
                return batch.payload(statement: bytes)
            }),
        Hostile(name: "first + count of 2^63", code: 7, payload: { $0.payload(statement: statement($0, first: (1 << 63) - 3)) }),
        // Within the limit: what is wrong is that nobody signed it.
        Hostile(name: "another first, first + count of 2^63 - 1", code: 4, payload: { $0.payload(statement: statement($0, first: (1 << 63) - 4)) }),
        Hostile(name: "an event changed", code: 7, payload: withEvents([TestGateway.event(0), TestGateway.event(1), TestGateway.event(9)])),
        Hostile(name: "an event missing", code: 7, payload: withEvents([TestGateway.event(0), TestGateway.event(1)])),
    ]

    /// The statement of a first batch with another first sequence in its header, and the signature that it had.
    private static func statement(_ batch: TestBatch, first: UInt64) -> [UInt8] {
        let bytes = batch.statement.bytes
        // #6.18([header: its length stands in one byte or in two.
        let start = bytes[2] == 0x58 ? 4 : 5
        let end = start + (start == 4 ? Int(bytes[3]) : Int(bytes[3]) << 8 | Int(bytes[4]))
        var header = Array(bytes[start..<end])
        let label: [UInt8] = [0x3A, 0x00, 0x01, 0x11, 0x70]   // -70001
        guard let place = header.indices.first(where: { header[$0...].starts(with: label) }) else { return bytes }
        var number = CBORWriter()
        number.write(first)
        header.replaceSubrange((place + label.count)...(place + label.count), with: number.bytes)
        var writer = CBORWriter()
        writer.writeSign1Tag()
        writer.beginArray(4)
        writer.write(header)
        return writer.bytes + bytes[end...]
    }

    /// An event with a value that nobody knows, so many arrays deep.
    private static func event(nesting arrayCount: Int) -> [UInt8] {
        var writer = CBORWriter()
        writer.beginMap(4)
        writer.writeEncoded(TestGateway.event(0).dropFirst())
        writer.write(UInt64(99))
        for _ in 0..<arrayCount { writer.beginArray(1) }
        writer.write(UInt64(0))
        return writer.bytes
    }

    /// The same signature with n - s in place of s.
    private static func flipped(_ statement: Statement) -> [UInt8] {
        let order: [UInt8] = [
            0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17,
            0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
        ]
        var bytes = statement.bytes
        var borrow = 0
        for index in stride(from: 31, through: 0, by: -1) {
            let place = bytes.count - 32 + index
            let difference = Int(order[index]) - Int(bytes[place]) - borrow
            borrow = difference < 0 ? 1 : 0
            bytes[place] = UInt8(truncatingIfNeeded: difference)
        }
        return bytes
    }

    @Test("hostile messages are refused in bounded time and leave nothing behind", .timeLimit(.minutes(1)), arguments: messages)
    func refused(_ hostile: Hostile) async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        let batch = try gateway.batch(count: 3)
        let replies = try await node.handle(batch.message(payload: hostile.payload(batch)))
        #expect(replies.refusalCodes == [hostile.code])
        #expect(try await node.integrate().isEmpty)
        #expect(try node.store.read { try $0.entryCount() } == 1)
        #expect(try await node.receipt(for: batch) != nil, "the honest batch is taken afterwards")
        try node.remove()
    }

    @Test("a signed event whose map and arrays are nested 16 deep is taken, one that is nested 17 deep is malformed")
    func nesting() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        let deep = try gateway.batch([Self.event(nesting: 15)])
        #expect(try await node.receipt(for: deep) != nil)
        let tooDeep = try gateway.signed([Self.event(nesting: 16)], first: gateway.next, previous: gateway.previous)
        #expect(try await node.handle(tooDeep.message()).refusalCodes == [7])
        let next = try gateway.batch()
        #expect(try await node.receipt(for: next) != nil, "the chain goes on")
        try node.remove()
    }

    @Test("a flood of all hostile messages takes little memory, for a moment or for good")
    func memory() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        let batch = try gateway.batch(count: 3)
        _ = try await node.handle(gateway.hello())
        func flood(_ rounds: Int) async throws {
            for _ in 0..<rounds {
                for hostile in Self.messages { _ = try await node.handle(batch.message(payload: hostile.payload(batch))) }
            }
        }
        try await flood(2)
        let before = try ProcessMemory.kibibytes("VmRSS")
        // The kernel counts the most anew.
        try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
        try await flood(30)
        let most = try ProcessMemory.kibibytes("VmHWM") - before
        #expect(most < 16 << 10, "\(most) KiB above the \(before) before")
        try node.remove()
    }

    @Test("topic, shard and issuer must agree, and other topics are ignored")
    func topics() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        let other = try alliance.gateway("gw-2")
        _ = try await node.handle(gateway.hello(), other.hello())
        let batch = try gateway.batch()
        func deliver(_ topic: String) async throws -> [Reply] {
            try await node.handle(BrokerMessage(broker: 0, topic: [UInt8](topic.utf8), payload: batch.payload()))
        }
        let right = Topic(gateway.name.gatewayID, .batch, using: SHA256.self).text.string
        let shard = right.split(separator: "/")[2]
        let wrongShard = shard == "00" ? "01" : "00"
        #expect(try await deliver("hs/1/\(wrongShard)/acme.gw-1/batch").refusalCodes == [7])
        let neighbour = Topic(other.name.gatewayID, .batch, using: SHA256.self).text.string
        #expect(try await deliver(neighbour).refusalCodes == [7], "another gateway's statement")
        for topic in ["hs/1/\(shard)/acme.gw-1/status", "hs/2/\(shard)/acme.gw-1/batch", "nonsense", "", "hs/1/\(shard)/ACME.GW/batch"] {
            #expect(try await deliver(topic).isEmpty)
        }
        #expect(try await node.handle(BrokerMessage(broker: 0, topic: [0xFF, 0xFE], payload: [])).isEmpty)
        #expect(try await deliver("hs/1/\(shard)/acme/gw-1/batch").isEmpty, "firm and device as two levels: taken")
        #expect(try await node.integrate().receipts(for: batch, trustFile: alliance.trustFile).count == 1)
        try node.remove()
    }

    @Test("malformed hellos change nothing")
    func hellos() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        let gateway = try alliance.gateway()
        let good = gateway.hello()
        for payload in [[], Array(good.payload.dropLast()), good.payload + [0], [UInt8](repeating: 0x81, count: 60_000)] {
            #expect(try await node.handle(BrokerMessage(broker: 0, topic: good.topic, payload: payload)).isEmpty)
        }
        #expect(node.metrics.value(.malformed) == 4)
        try node.remove()
    }
}
