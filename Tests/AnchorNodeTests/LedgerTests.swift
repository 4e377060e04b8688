import AllianceTrust
import AttestationFormat
import Foundation
import GRDB
import MerkleTree
import NodeTesting
import Testing

@testable import AnchorNode

@Suite struct LedgerTests {
    @Test("the store syncs every commit")
    func synchronous() async throws {
        let node = try await TestNode(try TestAlliance(nodeCount: 1))
        #expect(try node.store.write { try $0.integer("PRAGMA synchronous") } == 2)
        #expect(try node.store.read { try $0.row("PRAGMA journal_mode")?[0] as String? } == "wal")
        try node.remove()
    }

    @Test("places of complete subtrees are dense and in post-order")
    func places() {
        var frontier = MerkleFrontier<SHA256>()
        var expected: Int64 = 0
        for _ in 0..<1_000 {
            frontier.append(leafHash: Digest()) { level, index, _ in
                #expect(SQLiteTransaction.place(level: level, index: index) == expected)
                expected += 1
            }
        }
    }

    @Test("receipts of every size from 1 to 64 verify, and roots of one size never differ")
    func sizes() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        var roots: [UInt64: Digest] = [:]
        for size in 1...64 {
            let batch = try gateway.batch(count: 1)
            let receipt = try #require(try await node.receipt(for: batch))
            #expect(receipt.header.treeSize == UInt64(size) + 1)
            #expect(roots.updateValue(receipt.root, forKey: receipt.header.treeSize) == nil)
        }
        try node.remove()
    }

    @Test("a later trust file is in the ledger before it is applied; an older or a foreign one is not taken")
    func trustFiles() async throws {
        var alliance = try TestAlliance()
        let first = alliance.trustFile.bytes
        let node = try await TestNode(alliance)
        #expect(try node.store.read { try $0.entryBytes(0) } == first)
        try alliance.update { _ in }
        #expect(try await node.core.take(trustFile: alliance.trustFile.bytes))
        #expect(try node.store.read { try $0.entryBytes(1) } == alliance.trustFile.bytes)
        let second = alliance.trustFile.bytes
        #expect(try await node.core.take(trustFile: second) == false)
        await #expect(throws: NodeError.self) { try await node.core.take(trustFile: first) }
        var foreign = try TestAlliance()
        for _ in 0..<3 { try foreign.update { _ in } }
        let foreignBytes = foreign.trustFile.bytes
        await #expect(throws: NodeError.self) { try await node.core.take(trustFile: foreignBytes) }
        await #expect(throws: NodeError.self) { try await node.core.take(trustFile: [1, 2, 3]) }
        #expect(try node.store.read { try $0.entryCount() } == 2)
        try node.remove()
    }

    @Test("a store of another node, and a key that is not in the trust file, are refused")
    func foreign() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        try node.close()
        await #expect(throws: NodeError.self) {
            try await TestNode(alliance, settings: alliance.settings(node: 1), folder: node.folder)
        }
        var stranger = alliance.settings()
        stranger.key = try AllianceSigningKey()
        await #expect(throws: NodeError.self) { try await TestNode(alliance, settings: stranger) }
        try FileManager.default.removeItem(at: node.folder)
    }

    @Test("a start with a wrong key leaves a store that the right key takes")
    func wrongKeyFirst() async throws {
        let alliance = try TestAlliance()
        let folder = try TestNode.newFolder()
        var wrong = alliance.settings()
        wrong.key = try AllianceSigningKey()
        await #expect(throws: NodeError.self) { try await TestNode(alliance, settings: wrong, folder: folder) }
        let node = try await TestNode(alliance, folder: folder)
        #expect(try node.store.read { try $0.entryCount() } == 1)
        try node.remove()
    }

    @Test("a store whose tree was changed is not gone on with")
    func damage() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        for _ in 0..<4 { _ = try await node.receipt(for: try gateway.batch()) }
        try node.store.write { try $0.run("UPDATE nodes SET hash = zeroblob(32) WHERE place = 6", []) }
        try node.close()
        await #expect(throws: NodeError.self) { try await TestNode(alliance, folder: node.folder) }
        try FileManager.default.removeItem(at: node.folder)
    }

    @Test("an entry that was changed before it came under a root stops the node before it signs")
    func changedEntry() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        _ = try await node.receipt(for: try gateway.batch())
        try node.store.write { try $0.run("UPDATE nodes SET hash = zeroblob(32) WHERE place = 2", []) }
        _ = try await node.handle(try gateway.batch().message())
        await #expect(throws: NodeError.self) { try await node.integrate() }
        #expect(try node.store.read { try $0.newestCheckpoint()?.size } == 2)
        try node.remove()
    }
}

