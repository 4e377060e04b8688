import AttestationFormat
import DeviceCrypto
import GatewayAgent
import MerkleTree
import Testing

@Suite("epochs")
struct EpochTests {
    private func running() throws -> Scene {
        let scene = try Scene()
        scene.answerHello()
        scene.pass(1)
        try scene.record(10)
        scene.pass(1_000)
        try scene.receipts(for: scene.link.takeBatches(), from: [0, 1])
        try scene.record(5)
        scene.pass(1_000)
        return scene
    }

    private func firstStatement(_ scene: Scene) throws -> Statement {
        try Statement(parsing: try #require(scene.journal.statements.first).bytes)
    }

    @Test("another seal key at the start begins an epoch that opens with zero bytes, takes over what has no quorum, and says why")
    func newSealKey() throws {
        let scene = try running()
        let unquorumed = Array(scene.journal.events[Int(scene.journal.quorumEnd)...])
        try #require(unquorumed.count >= 5)
        let key = try SigningKey.generate()
        scene.restart(newKey: key)
        try scene.record(200)
        scene.pass(9_000)
        #expect(scene.journal.epochReasons.isEmpty && scene.signer.signedMessages.isEmpty, "nothing is signed until the epoch has begun")
        scene.answerHello()
        scene.pass(1)
        #expect(scene.journal.epochReasons == [.newKey])
        scene.pass(1_000)
        let opening = try firstStatement(scene).header
        #expect(opening.previous == Digest() && opening.first == 0 && opening.keyID == key.publicKey.keyID(using: SHA256.self))
        #expect(Array(scene.journal.events.prefix(unquorumed.count)) == unquorumed, "carried over, once each")
        let started = try scene.journal.events.map { try EventView(parsing: $0) }.filter { $0.kind == .number(1) }
        #expect(started.count == 2, "the start's event, and the epoch's")
        try scene.receipts(for: scene.link.takeBatches().filter { $0.statement.header.epoch == scene.journal.epoch })
        #expect(scene.journal.quorumEnd == scene.journal.signedEnd)
    }

    @Test("the key that a new epoch was begun for needs no further one, before its first statement and after", arguments: [true, false])
    func newSealKeyOnce(_ hasSigned: Bool) throws {
        let scene = try running()
        let key = try SigningKey.generate()
        scene.restart(newKey: key)
        scene.answerHello()
        scene.pass(1)
        if hasSigned { scene.pass(1_000) }
        #expect(scene.journal.statements.isEmpty != hasSigned)
        scene.restart()
        scene.answerHello()
        scene.pass(61_000)
        scene.pass(1_000)
        #expect(scene.journal.epochReasons == [.newKey])
        #expect(try firstStatement(scene).header.previous == Digest())
    }

    @Test("a seal key that was used before goes on from its own newest statement, which a node shows")
    func formerSealKey() throws {
        let scene = try running()
        let (former, first) = (scene.key, scene.journal.epoch)
        scene.restart(newKey: try SigningKey.generate())
        scene.answerHello()
        scene.pass(1)
        scene.pass(1_000)
        scene.restart(newKey: former)
        let shown = try scene.ownStatement(epoch: Epoch(first.value + 77), first: 10)
        scene.receive(Reply.position(shown).encoded(), from: scene.nodes[0])
        scene.receive(scene.nodes[1].position(), from: scene.nodes[1])
        scene.pass(1)
        #expect(scene.journal.epochReasons == [.newKey, .rollback])
        scene.pass(1_000)
        #expect(try firstStatement(scene).header.previous == shown.hash(using: SHA256.self))
    }

    @Test("a statement of our own at or beyond the next sequence begins an epoch that is linked to it")
    func rollback() throws {
        let scene = try running()
        let unquorumed = Array(scene.journal.events[Int(scene.journal.quorumEnd)...])
        let shown = try scene.ownStatement(epoch: scene.journal.epoch, first: 40)
        scene.receive(Reply.position(shown).encoded(), from: scene.nodes[0])
        scene.pass(1)
        #expect(scene.journal.epochReasons == [.rollback])
        scene.pass(1_000)
        #expect(try firstStatement(scene).header.previous == shown.hash(using: SHA256.self))
        #expect(Array(scene.journal.events.prefix(unquorumed.count)) == unquorumed, "carried over, once each")
        let started = try EventView(parsing: #require(scene.journal.events.dropFirst(unquorumed.count).first))
        #expect(started.kind == .number(1), "an event says why")
    }

    @Test("other bytes for a sequence of ours are a conflict", arguments: [true, false])
    func conflict(_ asRefusal: Bool) throws {
        let scene = try running()
        let shown = try scene.ownStatement(epoch: scene.journal.epoch, first: 0)
        let reply: Reply = asRefusal
            ? .refusal(Refusal(first: 0, code: .conflict, text: "conflict", conflicting: shown)) : .position(shown)
        scene.receive(reply.encoded(), from: scene.nodes[0])
        scene.pass(1)
        #expect(scene.journal.epochReasons == [.conflict])
    }

    @Test("an unknown epoch of our own key begins a new one; a former one means nothing")
    func unknownEpoch() throws {
        let scene = try running()
        scene.journal.former = [Epoch(500)]
        scene.receive(Reply.position(try scene.ownStatement(epoch: Epoch(500), first: 3)).encoded(), from: scene.nodes[0])
        scene.pass(1)
        #expect(scene.journal.epochReasons.isEmpty)
        scene.receive(Reply.position(try scene.ownStatement(epoch: Epoch(77), first: 3)).encoded(), from: scene.nodes[1])
        scene.pass(1)
        #expect(scene.journal.epochReasons == [.rollback])
    }

    @Test("refused for another epoch's opening, the gateway asks for the newest statement and links to it, however often it is refused")
    func rivalOpening() throws {
        let scene = try running()
        scene.receive(Reply.position(try scene.ownStatement(epoch: Epoch(77), first: 3)).encoded(), from: scene.nodes[0])
        scene.pass(1)
        #expect(scene.journal.epochReasons == [.rollback])
        let rival = try scene.ownStatement(epoch: Epoch(78), first: 0)
        let newest = try scene.ownStatement(epoch: Epoch(78), first: 9, iat: 1_800_000_900)
        var helloCount = scene.link.hellos.count
        for _ in 0..<95 {
            scene.pass(1_000)
            for batch in scene.link.takeBatches() {
                let first = batch.statement.header.first
                let refusal = Refusal(first: first, code: .conflict, text: "conflict", conflicting: rival)
                for node in scene.nodes { scene.receive(Reply.refusal(refusal).encoded(), from: node) }
            }
            if scene.link.hellos.count > helloCount {
                helloCount = scene.link.hellos.count
                for node in scene.nodes { scene.receive(Reply.position(newest).encoded(), from: node) }
            }
        }
        #expect(scene.journal.epochReasons == [.rollback, .rollback], "the second change waits its minute")
        #expect(try firstStatement(scene).header.previous == newest.hash(using: SHA256.self))
    }

    /// The gateway left its epoch for the other clone's statement, and the nodes answer every repetition of the new opening in this way.
    private func refusingOpening(with shown: (Scene, Epoch) throws -> Statement) throws -> Scene {
        let scene = try running()
        let former = scene.journal.epoch
        let named = try scene.ownStatement(epoch: former, first: 40)
        scene.receive(Reply.position(named).encoded(), from: scene.nodes[0])
        scene.pass(1)
        scene.journal.former = [former]
        let position = Reply.position(try shown(scene, former)).encoded()
        for _ in 0..<300 {
            scene.pass(1_000)
            for batch in scene.link.takeBatches() where batch.statement.header.first == 0 {
                guard scene.journal.epochReasons.count == 1 else { continue }
                for node in scene.nodes { scene.receive(position, from: node) }
            }
        }
        return scene
    }

    @Test("nodes whose newest statement is the other clone's next one get an epoch that names it")
    func cloneWentOn() throws {
        let scene = try refusingOpening { scene, former in try scene.ownStatement(epoch: former, first: 41) }
        #expect(scene.journal.epochReasons == [.rollback, .rollback])
        let shown = try scene.ownStatement(epoch: #require(scene.journal.former.first), first: 41)
        #expect(try firstStatement(scene).header.previous == shown.hash(using: SHA256.self))
    }

    @Test("nodes that have just what the opening names, or show an end that does not verify, cause no further epoch", arguments: [true, false])
    func openingOnItsWay(_ isNamed: Bool) throws {
        let stranger = try SigningKey.generate()
        let scene = try refusingOpening { scene, former in
            try scene.ownStatement(epoch: former, first: isNamed ? 40 : 41, signer: isNamed ? nil : stranger)
        }
        #expect(scene.journal.epochReasons == [.rollback])
    }

    @Test("a node that shows an older end once and then takes the opening causes no further epoch")
    func nodeBehind() throws {
        let scene = try running()
        let former = scene.journal.epoch
        scene.receive(Reply.position(try scene.ownStatement(epoch: former, first: 40)).encoded(), from: scene.nodes[0])
        scene.pass(1_000)
        scene.journal.former = [former]
        let behind = Reply.position(try scene.ownStatement(epoch: former, first: 3)).encoded()
        for node in scene.nodes { scene.receive(behind, from: node) }
        scene.pass(31_000)
        try scene.receipts(for: scene.link.takeBatches().filter { $0.statement.header.epoch == scene.journal.epoch })
        for node in scene.nodes { scene.receive(behind, from: node) }
        scene.pass(120_000)
        #expect(scene.journal.epochReasons == [.rollback])
    }

    @Test("a gateway that every node refuses asks and repeats ever more seldom")
    func refusedForEver() throws {
        let scene = try running()
        let (helloCount, batchCount) = (scene.link.hellos.count, scene.link.takeBatches().count)
        var repetitionCount = 0
        for _ in 0..<7_200 {
            scene.pass(1_000)
            for batch in scene.link.takeBatches() where batch.statement.header.first < 15 {
                repetitionCount += 1
                let refusal = Refusal(first: batch.statement.header.first, code: .revoked, text: "revoked")
                for node in scene.nodes { scene.receive(Reply.refusal(refusal).encoded(), from: node) }
            }
        }
        #expect(batchCount == 1)
        #expect((5...9).contains(scene.link.hellos.count - helloCount), "\(scene.link.hellos.count - helloCount) hellos in two hours")
        #expect((5...9).contains(repetitionCount), "\(repetitionCount) repetitions in two hours")
    }

    @Test("a new journal links to what a node shows, without another epoch")
    func freshJournal() throws {
        let scene = try Scene()
        let old = try scene.ownStatement(epoch: Epoch(77), first: 3, iat: 1_800_000_000)
        let newer = try scene.ownStatement(epoch: Epoch(78), first: 0, iat: 1_800_000_900)
        scene.receive(Reply.position(old).encoded(), from: scene.nodes[0])
        scene.pass(1_100)
        scene.receive(Reply.position(newer).encoded(), from: scene.nodes[1])
        scene.pass(1)
        scene.pass(1_000)
        #expect(scene.journal.epochReasons.isEmpty)
        #expect(try firstStatement(scene).header.previous == newer.hash(using: SHA256.self))
    }

    @Test(
        "a forged hint begins no epoch",
        arguments: ["other key", "other gateway", "nil", "malformed", "refusal 4", "refusal 5", "refusal 7", "refusal 8", "conflict without proof"])
    func forged(_ how: String) throws {
        let scene = try running()
        let epoch = scene.journal.epoch
        switch how {
        case "other key":
            let forged = try scene.ownStatement(epoch: epoch, first: 99, signer: SigningKey.generate())
            scene.receive(Reply.position(forged).encoded(), from: scene.nodes[0])
        case "other gateway":
            let other = try Scene(key: scene.key, device: Name("gw-2")!)
            scene.receive(Reply.position(try other.ownStatement(epoch: epoch, first: 99)).encoded(), from: scene.nodes[0])
        case "nil": scene.receive(Reply.position(nil).encoded(), from: scene.nodes[0])
        case "malformed": scene.gateway.receive([0x83, 1, 1, 0x41, 0], from: "hk-1", at: scene.now)
        case "conflict without proof":
            scene.receive(Reply.refusal(Refusal(first: 0, code: .conflict, text: "")).encoded(), from: scene.nodes[0])
        default:
            let code = UInt64(how.suffix(1)) ?? 0
            scene.receive(
                Reply.refusal(Refusal(first: 0, code: .init(rawValue: code), text: "no")).encoded(), from: scene.nodes[0])
        }
        scene.pass(1)
        scene.pass(120_000)
        #expect(scene.journal.epochReasons.isEmpty)
        #expect(scene.journal.epoch == epoch)
    }

    @Test("a refusal that the own check confirms begins an epoch")
    func confirmedRefusal() throws {
        let scene = try running()
        // The flash turned a bit of a stored signature; the statement's bytes are no longer ours.
        let last = try Statement(parsing: scene.journal.statements[1].bytes)
        let damaged = Statement(header: last.header, root: SHA256.hash([1]), signature: last.signature)
        scene.journal.statements[1].bytes = damaged.bytes
        scene.receive(
            Reply.refusal(Refusal(first: last.header.first, code: .badSignature, text: "bad")).encoded(), from: scene.nodes[0])
        scene.pass(1)
        #expect(scene.journal.epochReasons == [.refusal])
    }

    @Test("two clones: one sees the other's statement and leaves the epoch, and not more than once a minute")
    func clones() throws {
        let scene = try running()
        for round in 0..<20 {
            let clone = try scene.ownStatement(epoch: Epoch(9_000 + UInt64(round)), first: 0)
            scene.receive(Reply.position(clone).encoded(), from: scene.nodes[0])
            scene.pass(1_100)
        }
        #expect(scene.journal.epochReasons.count == 1)
        scene.pass(60_000)
        #expect(scene.journal.epochReasons.count == 2)
    }

    @Test("damage of what the open epoch needs begins a new one by itself")
    func damage() throws {
        let scene = try running()
        scene.journal.closedBecause = .damage
        scene.pass(1)
        #expect(scene.journal.epochReasons == [.damage])
    }
}
