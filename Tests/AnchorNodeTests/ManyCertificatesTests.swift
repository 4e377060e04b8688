import AllianceTrust
import AttestationFormat
import MerkleTree
import NodeTesting
import Testing

@testable import AnchorNode

/// Whoever has a firm's issuing key makes as many certificates of one key as it likes.
@Suite("Many certificates of one key") struct ManyCertificatesTests {
    /// How a certificate reaches a node.
    enum Way: CaseIterable {
        case statement, hello
    }

    private let alliance: TestAlliance

    init() throws {
        alliance = try TestAlliance(nodeCount: 1)
    }

    private func renewed(_ gateway: TestGateway) throws -> TestGateway {
        let certificate = try alliance.firm.issueSeal(
            firm: "acme", gatewayID: gateway.name.gatewayID.description, issuer: gateway.name.issuer.string, publicKey: gateway.key.publicKey,
            lifetime: .starting(at: alliance.nowSeconds, days: 365))
        return TestGateway(name: gateway.name, key: gateway.key, certificate: certificate.der, nowSeconds: UInt64(alliance.nowSeconds))
    }

    private func bring(_ gateway: TestGateway, to node: TestNode, _ way: Way) async throws {
        switch way {
        case .statement: _ = try await node.core.take(entry: alliance.registration(of: gateway).bytes)
        case .hello: _ = try await node.handle(gateway.hello())
        }
    }

    @Test("65 fresh certificates before or after a revocation change nothing of it: in the node, after its restart, and for a verifier", arguments: Way.allCases, [false, true])
    func revokedAllTheSame(way: Way, isListFirst: Bool) async throws {
        var alliance = alliance
        try alliance.update { $0.revocationListURLs = ["https://registry.example/crl/acme.crl"] }
        let node = try await TestNode(alliance)
        var stolen = try alliance.gateway()
        _ = try await node.handle(stolen.hello())
        _ = try await node.receipt(for: try stolen.batch(stolen.events(1, what: ["urn:stolen"])))
        let list = try alliance.revocationList(1, of: [stolen])
        if isListFirst { #expect(try await node.core.take(revocationList: list)) }
        for _ in 0..<65 { try await bring(try renewed(stolen), to: node, way) }
        if !isListFirst { #expect(try await node.core.take(revocationList: list)) }
        _ = try await node.integrate()
        func check(_ node: TestNode) async throws {
            #expect(try await node.handle(stolen.hello(), try stolen.batch().message()).refusalCodes == [3])
            #expect(node.metrics.value(.keysRevoked) == 1)
            let page = try #require(try LedgerReader(store: node.store, settings: node.settings).evidence(EvidenceQuery(.subject("urn:stolen")))).evidence
            #expect(try Evidence(parsing: page).sealCertificates.count == 66, "all that the node knows")
            let verdict = await EvidenceVerifier.report(evidence: page, trustFile: alliance.trustFile.bytes).verdict
            #expect(verdict.exitCode == 1 && verdict.firstFailure?.reason.contains("revoked since") == true, "\(verdict.lines)")
        }
        try await check(node)
        try node.close()
        let again = try await TestNode(alliance, folder: node.folder)
        try await check(again)
        try again.remove()
    }

    @Test("a key with as many certificates as are taken gets no more, which is counted and said; one that a list names is taken, and revokes the key")
    func bounded() async throws {
        let first = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        let certificates = try (0..<SealCertificateVerifier.certificatesPerKeyLimit).map { _ in try renewed(gateway).certificate }
        try first.store.write { transaction in
            let signer = try transaction.addSigner(keyID: gateway.key.keyID, issuer: gateway.name.issuer)
            for der in certificates { try transaction.addCertificate(der, hash: SHA256.hash(der), of: signer) }
        }
        try first.close()
        let node = try await TestNode(alliance, folder: first.folder)
        let beyond = try renewed(gateway)
        let refused = await #expect(throws: EntryRefusal.self) { try await node.core.take(entry: alliance.registration(of: beyond).bytes) }
        #expect(refused?.code == .rejected && refused?.reason.contains("has 1024 certificates by this issuing key") == true, "\(String(describing: refused))")
        #expect(node.metrics.value(.entriesRefused) == 1)
        _ = try await node.handle(beyond.hello())
        #expect(node.metrics.value(.certificatesRefused) == 1)
        #expect(try node.store.read { try $0.allCertificates() }.count == 1_024)
        // The gateway goes on with those that it has.
        _ = try await node.handle(gateway.hello(certificates: [certificates[0]]))
        #expect(try await node.receipt(for: try gateway.batch()) != nil)
        #expect(try await node.core.take(revocationList: alliance.revocationList(1, of: [beyond])))
        #expect(try await node.core.take(entry: alliance.registration(of: beyond).bytes).isNew)
        #expect(try await node.handle(try gateway.batch().message()).refusalCodes == [3])
        try node.remove()
    }
}
