import AttestationFormat
import NodeTesting
import Testing

@testable import AnchorNode

/// A page must fit into the 16 MiB that a verifier reads, whatever it discloses.
@Suite struct EvidencePageTests {
    private func prepared(_ batches: Int, events: Int, named: (Int) -> [String]) async throws -> (TestNode, TestGateway) {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        for number in 0..<batches {
            _ = try await node.handle(try gateway.batch(gateway.events(events, what: named(number))).message())
        }
        _ = try await node.integrate()
        return (node, gateway)
    }

    @Test("the bytes counted for a page are not fewer than its batches take, paths included", arguments: [1, 64, 300])
    func counted(_ eventCount: Int) async throws {
        let (node, gateway) = try await prepared(3, events: eventCount) { _ in [] }
        try node.store.read { transaction in
            var collector = EvidenceCollector(.gateway(gateway.name.gatewayID), transaction)
            for leaf in 1...3 { try collector.add(Int64(leaf)) }
            let evidence = try #require(try collector.evidence(alliance: gateway.name.alliance))
            let certificates = evidence.sealCertificates.reduce(0) { $0 + $1.count }
            let encoded = evidence.encoded().count - certificates
            #expect(collector.byteCount + 64 >= encoded)
            #expect(collector.byteCount < encoded + encoded / 2 + 300)
        }
        try node.remove()
    }

    @Test("runs between disclosed batches beyond a page's room are left out and named, in order")
    func runs() async throws {
        let subject = "bic:CSQU3054383"
        let (node, gateway) = try await prepared(21, events: 2) { $0.isMultiple(of: 5) ? [subject] : [] }
        try node.store.read { transaction in
            func entries(_ runByteCount: Int) throws -> [Evidence.Entry] {
                var collector = EvidenceCollector(.subject(subject), transaction, runByteCount: runByteCount)
                for leaf in try transaction.leaves(subject: subject, issued: 0...Int64.max, from: 0, limit: 100) {
                    try collector.add(leaf)
                }
                return try #require(try collector.evidence(alliance: gateway.name.alliance)).entries
            }
            #expect(try entries(1 << 20).count == 21)
            for (budget, leftOutCount) in [(0, 4), (4_000, 3), (8_000, 2)] {
                let found = try entries(budget)
                let runs = found.enumerated().filter { if case .leftOut = $0.element { true } else { false } }
                #expect(runs.count == leftOutCount, "\(budget)")
                for (place, run) in runs {
                    guard case .leftOut(let first, let next) = run, case .batch(let before) = found[place - 1],
                        case .batch(let after) = found[place + 1]
                    else { continue }
                    #expect(before.statement.header.next == first && after.statement.header.first == next)
                    #expect(!before.receipts.isEmpty && !after.receipts.isEmpty)
                }
            }
        }
        try node.remove()
    }
}
