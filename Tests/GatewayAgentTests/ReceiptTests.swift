import AttestationFormat
import DeviceCrypto
import GatewayAgent
import HarborsealTesting
import Testing

@Suite("receipts free, and nothing else does")
struct ReceiptTests {
    private func withOneBatch() throws -> (Scene, BatchMessage) {
        let scene = try Scene()
        scene.answerHello()
        scene.pass(1)
        try scene.record(10)
        scene.pass(1_000)
        let batch = try #require(scene.link.takeBatches().first)
        return (scene, batch)
    }

    @Test("two nodes' receipts make the quorum; only these are stored, and the mark moves")
    func quorum() throws {
        let (scene, batch) = try withOneBatch()
        try scene.receipts(for: [batch], from: [0])
        #expect(scene.journal.quorumEnd == 0)
        try scene.receipts(for: [batch], from: [0])
        #expect(scene.journal.quorumEnd == 0, "the same node twice is one node")
        try scene.receipts(for: [batch], from: [1, 2])
        #expect(scene.journal.quorumEnd == batch.statement.header.next)
        #expect(scene.journal.receipts.count == 2)
    }

    @Test("what the broker acknowledges frees nothing")
    func acknowledged() throws {
        let (scene, _) = try withOneBatch()
        scene.pass(10_000)
        #expect(scene.journal.quorumEnd == 0)
        #expect(scene.gateway.windowBatchCount == 1)
    }

    @Test("a forged receipt frees nothing", arguments: ["other key", "other leaf", "other ledger", "other size", "held too small", "other epoch", "stranger"])
    func forged(_ how: String) throws {
        let (scene, batch) = try withOneBatch()
        var lie = ScriptedNode.Lie()
        switch how {
        case "other key": lie.signer = try SigningKey.generate()
        case "other leaf": lie.otherLeaf = true
        case "other ledger": lie.origin = scene.nodes[2].name
        case "other size": lie.treeSize = 77
        case "held too small": lie.held = UInt64(batch.wholeEventCount) - 1
        case "other epoch": lie.subject = scene.gatewayName.subject(in: Epoch(9))
        default: lie.origin = NodeName(alliance: scene.gatewayName.alliance, node: Name("zz-9")!)
        }
        for index in [0, 1] { scene.receive(try scene.nodes[index].receipt(for: batch, lie: lie), from: scene.nodes[index]) }
        scene.pass(1)
        #expect(scene.journal.quorumEnd == 0)
        #expect(scene.journal.receipts.isEmpty)
        let failing = scene.gateway.nodes.records.map { $0.rejectedInARowCount > 0 }
        #expect(failing == (how == "stranger" ? [false, false, false] : how == "other ledger" ? [false, false, true] : [true, true, false]))
        // The honest ones still count afterwards, and what was before is past.
        try scene.receipts(for: [batch], from: [0, 1])
        #expect(scene.journal.quorumEnd > 0 && scene.gateway.nodes.records[..<2].allSatisfy { $0.rejectedInARowCount == 0 })
    }

    @Test("a flood of forged receipts costs eight verifications and then one a second, and true ones count again afterwards")
    func flood() throws {
        let (scene, batch) = try withOneBatch()
        let forged = try scene.nodes[0].receipt(for: batch, lie: .init(signer: SigningKey.generate()))
        for _ in 0..<500 { scene.receive(forged, from: scene.nodes[0]) }
        let record = try #require(scene.gateway.nodes.records.first)
        #expect((8...10).contains(record.rejectedReceiptCount), "\(record.rejectedReceiptCount) verified")
        #expect(record.rejectedReceiptCount + record.unreadReceiptCount == 500)
        scene.pass(1_100)
        try scene.receipts(for: [batch], from: [0, 1])
        #expect(scene.journal.quorumEnd > 0)
    }

    @Test("when share becomes hashes, the repetition asks the nodes for no more than it sent")
    func sharesHashesFromNowOn() throws {
        let (scene, batch) = try withOneBatch()
        var policy = GatewayPolicy()
        policy.sharing = SharingRule(hashesByDefault: true, exceptions: [])
        scene.gateway.adopt(policy)
        let lie = ScriptedNode.Lie(held: 0)
        for index in [0, 1] { scene.receive(try scene.nodes[index].receipt(for: batch, lie: lie), from: scene.nodes[index]) }
        #expect(scene.journal.quorumEnd == 0, "the events were sent whole")
        scene.pass(31_000)
        let again = try #require(scene.link.takeBatches().first { $0.statement == batch.statement })
        #expect(again.wholeEventCount == 0)
        try scene.receipts(for: [again], from: [0, 1])
        #expect(scene.journal.quorumEnd == batch.statement.header.next)
    }

