import AllianceTrust
import AttestationFormat
@testable import DeviceRegistry
import GRDB
import MerkleTree
import RegistryTesting
import Testing

/// A registry in which everything has happened that rows tell of, at times that differ.
struct AuditedStore {
    let alliance: TestRegistry
    let registry: Registry
    let receipts: TestReceipts
    let now = Registry.now
    let alice = Requester("alice", account: .login("ann"))
    let bob = Requester("bob", account: .login("ben"))

    var trustFiles: [TrustFile] { [receipts.trustFile] }

    init() throws {
        alliance = try TestRegistry()
        registry = try alliance.open()
        receipts = try TestReceipts(["hk-1", "gz-1"], of: alliance)
        let nodes = try ["hk-1", "gz-1"].map { try TestRegistry.name($0) }
        try registry.setNodes(nodes, nowSeconds: now)
        // One that is renewed, one revoked twice, one replaced because it was stolen, one that never enrolled, one that enrolled anew.
        let first = try EnrolledDevice("gw-1", in: registry)
        _ = try registry.renewed(.link, with: first.link, TestDeviceKey(), at: now + 60 * 86_400)
        _ = try EnrolledDevice("gw-2", in: registry, at: now + 1)
        for (index, since) in [now, now - 60].enumerated() {
            _ = try registry.revoke("acme.gw-2", sinceSeconds: since, reason: "generation 7, since 1970Z: x", by: alice, nowSeconds: now + 2 + Int64(index))
        }
        _ = try EnrolledDevice("gw-3", in: registry, at: now + 4)
        _ = try registry.replace("acme.gw-3", oldKey: .revoke(sinceSeconds: now - 5, reason: "stolen"), by: alice, nowSeconds: now + 5)
        _ = try registry.add(NewDevice(firm: "acme", device: "gw-4", note: "truck 7; note: x"), by: alice, nowSeconds: now + 6)
        _ = try registry.revoke("acme.gw-4", sinceSeconds: now, reason: "", by: alice, nowSeconds: now + 7)
        try approvals()
        try byHand()
        try firmRegistry()
        try deliver(nodes[0])
    }

    private func approvals() throws {
        _ = try registry.setSecondPerson(true, of: "acme", by: alice, nowSeconds: now + 10)
        _ = try registry.add(NewDevice(firm: "acme", device: "gw-5", note: "yard"), by: alice, nowSeconds: now + 11)
        _ = try registry.approve("acme.gw-5", by: bob, nowSeconds: now + 12)
        _ = try registry.setSecondPerson(false, of: "acme", by: alice, nowSeconds: now + 13)
        _ = try registry.setSecondPerson(true, of: "beta", by: alice, nowSeconds: now + 14)
        let code = try registry.reissue("acme.gw-1", by: alice, nowSeconds: now + 15)
        _ = try registry.approve("acme.gw-1", by: bob, nowSeconds: now + 16)
        _ = try registry.enrolled(.link, code, TestDeviceKey(), at: now + 17)
        _ = try registry.added("gw-6", firm: "beta", by: "alice", at: now + 18)
    }

    private func byHand() throws {
        for (index, issuer) in [alliance.acme, alliance.link].enumerated() {
            let key = try AllianceSigningKey().publicKey
            let lifetime = CertificateLifetime.starting(at: now - 86_400, days: 400)
            let certificate = try index == 0
                ? issuer.issueSeal(firm: "acme", gatewayID: "acme.gw-5", issuer: "hs:gba-test/acme.gw-5", publicKey: key, lifetime: lifetime)
                : issuer.issueLink(organisation: "acme", commonName: "acme.gw-5", issuer: "hs:gba-test/acme.gw-5", publicKey: key, lifetime: lifetime)
            for since in [now - 10, now - 20] {
                _ = try registry.revokeCertificate(
                    certificate.der, of: "acme.gw-5", sinceSeconds: since, reason: "lost", by: alice, nowSeconds: now + 20 + Int64(index) * 2 + (now - since) / 10)
            }
        }
    }

