import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import RegistryTesting
import Testing

/// The alliance's registry, as firms' own registries ask it.
@Suite("The alliance's registry and a firm's code") struct FirmCodeTests {
    let stage: FirmStage
    let now = Registry.now
    let key = TestDeviceKey()

    init() throws {
        stage = try FirmStage()
    }

    @Test("with a firm's code its gateways get link certificates, in the registry's names, and each is a device of the firm's own registry")
    func issues() throws {
        let issued = try stage.ask(key)
        let facts = try #require(CertificateFacts(der: issued.certificate.der))
        #expect(stage.alliance.link.hasIssued(issued.certificate.der))
        #expect(facts.subject == "O=acme, CN=acme.gw-1" && facts.names == ["hs:gba-test/acme.gw-1"] && facts.usages == ["digital signature", "TLS client"])
        let device = try stage.upstream.device("acme.gw-1").device
        #expect(device.isOfFirmRegistry && device.state == .enrolled && device.addedBy == "firm acme" && device.sealKeyID == nil)
        #expect(try stage.upstream.device("acme.gw-1").certificates == [issued])
        #expect(try stage.fault() == nil)
    }

    @Test("the same key gets the same certificate while that is new, a new one later, and another key at once")
    func repeats() throws {
        let first = try stage.ask(key)
        #expect(try stage.ask(key, at: now + 60) == first)
        let later = try stage.ask(key, at: now + 60 * 86_400)
        #expect(later != first && later.keyID == first.keyID)
        #expect(try stage.ask(TestDeviceKey()).keyID != first.keyID)
        #expect(try stage.upstream.device("acme.gw-1").certificates.count == 3)
        #expect(try stage.fault() == nil)
    }

    struct Wrong: CustomTestStringConvertible {
        let testDescription: String
        let code: RegistryError.Code
        let ask: @Sendable (FirmStage, TestDeviceKey) throws -> Void
    }

    @Test(
        "what a firm's code is not good for",
        arguments: [
            Wrong(testDescription: "another code", code: .wrongCode) { _ = try $0.ask($1, code: EnrolmentCode().text) },
            Wrong(testDescription: "no code", code: .wrongCode) { _ = try $0.ask($1, code: "") },
            Wrong(testDescription: "a firm without a code", code: .wrongCode) { _ = try $0.ask($1, as: "gamma.gw-1") },
            Wrong(testDescription: "another firm's gateway, whose key is here", code: .wrongCode) { _ = try $0.ask($1, as: "beta.gw-1") },
            Wrong(testDescription: "another firm's, which has a code too", code: .wrongCode) { stage, key in
                _ = try stage.upstream.makeFirmCode("gamma", by: stage.alice, nowSeconds: stage.now)
                _ = try stage.ask(key, as: "gamma.gw-1")
            },
            Wrong(testDescription: "no name", code: .wrongCode) { _ = try $0.ask($1, as: "acme") },
            Wrong(testDescription: "the seal label", code: .firmRegistry) { _ = try $0.ask($1, label: .seal) },
            Wrong(testDescription: "a code that was made again", code: .wrongCode) { stage, key in
                _ = try stage.upstream.makeFirmCode("acme", by: stage.alice, nowSeconds: stage.now + 1)
                _ = try stage.ask(key)
            },
            Wrong(testDescription: "a code that was withdrawn", code: .wrongCode) { stage, key in
                try stage.upstream.withdrawFirmCode("acme", by: stage.alice, nowSeconds: stage.now + 1)
                _ = try stage.ask(key)
            },
            Wrong(testDescription: "a key of another gateway of the firm", code: .keyInUse) { stage, key in
                _ = try stage.ask(key, as: "acme.gw-2")
                _ = try stage.ask(key, as: "acme.gw-1")
            },
            Wrong(testDescription: "a key of another firm's gateway", code: .keyInUse) { stage, key in
                _ = try stage.upstream.enrolled(.seal, stage.upstream.added("gw-9", firm: "beta"), key)
                _ = try stage.ask(key)
            },
            Wrong(testDescription: "a request for another name", code: .foreignName) { stage, key in
                _ = try stage.upstream.enrol(
                    .link, gatewayID: "acme.gw-1", code: stage.code.text, request: key.request(commonName: "acme.gw-2"), by: Requester("acme.gw-1"), nowSeconds: stage.now)
            },
            Wrong(testDescription: "a request whose signature was changed", code: .requestSignature) { stage, key in
                var request = try key.request()
                request[request.count - 1] ^= 1
                _ = try stage.upstream.enrol(
                    .link, gatewayID: "acme.gw-1", code: stage.code.text, request: request, by: Requester("acme.gw-1"), nowSeconds: stage.now)
            },
            Wrong(testDescription: "a gateway that the alliance has revoked", code: .deviceRevoked) { stage, key in
                _ = try stage.ask(key)
                _ = try stage.upstream.revoke("acme.gw-1", sinceSeconds: stage.now, reason: "stolen", by: stage.alice, nowSeconds: stage.now)
                _ = try stage.ask(key)
            },
            Wrong(testDescription: "more certificates in a day than a gateway needs", code: .tooManyTries) { stage, _ in
                for _ in 0..<25 { _ = try stage.ask(TestDeviceKey()) }
            },
        ])
    func refused(_ wrong: Wrong) throws {
        #expect(refusal { try wrong.ask(stage, key) } == wrong.code)
        #expect(try stage.fault() == nil)
    }

