import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import RegistryTesting
import Synchronization
import Testing

/// A firm's own registry, whose link certificates are the alliance's.
@Suite("A firm's own registry") struct LinkSourceTests {
    let stage: FirmStage
    let now = Registry.now
    var firm: Registry { stage.firm }

    init() throws {
        stage = try FirmStage()
    }

    @Test("a gateway enrols with one code for both certificates, and renews; both registries have the link certificates")
    func enrols() throws {
        let device = try EnrolledDevice(in: firm)
        #expect(stage.alliance.acme.hasIssued(device.seal.certificate.der) && stage.alliance.link.hasIssued(device.link.certificate.der))
        #expect(try firm.device("acme.gw-1").device.state == .enrolled)
        stage.source.nowSeconds.withLock { $0 = now + 60 * 86_400 }
        let renewed = try firm.renewed(.link, with: device.link, TestDeviceKey(), at: now + 60 * 86_400)
        _ = try firm.renewed(.seal, with: renewed, device.sealKey, at: now + 60 * 86_400)
        #expect(try stage.upstream.device("acme.gw-1").certificates.map(\.certificate) == [renewed.certificate, device.link.certificate])
        #expect(try firm.linkRevocationList() == nil && firm.authorities(.link) == [stage.alliance.link.certificate])
        #expect(try stage.fault() == nil && stage.source.askedCount.withLock { $0 } == 2)
    }

    @Test("the same request again gets the same certificate, and asks nobody", arguments: [false, true])
    func again(_ isRenewal: Bool) throws {
        let device = try EnrolledDevice(in: firm)
        let count = stage.source.askedCount.withLock { $0 }
        let second = isRenewal ? try firm.renewed(.link, with: device.link, device.linkKey) : try firm.enrolled(.link, device.added, device.linkKey)
        #expect(second == device.link && stage.source.askedCount.withLock { $0 } == count)
    }

    @Test("an answer that was lost, or a registry that died before it had stored it, burns nothing: the same request gets that very certificate")
    func lost() throws {
        let (added, key) = (try firm.added(), TestDeviceKey())
        stage.source.mood.withLock { $0 = .losesAnswer }
        #expect(refusal { try firm.enrolled(.link, added, key) } == .allianceAway)
        let made = try stage.upstream.device("acme.gw-1").certificates
        #expect(try made.count == 1 && firm.device("acme.gw-1").certificates.isEmpty && firm.device("acme.gw-1").device.codeUses.isEmpty)
        stage.source.mood.withLock { $0 = .works }
        let issued = try firm.enrolled(.link, added, key)
        #expect(issued.certificate == made[0].certificate)
        #expect(try stage.upstream.device("acme.gw-1").certificates.count == 1 && stage.fault() == nil)
    }

    @Test("while the alliance's registry is away, or takes no code, nothing is changed, and seal certificates are issued", arguments: [true, false])
    func away(_ isAway: Bool) throws {
        let added = try firm.added()
        stage.source.mood.withLock { $0 = isAway ? .away : .refuses }
        let head = try firm.auditHead()
        #expect(refusal { try firm.enrolled(.link, added, TestDeviceKey()) } == (isAway ? .allianceAway : .allianceRefused))
        #expect(try firm.auditHead() == head, "it is not the gateway's refusal")
        _ = try firm.enrolled(.seal, added, TestDeviceKey())
        stage.source.mood.withLock { $0 = .works }
        _ = try firm.enrolled(.link, added, TestDeviceKey())
        #expect(try firm.device("acme.gw-1").device.state == .enrolled && stage.fault() == nil)
    }

    @Test("what the alliance's registry refuses of a gateway is refused here, and written down")
    func refusals() throws {
        let key = TestDeviceKey()
        _ = try stage.upstream.enrolled(.link, stage.upstream.added("gw-9", firm: "beta"), key)
        #expect(refusal { try firm.enrolled(.link, firm.added(), key) } == .keyInUse)
        #expect(try firm.device("acme.gw-1").audit.first?.outcome == "keyInUse")
        #expect(try firm.device("acme.gw-1").device.codeUses.isEmpty && stage.fault() == nil)
    }

    @Test("no transaction is open while the alliance's registry is asked: another device enrols meanwhile")
    func unheld() throws {
        let (first, second) = (try firm.added("gw-1"), try firm.added("gw-2"))
        let firm = firm
        nonisolated(unsafe) var other: IssuedCertificate?
        stage.source.before.withLock { $0 = { other = try? firm.enrolled(.seal, second, TestDeviceKey()) } }
        _ = try firm.enrolled(.link, first, TestDeviceKey())
        #expect(other != nil)
        #expect(try stage.fault() == nil)
    }

