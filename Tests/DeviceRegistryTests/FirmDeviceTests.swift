import AllianceTrust
import AttestationFormat
@testable import DeviceRegistry
import RegistryTesting
import Testing

/// Devices of a firm's own registry as the alliance's registry has them: who may have how many, and how they end and come again.
@Suite("Devices of a firm's own registry") struct FirmDeviceTests {
    let stage: FirmStage
    let now = Registry.now
    var upstream: Registry { stage.upstream }

    init() throws {
        stage = try FirmStage()
    }

    // MARK: - A firm that has left

    @Test("a firm that has left gets no link certificate by its code, for a known gateway or a new one, and no new code; what it revokes is taken")
    func retired() throws {
        let link = try stage.ask(TestDeviceKey())
        upstream.setRetiredFirms([try TestRegistry.name("acme"): now + 100])
        _ = try stage.ask(TestDeviceKey(), at: now + 99)
        for gateway in ["acme.gw-1", "acme.gw-2"] {
            #expect(refusal { try stage.ask(TestDeviceKey(), as: gateway, at: now + 100) } == .firmRetired, "\(gateway)")
        }
        #expect(refusal { try stage.ask(TestDeviceKey(), code: EnrolmentCode().text, at: now + 100) } == .wrongCode, "strangers learn nothing of it")
        #expect(refusal { try upstream.makeFirmCode("acme", by: stage.alice, nowSeconds: now + 100) } == .firmRetired)
        #expect(refusal { try upstream.makeFirmCode("gamma", by: stage.alice, nowSeconds: now + 100) } == nil)
        try stage.tell([LinkRevocation(serialNumber: link.serialNumber, sinceSeconds: now + 100, reason: .revoked)], at: now + 101)
        #expect(try stage.listed() == [link.serialNumber: false] && upstream.devices(firm: "acme").count == 1)
        #expect(try stage.fault() == nil)
    }

    // MARK: - Names without end

    private func addNames(_ count: Int, firm: String = "acme", at seconds: Int64) throws {
        try upstream.store.write { transaction in
            for number in 0..<count {
                guard let name = GatewayID(UTF8Text("\(firm).n-\(number)-\(seconds)")) else { throw RegistryError(.name, "\(number)") }
                _ = try transaction.addDevice(name, generation: 1, note: "", by: "firm \(firm)", nowSeconds: seconds)
            }
        }
    }

    @Test("two fleets of 1,000 come in a day, and no name more; known gateways, other firms, and the next day are not touched by it")
    func manyNames() throws {
        let known = TestDeviceKey()
        _ = try stage.ask(known)
        let other = try upstream.makeFirmCode("gamma", by: stage.alice, nowSeconds: now).text
        try addNames(1_998, at: now + 10)
        _ = try stage.ask(TestDeviceKey(), as: "acme.gw-2", at: now + 20)
        #expect(refusal { try stage.ask(TestDeviceKey(), as: "acme.gw-3", at: now + 20) } == .tooManyTries)
        #expect(refusal { try stage.ask(TestDeviceKey(), as: "acme.gw-3", at: now + 86_399) } == .tooManyTries)
        #expect(refusal { try upstream.device("acme.gw-3") } == .unknownDevice)
        _ = try stage.ask(TestDeviceKey(), as: "acme.gw-1", at: now + 20)
        _ = try stage.ask(TestDeviceKey(), as: "gamma.gw-1", code: other, at: now + 20)
        _ = try stage.ask(TestDeviceKey(), as: "acme.gw-3", at: now + 86_410)
    }

    @Test("a new code counts anew: names that a thief thought of do not stand before the firm's own; a clock that goes back takes nothing away")
    func newCodeCountsAnew() throws {
        try addNames(2_000, at: now + 10)
        #expect(refusal { try stage.ask(TestDeviceKey(), at: now + 20) } == .tooManyTries)
        #expect(refusal { try stage.ask(TestDeviceKey(), at: now - 600) } == .tooManyTries)
        let code = try upstream.makeFirmCode("acme", by: stage.alice, nowSeconds: now + 30).text
        _ = try stage.ask(TestDeviceKey(), code: code, at: now + 31)
        // A code whose time lies ahead counts what is there.
        #expect(refusal { try stage.ask(TestDeviceKey(), as: "acme.gw-2", code: code, at: now + 29) } == .tooManyTries)
    }