    @Test("a wrong code tells a stranger nothing: of a firm that has one, of one that has none, of a gateway that is there and of one that is not")
    func silent() throws {
        _ = try stage.ask(key)
        var told: Set<String> = []
        for gateway in ["acme.gw-1", "acme.gw-2", "gamma.gw-1", "beta.gw-1"] {
            do {
                _ = try stage.ask(TestDeviceKey(), as: gateway, code: EnrolmentCode().text)
            } catch {
                told.insert("\(error)")
            }
        }
        #expect(told.count == 1 && told.first?.contains("do not belong together") == true, "\(told)")
        #expect(try stage.upstream.holder(ofCode: EnrolmentCode().text, gatewayID: "acme.gw-1") == nil)
        // However often: a stranger must not be able to stop a firm's renewals.
        for _ in 0..<60 { _ = refusal { try stage.ask(key, code: "0") } }
        #expect(refusal { try stage.ask(key) } == nil)
    }

    @Test("a code is for a firm whose key is elsewhere, and a withdrawn one cannot be withdrawn again")
    func makes() throws {
        #expect(refusal { try stage.upstream.makeFirmCode("beta", by: stage.alice, nowSeconds: now) } == .state)
        for name in ["node", "alliance", "Acme", "", "a.b"] {
            #expect(refusal { try stage.upstream.makeFirmCode(name, by: stage.alice, nowSeconds: now) } == .name, "\(name)")
        }
        #expect(try stage.upstream.firmCodes().map(\.firm.description) == ["acme"])
        try stage.upstream.withdrawFirmCode("acme", by: stage.alice, nowSeconds: now)
        #expect(refusal { try stage.upstream.withdrawFirmCode("acme", by: stage.alice, nowSeconds: now) } == .unknownFirm)
        #expect(try stage.upstream.firmCodes().isEmpty && stage.fault() == nil)
        let details = try stage.upstream.audit().map(\.detail)
        #expect(!details.contains { $0.contains(stage.code.text) } && details.contains("code of firm acme withdrawn"), "\(details)")
    }

    @Test("a gateway of such a firm does not renew here, past its firm's registry")
    func renewal() throws {
        let link = try stage.ask(key)
        #expect(refusal { try stage.upstream.renewed(.link, with: link, TestDeviceKey()) } == .firmRegistry)
    }

    // MARK: - Reports

    @Test("what the firm's registry has revoked is on the list at once, once, and moves back only")
    func reports() throws {
        let link = try stage.ask(key)
        func revocation(_ since: Int64, _ reason: LinkRevocation.Reason = .superseded) -> LinkRevocation {
            LinkRevocation(serialNumber: link.serialNumber, sinceSeconds: since, reason: reason)
        }
        func since() throws -> Int64? { try stage.upstream.device("acme.gw-1").certificates.first?.revokedSinceSeconds }
        try stage.tell([revocation(now)], at: now + 5)
        #expect(try stage.listed() == [link.serialNumber: true] && since() == now)
        let head = try stage.upstream.auditHead()
        try stage.tell([revocation(now)], at: now + 6)
        try stage.tell([revocation(now + 3)], at: now + 7)
        #expect(try stage.upstream.auditHead() == head, "nothing has changed")
        try stage.tell([revocation(now + 3, .revoked)], at: now + 8)
        #expect(try stage.listed() == [link.serialNumber: false] && since() == now)
        try stage.tell([revocation(now - 50)], at: now + 9)
        #expect(try stage.listed() == [link.serialNumber: false] && since() == now - 50)
        // A clock ahead of this one.
        let other = try stage.ask(TestDeviceKey())
        try stage.tell([LinkRevocation(serialNumber: other.serialNumber, sinceSeconds: now + 900, reason: .revoked)], at: now + 10)
        #expect(try since() == now + 10)
        #expect(try stage.upstream.device("acme.gw-1").device.state == .enrolled && stage.fault() == nil)
        // Revoked is not new enough to be handed out again.
        #expect(try stage.ask(key, at: now + 20) != link)
    }

