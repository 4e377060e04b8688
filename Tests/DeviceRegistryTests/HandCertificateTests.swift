import AllianceTrust
import AttestationFormat
@testable import DeviceRegistry
import MerkleTree
import RegistryTesting
import Testing

/// What `device issue` made beside the registry, with the keys that the registry has.
@Suite("Revoking a certificate that the registry did not make") struct HandCertificateTests {
    let alliance: TestRegistry
    let registry: Registry
    let now = Registry.now
    let alice = Requester("alice")

    init() throws {
        alliance = try TestRegistry()
        registry = try alliance.open()
        try registry.setNodes([TestRegistry.name("hk-1")], nowSeconds: now)
        _ = try registry.added("gw-1")
    }

    private func made(
        _ label: CertificateLabel, _ gateway: String = "acme.gw-1", by authority: CertificateAuthority? = nil, key: PublicKey? = nil, from: Int64? = nil, days: Int = 400
    ) throws -> [UInt8] {
        let (key, lifetime) = (try key ?? AllianceSigningKey().publicKey, CertificateLifetime.starting(at: from ?? now - 86_400, days: days))
        let (firm, uri) = (String(gateway.prefix { $0 != "." }), "hs:gba-test/\(gateway)")
        return try label == .seal
            ? (authority ?? alliance.acme).issueSeal(firm: firm, gatewayID: gateway, issuer: uri, publicKey: key, lifetime: lifetime).der
            : (authority ?? alliance.link).issueLink(organisation: firm, commonName: gateway, issuer: uri, publicKey: key, lifetime: lifetime).der
    }

    private func revoke(_ der: [UInt8], of gateway: String = "acme.gw-1", since: Int64? = nil) throws -> HandCertificate {
        try registry.revokeCertificate(der, of: gateway, sinceSeconds: since ?? now - 60, reason: "lost", by: alice, nowSeconds: now)
    }