    @Test("refusals of names that are not registered are written down as strangers' are: as many in an hour, whatever the names")
    func refusedNames() throws {
        let rows = try upstream.auditHead().count
        for number in 0..<620 {
            #expect(
                refusal {
                    try upstream.enrol(.link, gatewayID: "acme.n-\(number)", code: stage.code.text, request: [], by: Requester("acme.n-\(number)"), nowSeconds: now)
                } == .requestForm)
        }
        #expect(try upstream.auditHead().count - rows == 600)
        #expect(try upstream.audit().last.map { $0.gatewayID == nil && $0.who == "firm acme" && $0.detail.hasPrefix("acme.n-599: ") } == true)
        // Those of a gateway that is known are its own.
        _ = try stage.ask(TestDeviceKey())
        #expect(refusal { try stage.ask(TestDeviceKey(), label: .seal) } == .firmRegistry)
        #expect(try upstream.device("acme.gw-1").audit.first?.outcome == "firmRegistry" && upstream.devices(firm: "acme").count == 1)
        #expect(try stage.fault() == nil)
    }

    @Test("who has the firm's code is the firm's registry for a new name, and the gateway for a known one")
    func holders() throws {
        let code = stage.code.text
        #expect(try upstream.holder(ofCode: code, gatewayID: "acme.gw-1") == .registry(of: TestRegistry.name("acme")))
        _ = try stage.ask(TestDeviceKey())
        #expect(try upstream.holder(ofCode: code, gatewayID: "acme.gw-1") == .gateway(#require(GatewayID("acme.gw-1"))))
        #expect(try upstream.holder(ofCode: EnrolmentCode().text, gatewayID: "acme.gw-1") == nil && upstream.holder(ofCode: code, gatewayID: "beta.gw-1") == nil)
    }

    // MARK: - Link certificates by hand

    private func byHand(_ gateway: String = "acme.gw-7", by authority: CertificateAuthority? = nil) throws -> [UInt8] {
        try (authority ?? stage.alliance.link).issueLink(
            organisation: String(gateway.prefix { $0 != "." }), commonName: gateway, issuer: "hs:gba-test/\(gateway)", publicKey: AllianceSigningKey().publicKey,
            lifetime: .starting(at: now - 60, days: 90)).der
    }

    private func revoke(_ der: [UInt8], of gateway: String = "acme.gw-7") throws -> HandCertificate {
        try upstream.revokeCertificate(der, of: gateway, sinceSeconds: now - 5, reason: "lost", by: stage.alice, nowSeconds: now)
    }

    @Test("a link certificate that device issue made for a firm's gateway is revoked where the link CA is, also of one that never asked for another", arguments: [true, false])
    func handMade(_ hasCode: Bool) throws {
        if !hasCode { try upstream.withdrawFirmCode("acme", by: stage.alice, nowSeconds: now) }
        let der = try byHand()
        let words = #expect(throws: RegistryError.self) {
            _ = try stage.firm.added("gw-7")
            _ = try stage.firm.revokeCertificate(der, of: "acme.gw-7", sinceSeconds: now - 5, reason: "lost", by: stage.alice, nowSeconds: now)
        }
        #expect(words?.nextStep == "have it revoked there: harborseal device revoke acme.gw-7 --certificate FILE")
        let revoked = try revoke(der)
        #expect(try stage.listed() == [revoked.serialNumber: false] && stage.fault() == nil)
        let detail = try upstream.device("acme.gw-7")
        #expect(detail.handCertificates == [revoked] && detail.device.isOfFirmRegistry && detail.device.addedBy == "alice" && detail.certificates.isEmpty)
        #expect(refusal { try revoke(der) } == .state)
        guard hasCode else { return }
        _ = try stage.firm.enrolled(.link, stage.firm.reissue("acme.gw-7", by: stage.alice, nowSeconds: now), TestDeviceKey())
        #expect(try upstream.devices(firm: "acme").count == 1 && stage.fault() == nil)
    }

    @Test("a certificate that does not prove the name registers nothing", arguments: ["none", "of another", "of another CA", "seal", "device of a firm whose key is here"])
    func handMadeRefused(_ what: String) throws {
        let head = try upstream.devices().count
        switch what {
        case "none": #expect(refusal { try revoke([]) } == .certificate)
        case "of another": #expect(refusal { try revoke(byHand("acme.gw-8")) } == .certificate)
        case "of another CA":
            let other = try CertificateAuthority.linkAuthority(alliance: "gba-test", key: AllianceSigningKey(), lifetime: .starting(at: now - 60, days: 900))
            #expect(refusal { try revoke(byHand(by: other)) } == .certificate)
        case "seal":
            let seal = try EnrolledDevice("gw-7", in: stage.firm).seal.certificate.der
            #expect(try upstream.device("acme.gw-7").device.isOfFirmRegistry && refusal { try revoke(seal) } == .certificate)
            return
        default: #expect(refusal { try revoke(byHand("beta.gw-7"), of: "beta.gw-7") } == .unknownDevice)
        }
        #expect(try upstream.devices().count == head && stage.listed().isEmpty && upstream.audit().last?.action == .revoke && stage.fault() == nil)
    }

    // MARK: - Replacing

    private func revokeDevice() throws {
        _ = try upstream.revoke("acme.gw-1", sinceSeconds: now, reason: "the code was stolen", by: stage.alice, nowSeconds: now)
    }

    @Test("a gateway that the alliance has revoked comes again after device replace there, with a new key, by renewing at its firm's registry")
    func comesAgain() throws {
        let gateway = try EnrolledDevice(in: stage.firm)
        try revokeDevice()
        let renewing = { try stage.firm.renewed(.link, with: gateway.link, TestDeviceKey()) }
        #expect(refusal { try renewing() } == .deviceRevoked)
        let device = try upstream.replaceFirmDevice("acme.gw-1", oldKey: .retire, by: stage.alice, nowSeconds: now + 5)
        #expect(device.generation == 2 && device.isOfFirmRegistry && device.revokedSinceSeconds == nil && device.state == .enrolled)
        #expect(refusal { try stage.ask(gateway.linkKey) } == .keyInUse, "not with the key that was revoked")
        let link = try renewing()
        #expect(try upstream.device("acme.gw-1").certificates.map(\.certificate) == [link.certificate])
        #expect(try upstream.device("acme.gw-1").earlier.map(\.state) == [.revoked])
        #expect(try stage.listed() == [gateway.link.serialNumber: false] && stage.fault() == nil)
        // The firm's own revocation of what it has, of both generations.
        _ = try stage.firm.revoke("acme.gw-1", sinceSeconds: now, reason: "", by: stage.alice, nowSeconds: now + 9)
        try stage.sendDue(at: now + 10)
        #expect(try stage.listed().keys.contains(link.serialNumber) && stage.fault() == nil)
    }

    @Test("one that is not revoked goes on until it has a new certificate; with a time it is revoked in the same step")
    func replaced() throws {
        let (first, second) = (try stage.ask(TestDeviceKey()), try stage.ask(TestDeviceKey(), as: "acme.gw-2"))
        _ = try upstream.replaceFirmDevice("acme.gw-1", oldKey: .retire, by: stage.alice, nowSeconds: now + 5)
        #expect(try stage.listed().isEmpty)
        let next = try stage.ask(TestDeviceKey(), at: now + 6)
        #expect(try stage.listed() == [first.serialNumber: true])
        let reason = "generation 7, code until 1970; x"
        _ = try upstream.replaceFirmDevice("acme.gw-2", oldKey: .revoke(sinceSeconds: now - 5, reason: reason), by: stage.alice, nowSeconds: now + 7)
        #expect(try stage.listed() == [first.serialNumber: true, second.serialNumber: false])
        _ = try stage.ask(TestDeviceKey(), as: "acme.gw-2", at: now + 8)
        _ = try upstream.replaceFirmDevice("acme.gw-1", oldKey: .revoke(sinceSeconds: now, reason: ""), by: stage.alice, nowSeconds: now + 9)
        #expect(try upstream.device("acme.gw-1").device.generation == 3 && stage.listed()[next.serialNumber] == false && stage.fault() == nil)
    }

    @Test("it is for gateways that their firm's registry enrols: not for those of a firm whose key is here, unknown ones, or a firm that has left")
    func notReplaced() throws {
        _ = try upstream.added("gw-9", firm: "beta")
        _ = try stage.ask(TestDeviceKey())
        func attempt(_ gateway: String) -> RegistryError.Code? {
            refusal { try upstream.replaceFirmDevice(gateway, oldKey: .retire, by: stage.alice, nowSeconds: now) }
        }
        #expect(attempt("beta.gw-9") == .state && attempt("acme.gw-9") == .unknownDevice && attempt("x") == .unknownDevice)
        #expect(try upstream.enrolsElsewhere("acme.gw-1") && !upstream.enrolsElsewhere("beta.gw-9") && !upstream.enrolsElsewhere("acme.gw-9"))
        upstream.setRetiredFirms([try TestRegistry.name("acme"): now])
        #expect(attempt("acme.gw-1") == .firmRetired)
        #expect(try upstream.device("acme.gw-1").device.generation == 1 && stage.fault() == nil)
    }
}
