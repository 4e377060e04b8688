import AllianceTrust
import AttestationFormat
import MerkleTree
import NodeTesting
import Testing

@testable import AnchorNode

/// The chain rules with what the store really answers.
@Suite struct ChainThroughStoreTests {
    private func prepared() async throws -> (TestNode, TestGateway, TestAlliance) {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        let gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        return (node, gateway, alliance)
    }

    @Test("batches in order are taken, one that names another predecessor is refused 5")
    func order() async throws {
        var (node, gateway, _) = try await prepared()
        for _ in 0..<5 { #expect(try await node.receipt(for: try gateway.batch()) != nil) }
        let wrong = try gateway.signed(gateway.events(1), first: gateway.next, previous: Digest())
        #expect(try await node.handle(wrong.message()).refusalCodes == [5])
        try node.remove()
    }

    @Test("a sequence beyond the next one is answered with the newest statement held")
    func position() async throws {
        var (node, gateway, _) = try await prepared()
        let first = try gateway.batch()
        _ = try await node.receipt(for: first)
        _ = try gateway.batch()
        let third = try gateway.batch()
        let replies = try await node.handle(third.message())
        #expect(replies.positions.map { $0?.bytes } == [first.statement.bytes])
        try node.remove()
    }

    @Test("a hole is filled from both ends, in any order that fits")
    func holes() async throws {
        var (node, gateway, alliance) = try await prepared()
        let batches = try (0..<6).map { _ in try gateway.batch(count: 2) }
        _ = try await node.receipt(for: batches[0])
        _ = try await node.handle(gateway.hello(oldestHeld: batches[5].statement.header.first))
        #expect(try await node.receipt(for: batches[5]) != nil)
        #expect(node.metrics.value(.holes) == 1)
        #expect(try await node.handle(batches[2].message()).positions.count == 1, "neither start nor end of the hole")
        #expect(try await node.receipt(for: batches[4]) != nil, "from its end")
        #expect(try await node.receipt(for: batches[1]) != nil, "from its start")
        #expect(try await node.receipt(for: batches[3]) != nil)
        #expect(try await node.receipt(for: batches[2]) != nil)
        try node.store.read { transaction in
            let signer = try #require(try transaction.signer(keyID: gateway.key.keyID, issuer: gateway.name.issuer))
            #expect(try transaction.epochState(gateway.epoch, of: signer) == EpochState(next: 12))
        }
        #expect(try await node.handle(gateway.hello()).positions.first??.bytes == batches[5].statement.bytes)
        _ = alliance
        try node.remove()
    }

    @Test("a new epoch follows the newest statement; a second one from the same end is a conflict")
    func epochs() async throws {
        var (node, gateway, _) = try await prepared()
        _ = try await node.receipt(for: try gateway.batch())
        var clone = gateway
        gateway.open(epoch: 2)
        clone.open(epoch: 3)
        let opening = try gateway.batch()
        #expect(try await node.receipt(for: opening) != nil)
        let replies = try await node.handle(try clone.batch().message())
        #expect(replies.refusalCodes == [6])
        guard case .refusal(let refusal) = replies.first else { throw TestFailure.missing }
        #expect(refusal.conflicting?.bytes == opening.statement.bytes)
        try node.remove()
    }

    @Test("a journal that was lost and opens with zero bytes is answered with the position")
    func lostJournal() async throws {
        var (node, gateway, _) = try await prepared()
        let known = try gateway.batch()
        _ = try await node.receipt(for: known)
        var lost = gateway
        lost.open(epoch: 9)
        lost.previous = Digest()
        #expect(try await node.handle(try lost.batch().message()).positions.first??.bytes == known.statement.bytes)
        gateway.open(epoch: 9)
        #expect(try await node.receipt(for: try gateway.batch()) != nil)
        try node.remove()
    }

    @Test("an epoch end that is not held is recorded, and what it names fills in later")
    func unknownEnd() async throws {
        var (node, gateway, _) = try await prepared()
        let held = try gateway.batch()
        let missed = try gateway.batch()
        _ = try await node.receipt(for: held)
        gateway.open(epoch: 2)
        let opening = try gateway.batch()
        #expect(try await node.receipt(for: opening) != nil)
        #expect(node.metrics.value(.unknownEnds) == 1)
        #expect(try await node.receipt(for: missed) != nil, "the next one of the older epoch")
        #expect(try await node.handle(gateway.hello()).positions.first??.bytes == opening.statement.bytes)
        try node.remove()
    }

    @Test("a whole epoch that was missed fills in from its end")
    func missedEpoch() async throws {
        var (node, gateway, _) = try await prepared()
        _ = try await node.receipt(for: try gateway.batch())
        gateway.open(epoch: 2)
        let missed = try (0..<3).map { _ in try gateway.batch() }
        gateway.open(epoch: 3)
        #expect(try await node.receipt(for: try gateway.batch()) != nil)
        for batch in missed.reversed() { #expect(try await node.receipt(for: batch) != nil) }
        #expect(node.metrics.value(.conflicts) == 0)
        try node.remove()
    }

    @Test("a new seal key of the same gateway opens with zero bytes")
    func newKey() async throws {
        var (node, gateway, alliance) = try await prepared()
        _ = try await node.receipt(for: try gateway.batch())
        var renewed = try alliance.gateway()
        renewed.open(epoch: 4)
        #expect(try await node.handle(renewed.hello()).positions == [Statement?.none])
        #expect(try await node.receipt(for: try renewed.batch()) != nil)
        try node.remove()
    }

    @Test("two clones on one epoch end in a reported conflict")
    func clones() async throws {
        var (node, gateway, _) = try await prepared()
        _ = try await node.receipt(for: try gateway.batch())
        var clone = gateway
        _ = try await node.receipt(for: try gateway.batch([TestGateway.event(50)]))
        #expect(try await node.handle(try clone.batch([TestGateway.event(60)]).message()).refusalCodes == [6])
        try node.remove()
    }
}