    @Test("what of a report is not that gateway's is named, and changes nothing; the rest is taken")
    func foreign() throws {
        let (link, other) = (try stage.ask(key), try stage.ask(TestDeviceKey(), as: "acme.gw-2"))
        let theirs = try stage.upstream.enrolled(.link, stage.upstream.added("gw-9", firm: "beta"), TestDeviceKey())
        func revocation(_ serial: [UInt8]) -> LinkRevocation { LinkRevocation(serialNumber: serial, sinceSeconds: now, reason: .revoked) }
        let strange = [other.serialNumber, theirs.serialNumber, [1, 2, 3]]
        #expect(try stage.tell(strange.map(revocation)) == strange && stage.listed().isEmpty)
        // With the certificates themselves, in their own lines and in others'.
        let certificates = [other.certificate.der, theirs.certificate.der, theirs.certificate.der]
        #expect(try stage.tell(strange.map(revocation), certificates: certificates) == strange && stage.listed().isEmpty)
        #expect(try stage.upstream.audit().last?.outcome == "foreignName")
        #expect(refusal { try stage.tell([revocation(theirs.serialNumber)], of: "beta.gw-9") } == .wrongCode)
        #expect(refusal { try stage.tell([revocation(link.serialNumber)], code: EnrolmentCode().text) } == .wrongCode)
        #expect(try stage.listed().isEmpty && stage.fault() == nil)
        #expect(try stage.tell([revocation([1, 2, 3]), revocation(link.serialNumber)]) == [[1, 2, 3]])
        #expect(try stage.listed() == [link.serialNumber: false] && stage.fault() == nil)
    }

    struct Forgotten: CustomTestStringConvertible {
        let testDescription: String
        let isTaken: Bool
        let isListed: Bool
        /// A link certificate for `subject`.
        var subject = "acme.gw-1"
        var isOthersCA = false
        var from: Int64 = Registry.now - 86_400
        /// The line names the certificate's own serial number.
        var isOwnSerial = true
    }

    @Test(
        "a certificate that the link CA signed for the gateway, and that the store does not have, is listed as one by hand",
        arguments: [
            Forgotten(testDescription: "by the link CA", isTaken: true, isListed: true),
            Forgotten(testDescription: "one that has ended, which nobody takes", isTaken: true, isListed: false, from: Registry.now - 91 * 86_400),
            Forgotten(testDescription: "of another gateway of the firm", isTaken: false, isListed: false, subject: "acme.gw-2"),
            Forgotten(testDescription: "of another firm's gateway", isTaken: false, isListed: false, subject: "beta.gw-1"),
            Forgotten(testDescription: "by another CA", isTaken: false, isListed: false, isOthersCA: true),
            Forgotten(testDescription: "under another serial number", isTaken: false, isListed: false, isOwnSerial: false),
        ])
    func forgotten(_ kind: Forgotten) throws {
        let authority = try kind.isOthersCA ? TestRegistry().link : stage.alliance.link
        let der = try authority.issueLink(
            organisation: String(kind.subject.prefix(4)), commonName: kind.subject, issuer: "hs:gba-test/\(kind.subject)",
            publicKey: AllianceSigningKey().publicKey, lifetime: .starting(at: kind.from, days: 90)
        ).der
        let serial = try kind.isOwnSerial ? #require(CertificateFacts(der: der)).serialNumber : [7]
        func tell(since: Int64, at seconds: Int64) throws -> [[UInt8]] {
            try stage.tell([LinkRevocation(serialNumber: serial, sinceSeconds: since, reason: .revoked)], certificates: [der], at: seconds)
        }
        #expect(try tell(since: now, at: now + 1) == (kind.isTaken ? [] : [serial]))
        #expect(try stage.listed() == (kind.isListed ? [serial: false] : [:]) && stage.fault() == nil)
        let head = try stage.upstream.auditHead()
        // Again, and later; earlier moves it back.
        if kind.isTaken { #expect(try tell(since: now + 1, at: now + 2).isEmpty && stage.upstream.auditHead() == head) }
        if kind.isListed { #expect(try tell(since: now - 5, at: now + 3).isEmpty && stage.upstream.auditHead() != head) }
        #expect(try stage.fault() == nil)
    }

    @Test(
        "a report is read strictly",
        arguments: ["", "\n", "0a", "0a 1", "0a 1 lost", "0a -1 revoked", "0a 1 revoked x", "zz 1 revoked", " 1 revoked", "0a  1 revoked", "0a 99999999999999999999 revoked", "0a 1 revoked AAA", "0a 1 revoked AAAA x", "0a 1 revoked "]
            + [String(repeating: "0a 1 revoked\n", count: LinkReport.lineLimit + 1), String(repeating: "0a", count: 21) + " 1 revoked"])
    func malformed(_ body: String) throws {
        _ = try stage.ask(key)
        #expect(
            refusal {
                try stage.upstream.takeLinkReport(Array(body.utf8), of: "acme.gw-1", code: stage.code.text, by: Requester("acme.gw-1"), nowSeconds: now)
            } == .requestForm)
    }

    @Test("the alliance's own revocation of such a gateway stands beside the firm's")
    func both() throws {
        let link = try stage.ask(key)
        _ = try stage.upstream.revoke("acme.gw-1", sinceSeconds: now - 10, reason: "stolen", by: stage.alice, nowSeconds: now)
        try stage.tell([LinkRevocation(serialNumber: link.serialNumber, sinceSeconds: now, reason: .superseded)], at: now + 5)
        #expect(try stage.listed() == [link.serialNumber: false])
        #expect(try stage.upstream.device("acme.gw-1").certificates.first?.revokedSinceSeconds == now - 10)
        #expect(try stage.fault() == nil)
    }
}
