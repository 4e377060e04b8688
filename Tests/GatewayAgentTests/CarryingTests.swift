import AttestationFormat
import DeviceCrypto
import GatewayAgent
import Testing

@Suite("batches and receipts carried in files, without a network")
struct CarryingTests {
    /// A gateway without a broker that has signed this many batches of two events.
    private func offline(batchCount: Int) throws -> Scene {
        var policy = GatewayPolicy()
        policy.hasBroker = false
        let scene = try Scene(isConnected: false, policy: policy)
        for _ in 0..<batchCount {
            try scene.record(2)
            scene.pass(1_000)
        }
        return scene
    }

    /// Everything that it would publish, in pieces.
    private func carried(_ scene: Scene, pieceByteCount: Int = 1) throws -> [BatchMessage] {
        var messages: [BatchMessage] = []
        var cursor: UInt64 = 0
        while true {
            var bytes: [UInt8] = []
            let next = scene.gateway.carry(from: cursor, byteCount: pieceByteCount, into: &bytes)
            guard next > cursor else { return messages }
            cursor = next
            var reader = CarriedReader()
            reader.append(bytes)
            while let message = try reader.next(isAtEnd: true) {
                #expect(try Topic(parsing: message.topic).channel == .batch)
                messages.append(try BatchMessage(parsing: message.payload))
            }
        }
    }

    private func give(_ reply: [UInt8], of node: ScriptedNode, to scene: Scene) {
        scene.gateway.receive(carried: reply, from: node.name.node.text, at: scene.now)
    }

    @Test("all batches leave in chain order, whole, in pieces of any size", arguments: [1, 700, 1 << 20]) func order(pieceByteCount: Int) throws {
        let scene = try offline(batchCount: 100)
        let batches = try carried(scene, pieceByteCount: pieceByteCount)
        #expect(batches.count == scene.journal.statements.count)
        var next: UInt64 = 0
        for batch in batches {
            #expect(batch.statement.header.first == next && batch.isComplete(using: SHA256.self))
            next = batch.statement.header.next
        }
        #expect(next == scene.journal.signedEnd && scene.link.batches.isEmpty)
    }

    @Test("the hello that goes with them names the gateway's position and certificates") func hello() throws {
        let scene = try offline(batchCount: 3)
        var bytes: [UInt8] = []
        scene.gateway.carryHello(into: &bytes)
        var reader = CarriedReader()
        reader.append(bytes)
        let message = try #require(try reader.next(isAtEnd: true))
        let hello = try Hello(parsing: message.payload)
        #expect(try Topic(parsing: message.topic).channel == .hello)
        #expect(hello.next == scene.journal.signedEnd && hello.sealCertificates == [[1, 2, 3]])
    }

    @Test("receipts of the quorum, batch by batch, free far more batches than the window holds") func quorum() throws {
        let scene = try offline(batchCount: 200)
        for batch in try carried(scene) {
            for node in scene.nodes.prefix(2) { give(try node.receipt(for: batch), of: node, to: scene) }
        }
        #expect(scene.journal.quorumEnd == scene.journal.signedEnd && scene.gateway.windowBatchCount == 0)
        // A second time changes nothing.
        let receiptCount = scene.journal.receipts.count
        for batch in try carried(scene) { give(try scene.nodes[0].receipt(for: batch), of: scene.nodes[0], to: scene) }
        #expect(scene.journal.receipts.count == receiptCount)
    }

    @Test("one node's receipts alone free nothing, and the window stays bounded") func oneNode() throws {
        let scene = try offline(batchCount: 200)
        for batch in try carried(scene) { give(try scene.nodes[0].receipt(for: batch), of: scene.nodes[0], to: scene) }
        #expect(scene.journal.quorumEnd == 0 && scene.gateway.windowBatchCount <= 64)
    }

    @Test("forged and foreign replies free nothing", arguments: ["other key", "held too small", "other epoch", "garbage", "far ahead"])
    func forged(how: String) throws {
        let scene = try offline(batchCount: 3)
        for batch in try carried(scene) {
            var lie = ScriptedNode.Lie()
            switch how {
            case "other key": lie.signer = try SigningKey.generate()
            case "held too small": lie.held = 0
            case "other epoch": lie.subject = scene.gatewayName.subject(in: Epoch(9))
            default: break
            }
            for node in scene.nodes {
                var reply = try node.receipt(for: batch, lie: lie)
                if how == "garbage" { reply.removeLast() }
                // The head of a reply: [1, 0, first, receipt]; first is one byte here.
                if how == "far ahead" { reply.replaceSubrange(3...3, with: [0x1B, 0x7F] + [UInt8](repeating: 0xFF, count: 7)) }
                give(reply, of: node, to: scene)
            }
        }
        #expect(scene.journal.quorumEnd == 0 && scene.journal.receipts.isEmpty)
    }

    @Test("an agent that gets a broker later publishes what carried receipts did not free") func later() throws {
        let scene = try offline(batchCount: 10)
        for batch in try carried(scene).prefix(4) {
            for node in scene.nodes.prefix(2) { give(try node.receipt(for: batch), of: node, to: scene) }
        }
        let freed = scene.journal.quorumEnd
        #expect(freed > 0 && freed < scene.journal.signedEnd)
        scene.gateway.linkConnected(at: scene.now)
        scene.pass(1)
        for _ in 0..<20 { scene.pass(1_000) }
        let firsts = scene.link.takeBatches().map { $0.statement.header.first }
        #expect(firsts.first == freed && Set(firsts).count == scene.journal.statements.count - 4)
    }
}
