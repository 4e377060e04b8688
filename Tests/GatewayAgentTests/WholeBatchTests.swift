import AttestationFormat
import DeviceCrypto
import GatewayAgent
import Testing

@Suite("batches for the owner's archive")
struct WholeBatchTests {
    private func scene() throws -> Scene {
        var policy = GatewayPolicy()
        policy.hasBroker = false
        policy.sharing = SharingRule(hashesByDefault: true)
        policy.batchEventCount = 1_024
        policy.batchByteCount = 262_144
        return try Scene(isConnected: false, policy: policy)
    }

    private func all(_ scene: Scene) throws -> [WholeBatch] {
        var batches: [WholeBatch] = []
        var cursor: UInt64 = 0
        while let batch = try scene.journal.wholeBatch(atOrAfter: cursor, of: scene.gatewayName.gatewayID, hashing: SHA256.self) {
            batches.append(batch)
            cursor = batch.end
        }
        return batches
    }

    @Test("every event is whole although nodes get hashes, whatever its size", arguments: [0, 20, 300, 4_000]) func whole(byteCount: Int) throws {
        let scene = try scene()
        try scene.record(700, byteCount: byteCount)
        for _ in 0..<20 { scene.pass(1_000) }
        let batches = try all(scene)
        #expect(batches.last?.end == scene.journal.signedEnd && scene.journal.signedEnd == scene.journal.nextSequence)
        var next: UInt64 = 0
        for batch in batches {
            #expect(batch.isComplete && batch.first == next)
            let message = try BatchMessage(parsing: batch.message.payload)
            #expect(message.isComplete(using: SHA256.self) && message.wholeEventCount == message.statement.header.count)
            #expect(try Topic(parsing: batch.message.topic).channel == .batch)
            next = batch.end
        }
    }

    @Test("events that are lost leave the statement alone, and say so") func lost() throws {
        let scene = try scene()
        try scene.record(3)
        for _ in 0..<3 { scene.pass(1_000) }
        scene.journal.oldestHeld = scene.journal.nextSequence
        let batch = try #require(try all(scene).first)
        #expect(!batch.isComplete)
        #expect(try BatchMessage(parsing: batch.message.payload).items == nil)
    }

    @Test("events that are others than those signed are no complete batch") func changed() throws {
        let scene = try scene()
        try scene.record(3)
        for _ in 0..<3 { scene.pass(1_000) }
        scene.journal.events.swapAt(1, 2)
        #expect(try all(scene).contains { !$0.isComplete })
    }

    @Test("a medium that fails, and bytes that are no statement, end it: nothing counts as archived") func failures() throws {
        let scene = try scene()
        try scene.record(3)
        for _ in 0..<3 { scene.pass(1_000) }
        scene.journal.readFailure = .medium(errno: 5)
        #expect(throws: JournalProblem.medium(errno: 5)) { try all(scene) }
        scene.journal.readFailure = nil
        scene.journal.statements[0].bytes = [1, 2, 3]
        #expect(throws: JournalProblem.damaged) { try all(scene) }
    }
}
