import AllianceTrust
import AttestationFormat
import GRDB
import MerkleTree
import NodeTesting
import Testing

@testable import AnchorNode

@Suite struct RegistrationTests {
    private func verified(_ entry: SubmittedEntry, _ statement: RegistrationStatement, _ alliance: TestAlliance) throws -> Receipt {
        try UnverifiedReceipt(parsing: try #require(entry.receipt)).verified(
            for: statement, trustFile: alliance.trustFile, verifier: CryptoVerifier.self, using: SHA256.self)
    }

    @Test("a registration makes a gateway known before it has said hello, gets a receipt, and outlives a restart")
    func registration() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        let batch = try gateway.batch()
        #expect(try await node.handle(batch.message()).refusalCodes == [1])
        let statement = try alliance.registration(of: gateway)
        let entry = try await node.submit(entry: statement.bytes)
        #expect(entry.isNew && entry.id == statement.hash(using: SHA256.self))
        let receipt = try verified(entry, statement, alliance)
        #expect(receipt.held == 0 && receipt.index == 1)
        #expect(try await node.receipt(for: batch)?.index == 2)
        try node.close()
        let again = try await TestNode(alliance, folder: node.folder)
        #expect(try await again.receipt(for: try gateway.batch())?.index == 3)
        #expect(again.metrics.value(.unknownGateway) == 0)
        try again.remove()
    }

    @Test("the same registration again is the same entry with the same receipt")
    func idempotent() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        let statement = try alliance.registration(of: try alliance.gateway())
        let first = try await node.submit(entry: statement.bytes)
        for _ in 0..<3 {
            let again = try await node.submit(entry: statement.bytes)
            #expect(!again.isNew && again.receipt == first.receipt)
        }
        #expect(try node.store.read { try $0.entryCount() } == 2)
        #expect(node.metrics.value(.registrations) == 1)
        try node.remove()
    }

    @Test("the same certificate in another statement is the first one's entry: the ledger does not grow, and its receipt is that entry's")
    func sameCertificate() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        let gateway = try alliance.gateway()
        let (one, two) = (try alliance.registration(of: gateway), try alliance.registration(of: gateway))
        #expect(one.bytes != two.bytes, "each signature is another")
        let first = try await node.submit(entry: one.bytes)
        let second = try await node.submit(entry: two.bytes)
        #expect(!second.isNew && second.id == first.id && second.receipt == first.receipt)
        #expect(try node.store.read { try $0.entryCount() } == 2 && node.metrics.value(.registrations) == 1)
        // A renewed certificate of the same key is another one.
        let renewed = try alliance.firm.issueSeal(
            firm: "acme", gatewayID: "acme.gw-1", issuer: gateway.name.issuer.string, publicKey: gateway.key.publicKey,
            lifetime: .starting(at: alliance.nowSeconds, days: 700))
        let again = TestGateway(name: gateway.name, key: gateway.key, certificate: renewed.der, nowSeconds: gateway.nowSeconds)
        #expect(try await node.submit(entry: try alliance.registration(of: again).bytes).isNew)
        try node.remove()
    }

    @Test("a firm that brings more than its share is told so, fills no ledger, and holds up neither another firm nor its own revocations")
    func share() async throws {
        var alliance = try TestAlliance()
        let beta = try alliance.root.issueFirmAuthority(
            firm: "beta", key: AllianceSigningKey(), lifetime: .starting(at: alliance.nowSeconds, days: 30))
        let betaName = try #require(Name("beta"))
        try alliance.update { $0.firms.append(.init(name: betaName, issuingCertificates: [beta.certificate.der])) }
        let node = try await TestNode(alliance, settings: alliance.settings(firmEntriesPerMinute: 60, firmEntryBurst: 3))
        let statements = try (0..<5).map { try alliance.registration(of: try alliance.gateway("gw-\($0)")) }
        var forged = statements[0].bytes
        forged[forged.count - 1] ^= 1
        for _ in 0..<10 { await #expect(throws: EntryRefusal.self) { try await node.submit(entry: forged) } }
        for statement in statements.prefix(3) { #expect(try await node.submit(entry: statement.bytes).isNew, "what no key signed takes nothing") }
        for statement in statements.suffix(2) {
            let refusal = await #expect(throws: EntryRefusal.self) { try await node.submit(entry: statement.bytes) }
            #expect(refusal?.code == .limited && refusal?.reason.contains("firm acme brings more than 60") == true)
        }
        #expect(try await !node.submit(entry: statements[0].bytes).isNew, "what the ledger has is answered")
        #expect(try await node.submit(entry: try alliance.revocation(list: alliance.revocationList(1)).bytes).isNew)
        #expect(try await node.submit(entry: try Self.registration(of: "beta.gw-1", by: beta, alliance)).isNew)
        #expect(node.metrics.value(.entriesLimited) == 2)
        try node.close()
        let later = try await TestNode(
            alliance, settings: alliance.settings(firmEntriesPerMinute: 60, firmEntryBurst: 3), folder: node.folder)
        #expect(try await later.submit(entry: statements[4].bytes).isNew, "sent again later")
        try later.remove()
    }

    /// A registration of a new key under a name of any firm.
    private static func registration(of device: String, by firm: CertificateAuthority, _ alliance: TestAlliance) throws -> [UInt8] {
        let name = try #require(GatewayName(issuer: UTF8Text("hs:test/\(device)")))
        let certificate = try firm.issueSeal(
            firm: name.firm.text.string, gatewayID: device, issuer: name.issuer.string, publicKey: AllianceSigningKey().publicKey,
            lifetime: .starting(at: alliance.nowSeconds, days: 30))
        return try firm.registration(of: certificate, for: name, issuedAtSeconds: UInt64(alliance.nowSeconds)).bytes
    }

    @Test("killed between an entry and its receipt, the next start gives the receipt")
    func crash() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        let statement = try alliance.registration(of: try alliance.gateway())
        _ = try await node.core.take(entry: statement.bytes)
        try node.close()
        let again = try await TestNode(alliance, folder: node.folder)
        _ = try await again.integrate()
        let entry = try await again.submit(entry: statement.bytes)
        #expect(!entry.isNew)
        #expect(try verified(entry, statement, alliance).index == 1)
        try again.remove()
    }

    /// What is brought to a node and must not be taken.
    enum Fault: String, CaseIterable {
        case otherFirmsKey, otherFirmNamed, otherAlliance, rootKey, linkKey, strangersKey, certificateOfOtherKey, certificateOfOtherGateway
        case linkCertificate, garbageCertificate, changedSignature, listInRegistration, certificateInRevocation, listOfOtherKey
        case listWithoutNumber, retiredFirm, batchStatement, trustFile, nothing, tooLarge

        var words: String {
            switch self {
            case .otherFirmsKey, .otherFirmNamed: "speaks for"
            case .otherAlliance: "of alliance elsewhere"
            case .rootKey, .linkKey, .strangersKey: "no issuing key"
            case .certificateOfOtherKey: "issued by another key"
            case .certificateOfOtherGateway: "is about"
            case .linkCertificate: "no issuing certificate"
            case .garbageCertificate, .listInRegistration, .certificateInRevocation: "cannot be parsed"
            case .changedSignature: "signature is not that of its issuing key"
            case .listOfOtherKey: "signed by another key"
            case .listWithoutNumber: "no number"
            case .retiredFirm: "left the alliance"
            case .batchStatement, .trustFile: "typ"
            case .nothing: "ends in the middle"
            case .tooLarge: "more than the format's limit"
            }
        }
    }

    @Test("whatever no issuing key of its firm signed, or what that key did not issue, is refused with the reason", arguments: Fault.allCases)
    func refused(fault: Fault) async throws {
        var alliance = try TestAlliance()
        let second = try alliance.root.issueFirmAuthority(
            firm: "acme", key: AllianceSigningKey(), lifetime: .starting(at: alliance.nowSeconds, days: 30))
        let beta = try alliance.root.issueFirmAuthority(
            firm: "beta", key: AllianceSigningKey(), lifetime: .starting(at: alliance.nowSeconds, days: 30))
        let betaName = try #require(Name("beta"))
        let seconds = UInt64(alliance.nowSeconds)
        try alliance.update { content in
            content.firms[0].issuingCertificates.append(second.certificate.der)
            content.firms.append(.init(name: betaName, issuingCertificates: [beta.certificate.der]))
            if fault == .retiredFirm { content.firms[0].untilSeconds = seconds }
        }
        let node = try await TestNode(alliance)
        let bytes = try Self.bytes(fault, alliance, second: second, beta: beta)
        let refusal = await #expect(throws: EntryRefusal.self) { try await node.submit(entry: bytes) }
        #expect(refusal?.reason.contains(fault.words) == true, "\(refusal?.reason ?? "taken")")
        #expect(try node.store.read { try $0.entryCount() } == 1, "nothing but the trust file")
        #expect(try node.store.read { try $0.allCertificates() }.isEmpty && node.store.read { try $0.revocationLists(firm: nil) }.isEmpty)
        #expect(node.metrics.value(.entriesRefused) == 1)
        try node.remove()
    }

    private static func bytes(
        _ fault: Fault, _ alliance: TestAlliance, second: CertificateAuthority, beta: CertificateAuthority
    ) throws -> [UInt8] {
        let gateway = try alliance.gateway()
        let seconds = UInt64(alliance.nowSeconds)
        func signed(_ header: RegistrationHeader, _ payload: [UInt8], by key: AllianceSigningKey) throws -> [UInt8] {
            let signature = try key.sign(RegistrationStatement.bytesToSign(header: header, payload: payload))
            return try RegistrationStatement(header: header, payload: payload, signature: signature).bytes
        }
        func registration(_ payload: [UInt8], by key: AllianceSigningKey, of name: GatewayName? = nil) throws -> [UInt8] {
            try signed(
                RegistrationHeader(registering: name ?? gateway.name, keyID: key.keyID, issuedAtSeconds: seconds), payload, by: key)
        }
        func named(_ alliance: String, _ firm: String, _ device: String) throws -> GatewayName {
            try #require(GatewayName(issuer: UTF8Text("hs:\(alliance)/\(firm).\(device)")))
        }
        switch fault {
        case .otherFirmsKey: return try registration(gateway.certificate, by: beta.key)
        case .otherFirmNamed: return try registration(gateway.certificate, by: alliance.firm.key, of: named("test", "beta", "gw-1"))
        case .otherAlliance:
            return try registration(gateway.certificate, by: alliance.firm.key, of: named("elsewhere", "acme", "gw-1"))
        case .rootKey: return try registration(gateway.certificate, by: alliance.root.key)
        case .linkKey: return try registration(gateway.certificate, by: alliance.link.key)
        case .strangersKey: return try registration(gateway.certificate, by: AllianceSigningKey())
        case .certificateOfOtherKey: return try registration(gateway.certificate, by: second.key)
        case .certificateOfOtherGateway:
            return try registration(gateway.certificate, by: alliance.firm.key, of: named("test", "acme", "gw-2"))
        case .linkCertificate:
            let link = try alliance.link.issueSeal(
                firm: "acme", gatewayID: "acme.gw-1", issuer: gateway.name.issuer.string, publicKey: gateway.key.publicKey,
                lifetime: .starting(at: alliance.nowSeconds, days: 30))
            return try registration(link.der, by: alliance.firm.key)
        case .garbageCertificate: return try registration([0x30, 0x03, 1, 2, 3], by: alliance.firm.key)
        case .changedSignature:
            var bytes = try alliance.registration(of: gateway).bytes
            bytes[bytes.count - 1] ^= 1
            return bytes
        case .listInRegistration: return try registration(alliance.revocationList(1), by: alliance.firm.key)
        case .certificateInRevocation: return try alliance.revocation(list: gateway.certificate).bytes
        case .listOfOtherKey: return try alliance.revocation(list: alliance.revocationList(1, by: second)).bytes
        case .listWithoutNumber: return try alliance.revocation(list: NumberlessList.der(by: alliance.firm)).bytes
        case .retiredFirm: return try alliance.registration(of: gateway).bytes
        case .batchStatement:
            var gateway = gateway
            return try gateway.batch().statement.bytes
        case .trustFile: return alliance.trustFile.bytes
        case .nothing: return []
        case .tooLarge: return [UInt8](repeating: 0, count: Limits.registrationByteCount + 1)
        }
    }

    @Test("a firm that has left can still take back what it vouched for")
    func retiredFirmRevokes() async throws {
        var alliance = try TestAlliance()
        let gateway = try alliance.gateway()
        let seconds = UInt64(alliance.nowSeconds)
        try alliance.update { $0.firms[0].untilSeconds = seconds }
        let node = try await TestNode(alliance)
        let list = try alliance.revocationList(1, of: [gateway], sinceSeconds: alliance.nowSeconds - 5)
        #expect(try await node.submit(entry: alliance.revocation(list: list).bytes).isNew)
        #expect(try node.store.read { try $0.revocationLists(firm: "acme") } == [list])
        try node.remove()
    }
}
