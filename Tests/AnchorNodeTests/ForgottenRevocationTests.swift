import AllianceTrust
import AttestationFormat
import GRDB
import MerkleTree
import NodeTesting
import Testing

@testable import AnchorNode

/// What an issuing key revoked once stays revoked, whatever its later lists say.
@Suite struct ForgottenRevocationTests {
    /// How a list reaches a node.
    enum Way: CaseIterable {
        case statement, fetched
    }

    /// What the newer list does to the entry of gw-1.
    enum Fault: CaseIterable {
        case dropped, later
    }

    private let alliance: TestAlliance

    init() throws {
        alliance = try TestAlliance(nodeCount: 1)
    }

    private func bring(_ list: [UInt8], to node: TestNode, _ way: Way) async throws {
        switch way {
        case .statement: #expect(try await node.submit(entry: try alliance.revocation(list: list).bytes).isNew)
        case .fetched:
            #expect(try await node.core.take(revocationList: list))
            _ = try await node.integrate()
        }
    }

    /// A list with each gateway's own time.
    private func list(_ number: Int64, _ revoked: [(TestGateway, since: Int64)]) throws -> [UInt8] {
        let entries = revoked.compactMap { gateway, since in
            CertificateFacts(der: gateway.certificate).map {
                UnverifiedRevocationList.Entry(serialNumber: $0.serialNumber, sinceSeconds: since, revokedSeconds: alliance.nowSeconds)
            }
        }
        return try alliance.firm.issueRevocationList(
            entries: entries, number: number, thisUpdateSeconds: alliance.nowSeconds, nextUpdateSeconds: alliance.nowSeconds + 86_400)
    }

    @Test(
        "a newer list that leaves a revocation out, or gives it a later time, takes nothing back: log and counter say so, and a restart keeps it",
        arguments: Way.allCases, Fault.allCases)
    func forgotten(way: Way, fault: Fault) async throws {
        let said = LogLines()
        let node = try await TestNode(alliance, logger: said.logger)
        var (stolen, other) = (try alliance.gateway("gw-1"), try alliance.gateway("gw-2"))
        _ = try await node.handle(stolen.hello(), other.hello())
        let now = alliance.nowSeconds
        try await bring(list(1, [(stolen, now - 100)]), to: node, way)
        try await bring(list(2, [(other, now - 50)] + (fault == .later ? [(stolen, now + 1_000_000)] : [])), to: node, way)
        #expect(try await node.handle(try stolen.batch().message(), try other.batch().message()).refusalCodes == [3, 3])
        #expect(node.metrics.value(.revocationsForgotten) == 1 && node.metrics.value(.keysRevoked) == 2)
        #expect(said.lines.contains { $0.hasPrefix("warning") && $0.contains("it stays revoked") && $0.contains("acme") }, "\(said.lines)")
        // The next list forgets the same, which is no news.
        try await bring(list(3, [(other, now - 50)]), to: node, way)
        #expect(node.metrics.value(.revocationsForgotten) == 1)
        try node.close()
        let again = try await TestNode(alliance, folder: node.folder)
        #expect(try await again.handle(stolen.hello(), try stolen.batch().message()).refusalCodes == [3])
        #expect(again.metrics.value(.keysRevoked) == 2)
        let keys = await again.core.trust.verifier.revokedKeys
        #expect(keys.first { $0.issuer == stolen.name.issuer }?.sinceSeconds == now - 100)
        try again.remove()
    }

    @Test("a newer list may add, and move a time earlier: nothing is forgotten, and one list is kept")
    func grown() async throws {
        let node = try await TestNode(alliance)
        let (one, two) = (try alliance.gateway("gw-1"), try alliance.gateway("gw-2"))
        let now = alliance.nowSeconds
        _ = try await node.handle(one.hello(), two.hello())
        for (number, revoked) in [[(one, now)], [(one, now - 5)], [(two, now), (one, now - 5)], [(one, now - 5), (two, now - 1)]].enumerated() {
            #expect(try await node.core.take(revocationList: list(Int64(number + 1), revoked)))
        }
        #expect(node.metrics.value(.revocationsForgotten) == 0)
        #expect(try node.store.read { try $0.integer("SELECT count(*) FROM held_lists") } == 1)
        let since = await node.core.trust.verifier.revokedKeys.map(\.sinceSeconds).sorted()
        #expect(since == [now - 5, now - 1])
        try node.remove()
    }