/// A store that stops at a chosen commit, before or after it: what a kill at that point leaves.
private final class StoppingStore: NodeStore {
    let store: SQLiteStore
    private let remaining: Counter

    init(_ store: SQLiteStore, stopAt: Int) {
        self.store = store
        remaining = Counter(stopAt)
    }

    final class Counter: @unchecked Sendable {
        var value: Int
        init(_ value: Int) { self.value = value }
        func step() throws {
            value -= 1
            if value == 0 { throw NodeError(.stopped, "the test stopped the node here") }
        }
    }

    func write<Result>(_ body: (SQLiteTransaction) throws -> Result) throws -> Result {
        let result = try store.write { transaction in
            let result = try body(transaction)
            try remaining.step()
            return result
        }
        try remaining.step()
        return result
    }

    func read<Result>(_ body: (SQLiteTransaction) throws -> Result) throws -> Result {
        try store.read(body)
    }
}

@Suite struct CrashTests {
    /// Every commit has two points: rolled back, and durable but unreported.
    @Test("stopped at any commit, the node resumes without a lost, doubled or re-indexed entry", arguments: 1...16)
    func resume(stopAt: Int) async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        var gateway = try alliance.gateway()
        let hello = gateway.hello()
        let batches = try (0..<3).map { _ in try gateway.batch() }
        let settings = alliance.settings()
        let folder = try TestNode.newFolder()
        let path = folder.appendingPathComponent("ledger.sqlite").path
        let store = try SQLiteStore(path: path, origin: settings.name.origin.string, keyID: settings.key.keyID)
        let nowSeconds = alliance.nowSeconds
        var sent: [Reply] = []
        var hasStopped = false
        do {
            let core = try await NodeCore(
                settings: settings, trustFile: alliance.trustFile.bytes, store: StoppingStore(store, stopAt: stopAt),
                metrics: NodeMetrics(), clock: NodeClock { nowSeconds * 1_000 }, logger: TestNode.silentLogger)
            sent += try await core.handle([hello]).map { try Reply(parsing: $0.payload) }
            for batch in batches {
                sent += try await core.handle([batch.message()]).map { try Reply(parsing: $0.payload) }
                sent += try await core.integrate().map { try Reply(parsing: $0.payload) }
            }
        } catch let error as NodeError where error.code == .stopped {
            hasStopped = true
        }
        #expect(hasStopped, "the fault fired")
        try store.close()
        try await check(alliance, folder, hello, batches, sent)
    }

    private func check(
        _ alliance: TestAlliance, _ folder: URL, _ hello: BrokerMessage, _ batches: [TestBatch], _ sent: [Reply]
    ) async throws {
        let node = try await TestNode(alliance, folder: folder)
        var replies = try await node.integrate()
        replies += try await node.handle(hello)
        for batch in batches {
            replies += try await node.handle(batch.message())
            replies += try await node.integrate()
        }
        #expect(try node.store.read { try $0.entryCount() } == 4)
        for (index, batch) in batches.enumerated() {
            let before = sent.receipts(for: batch, trustFile: alliance.trustFile)
            let after = replies.receipts(for: batch, trustFile: alliance.trustFile)
            #expect(!after.isEmpty)
            #expect((before + after).allSatisfy { $0.index == UInt64(index) + 1 })
            var roots: [UInt64: Digest] = [:]
            for receipt in before + after {
                #expect(roots[receipt.header.treeSize, default: receipt.root] == receipt.root)
                roots[receipt.header.treeSize] = receipt.root
            }
        }
        try node.remove()
    }
}
