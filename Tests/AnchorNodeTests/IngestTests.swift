import AllianceTrust
import AttestationFormat
import Foundation
import GRDB
import MerkleTree
import NodeTesting
import Testing

@testable import AnchorNode

@Suite struct IngestTests {
    @Test("a batch of a known gateway gets a receipt that the format's verifier accepts")
    func receipt() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        let hello = try await node.handle(gateway.hello())
        #expect(hello.positions.count == 1 && hello.positions[0] == nil)
        let batch = try gateway.batch(count: 5)
        let receipt = try #require(try await node.receipt(for: batch))
        #expect(receipt.held == 5)
        #expect(receipt.index == 1, "leaf 0 is the trust file")
        #expect(receipt.header.treeSize == 2)
        try node.remove()
    }

    @Test("the same batch ten times is one entry with the same receipt")
    func duplicates() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        let batch = try gateway.batch()
        let first = try #require(try await node.receipt(for: batch))
        for _ in 0..<9 {
            let again = try await node.handle(batch.message(), batch.message())
            let receipts = again.receipts(for: batch, trustFile: alliance.trustFile)
            #expect(receipts.map(\.bytes) == [first.bytes, first.bytes])
            #expect(try await node.integrate().isEmpty)
        }
        #expect(try node.store.read { try $0.entryCount() } == 2)
        try node.remove()
    }

    @Test("the same batch ten times in one delivery is one entry")
    func duplicatesAtOnce() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        let batch = try gateway.batch()
        _ = try await node.core.handle([BrokerMessage](repeating: batch.message(), count: 10))
        #expect(try await node.integrate().receipts(for: batch, trustFile: alliance.trustFile).count == 1)
        #expect(try node.store.read { try $0.entryCount() } == 2)
        try node.remove()
    }

    @Test("a fork is refused as a conflict that shows the other side, kept, and marks the gateway")
    func fork() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        let clone = gateway
        let batch = try gateway.batch(count: 3)
        _ = try await node.receipt(for: batch)
        let fork = try clone.signed(clone.events(2), first: 0, previous: Digest())
        let replies = try await node.handle(fork.message())
        #expect(replies.refusalCodes == [6])
        guard case .refusal(let refusal) = replies.first else { return }
        #expect(refusal.conflicting?.bytes == batch.statement.bytes)
        #expect(node.metrics.value(.conflicts) == 1)
        try node.store.read { transaction in
            let signer = try #require(try transaction.signer(keyID: gateway.key.keyID, issuer: gateway.name.issuer))
            #expect(try transaction.conflictCount(of: signer) == 1)
            #expect(try transaction.integer("SELECT marked FROM signers WHERE id = ?", [signer.rawValue]) == 1)
            #expect(try transaction.blob("SELECT bytes FROM conflicts") .map { [UInt8]($0) } == fork.statement.bytes)
            #expect(try transaction.entryCount() == 2)
        }
        try node.remove()
    }

    @Test("conflicts kept of one signer are bounded")
    func manyConflicts() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        let clone = gateway
        _ = try await node.receipt(for: try gateway.batch(count: 3))
        let forks = try (0..<70).map { number in
            try clone.signed([TestGateway.event(1_000 + number)], first: 0, previous: Digest()).message()
        }
        let replies = try await node.core.handle(forks).map { try Reply(parsing: $0.payload) }
        #expect(replies.refusalCodes == [UInt64](repeating: 6, count: 70))
        #expect(try node.store.read { try $0.integer("SELECT count(*) FROM conflicts") } == 64)
        try node.remove()
    }

    @Test("withheld events are stored as hashes, and late bytes bring a receipt that says more")
    func lateEvents() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        let batch = try gateway.batch(count: 4)
        _ = try await node.handle(batch.message(withholding: [0, 1, 2, 3]))
        let first = try await node.integrate().receipts(for: batch, trustFile: alliance.trustFile)
        #expect(first.map(\.held) == [0])
        _ = try await node.handle(batch.message(withholding: [1, 3]))
        let second = try await node.integrate().receipts(for: batch, trustFile: alliance.trustFile)
        #expect(second.map(\.held) == [2])
        _ = try await node.handle(batch.message(withholding: [0, 2]))
        let third = try await node.integrate().receipts(for: batch, trustFile: alliance.trustFile)
        #expect(third.map(\.held) == [4])
        let again = try await node.handle(batch.message(withholding: [0])).receipts(for: batch, trustFile: alliance.trustFile)
        #expect(again.map(\.bytes) == third.map(\.bytes), "nothing new: the same receipt")
        #expect(try node.store.read { try $0.entryCount() } == 2)
        try node.remove()
    }

    @Test("lost event bytes are taken as lost, and can still come")
    func lostEvents() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        let batch = try gateway.batch(count: 2)
        _ = try await node.handle(batch.message(payload: batch.payloadWithoutEvents()))
        #expect(try await node.integrate().receipts(for: batch, trustFile: alliance.trustFile).map(\.held) == [0])
        _ = try await node.handle(batch.message())
        #expect(try await node.integrate().receipts(for: batch, trustFile: alliance.trustFile).map(\.held) == [2])
        try node.remove()
    }

    @Test("hashes that a broker invents after it hid the list are refused, and the gateway's own are kept")
    func inventedHashes() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        let batch = try gateway.batch(count: 4)
        _ = try await node.handle(batch.message(payload: batch.payloadWithoutEvents()))
        _ = try await node.integrate()
        let invented = TestBatch(statement: batch.statement, events: (0..<4).map { TestGateway.event(900 + $0) })
        #expect(try await node.handle(invented.message(withholding: [0, 1, 2, 3])).refusalCodes == [7])
        let shorter = TestBatch(statement: batch.statement, events: Array(batch.events.dropLast()))
        #expect(try await node.handle(shorter.message(withholding: [0, 1, 2])).refusalCodes == [7])
        let own = try await node.handle(batch.message(withholding: [0, 1, 2, 3]))
        #expect(own.receipts(for: batch, trustFile: alliance.trustFile).map(\.held) == [0], "at once: the receipt was there")
        let stored = try #require(try node.store.read { try $0.events(1) })
        let list = try EventList(stored: stored, of: batch.statement.bytes)
        #expect(list.items.map { $0.leafHash(using: SHA256.self) } == batch.events.map { MerkleTree<SHA256>.leafHash(of: $0) })
        try node.remove()
    }

    @Test("late bytes that do not give the root are refused and change nothing")
    func wrongLateEvents() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        let batch = try gateway.batch(count: 2)
        _ = try await node.handle(batch.message(withholding: [0, 1]))
        _ = try await node.integrate()
        let wrong = TestBatch(statement: batch.statement, events: [TestGateway.event(7), TestGateway.event(8)])
        #expect(try await node.handle(wrong.message()).refusalCodes == [7])
        #expect(try await node.integrate().isEmpty)
        try node.remove()
    }

    @Test("a gateway without certificate is unknown, with one it is known, and hello is answered with the position")
    func unknownThenKnown() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        let batch = try gateway.batch()
        #expect(try await node.handle(batch.message()).refusalCodes == [1])
        #expect(try await node.handle(gateway.hello(), batch.message()).positions.first??.bytes == batch.statement.bytes)
        #expect(try await node.receipt(for: batch) != nil)
        try node.remove()
    }

    @Test("a certificate of another gateway, of a stranger, or that has ended is refused")
    func certificates() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        let neighbour = try alliance.gateway("gw-2")
        let stranger = try TestAlliance().gateway()
        let batch = try gateway.batch()
        _ = try await node.handle(gateway.hello(certificates: [neighbour.certificate, stranger.certificate, [1, 2, 3]]))
        #expect(node.metrics.value(.certificatesRefused) == 3)
        #expect(try await node.handle(batch.message()).refusalCodes == [2], "the hello's certificates were refused")
        let ended = try alliance.firm.issueSeal(
            firm: "acme", gatewayID: gateway.name.gatewayID.description, issuer: gateway.name.issuer.string,
            publicKey: gateway.key.publicKey,
            lifetime: CertificateLifetime(
                notBeforeSeconds: alliance.nowSeconds - 100, notAfterSeconds: alliance.nowSeconds - 10))
        _ = try await node.handle(gateway.hello(certificates: [ended.der]))
        #expect(try await node.handle(batch.message()).refusalCodes == [2])
        _ = try await node.handle(gateway.hello())
        #expect(try await node.receipt(for: batch) != nil, "a renewed certificate of the same key heals it")
        try node.remove()
    }

    @Test("every hello is answered with the position, and with the trust file when the node's is newer")
    func trustFileInReply() async throws {
        var alliance = try TestAlliance()
        try alliance.update { $0.revocationListURLs = [] }
        let node = try await TestNode(alliance)
        let gateway = try alliance.gateway()
        let old = try await node.handle(gateway.hello(trustVersion: 1))
        #expect(old.count == 2 && old.positions.count == 1)
        guard case .trustFile(let file) = old.last else { throw TestFailure.missing }
        #expect(file.bytes == alliance.trustFile.bytes)
        #expect(try await node.handle(gateway.hello(trustVersion: 2)).count == 1)
        try node.remove()
    }

    @Test("a noisy gateway is told refusal 9 once a second, and does not slow the others")
    func rateLimit() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance, settings: alliance.settings(messagesPerSecond: 1, messageBurst: 3))
        let gateway = try alliance.gateway()
        let other = try alliance.gateway("gw-2")
        let replies = try await node.core.handle([BrokerMessage](repeating: gateway.hello(), count: 10) + [other.hello()])
            .map { try Reply(parsing: $0.payload) }
        #expect(replies.positions.count == 4)
        #expect(replies.refusalCodes == [9])
        #expect(node.metrics.value(.rateLimited) == 7)
        try node.remove()
    }
}

enum TestFailure: Error { case missing }
