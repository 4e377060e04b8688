import AllianceTrust
import AttestationFormat
import MerkleTree
import NodeTesting
import Testing

@testable import AnchorNode

/// An alliance over the years: node keys, nodes and issuers are rotated and retired, each step signed by the root.
@Suite struct RotationTests {
    /// One node of the alliance, with the key that it has at the moment.
    private struct Member {
        var node: TestNode
        var settings: NodeSettings
    }

    @Test("node keys, nodes and issuers are rotated over seven versions, and evidence made under each verifies under the newest")
    func overTheYears() async throws {
        var alliance = try TestAlliance(nodeCount: 3)
        let start = alliance.nowSeconds
        var members: [Member] = []
        for index in 0..<3 {
            let settings = alliance.settings(node: index)
            members.append(Member(node: try await TestNode(alliance, settings: settings), settings: settings))
        }
        var evidence: [[UInt8]] = []
        var versions: [TrustFile] = [alliance.trustFile]
        var gateway = try alliance.gateway("gw-1")
        evidence.append(try await journey(of: &gateway, at: members, alliance, subject: "urn:v1"))

        // 2: node n0 gets a second key; both are in force for a while.
        let newKey = try AllianceSigningKey()
        try alliance.update(atSeconds: start + 10) { content in
            content.nodes[0].keys[0].untilSeconds = UInt64(start) + 20
            content.nodes[0].keys.append(.init(publicKey: newKey.publicKey, fromSeconds: UInt64(start) + 10))
        }
        try await spread(alliance, to: members)
        members[0].settings.key = newKey
        try await restart(&members, alliance, at: start + 30)
        evidence.append(try await journey(of: &gateway, at: members, alliance, subject: "urn:v2"))
        versions.append(alliance.trustFile)

        // 3: a node comes. 4: another one goes.
        let fourth = try AllianceSigningKey()
        try alliance.update(atSeconds: start + 30) { content in
            content.nodes.append(
                .init(name: Self.name("n3"), origin: "test/n3", keys: [.init(publicKey: fourth.publicKey, fromSeconds: UInt64(start) + 30)]))
            content.quorum.receiptsNeeded = 3
        }
        let joined = NodeSettings(name: NodeName(alliance: alliance.name, node: Self.name("n3")), key: fourth, integrateMilliseconds: 20)
        members.append(Member(node: try await TestNode(alliance, settings: joined, nowSeconds: start + 30), settings: joined))
        try await spread(alliance, to: members)
        var fresh = try alliance.gateway("gw-2")
        evidence.append(try await journey(of: &fresh, at: members, alliance, subject: "urn:v3"))
        versions.append(alliance.trustFile)
        try alliance.update(atSeconds: start + 40) { content in
            content.nodes[2].keys[0].untilSeconds = UInt64(start) + 40
            content.quorum.receiptsNeeded = 2
        }
        try members.remove(at: 2).node.remove()
        try await restart(&members, alliance, at: start + 50)
        evidence.append(try await journey(of: &fresh, at: members, alliance, subject: "urn:v4"))
        versions.append(alliance.trustFile)

        // 5: the firm gets a second issuing key. 6: a second firm comes. 7: the first one leaves.
        let second = try alliance.root.issueFirmAuthority(
            firm: "acme", key: AllianceSigningKey(), lifetime: .starting(at: start, days: 3_650))
        try alliance.update(atSeconds: start + 50) { $0.firms[0].issuingCertificates.append(second.certificate.der) }
        try await spread(alliance, to: members)
        var third = try alliance.gateway("gw-3", by: second)
        evidence.append(try await journey(of: &third, at: members, alliance, subject: "urn:v5"))
        versions.append(alliance.trustFile)
        let beta = try alliance.root.issueFirmAuthority(firm: "beta", key: AllianceSigningKey(), lifetime: .starting(at: start, days: 3_650))
        try alliance.update(atSeconds: start + 50) { $0.firms.append(.init(name: Self.name("beta"), issuingCertificates: [beta.certificate.der])) }
        versions.append(alliance.trustFile)
        try alliance.update(atSeconds: start + 60) { $0.firms[0].untilSeconds = UInt64(start) + 60 }
        versions.append(alliance.trustFile)
        try await restart(&members, alliance, at: start + 70)
        for member in members {
            let replies = try await member.node.handle(third.hello(), try third.signed(third.events(1), first: third.next, previous: third.previous).message())
            #expect(replies.refusalCodes == [2], "a firm that has left gets no receipts any more")
        }

        #expect(versions.map(\.content.version) == [1, 2, 3, 4, 5, 6, 7])
        for (number, file) in evidence.enumerated() {
            let report = await EvidenceVerifier.report(evidence: file, trustFile: alliance.trustFile.bytes)
            #expect(report.verdict.exitCode == 0, "evidence \(number + 1) under the newest file: \(report.verdict.lines)")
            let then = await EvidenceVerifier.report(evidence: file, trustFile: versions[number].bytes)
            #expect(then.verdict.exitCode == 0, "and under its own: \(then.verdict.lines)")
        }
        // What an old file does not know it does not believe.
        #expect(await EvidenceVerifier.report(evidence: evidence[4], trustFile: versions[0].bytes).verdict.exitCode == 1)
        // Each version is an update of each before it, and of none after it.
        for (older, newer) in versions.indices.flatMap({ older in versions.indices.map { (older, $0) } }) where older != newer {
            let isTaken = (try? TrustFileVerifier.verify(versions[newer].bytes, asUpdateOf: versions[older])) != nil
            #expect(isTaken == (newer > older), "\(older + 1) → \(newer + 1)")
        }
        for member in members {
            let ledger = try member.node.store.read { transaction in try (0..<transaction.entryCount()).compactMap { try transaction.entryBytes($0) } }
            #expect(versions.last.map { ledger.contains($0.bytes) } == true)
            try member.node.remove()
        }
    }

    private static func name(_ text: String) -> Name {
        guard let name = Name(UTF8Text(text)) else { preconditionFailure("\(text) is no name") }
        return name
    }

    private func spread(_ alliance: TestAlliance, to members: [Member]) async throws {
        for member in members { _ = try await member.node.core.take(trustFile: alliance.trustFile.bytes) }
    }

    private func restart(_ members: inout [Member], _ alliance: TestAlliance, at seconds: Int64) async throws {
        for index in members.indices {
            try members[index].node.close()
            members[index].node = try await TestNode(
                alliance, settings: members[index].settings, folder: members[index].node.folder, nowSeconds: seconds)
        }
    }

    /// One batch about a subject, receipted by all members, as evidence.
    private func journey(
        of gateway: inout TestGateway, at members: [Member], _ alliance: TestAlliance, subject: String
    ) async throws -> [UInt8] {
        let batch = try gateway.batch(gateway.events(2, what: [subject]))
        var receipts: [[UInt8]] = []
        for member in members {
            _ = try await member.node.handle(gateway.hello())
            receipts.append(try #require(try await member.node.receipt(for: batch, trustFile: alliance.trustFile)).bytes)
        }
        let page = try #require(try LedgerReader(store: members[0].node.store, settings: members[0].settings)
            .evidence(EvidenceQuery(.subject(subject))))
        var evidence = try Evidence(parsing: page.evidence)
        guard case .batch(let shown) = evidence.entries[0] else { preconditionFailure("a page begins with a batch") }
        evidence.entries[0] = .batch(Evidence.Batch(statement: shown.statement, events: shown.events, receipts: receipts))
        return evidence.encoded()
    }
}