    /// Firm gamma runs its own registry, firm delta's code was withdrawn.
    private func firmRegistry() throws {
        let code = try registry.makeFirmCode("gamma", by: alice, nowSeconds: now + 40).text
        _ = try registry.makeFirmCode("delta", by: alice, nowSeconds: now + 41)
        try registry.withdrawFirmCode("delta", by: bob, nowSeconds: now + 42)
        let gateway = Requester("gamma.gw-1", address: "198.51.100.1")
        let links = try (0..<3).map {
            try registry.enrol(.link, gatewayID: "gamma.gw-1", code: code, request: TestDeviceKey().request(), by: gateway, nowSeconds: now + 43 + $0)
        }
        for (index, reason) in [LinkRevocation.Reason.superseded, .revoked, .superseded].enumerated() {
            let revocation = LinkRevocation(serialNumber: links[min(index, 1)].serialNumber, sinceSeconds: now + 46, reason: reason)
            let report = LinkReport(gatewayID: try #require(GatewayID("gamma.gw-1")), revocations: [revocation])
            try registry.takeLinkReport(report.body, of: "gamma.gw-1", code: code, by: gateway, nowSeconds: now + 47 + Int64(index))
        }
    }

    /// Two receipts, one of them for another entry, one refusal, and one list that is behind; the rest stays due.
    private func deliver(_ node: Name) throws {
        let deliveries = try registry.dueDeliveries(nowSeconds: now + 86_400 * 70, perNode: 100).filter { $0.node == node }
        let statements = Dictionary(deliveries.map { ($0.statementID, $0.statement) }) { first, _ in first }
        guard let first = try statements[1] ?? statement(1), let second = try statements[2] ?? statement(2) else { throw VerificationError.subject }
        try registry.record(.accepted(receipt: receipts.receipt(for: first, of: "hk-1")), of: 1, to: node, nowSeconds: now + 30)
        let other = try another(second)
        try registry.record(.accepted(receipt: receipts.receipt(for: other, of: "hk-1"), entry: other), of: 2, to: node, nowSeconds: now + 31)
        try registry.record(.stale("it has a newer one"), of: 3, to: node, nowSeconds: now + 32)
        try registry.record(.refused("400"), of: 4, to: node, nowSeconds: now + 33)
        try registry.record(.failed("no answer"), of: 5, to: node, nowSeconds: now + 34)
    }

    func statement(_ id: Int64) throws -> [UInt8]? {
        try registry.store.read { try $0.row("SELECT bytes FROM statements WHERE id = ?", [id])?.bytes("bytes") }
    }

    /// The same certificate in another statement by the same key.
    func another(_ bytes: [UInt8]) throws -> [UInt8] {
        let statement = try RegistrationStatement(parsing: bytes)
        let gateway = try #require(GatewayID(UTF8Text(String(statement.header.subject.string.split(separator: "/").last ?? ""))))
        return try TestStatements().registration(
            certificate: statement.payload, of: GatewayName(alliance: TestRegistry.name("gba-test"), gatewayID: gateway), issuedSeconds: now + 99,
            signer: alliance.acme.key)
    }
}

/// A firm's own registry in which everything has happened that it does otherwise than others.
struct AuditedFirm {
    let stage: FirmStage
    var registry: Registry { stage.firm }

    init() throws {
        stage = try FirmStage()
        let now = stage.now
        let first = try EnrolledDevice("gw-1", in: stage.firm)
        // The same key once more, and then another.
        _ = try stage.firm.enrolled(.link, stage.firm.reissue("acme.gw-1", by: stage.alice, nowSeconds: now + 1), first.linkKey, at: now + 2)
        _ = try stage.firm.enrolled(.link, stage.firm.reissue("acme.gw-1", by: stage.alice, nowSeconds: now + 3), TestDeviceKey(), at: now + 4)
        _ = try EnrolledDevice("gw-2", in: stage.firm, at: now + 5)
        _ = try stage.firm.revoke("acme.gw-2", sinceSeconds: now + 5, reason: "lost", by: stage.alice, nowSeconds: now + 6)
        try stage.sendDue(at: now + 7)
        _ = try stage.firm.revoke("acme.gw-2", sinceSeconds: now - 5, reason: "earlier", by: stage.alice, nowSeconds: now + 8)
        _ = try stage.firm.enrolled(.link, stage.firm.replace("acme.gw-1", oldKey: .retire, by: stage.alice, nowSeconds: now + 9), TestDeviceKey(), at: now + 10)
    }
}