    @Test("what changes while it is asked counts: a device that is revoked meanwhile gets nothing")
    func overtaken() throws {
        let added = try firm.added()
        let (firm, now, alice) = (firm, now, stage.alice)
        stage.source.before.withLock { $0 = { _ = try? firm.revoke("acme.gw-1", sinceSeconds: now, reason: "lost", by: alice, nowSeconds: now) } }
        #expect(refusal { try firm.enrolled(.link, added, TestDeviceKey()) } == .deviceRevoked)
        #expect(try firm.device("acme.gw-1").certificates.isEmpty && stage.fault() == nil)
    }

    struct Hostile: CustomTestStringConvertible {
        let testDescription: String
        let words: String
        /// Of the alliance, for a request's key.
        let answer: @Sendable (TestRegistry, PublicKey) throws -> [UInt8]
    }

    private static func link(
        _ authority: CertificateAuthority, _ key: PublicKey, organisation: String = "acme", name: String = "acme.gw-1", issuer: String = "hs:gba-test/acme.gw-1",
        from: Int64 = 0, days: Int = 90
    ) throws -> [UInt8] {
        try authority.issueLink(
            organisation: organisation, commonName: name, issuer: issuer, publicKey: key, lifetime: .starting(at: Registry.now + from, days: days)).der
    }

    @Test(
        "an answer that is not the link certificate that was asked for is refused, and nothing of it is stored",
        arguments: [
            Hostile(testDescription: "garbage", words: "no certificate") { _, _ in Array("garbage".utf8) },
            Hostile(testDescription: "nothing", words: "no certificate") { _, _ in [] },
            Hostile(testDescription: "another CA's", words: "the link CA did not sign it") { alliance, key in
                try link(.linkAuthority(alliance: "gba-test", key: AllianceSigningKey(), lifetime: .starting(at: Registry.now, days: 900)), key)
            },
            Hostile(testDescription: "the firm's CA's", words: "the link CA did not sign it") { try link($0.acme, $1) },
            Hostile(testDescription: "changed", words: "the link CA did not sign it") { alliance, key in
                var der = try link(alliance.link, key)
                der[der.count - 1] ^= 1
                return der
            },
            Hostile(testDescription: "the link CA's own", words: "it is a CA's") { alliance, _ in alliance.link.certificate.der },
            Hostile(testDescription: "another key's", words: "another key") { alliance, _ in try link(alliance.link, AllianceSigningKey().publicKey) },
            Hostile(testDescription: "another gateway's", words: "it is for O=acme, CN=acme.gw-2") {
                try link($0.link, $1, name: "acme.gw-2", issuer: "hs:gba-test/acme.gw-2")
            },
            Hostile(testDescription: "another firm's", words: "it is for O=beta, CN=acme.gw-1") { try link($0.link, $1, organisation: "beta") },
            Hostile(testDescription: "another URI's", words: "not for hs:gba-test/acme.gw-1 alone") { try link($0.link, $1, issuer: "hs:gba-test/acme.gw-2") },
            Hostile(testDescription: "a seal certificate", words: "not for a TLS client alone") { alliance, key in
                try alliance.link.issueSeal(
                    firm: "acme", gatewayID: "acme.gw-1", issuer: "hs:gba-test/acme.gw-1", publicKey: key, lifetime: .starting(at: Registry.now, days: 90)).der
            },
            Hostile(testDescription: "a server's", words: "it is for") { alliance, key in
                try alliance.link.issueServer(
                    organisation: "acme", commonName: "acme.gw-1", dnsNames: ["acme.gw-1"], addresses: [], publicKey: key, lifetime: .starting(at: Registry.now, days: 90)).der
            },
            Hostile(testDescription: "one that has ended", words: "and here it is") { try link($0.link, $1, from: -91 * 86_400) },
            Hostile(testDescription: "one that has not begun", words: "and here it is") { try link($0.link, $1, from: 2 * 86_400) },
            Hostile(testDescription: "one of ten years", words: "and here it is") { try link($0.link, $1, days: 3_650) },
        ])
    func hostile(_ hostile: Hostile) throws {
        let (added, key) = (try firm.added(), TestDeviceKey())
        let publicKey = try #require(PublicKey(uncompressedPoint: key.point))
        let answer = try hostile.answer(stage.alliance, publicKey)
        stage.source.mood.withLock { $0 = .answers(answer) }
        let error = #expect(throws: RegistryError.self) { try firm.enrolled(.link, added, key) }
        #expect(error?.code == .allianceRefused && error?.message.contains(hostile.words) == true, "\(error?.message ?? "")")
        #expect(try firm.device("acme.gw-1").certificates.isEmpty && firm.device("acme.gw-1").device.codeUses.isEmpty && stage.fault() == nil)
        stage.source.mood.withLock { $0 = .works }
        #expect(refusal { try firm.enrolled(.link, added, key) } == nil, "the code is whole")
    }