    @Test("when share becomes events, batches that went out as hashes go out whole: they were closed small enough for that")
    func sharesEventsFromNowOn() throws {
        var policy = GatewayPolicy()
        policy.sharing = SharingRule(hashesByDefault: true, exceptions: [])
        policy.batchEventCount = 1_024
        let scene = try Scene(policy: policy)
        scene.answerHello()
        scene.pass(1)
        try scene.record(200, byteCount: 3_000)
        scene.pass(1_000)
        let batch = try #require(scene.link.takeBatches().first)
        #expect(batch.wholeEventCount == 0 && batch.isComplete(using: SHA256.self))
        #expect((80..<100).contains(batch.statement.header.count), "262,144 bytes of 3,000 each")
        policy.sharing = SharingRule(hashesByDefault: false, exceptions: [])
        scene.gateway.adopt(policy)
        scene.pass(31_000)
        let again = try #require(scene.link.takeBatches().first { $0.statement == batch.statement })
        #expect(again.wholeEventCount == batch.statement.header.count && again.isComplete(using: SHA256.self))
    }

    @Test("a node whose receipts come after the quorum is known to answer; one that nobody knows is not")
    func surplus() throws {
        let (scene, batch) = try withOneBatch()
        try scene.receipts(for: [batch], from: [0, 1])
        #expect(scene.journal.quorumEnd > 0)
        try scene.receipts(for: [batch], from: [2])
        let records = scene.gateway.nodes.records
        #expect(records.map(\.surplusReceiptCount) == [0, 0, 1] && records.map(\.receiptCount) == [1, 1, 0])
        #expect(scene.gateway.counters.surplusReceiptCount == 1 && scene.journal.receipts.count == 2)
        let stranger = try ScriptedNode(#require(Name("xx-1")), alliance: #require(Name("pearl")))
        scene.receive(try stranger.receipt(for: batch), from: stranger)
        #expect(scene.gateway.nodes.records.map(\.surplusReceiptCount) == [0, 0, 1])
    }

    @Test("a receipt replayed for another batch frees nothing")
    func replay() throws {
        let (scene, first) = try withOneBatch()
        try scene.record(5)
        scene.pass(1_000)
        let second = try #require(scene.link.takeBatches().first)
        for index in [0, 1] {
            let reply = try Reply(parsing: scene.nodes[index].receipt(for: first))
            guard case .receipt(_, let receipt) = reply else { return }
            let replayed = Reply.receipt(first: second.statement.header.first, receipt).encoded()
            scene.receive(replayed, from: scene.nodes[index])
        }
        #expect(scene.journal.quorumEnd == 0)
    }

    @Test("the mark waits for the oldest batch, however many later ones have their quorum")
    func order() throws {
        let (scene, first) = try withOneBatch()
        try scene.record(5)
        scene.pass(1_000)
        let second = try #require(scene.link.takeBatches().first)
        try scene.receipts(for: [second], from: [0, 1])
        #expect(scene.journal.quorumEnd == 0)
        try scene.receipts(for: [first], from: [0, 1])
        #expect(scene.journal.quorumEnd == second.statement.header.next)
    }

    @Test("malformed replies and strangers are counted, nothing else")
    func malformed() throws {
        let (scene, _) = try withOneBatch()
        for bytes in [[], [0xFF], [0x84, 1, 0, 0, 0x40], [UInt8](repeating: 0x82, count: 70_000)] as [[UInt8]] {
            scene.gateway.receive(bytes, from: "hk-1", at: scene.now)
        }
        scene.gateway.receive(scene.nodes[0].position(), from: "unknown", at: scene.now)
        #expect(scene.gateway.counters.malformedReplyCount == 4)
        #expect(scene.gateway.counters.strangerReplyCount == 1)
        #expect(scene.journal.quorumEnd == 0)
    }

    @Test("each fault of an update is refused in its own words, and the file in force stays", arguments: TrustFileFault.allCases)
    func faultyTrustFile(fault: TrustFileFault) throws {
        let scene = try Scene()
        let second = try Scene.unverifiedTrust(scene.gatewayName.alliance, scene.nodes, rootKey: scene.rootKey, version: 2)
        scene.receive(Reply.trustFile(second).encoded(), from: scene.nodes[0])
        #expect(scene.gateway.trust?.content.version == 2)
        var content = second.content
        content.version = 3
        fault.spoil(&content)
        let root = fault.isOfOtherRoot ? try SigningKey.generate() : scene.rootKey
        let keyID = root.publicKey.keyID(using: SHA256.self)
        let signature = try root.sign(UnverifiedTrustFile.bytesToSign(content: content, keyID: keyID, issuedAtSeconds: 1_700_000_001))
        let bytes = fault.spoil(
            UnverifiedTrustFile.encode(content: content, keyID: keyID, issuedAtSeconds: 1_700_000_001, signature: signature))
        scene.receive(Reply.trustFile(try UnverifiedTrustFile(parsing: bytes)).encoded(), from: scene.nodes[0])
        #expect(scene.gateway.trust?.bytes == second.bytes)
        #expect(scene.trustStore.stored == [second.bytes])
        #expect(scene.gateway.counters.rejectedTrustFileCount == 1)
        let words = try #require(scene.gateway.concerns.trustFileRefusalWords)
        #expect(fault.isNamed(in: words), "\(words)")
        // What came right afterwards ends the concern.
        let third = try Scene.unverifiedTrust(scene.gatewayName.alliance, scene.nodes, rootKey: scene.rootKey, version: 3)
        scene.receive(Reply.trustFile(third).encoded(), from: scene.nodes[1])
        #expect(scene.gateway.trust?.bytes == third.bytes && scene.gateway.concerns.trustFileRefusalWords == nil)
    }

    @Test("another file of the version in force is said as what it is, one that the alliance signed too or a forgery; an older one only where nothing else is")
    func trustFileTwin() throws {
        let scene = try Scene()
        func file(_ version: UInt64, nodes: Int = 3, signedBy signer: SigningKey? = nil) throws -> UnverifiedTrustFile {
            try Scene.unverifiedTrust(
                scene.gatewayName.alliance, Array(scene.nodes.prefix(nodes)), rootKey: scene.rootKey, version: version, signedBy: signer)
        }
        func refusal(of file: UnverifiedTrustFile) -> VerificationError? {
            scene.receive(Reply.trustFile(file).encoded(), from: scene.nodes[0])
            return scene.gateway.concerns.trustFileRefusal
        }
        let held = try file(2)
        #expect(refusal(of: held) == nil && scene.gateway.trust?.bytes == held.bytes)
        #expect(try refusal(of: file(1)) == .version)
        #expect(try refusal(of: file(2, nodes: 2, signedBy: .generate())) == .signature)
        #expect(try refusal(of: file(1)) == .signature, "a node that lags hides nothing")
        #expect(try refusal(of: file(2, nodes: 2)) == .pinnedHash)
        #expect(scene.gateway.concerns.trustFileRefusalWords == "it is another file of the version in force")
        #expect(try refusal(of: file(1)) == .pinnedHash && refusal(of: held) == .pinnedHash)
        #expect(scene.gateway.trust?.bytes == held.bytes && scene.trustStore.stored == [held.bytes])
        #expect(try refusal(of: file(3)) == nil)
    }

    @Test("a newer trust file takes force only when the held root signed it")
    func trustFile() throws {
        let (scene, batch) = try withOneBatch()
        let alliance = scene.gatewayName.alliance
        let forged = try Scene.unverifiedTrust(
            alliance, scene.nodes, rootKey: scene.rootKey, version: 9, signedBy: SigningKey.generate())
        scene.receive(Reply.trustFile(forged).encoded(), from: scene.nodes[0])
        #expect(scene.gateway.trust?.content.version == 1)
        #expect(scene.gateway.counters.rejectedTrustFileCount == 1)
        scene.receive(try scene.nodes[0].receipt(for: batch, lie: .init(signer: SigningKey.generate())), from: scene.nodes[0])
        #expect(scene.gateway.nodes.records[0].rejectedInARowCount == 1)
        let older = try Scene.unverifiedTrust(alliance, scene.nodes, rootKey: scene.rootKey, version: 1)
        scene.receive(Reply.trustFile(older).encoded(), from: scene.nodes[0])
        #expect(scene.trustStore.stored.isEmpty)
        let newer = try Scene.unverifiedTrust(alliance, scene.nodes, rootKey: scene.rootKey, version: 2)
        scene.receive(Reply.trustFile(newer).encoded(), from: scene.nodes[0])
        #expect(scene.gateway.trust?.content.version == 2)
        #expect(scene.gateway.nodes.records[0].rejectedInARowCount == 0, "what did not verify under the file before tells nothing of this one")
        #expect(scene.trustStore.stored == [newer.bytes])
    }
}