    @Test("an older list that revokes what the newer one leaves out is taken for that, and recorded; the newer one stays the newest", arguments: Way.allCases)
    func older(way: Way) async throws {
        let node = try await TestNode(alliance)
        var (stolen, other) = (try alliance.gateway("gw-1"), try alliance.gateway("gw-2"))
        _ = try await node.handle(stolen.hello(), other.hello())
        let (older, newer) = (try list(4, [(stolen, alliance.nowSeconds)]), try list(5, [(other, alliance.nowSeconds)]))
        try await bring(newer, to: node, way)
        try await bring(older, to: node, way)
        #expect(try await node.handle(try stolen.batch().message(), try other.batch().message()).refusalCodes == [3, 3])
        #expect(try node.store.read { try $0.revocationLists(firm: nil) } == [newer])
        #expect(node.metrics.value(.revocationsForgotten) == 1)
        let error = await #expect(throws: TrustError.self) { try await node.core.take(revocationList: older) }
        #expect(error?.message == "stale list 4, held 5", "once it is known it is behind")
        try node.remove()
    }

    @Test("evidence encloses the newest list and the one that revokes what it leaves out, each as it was signed, and a verifier finds the key revoked")
    func evidence() async throws {
        var alliance = alliance
        try alliance.update { $0.revocationListURLs = ["https://registry.example/crl/acme.crl"] }
        let node = try await TestNode(alliance)
        var (stolen, other, third) = (try alliance.gateway("gw-1"), try alliance.gateway("gw-2"), try alliance.gateway("gw-3"))
        for gateway in [stolen, other, third] { _ = try await node.handle(gateway.hello()) }
        _ = try await node.receipt(for: try stolen.batch(stolen.events(1, what: ["urn:stolen"])))
        _ = try await node.receipt(for: try third.batch(third.events(1, what: ["urn:third"])))
        let now = alliance.nowSeconds
        let (first, second) = (try list(1, [(stolen, now)]), try list(2, [(other, now)]))
        for list in [first, second] { _ = try await node.core.take(revocationList: list) }
        let reader = LedgerReader(store: node.store, settings: node.settings)
        func page(_ subject: String) throws -> [UInt8] { try #require(try reader.evidence(EvidenceQuery(.subject(subject)))).evidence }
        #expect(try Evidence(parsing: page("urn:stolen")).revocationLists == [second, first])
        #expect(try Evidence(parsing: page("urn:third")).revocationLists == [second], "the old list says nothing of this gateway")
        let verdict = await EvidenceVerifier.report(evidence: try page("urn:stolen"), trustFile: alliance.trustFile.bytes).verdict
        #expect(verdict.exitCode == 1 && verdict.firstFailure?.reason.contains("revoked since") == true, "\(verdict.lines)")
        try node.remove()
    }

    @Test("a store of schema 3 is revoked again what its list had forgotten, from the statements in its ledger")
    func upgraded() async throws {
        let node = try await TestNode(alliance)
        var (stolen, other) = (try alliance.gateway("gw-1"), try alliance.gateway("gw-2"))
        _ = try await node.handle(stolen.hello(), other.hello())
        let (first, second) = (try list(1, [(stolen, alliance.nowSeconds)]), try list(2, [(other, alliance.nowSeconds)]))
        let registration = try await node.submit(entry: try alliance.registration(of: other).bytes)
        for list in [first, second] { _ = try await node.submit(entry: try alliance.revocation(list: list).bytes) }
        try node.store.write { transaction in
            try transaction.run("CREATE TABLE revocation_lists(issuer BLOB PRIMARY KEY, firm TEXT NOT NULL, number BLOB NOT NULL, der BLOB NOT NULL)", [])
            try transaction.run("INSERT INTO revocation_lists SELECT issuer, firm, number, der FROM held_lists WHERE newest", [])
            for index in ["registrations_payload", "certificates_serial"] { try transaction.run("DROP INDEX \(index)", []) }
            try transaction.run("ALTER TABLE certificates DROP COLUMN serial", [])
            for sql in ["DROP TABLE held_lists", "DROP TABLE revocations", "ALTER TABLE registrations DROP COLUMN payload", "PRAGMA user_version = 3"] {
                try transaction.run(sql, [])
            }
        }
        try node.close()
        let again = try await TestNode(alliance, folder: node.folder)
        #expect(try await again.handle(try stolen.batch().message(), try other.batch().message()).refusalCodes == [3, 3])
        #expect(try again.store.read { try $0.revocationLists(firm: nil) } == [second])
        #expect(try await again.submit(entry: try alliance.registration(of: other).bytes).id == registration.id)
        try again.remove()
    }

    @Test("hundreds of lists that forget push out none that revokes a certificate: evidence still says that the key is revoked")
    func flood() async throws {
        let node = try await TestNode(alliance)
        var stolen = try alliance.gateway("gw-1")
        _ = try await node.handle(stolen.hello())
        _ = try await node.receipt(for: try stolen.batch(stolen.events(1, what: ["urn:stolen"])))
        let honest = try list(1, [(stolen, alliance.nowSeconds)])
        _ = try await node.core.take(revocationList: honest)
        for number in 2...300 {
            let junk = UnverifiedRevocationList.Entry(
                serialNumber: [1, UInt8(number >> 8), UInt8(truncatingIfNeeded: number)], sinceSeconds: 1, revokedSeconds: 1)
            let der = try alliance.firm.issueRevocationList(
                entries: [junk], number: Int64(number), thisUpdateSeconds: alliance.nowSeconds, nextUpdateSeconds: alliance.nowSeconds + 86_400)
            _ = try await node.core.take(revocationList: der)
        }
        let reader = LedgerReader(store: node.store, settings: node.settings)
        let page = try #require(try reader.evidence(EvidenceQuery(.subject("urn:stolen")))).evidence
        #expect(try Evidence(parsing: page).revocationLists.contains(honest))
        let kept = try node.store.read { try $0.integer("SELECT count(*) FROM held_lists") }
        #expect(kept == 258, "the newest, 256 before it, and the one that revokes a certificate")
        try node.remove()
    }

    @Test("a table full of numbers that no certificate has takes no new one, and every revocation of a certificate that there is")
    func full() async throws {
        let node = try await TestNode(alliance)
        let (stolen, unknown) = (try alliance.gateway("gw-1"), try alliance.gateway("gw-2"))
        _ = try await node.handle(stolen.hello())
        let issuer = alliance.firm.key.keyID
        try node.store.write { transaction in
            for number in 0..<RevocationUnion.limit {
                let serial = withUnsafeBytes(of: UInt32(number).bigEndian) { [UInt8](repeating: 1, count: 1) + $0 }
                try transaction.setRevocation(HeldRevocation(issuingKeyID: issuer, serialNumber: serial, sinceSeconds: 1, list: Digest()))
            }
        }
        let refused = try list(1, [(unknown, alliance.nowSeconds)])
        await #expect(throws: TrustError.self) { try await node.core.take(revocationList: refused) }
        #expect(try await node.core.take(revocationList: list(2, [(unknown, alliance.nowSeconds), (stolen, alliance.nowSeconds)])))
        #expect(node.metrics.value(.keysRevoked) == 0, "counted with the next checkpoint")
        _ = try await node.integrate()
        #expect(node.metrics.value(.keysRevoked) == 1)
        try node.remove()
    }

    @Test("a list with another signature's bytes is the same list: who carries it changed keeps the issuer's own out of no ledger")
    func anotherSignature() async throws {
        let node = try await TestNode(alliance)
        let stolen = try alliance.gateway("gw-1")
        _ = try await node.handle(stolen.hello())
        // Signatures are random here: two of one content.
        let (carried, own) = (try list(1, [(stolen, alliance.nowSeconds)]), try list(1, [(stolen, alliance.nowSeconds)]))
        try #require(carried != own)
        #expect(try await node.core.take(revocationList: carried))
        #expect(try await node.submit(entry: try alliance.revocation(list: own).bytes).isNew)
        #expect(node.metrics.value(.listsStale) == 0)
        try node.remove()
    }

    @Test("in whatever order lists come, the same is revoked since the same seconds")
    func order() throws {
        let gateways = try (0..<4).map { try alliance.gateway("gw-\($0)") }
        var generator = SystemRandomNumberGenerator()
        let lists = try (1...6).map { number -> ShownList in
            let revoked = gateways.filter { _ in Bool.random(using: &generator) }
                .map { ($0, since: alliance.nowSeconds - Int64.random(in: 0...3, using: &generator)) }
            let der = try list(Int64(number), revoked)
            return try #require(ShownList(UnverifiedRevocationList(der: der), issuingKeyID: alliance.firm.key.keyID, firm: "acme"))
        }
        func revoked(_ lists: [ShownList]) -> [[UInt8]: Int64] {
            var union = RevocationUnion(newest: nil, [])
            var since: [[UInt8]: Int64] = [:]
            for list in lists { for revocation in union.take(list).1 { since[revocation.serialNumber] = revocation.sinceSeconds } }
            #expect(union.newest?.hash == lists.max { $0.number < $1.number }?.hash)
            return since
        }
        let expected = revoked(lists)
        for _ in 0..<50 { #expect(revoked(lists.shuffled()) == expected) }
    }
}