    @Test("a seal certificate comes on its issuing key's list, the ledgers are told, and the device stays as it is")
    func seal() throws {
        let der = try made(.seal)
        let revoked = try revoke(der)
        let facts = try #require(CertificateFacts(der: der))
        #expect(revoked.label == .seal && revoked.serialNumber == facts.serialNumber && revoked.keyID == facts.keyID)
        let list = try UnverifiedRevocationList(der: #require(try registry.revocationLists(firm: "acme").first))
        #expect(list.entries == [.init(serialNumber: facts.serialNumber, sinceSeconds: now - 60, revokedSeconds: now)] && alliance.acme.hasSigned(list))
        let detail = try registry.device("acme.gw-1")
        #expect(detail.device.state == .waiting && detail.handCertificates == [revoked] && detail.device.hasSealRevokedByHand)
        let statement = try RegistrationStatement(parsing: #require(detail.deliveries.first).statement)
        #expect(statement.header.kind == .revocation && statement.payload == list.der)
        #expect(detail.audit.first?.detail == "seal certificate \(Hexadecimal.text(of: facts.serialNumber)) made by hand, since \(UTCText.text(seconds: now - 60)): lost")
        #expect(try registry.linkRevocationList() == nil)
        #expect(try registry.compareAudit(trustFiles: []) == AuditComparison(revocationCount: 1))
    }

    @Test("a link certificate comes on the link CA's list, and no ledger is told")
    func link() throws {
        let der = try made(.link)
        #expect(try revoke(der).label == .link)
        let list = try UnverifiedRevocationList(der: #require(try registry.linkRevocationList()))
        #expect(list.entries.map(\.serialNumber) == [CertificateFacts(der: der)?.serialNumber])
        #expect(try registry.device("acme.gw-1").deliveries.isEmpty && registry.revocationLists(firm: "acme").isEmpty)
        #expect(try registry.compareAudit(trustFiles: []) == AuditComparison(revocationCount: 1))
    }

    @Test("it stays on every later list, beside what the registry revokes itself; an earlier time moves it back, a later one is refused")
    func later() throws {
        let der = try made(.seal)
        _ = try revoke(der, since: now - 60)
        #expect(refusal { try revoke(der, since: now - 60) } == .state)
        #expect(refusal { try revoke(der, since: now) } == .state)
        #expect(try revoke(der, since: now - 90).revokedSinceSeconds == now - 90)
        _ = try EnrolledDevice("gw-2", in: registry)
        _ = try registry.revoke("acme.gw-2", sinceSeconds: now, reason: "", by: alice, nowSeconds: now + 9)
        let list = try UnverifiedRevocationList(der: #require(try registry.revocationLists(firm: "acme").first))
        #expect(list.entries.map(\.sinceSeconds) == [now - 90, now] && list.entries.map(\.revokedSeconds) == [now, now + 9])
        #expect(try registry.listUsage().first?.revokedCount == 2)
        #expect(try registry.compareAudit(trustFiles: []).fault == nil)
    }

    enum Refused: CaseIterable { case otherIssuer, otherFirmsKey, otherGateway, otherAlliance, expired, none, garbage, authority, server, madeHere, keyHere, unknownDevice, ahead, negative }

    private func attempt(_ refused: Refused) throws -> (RegistryError.Code, String, () throws -> HandCertificate) {
        switch refused {
        case .otherIssuer: (.certificate, "no issuing key of this registry", { try revoke(made(.seal, by: TestRegistry().acme)) })
        case .otherFirmsKey: (.certificate, "", { try revoke(made(.seal, by: alliance.beta)) })
        case .otherGateway: (.certificate, "it is for hs:gba-test/acme.gw-9, and not for hs:gba-test/acme.gw-1", { try revoke(made(.seal, "acme.gw-9")) })
        case .otherAlliance:
            (.certificate, "it is for hs:other/acme.gw-1", {
                try revoke(alliance.acme.issueSeal(
                    firm: "acme", gatewayID: "acme.gw-1", issuer: "hs:other/acme.gw-1", publicKey: AllianceSigningKey().publicKey, lifetime: .starting(at: now, days: 9)).der)
            })
        case .expired: (.certificate, "it is a link certificate that ended at ", { try revoke(made(.link, from: now - 86_400 * 9, days: 8)) })
        case .none: (.certificate, "it is no certificate", { try revoke([]) })
        case .garbage: (.certificate, "it is no certificate", { try revoke(Array(made(.seal).dropLast())) })
        case .authority: (.certificate, "it is a CA's", { try revoke(alliance.acme.certificate.der) })
        case .server:
            (.certificate, "it is for broker.example, and not for", {
                try revoke(alliance.link.issueServer(
                    organisation: "gba-test", commonName: "broker", dnsNames: ["broker.example"], addresses: [], publicKey: AllianceSigningKey().publicKey,
                    lifetime: .starting(at: now, days: 9)).der)
            })
        case .madeHere: (.state, "this registry made the certificate", { try revoke(EnrolledDevice("gw-3", in: registry).seal.certificate.der, of: "acme.gw-3") })
        case .keyHere:
            (.state, "has certified its key, too, for device 1 of acme.gw-3, which is not revoked", {
                let device = try EnrolledDevice("gw-3", in: registry)
                let key = try #require(PublicKey(uncompressedPoint: device.sealKey.point))
                return try revoke(made(.seal, "acme.gw-3", key: key), of: "acme.gw-3")
            })
        case .unknownDevice: (.unknownDevice, "acme.gw-9", { try revoke(made(.seal, "acme.gw-9"), of: "acme.gw-9") })
        case .ahead: (.argument, "lies ahead", { try revoke(made(.seal), since: now + 1) })
        case .negative: (.argument, "lies ahead", { try revoke(made(.seal), since: -1) })
        }
    }

    @Test("what it is not for is refused and written down, and nothing comes on a list", arguments: Refused.allCases)
    func refused(_ refused: Refused) throws {
        let (code, words, call) = try attempt(refused)
        let error = #expect(throws: RegistryError.self) { _ = try call() }
        #expect(error?.code == code && error?.message.contains(words) == true && error?.nextStep != nil, "\(String(describing: error))")
        #expect(try registry.revocationLists(firm: "acme").isEmpty && registry.linkRevocationList() == nil)
        #expect(try registry.audit().last?.action == .revoke && registry.audit().last?.outcome == code.rawValue)
        #expect(try registry.device("acme.gw-1").handCertificates.isEmpty)
    }

    @Test("a seal certificate that has ended is revoked like another: what its key signed in its time would count on")
    func ended() throws {
        let der = try made(.seal, from: now - 86_400 * 9, days: 8)
        _ = try revoke(der, since: now - 86_400 * 5)
        let list = try UnverifiedRevocationList(der: #require(try registry.revocationLists(firm: "acme").first))
        #expect(list.entries.map(\.serialNumber) == [CertificateFacts(der: der)?.serialNumber])
        #expect(try registry.refreshRevocationLists(nowSeconds: now + 86_400 * 400))
        #expect(try UnverifiedRevocationList(der: #require(try registry.revocationLists(firm: "acme").first)).entries == list.entries)
        #expect(try registry.compareAudit(trustFiles: []).fault == nil)
    }

    @Test("a key from device issue that was enrolled then: with its device revoked, its first certificate comes on the list beside the registry's own")
    func enrolledKey() throws {
        let device = try EnrolledDevice("gw-3", in: registry)
        let der = try made(.seal, "acme.gw-3", key: PublicKey(uncompressedPoint: device.sealKey.point))
        #expect(refusal { try revoke(der, of: "acme.gw-3") } == .state)
        _ = try registry.revoke("acme.gw-3", sinceSeconds: now - 60, reason: "lost", by: alice, nowSeconds: now)
        let revoked = try revoke(der, of: "acme.gw-3")
        let list = try UnverifiedRevocationList(der: #require(try registry.revocationLists(firm: "acme").first))
        #expect(Set(list.entries.map(\.serialNumber)) == [device.seal.serialNumber, revoked.serialNumber] && list.entries.count == 2)
        #expect(try registry.device("acme.gw-3").handCertificates == [revoked])
        #expect(try registry.compareAudit(trustFiles: []).fault == nil)
        // Of an earlier device of the name, too.
        let replaced = try EnrolledDevice("gw-4", in: registry)
        let old = try made(.seal, "acme.gw-4", key: PublicKey(uncompressedPoint: replaced.sealKey.point))
        _ = try registry.replace("acme.gw-4", oldKey: .retire, by: alice, nowSeconds: now)
        let error = #expect(throws: RegistryError.self) { try revoke(old, of: "acme.gw-4") }
        #expect(error?.nextStep?.contains("harborseal device revoke acme.gw-4 --generation 1 --since TIME") == true)
        _ = try registry.revoke("acme.gw-4", generation: 1, sinceSeconds: now, reason: "", by: alice, nowSeconds: now)
        _ = try revoke(old, of: "acme.gw-4")
    }

    @Test("the revoked key is not certified again, for this device or another")
    func keyIsGone() throws {
        let key = TestDeviceKey()
        _ = try revoke(made(.seal, key: PublicKey(uncompressedPoint: key.point)))
        let added = try registry.reissue("acme.gw-1", by: alice, nowSeconds: now)
        for label in CertificateLabel.allCases { #expect(refusal { try registry.enrolled(label, added, key) } == .keyInUse) }
        _ = try registry.enrolled(.seal, added, TestDeviceKey())
    }
}