    // MARK: - Revocations

    private func isOpen(_ gateway: String = "acme.gw-1", generation: Int? = nil) throws -> Bool {
        try firm.device(gateway, generation: generation).device.isLinkRevocationOpen
    }

    @Test("a revocation is due to the alliance's registry in the same transaction, open until that has it, and on its list then")
    func revokes() throws {
        let device = try EnrolledDevice(in: firm)
        let revoked = try firm.revoke("acme.gw-1", sinceSeconds: now - 5, reason: "stolen", by: stage.alice, nowSeconds: now + 1)
        #expect(revoked.isLinkRevocationOpen && !revoked.isSealRevocationOpen)
        #expect(try stage.due() == [LinkRevocation(serialNumber: device.link.serialNumber, sinceSeconds: now - 5, reason: .revoked)])
        #expect(try stage.fault() == nil && stage.listed().isEmpty)
        try stage.sendDue(at: now + 2)
        #expect(try !isOpen() && stage.due().isEmpty && stage.listed() == [device.link.serialNumber: false] && stage.fault() == nil)
        // Moved back, it is told again.
        _ = try firm.revoke("acme.gw-1", sinceSeconds: now - 50, reason: "earlier", by: stage.alice, nowSeconds: now + 3)
        #expect(try isOpen())
        try stage.sendDue(at: now + 4)
        #expect(try !isOpen() && stage.upstream.device("acme.gw-1").certificates.first?.revokedSinceSeconds == now - 50 && stage.fault() == nil)
    }

    @Test("a new code with another key, and a replacement, end the link certificates before: superseded, and revoked once somebody revokes them")
    func superseded() throws {
        let device = try EnrolledDevice(in: firm)
        let second = try firm.enrolled(.link, firm.reissue("acme.gw-1", by: stage.alice, nowSeconds: now + 1), TestDeviceKey(), at: now + 2)
        #expect(try isOpen())
        try stage.sendDue(at: now + 3)
        #expect(try stage.listed() == [device.link.serialNumber: true] && !isOpen())
        let replacing = try firm.replace("acme.gw-1", oldKey: .retire, by: stage.alice, nowSeconds: now + 4)
        #expect(try stage.due().isEmpty, "a retired device goes on until the new one has its link certificate")
        _ = try firm.enrolled(.link, replacing, TestDeviceKey(), at: now + 5)
        #expect(try isOpen(generation: 1) && !isOpen())
        try stage.sendDue(at: now + 6)
        #expect(try stage.listed() == [device.link.serialNumber: true, second.serialNumber: true])
        _ = try firm.revoke("acme.gw-1", generation: 1, sinceSeconds: now + 6, reason: "found out", by: stage.alice, nowSeconds: now + 7)
        try stage.sendDue(at: now + 8)
        #expect(try stage.listed() == [device.link.serialNumber: false, second.serialNumber: false] && stage.fault() == nil)
    }

    @Test("a report that is taken while the revocation moves on leaves the newer one open")
    func overtakenReport() throws {
        _ = try EnrolledDevice(in: firm)
        _ = try firm.revoke("acme.gw-1", sinceSeconds: now, reason: "lost", by: stage.alice, nowSeconds: now)
        let name = try #require(GatewayID("acme.gw-1"))
        let report = try #require(firm.linkReports(of: name).first)
        _ = try firm.revoke("acme.gw-1", sinceSeconds: now - 5, reason: "lost", by: stage.alice, nowSeconds: now + 1)
        try firm.recordTaken(report, nowSeconds: now + 2)
        #expect(try isOpen())
        try stage.sendDue(at: now + 3)
        #expect(try !isOpen() && stage.fault() == nil)
    }

