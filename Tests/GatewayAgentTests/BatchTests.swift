import AttestationFormat
import DeviceCrypto
import GatewayAgent
import LogisticsEvents
import MerkleTree
import Testing

@Suite("batches")
struct BatchTests {
    /// A scene whose gate is open and whose own first event is out of the way.
    private func open(_ policy: GatewayPolicy = GatewayPolicy()) throws -> Scene {
        let scene = try Scene(policy: policy)
        scene.answerHello()
        scene.pass(1)
        scene.pass(1_000)
        try scene.receipts(for: scene.link.takeBatches())
        return scene
    }

    @Test("nothing is signed before the quorum's number of nodes has answered the hello, or 10 s have passed")
    func gateWaits() throws {
        let scene = try Scene()
        try scene.record(200)
        scene.pass(9_000)
        #expect(scene.signer.signedMessages.isEmpty)
        scene.receive(scene.nodes[0].position(), from: scene.nodes[0])
        scene.receive(scene.nodes[0].position(), from: scene.nodes[0])
        scene.pass(1)
        #expect(scene.signer.signedMessages.isEmpty, "one node twice is not two nodes")
        #expect(scene.journal.events.count == 201, "events are stored meanwhile")
        scene.receive(scene.nodes[1].position(), from: scene.nodes[1])
        scene.pass(1)
        #expect(!scene.signer.signedMessages.isEmpty)
    }

    @Test("after 10 s without an answer signing begins")
    func gateOpensByTime() throws {
        let scene = try Scene(isConnected: false)
        try scene.record(64)
        scene.pass(9_999)
        #expect(scene.signer.signedMessages.isEmpty)
        scene.pass(1)
        #expect(scene.signer.signedMessages.count == 1)
    }

    @Test("without a broker signing begins at once")
    func noBroker() throws {
        var policy = GatewayPolicy()
        policy.hasBroker = false
        let scene = try Scene(isConnected: false, policy: policy)
        try scene.record(64)
        #expect(scene.signer.signedMessages.count == 1)
    }

    @Test("a batch closes at 64 events, exactly")
    func closesAtCount() throws {
        let scene = try open()
        try scene.record(63)
        #expect(scene.link.batches.isEmpty)
        try scene.record(1)
        scene.pass(0)
        let batches = scene.link.takeBatches()
        #expect(batches.map(\.statement.header.count) == [64])
        #expect(batches.allSatisfy { $0.isComplete(using: SHA256.self) })
    }

    @Test("a batch closes a second after its first event")
    func closesByTime() throws {
        let scene = try open()
        scene.link.batches = []
        try scene.record(2)
        scene.pass(999)
        #expect(scene.link.batches.isEmpty)
        scene.pass(1)
        #expect(scene.link.takeBatches().map { $0.items?.count ?? 0 }.reduce(0, +) >= 2)
    }

    @Test("a priority event closes its batch at once")
    func priority() throws {
        let scene = try open()
        scene.link.batches = []
        try scene.record(1)
        try scene.record(1, kind: 43, isPriority: true)
        scene.pass(0)
        #expect(scene.link.takeBatches().count == 1)
    }

    @Test("batches grow to 1,024 events while a slow token signs, and no further")
    func growth() throws {
        let scene = try open()
        scene.link.batches = []
        scene.signer.isSlow = true
        try scene.record(64)
        try scene.record(3_000)
        scene.pass(5_000)
        scene.signer.isSlow = false
        for _ in 0..<10 { scene.pass(1_000) }
        let counts = scene.link.takeBatches().map(\.statement.header.count)
        #expect(counts.first.map { $0 <= 128 } ?? false)
        #expect(counts.contains(1_024))
        #expect(counts.allSatisfy { $0 <= 1_024 })
        #expect(counts.reduce(0, +) >= 3_064)
    }

    @Test("the chain has no gap, and each statement names the one before")
    func chain() throws {
        let scene = try open()
        try scene.record(300)
        scene.pass(1_000)
        var previous = Digest()
        var next: UInt64 = 0
        for stored in scene.journal.statements {
            let statement = try Statement(parsing: stored.bytes)
            #expect(statement.header.first == next)
            #expect(statement.header.previous == previous)
            next = statement.header.next
            previous = statement.hash(using: SHA256.self)
        }
        #expect(next == scene.journal.nextSequence)
        #expect(Set(scene.signer.signedMessages).count == scene.signer.signedMessages.count, "nothing is signed twice")
    }

    @Test("a statement that cannot be stored does not leave, and is not signed again")
    func storeBeforePublish() throws {
        let scene = try open()
        scene.link.batches = []
        try scene.record(10)
        scene.journal.failure = .medium(errno: 5)
        scene.pass(1_000)
        let signedCount = scene.signer.signedMessages.count
        #expect(scene.link.batches.isEmpty)
        scene.pass(5_000)
        #expect(scene.signer.signedMessages.count == signedCount)
        scene.journal.failure = nil
        scene.gateway.journalResumed()
        scene.pass(1_000)
        #expect(!scene.link.batches.isEmpty)
        #expect(scene.signer.signedMessages.count == signedCount)
    }

    @Test("kinds that share hashes keep their bytes at home")
    func hashes() throws {
        var policy = GatewayPolicy()
        policy.sharing = SharingRule(hashesByDefault: false, exceptions: [40])
        let scene = try open(policy)
        scene.link.batches = []
        try scene.record(2, kind: 40)
        try scene.record(3)
        scene.pass(1_000)
        let batch = try #require(scene.link.takeBatches().last)
        #expect(batch.wholeEventCount == (batch.items?.count ?? 0) - 2)
        #expect(batch.isComplete(using: SHA256.self))
    }

    @Test("the agent's own events have a salt when they leave as hashes, and none otherwise", arguments: [
        (SharingRule(), 0), (SharingRule(hashesByDefault: true), 8), (SharingRule(hashesByDefault: true, exceptions: [KnownKind.agentStarted.rawValue]), 0),
        (SharingRule(exceptions: [KnownKind.agentStarted.rawValue]), 8), (SharingRule(exceptions: [40]), 0),
    ])
    func ownSalt(sharing: SharingRule, byteCount: Int) throws {
        var policy = GatewayPolicy()
        policy.sharing = sharing
        let scene = try open(policy)
        let started = try EventView(parsing: #require(scene.journal.events.first))
        #expect(started.kind == .number(KnownKind.agentStarted.rawValue))
        #expect(started.salt.count == byteCount)
    }

    @Test("a failed signature is tried again with the same events")
    func signingFails() throws {
        let scene = try open()
        scene.signer.failsNext = true
        try scene.record(64)
        scene.pass(1)
        #expect(scene.gateway.concerns.signingFailureCode != nil)
        scene.pass(1_000)
        #expect(scene.journal.signedEnd == scene.journal.nextSequence)
        #expect(scene.gateway.concerns.signingFailureCode == nil)
    }
}
