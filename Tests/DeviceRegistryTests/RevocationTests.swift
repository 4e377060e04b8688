import AllianceTrust
import AttestationFormat
@testable import DeviceRegistry
import Foundation
import GRDB
import MerkleTree
import RegistryTesting
import Testing

@Suite("Revoking devices, with lists that openssl reads") struct RevocationTests {
    let alliance: TestRegistry
    let registry: Registry
    let workshop: Workshop
    let now = Registry.now
    let alice = Requester("alice")
    static let day: Int64 = 86_400

    init() throws {
        alliance = try TestRegistry()
        registry = try alliance.open()
        workshop = try Workshop()
        try registry.refreshRevocationLists(nowSeconds: now)
    }

    private func list(_ firm: String? = "acme") throws -> UnverifiedRevocationList {
        let der = try firm.map { try registry.revocationLists(firm: $0).first } ?? registry.linkRevocationList()
        return try UnverifiedRevocationList(der: #require(der))
    }

    /// What openssl says of a list, once it has verified the signature.
    private func read(_ list: UnverifiedRevocationList, by authority: CertificateAuthority) throws -> String {
        try workshop.write(list.der, "list.crl")
        try workshop.write(authority.certificate.pem.utf8, "ca.pem")
        let text = try OpenSSLTool.output(["crl", "-inform", "DER", "-in", "list.crl", "-noout", "-text", "-CAfile", "ca.pem"], in: workshop.path)
        #expect(text.contains("verify OK"))
        return text
    }

    /// What `openssl verify` says of a certificate with the link CA's list.
    private func verify(_ certificate: IssuedCertificate, at seconds: Int64) throws -> String {
        try workshop.write(certificate.certificate.pem.utf8, "leaf.pem")
        try workshop.write(alliance.link.certificate.pem.utf8, "link.pem")
        try workshop.write(CertificateAuthority.revocationListPEM(der: list(nil).der).utf8, "link.crl")
        return try OpenSSLTool.run(
            ["verify", "-attime", "\(seconds)", "-crl_check", "-CAfile", "link.pem", "-CRLfile", "link.crl", "leaf.pem"], in: workshop.path
        ).output
    }

    @Test("from the first day each issuer has an empty list, numbered by the time, so behind the alliance's own")
    func empty() throws {
        for (firm, authority) in [("acme", alliance.acme), ("beta", alliance.beta), (nil, alliance.link)] as [(String?, CertificateAuthority)] {
            let text = try read(list(firm), by: authority)
            #expect(text.contains("No Revoked Certificates") && text.contains("X509v3 CRL Number: \n                \(now)\n"))
        }
        #expect(refusal { try registry.revocationLists(firm: "gamma") } == .unknownFirm)
    }

    @Test("a revoked device's certificates are on the firm's list and the link CA's, since the time given; others are not")
    func revoked() throws {
        let (device, other) = (try EnrolledDevice("gw-1", in: registry), try EnrolledDevice("gw-2", in: registry))
        let shown = try registry.revoke("acme.gw-1", sinceSeconds: now - 500, reason: "stolen from the yard", by: alice, nowSeconds: now + 60)
        #expect(shown.state == .revoked && shown.revokedSinceSeconds == now - 500)
        let seals = try list().entries
        #expect(seals == [.init(serialNumber: device.seal.serialNumber, sinceSeconds: now - 500, revokedSeconds: now + 60)])
        #expect(try list(nil).entries.map(\.serialNumber) == [device.link.serialNumber])
        #expect(try read(list(), by: alliance.acme).contains("Invalidity Date"))
        #expect(try verify(device.link, at: now + 61).contains("certificate revoked"))
        #expect(try verify(other.link, at: now + 61).contains("leaf.pem: OK"))
        #expect(try list("beta").entries.isEmpty)
        #expect(try registry.device("acme.gw-1").certificates.allSatisfy { $0.revokedSinceSeconds == now - 500 })
    }

    @Test("the trust file's verifier finds the device revoked from then on, and not before")
    func judged() async throws {
        let device = try EnrolledDevice(in: registry)
        _ = try registry.revoke("acme.gw-1", sinceSeconds: now + 1_000, reason: "lost", by: alice, nowSeconds: now + 2_000)
        var verifier = try SealCertificateVerifier(
            issuers: SealIssuers(
                alliance: "gba-test", rootCertificate: alliance.root.certificate.der,
                firms: [.init(name: "acme", certificates: [alliance.acme.certificate.der])]))
        try verifier.insert(revocationList: list().der)
        let seal = try await verifier.verify(device.seal.certificate.der)
        #expect(verifier.revocationLists(for: seal).first?.sinceSeconds(serialNumber: seal.serialNumber) == now + 1_000)
    }

    @Test("again with an earlier time moves it back; a later one, and one that lies ahead, is refused")
    func again() throws {
        _ = try EnrolledDevice(in: registry)
        func revoke(_ since: Int64, at seconds: Int64) throws -> Device {
            try registry.revoke("acme.gw-1", sinceSeconds: since, reason: "stolen", by: alice, nowSeconds: seconds)
        }
        #expect(refusal { try revoke(now + 1, at: now) } == .argument)
        #expect(refusal { try revoke(-1, at: now) } == .argument)
        _ = try revoke(now - 10, at: now)
        for since in [now - 10, now - 9, now] { #expect(refusal { try revoke(since, at: now + 5) } == .state) }
        #expect(try revoke(now - 100, at: now + 5).revokedSinceSeconds == now - 100)
        #expect(try list().entries.map { [$0.sinceSeconds, $0.revokedSeconds] } == [[now - 100, now]])
        #expect(refusal { try registry.revoke("acme.gw-9", sinceSeconds: now, reason: "", by: alice, nowSeconds: now) } == .unknownDevice)
    }

    @Test("a device that never enrolled is revoked without a list or a statement")
    func waiting() throws {
        let added = try registry.added()
        let before = try list().der
        _ = try registry.revoke("acme.gw-1", sinceSeconds: now, reason: "not needed", by: alice, nowSeconds: now)
        #expect(try list().der == before)
        #expect(refusal { try registry.enrolled(.link, added, TestDeviceKey()) } == .deviceRevoked)
    }

    @Test("numbers rise with each list, over restarts and steps of the clock too, and each list is dated by the clock")
    func numbers() throws {
        var last = try number()
        for index in 0..<3 {
            _ = try EnrolledDevice("gw-\(index)", in: registry)
            let reopened = try alliance.open()
            // A clock that is set back by a day in between.
            let at = now + Int64(index == 1 ? -Self.day : Int64(index))
            _ = try reopened.revoke("acme.gw-\(index)", sinceSeconds: at, reason: "lost", by: alice, nowSeconds: at)
            #expect(try number() == max(last + 1, Int(at)))
            #expect(try list().thisUpdateSeconds == at - 300)
            last = try number()
            try reopened.close()
        }
        #expect(try list().entries.count == 3)
    }

    @Test("a list that was made while the clock ran ahead, and that nobody takes yet, is made anew once the clock is right")
    func clockAhead() throws {
        let ahead = now + 365 * Self.day
        #expect(try registry.refreshRevocationLists(nowSeconds: ahead))
        #expect(try list(nil).thisUpdateSeconds == ahead - 300)
        #expect(try registry.firstListEndSeconds() == ahead + 30 * Self.day)
        #expect(try registry.refreshRevocationLists(nowSeconds: now))
        #expect(try list(nil).thisUpdateSeconds == now - 300)
        #expect(try !registry.refreshRevocationLists(nowSeconds: now))
    }

    private func number() throws -> Int {
        let text = try read(list(), by: alliance.acme)
        let line = text.components(separatedBy: "X509v3 CRL Number: \n").last?.split(separator: "\n").first
        return try #require(line.flatMap { Int($0.trimmingPrefix(while: \.isWhitespace)) })
    }

    @Test("lists are made anew at half of their life, and not before")
    func refreshed() throws {
        let first = try list(nil)
        #expect(first.nextUpdateSeconds == now + 30 * Self.day)
        #expect(try !registry.refreshRevocationLists(nowSeconds: now + 15 * Self.day - 1))
        #expect(try list(nil).der == first.der)
        #expect(try registry.refreshRevocationLists(nowSeconds: now + 15 * Self.day))
        #expect(try list(nil).nextUpdateSeconds == now + 45 * Self.day)
        #expect(try list("beta").nextUpdateSeconds == now + 45 * Self.day)
    }

    @Test("an ended link certificate leaves its list in the end; a seal certificate never does")
    func leaving() throws {
        _ = try EnrolledDevice(in: registry)
        _ = try registry.revoke("acme.gw-1", sinceSeconds: now, reason: "lost", by: alice, nowSeconds: now)
        // 90 days of life, 30 of grace, 30 of the list before, and a day.
        for (days, count) in [(100, 1), (150, 1), (170, 0), (4_000, 0)] as [(Int64, Int)] {
            try registry.refreshRevocationLists(nowSeconds: now + days * Self.day)
            #expect(try list(nil).entries.count == count, "after \(days) days")
            #expect(try list().entries.count == 1)
        }
    }

    @Test("where the firm's list is full, device, code and link certificate are revoked all the same, the rest is open and said, and is done when it fits")
    func full() throws {
        try registry.setNodes([TestRegistry.name("hk-1")], nowSeconds: now)
        let devices = (0..<990).map { NewDevice(firm: "acme", device: "gw-\($0)") }
        for added in try registry.add(devices, by: alice, nowSeconds: now) { _ = try registry.enrolled(.seal, added.get(), TestDeviceKey()) }
        let device = try EnrolledDevice("stolen", in: registry)
        // As if these had been revoked one after the other.
        let fill = "UPDATE certificates SET revoked = ?, revoked_since = ? WHERE id <= ?"
        try registry.store.write { try $0.run(fill, [now, now, 988]) }
        func revoke() throws -> Device { try registry.revoke("acme.stolen", sinceSeconds: now, reason: "stolen", by: alice, nowSeconds: now + 1) }
        let shown = try revoke()
        #expect(shown.state == .revoked && shown.isSealRevocationOpen)
        #expect(try list().entries.isEmpty && list(nil).entries.map(\.serialNumber) == [device.link.serialNumber])
        #expect(refusal { try registry.renewed(.link, with: device.link, TestDeviceKey()) } == .deviceRevoked)
        #expect(refusal { try registry.enrolled(.link, device.added, device.linkKey) } == .deviceRevoked)
        #expect(try registry.device("acme.stolen").deliveries.map(\.kind) == [.registration], "the ledgers hear of nothing that is not on a list")
        let row = try #require(registry.audit(gatewayID: "acme.stolen").first { $0.action == .revoke })
        #expect(row.action == .revoke && row.outcome == "ok" && row.detail.contains("; open: ") && row.detail.contains("989 certificates"))
        #expect(try registry.listUsage().map(\.openDeviceCount) == [1, 0])
        // Again and again, as long as it does not fit, it stays open.
        #expect(try revoke().isSealRevocationOpen)
        #expect(refusal { try registry.revoke("acme.stolen", sinceSeconds: now + 1, reason: "", by: alice, nowSeconds: now + 1) } == .state)
        try registry.store.write { try $0.run("UPDATE certificates SET revoked = NULL, revoked_since = NULL WHERE id > 900 AND label = 'seal'") }
        #expect(try !revoke().isSealRevocationOpen)
        #expect(try list().entries.count == 901 && list().der.count <= 65_536 - 1_024)
        #expect(try registry.device("acme.stolen").deliveries.map(\.kind) == [.revocation, .registration])
        #expect(refusal(revoke) == .state, "now it is done")
    }

    @Test("how full a list is shows before it is: from 80 % on it needs somebody")
    func usage() throws {
        let devices = (0..<780).map { NewDevice(firm: "acme", device: "gw-\($0)") }
        for added in try registry.add(devices, by: alice, nowSeconds: now) { _ = try registry.enrolled(.seal, added.get(), TestDeviceKey()) }
        func used(_ count: Int) throws -> ListUsage {
            try registry.store.write { try $0.run("UPDATE certificates SET revoked = ?, revoked_since = ? WHERE id <= ?", [now, now, count]) }
            _ = try registry.revoke("acme.gw-\(count)", sinceSeconds: now, reason: "", by: alice, nowSeconds: now)
            return try #require(registry.listUsage().first)
        }
        let few = try used(700)
        #expect(few.firm.description == "acme" && few.revokedCount == 701 && few.percent < 80 && !few.needsAttention && few.isInUse)
        let many = try used(779)
        #expect(many.revokedCount == 780 && many.percent >= 80 && many.needsAttention && many.openDeviceCount == 0)
        #expect(try registry.listUsage().count == 2, "the link CA's list has no bound")
    }

    @Test("a key that is a firm's former one still signs the list of what it issued")
    func formerKey() throws {
        let device = try EnrolledDevice(in: registry)
        try registry.close()
        let newer = try alliance.root.issueFirmAuthority(
            firm: "acme", key: AllianceSigningKey(), lifetime: .starting(at: now, days: 3_650))
        var settings = try alliance.settings()
        settings.firms[0] = FirmIssuing(firm: try TestRegistry.name("acme"), authority: newer, former: [alliance.acme])
        let rotated = try alliance.open(settings)
        let renewed = try rotated.renewed(.seal, with: device.link, device.sealKey)
        #expect(CertificateFacts(der: renewed.certificate.der)?.serialNumber != device.seal.serialNumber)
        _ = try rotated.revoke("acme.gw-1", sinceSeconds: now, reason: "lost", by: alice, nowSeconds: now)
        let lists = try rotated.revocationLists(firm: "acme").map { try UnverifiedRevocationList(der: $0) }
        #expect(lists.map { $0.entries.map(\.serialNumber) } == [[renewed.serialNumber], [device.seal.serialNumber]])
        settings.firms[0] = FirmIssuing(firm: try TestRegistry.name("acme"), authority: newer)
        try rotated.close()
        let forgetful = try alliance.open(settings)
        #expect(
            refusal { try forgetful.revoke("acme.gw-1", sinceSeconds: now - 9, reason: "", by: alice, nowSeconds: now) } == .unknownFirm)
    }

    @Test("while one seal certificate is on no list the revocation is open, whatever lists others are on, and is done when it fits")
    func openBesideListed() throws {
        let device = try EnrolledDevice(in: registry)
        try registry.close()
        let newer = try alliance.root.issueFirmAuthority(firm: "acme", key: AllianceSigningKey(), lifetime: .starting(at: now, days: 3_650))
        var settings = try alliance.settings()
        settings.firms[0] = FirmIssuing(firm: try TestRegistry.name("acme"), authority: newer, former: [alliance.acme])
        let rotated = try alliance.open(settings)
        try rotated.setNodes([TestRegistry.name("hk-1")], nowSeconds: now)
        let renewed = try rotated.renewed(.seal, with: device.link, device.sealKey)
        // As if so many had been revoked of the former key.
        func fill(_ numbers: ClosedRange<Int>) throws {
            for number in numbers {
                let serial = [UInt8](repeating: 1, count: 18) + [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
                try rotated.store.write {
                    try $0.run(
                        "INSERT INTO hand_certificates(hash, gateway, label, key_id, issuer, serial, ends, revoked, revoked_since, reason, der) VALUES (?, 'acme.x', 'seal', ?, ?, ?, ?, 1, 1, '', x'00')",
                        [SHA256.hash(serial).data, SHA256.hash(serial).data, alliance.acme.key.keyID.data, Data(serial), now])
                }
            }
        }
        try fill(1...900)
        try rotated.refreshRevocationLists(nowSeconds: now)
        try fill(901...1_000)
        func revoke() throws -> Device { try rotated.revoke("acme.gw-1", sinceSeconds: now, reason: "stolen", by: alice, nowSeconds: now + 1) }
        func listed() throws -> [Bool] {
            let serials = try rotated.revocationLists(firm: "acme").flatMap { try UnverifiedRevocationList(der: $0).entries.map(\.serialNumber) }
            return [device.seal, renewed].map { serials.contains($0.serialNumber) }
        }
        #expect(try revoke().isSealRevocationOpen && listed() == [false, true])
        #expect(try rotated.device("acme.gw-1").device.isSealRevocationOpen && rotated.listUsage().map(\.openDeviceCount) == [0, 1, 0])
        let row = try #require(rotated.audit(gatewayID: "acme.gw-1").first { $0.action == .revoke })
        #expect(row.detail.contains("; open: the revocation list of firm acme is full"))
        #expect(try revoke().isSealRevocationOpen, "again, as long as it does not fit")
        try rotated.store.write { try $0.run("DELETE FROM hand_certificates", []) }
        #expect(try !revoke().isSealRevocationOpen && listed() == [true, true])
        #expect(try rotated.listUsage().map(\.openDeviceCount) == [0, 0, 0])
        #expect(refusal(revoke) == .state, "now it is done")
        try rotated.close()
    }
}