    @Test("a registry that had the link CA's key, or a version before this one's: what it revoked is told once it starts, and comes on the alliance's list")
    func hadKey() throws {
        let folder = "\(stage.alliance.folder)/moved"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var settings = try FirmStage.settings(stage.alliance, stage.source)
        (settings.link, settings.linkSource) = (stage.alliance.link, nil)
        let before = try stage.alliance.open(settings, in: folder)
        let devices = try ["gw-1", "gw-2", "gw-3"].map { try EnrolledDevice($0, in: before) }
        _ = try before.revoke("acme.gw-1", sinceSeconds: now - 5, reason: "stolen", by: stage.alice, nowSeconds: now + 1)
        try before.noteLinkReports(nowSeconds: now + 2)
        #expect(try before.dueLinkGateways().isEmpty, "it is the one that has the list")
        try before.close()
        let moved = try stage.alliance.open(FirmStage.settings(stage.alliance, stage.source), in: folder)
        #expect(try moved.compareAudit(trustFiles: []).fault?.reason.contains("is not told so") == true)
        try moved.noteLinkReports(nowSeconds: now + 3)
        let head = try moved.auditHead()
        try moved.noteLinkReports(nowSeconds: now + 4)
        #expect(try moved.auditHead() == head && moved.compareAudit(trustFiles: []).fault == nil && moved.device("acme.gw-1").device.isLinkRevocationOpen)
        // One of both: a certificate of the alliance's, and one from before.
        let own = try moved.enrolled(.link, moved.reissue("acme.gw-2", by: stage.alice, nowSeconds: now + 5), TestDeviceKey(), at: now + 6)
        _ = try moved.revoke("acme.gw-2", sinceSeconds: now + 6, reason: "lost", by: stage.alice, nowSeconds: now + 7)
        for report in try moved.dueLinkGateways().flatMap({ try moved.linkReports(of: $0) }) {
            #expect(try stage.tell(report, at: now + 8).isEmpty)
            try moved.recordTaken(report, nowSeconds: now + 8)
        }
        #expect(try Set(stage.listed().keys) == [devices[0].link.serialNumber, devices[1].link.serialNumber, own.serialNumber])
        #expect(try moved.dueLinkGateways().isEmpty && !moved.device("acme.gw-2").device.isLinkRevocationOpen)
        // The list from before stays in the store, and says nothing of what is moved back.
        _ = try moved.revoke("acme.gw-1", sinceSeconds: now - 50, reason: "earlier", by: stage.alice, nowSeconds: now + 9)
        for registry in [moved, stage.upstream] { #expect(try registry.compareAudit(trustFiles: []).fault == nil) }
        try moved.close()
    }

    @Test("more revoked link certificates than one report has are told in several, and what was taken is told again until it ends, and changes nothing")
    func again() throws {
        let device = try EnrolledDevice(in: firm)
        var serials = [device.link.serialNumber]
        for second in 1...(Int64(LinkReport.lineLimit) + 1) {
            serials.append(try firm.enrolled(.link, firm.reissue("acme.gw-1", by: stage.alice, nowSeconds: now + second), TestDeviceKey(), at: now + second).serialNumber)
        }
        let name = try #require(GatewayID("acme.gw-1"))
        #expect(try firm.linkReports(of: name).map(\.revocations.count) == [LinkReport.lineLimit, 1] && firm.takenLinkGateways(nowSeconds: now).isEmpty)
        try stage.sendDue(at: now + 60)
        #expect(try Set(stage.listed().keys) == Set(serials.dropLast()) && stage.due().isEmpty && firm.linkReports(of: name).isEmpty)
        let heads = try (firm.auditHead(), stage.upstream.auditHead())
        #expect(try firm.takenLinkGateways(nowSeconds: now + 61) == [name])
        try stage.sendDue(at: now + 61, isAgain: true)
        #expect(try firm.auditHead() == heads.0 && stage.upstream.auditHead() == heads.1)
        #expect(try firm.takenLinkGateways(nowSeconds: now + 400 * 86_400).isEmpty && firm.linkReports(of: name, againSeconds: now + 400 * 86_400).isEmpty)
        #expect(try stage.fault() == nil)
    }

    @Test("an alliance's registry that is put back from before it was told has everything on its list once it is told again")
    func restored() throws {
        let file = "\(stage.alliance.folder)/backup.sqlite"
        let first = try EnrolledDevice("gw-1", in: firm)
        _ = try stage.upstream.backup(to: file)
        // The store that is put back knows the one certificate, and not the other.
        let second = try EnrolledDevice("gw-2", in: firm, at: now + 1)
        for name in ["acme.gw-1", "acme.gw-2"] { _ = try firm.revoke(name, sinceSeconds: now + 2, reason: "stolen", by: stage.alice, nowSeconds: now + 3) }
        try stage.sendDue(at: now + 4)
        let published = try #require(try stage.upstream.linkRevocationList())
        let folder = "\(stage.alliance.folder)/restored"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let summary = try Registry.restore(
            file, into: folder, settings: stage.upstream.settings, statements: TestStatements(), by: stage.alice, nowSeconds: now + 5)
        #expect(summary.firms == ["acme"])
        let restored = try stage.alliance.open(stage.upstream.settings, in: folder)
        let lost = try #require(try restored.judge(published: published, nowSeconds: now + 6))
        #expect(lost.certificates.count == 2)
        // What is told is stored, and answered as not published until the store knows all that the published list has.
        func tell(_ gateway: String, at seconds: Int64) throws {
            let name = try #require(GatewayID(UTF8Text(gateway)))
            for report in try firm.linkReports(of: name, againSeconds: seconds) {
                let unknown = try restored.takeLinkReport(
                    report.body, of: gateway, code: stage.code.text, by: Requester(gateway, address: "198.51.100.1"), nowSeconds: seconds)
                #expect(unknown.isEmpty)
            }
        }
        #expect(refusal { try tell("acme.gw-1", at: now + 7) } == .listBehind)
        #expect(try restored.judge(published: published, nowSeconds: now + 8)?.certificates.count == 1 && restored.linkRevocationList() == published)
        #expect(refusal { try tell("acme.gw-1", at: now + 9) } == .listBehind)
        #expect(refusal { try tell("acme.gw-2", at: now + 10) } == .listBehind)
        #expect(try restored.judge(published: published, nowSeconds: now + 11) == nil)
        for gateway in ["acme.gw-1", "acme.gw-2"] { try tell(gateway, at: now + 12) }
        let list = try UnverifiedRevocationList(der: #require(try restored.linkRevocationList()))
        #expect(Set(list.entries.map(\.serialNumber)) == [first.link.serialNumber, second.link.serialNumber])
        #expect(try list.number?.value ?? 0 > UnverifiedRevocationList(der: published).number?.value ?? .max)
        #expect(try restored.compareAudit(trustFiles: []).fault == nil && restored.checkAudit() == .intact(restored.auditHead()))
        try restored.close()
    }

    @Test("the same key after a new code: its certificate is handed out again, unless it is revoked and the alliance's registry has still to hear of that")
    func sameKey() throws {
        let device = try EnrolledDevice(in: firm)
        let code = try firm.reissue("acme.gw-1", by: stage.alice, nowSeconds: now + 1)
        #expect(try firm.enrolled(.link, code, device.linkKey, at: now + 2) == device.link)
        #expect(try stage.fault() == nil)
        _ = try firm.enrolled(.link, firm.reissue("acme.gw-1", by: stage.alice, nowSeconds: now + 3), TestDeviceKey(), at: now + 4)
        let third = try firm.reissue("acme.gw-1", by: stage.alice, nowSeconds: now + 5)
        #expect(refusal { try firm.enrolled(.link, third, device.linkKey, at: now + 6) } == .allianceAway)
        try stage.sendDue(at: now + 7)
        stage.source.nowSeconds.withLock { $0 = now + 8 }
        #expect(try firm.enrolled(.link, third, device.linkKey, at: now + 8) != device.link)
        #expect(try stage.fault() == nil)
    }

    @Test("lists, policies and clocks go on without the link CA's key, and a certificate made by hand with it is revoked where that is")
    func others() throws {
        _ = try EnrolledDevice(in: firm)
        #expect(try firm.refreshRevocationLists(nowSeconds: now) && !firm.revocationLists(firm: "acme").isEmpty)
        #expect(try firm.firstListEndSeconds() != nil && !firm.refreshRevocationLists(nowSeconds: now + 60))
        _ = try firm.setSecondPerson(true, of: "acme", by: stage.alice, nowSeconds: now)
        let byHand = try Self.link(stage.alliance.link, AllianceSigningKey().publicKey)
        #expect(refusal { try firm.revokeCertificate(byHand, of: "acme.gw-1", sinceSeconds: now, reason: "", by: stage.alice, nowSeconds: now) } == .certificate)
        #expect(try stage.fault() == nil)
    }

    @Test("a registry has the link CA's key, or a place to ask: not both, and not neither", arguments: [true, false])
    func settings(_ hasKey: Bool) throws {
        var settings = try FirmStage.settings(stage.alliance, stage.source)
        if hasKey { settings.link = stage.alliance.link } else { settings.linkSource = nil }
        #expect(refusal { try stage.alliance.open(settings) } == .argument)
    }
}
