import AttestationFormat
import DeviceCrypto
import GatewayAgent
import Testing

@Suite("receipts of an earlier run")
struct RestartTests {
    /// A run that published batches of ten events, and got these nodes' receipts for each.
    private func run(receipts: [[Int]]) throws -> (Scene, [BatchMessage]) {
        let scene = try Scene()
        scene.answerHello()
        scene.pass(1)
        var batches: [BatchMessage] = []
        for nodes in receipts {
            try scene.record(10)
            scene.pass(1_000)
            let batch = try #require(scene.link.takeBatches().first)
            try scene.receipts(for: [batch], from: nodes)
            batches.append(batch)
        }
        #expect(scene.journal.receipts.count == receipts.joined().count)
        return (scene, batches)
    }

    /// Publishes everything again.
    private func goOn(_ scene: Scene) {
        scene.answerHello()
        for _ in 0..<10 { scene.pass(100) }
    }

    @Test("one counts with another node's, though the first node is away; it is not stored twice")
    func counts() throws {
        let (scene, batches) = try run(receipts: [[0]])
        scene.restart()
        goOn(scene)
        #expect(scene.journal.quorumEnd == 0 && scene.gateway.windowBatchCount >= 1)
        try scene.receipts(for: batches, from: [0])
        #expect(scene.journal.quorumEnd == 0, "the same node twice is one node")
        try scene.receipts(for: batches, from: [1])
        #expect(scene.journal.quorumEnd == batches[0].statement.header.next)
        #expect(scene.journal.receipts.count == 2)
    }

    @Test("a quorum that lacks only its mark is seen when the batch goes out, before any node answers")
    func markLost() throws {
        let (scene, batches) = try run(receipts: [[], [0, 1], [2]])
        scene.restart()
        goOn(scene)
        #expect(scene.journal.quorumEnd == 0, "the oldest has none")
        try scene.receipts(for: [batches[0]], from: [0, 2])
        #expect(scene.journal.quorumEnd == batches[1].statement.header.next)
        scene.journal.quorumEnd = 0
        scene.restart()
        goOn(scene)
        #expect(scene.journal.quorumEnd == batches[1].statement.header.next)
        #expect(scene.gateway.windowBatchCount >= 1)
    }

    @Test("one of a node that the trust file names no more, or with another key, counts nothing", arguments: [true, false])
    func otherTrust(hasOtherKey: Bool) throws {
        let (scene, batches) = try run(receipts: [[0]])
        let alliance = scene.gatewayName.alliance
        let other = try ScriptedNode(#require(Name("hk-1")), alliance: alliance)
        let nodes = (hasOtherKey ? [other] : []) + scene.nodes[1...]
        scene.restart(trust: try Scene.makeTrust(alliance, nodes, rootKey: scene.rootKey, version: 2))
        goOn(scene)
        try scene.receipts(for: batches, from: [1])
        #expect(scene.journal.quorumEnd == 0)
        try scene.receipts(for: batches, from: [2])
        #expect(scene.journal.quorumEnd == batches[0].statement.header.next)
    }

    @Test("one that stands at another batch, or that is none, counts nothing")
    func notItsBatch() throws {
        let (scene, batches) = try run(receipts: [[], [0]])
        scene.journal.receipts[0].first = batches[0].statement.header.first
        scene.journal.receipts.append((batches[1].statement.header.first, [0xFF]))
        scene.restart()
        goOn(scene)
        try scene.receipts(for: batches, from: [1])
        #expect(scene.journal.quorumEnd == 0)
        try scene.receipts(for: batches, from: [2])
        #expect(scene.journal.quorumEnd == batches[1].statement.header.next)
    }

    @Test("one that holds less than is sent whole now counts nothing")
    func heldTooSmall() throws {
        var policy = GatewayPolicy()
        policy.sharing = SharingRule(hashesByDefault: true, exceptions: [])
        let scene = try Scene(policy: policy)
        scene.answerHello()
        scene.pass(1)
        try scene.record(10)
        scene.pass(1_000)
        let batch = try #require(scene.link.takeBatches().first)
        scene.receive(try scene.nodes[0].receipt(for: batch, lie: .init(held: 0)), from: scene.nodes[0])
        #expect(scene.journal.receipts.count == 1)
        policy.sharing = SharingRule(hashesByDefault: false, exceptions: [])
        scene.gateway.adopt(policy)
        scene.restart()
        goOn(scene)
        let whole = try #require(scene.link.takeBatches().first { $0.statement == batch.statement })
        try scene.receipts(for: [whole], from: [1])
        #expect(scene.journal.quorumEnd == 0)
        try scene.receipts(for: [whole], from: [2])
        #expect(scene.journal.quorumEnd == batch.statement.header.next)
    }
}
