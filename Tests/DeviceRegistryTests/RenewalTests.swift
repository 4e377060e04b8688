import AllianceTrust
import AttestationFormat
import DeviceRegistry
import RegistryTesting
import Testing

@Suite("Renewing certificates") struct RenewalTests {
    let alliance: TestRegistry
    let registry: Registry
    let device: EnrolledDevice
    let now = Registry.now
    static let day: Int64 = 86_400

    init() throws {
        alliance = try TestRegistry()
        registry = try alliance.open()
        device = try EnrolledDevice(in: registry)
    }

    @Test("a link certificate renews itself with a new key or the old one, and the old certificate goes on")
    func link() throws {
        let key = TestDeviceKey()
        let second = try registry.renewed(.link, with: device.link, key, at: now + 60 * Self.day)
        #expect(second.endsSeconds == now + 150 * Self.day && second.keyID != device.link.keyID)
        let third = try registry.renewed(.link, with: device.link, device.linkKey, at: now + 60 * Self.day)
        #expect(third.keyID == device.link.keyID && third.serialNumber != device.link.serialNumber)
        let fourth = try registry.renewed(.link, with: second, TestDeviceKey(), at: now + 120 * Self.day)
        #expect(try registry.device("acme.gw-1").certificates.map(\.serialNumber).first == fourth.serialNumber)
        #expect(try registry.device("acme.gw-1").device.linkEndsSeconds == now + 210 * Self.day)
    }

    @Test("it does so until 30 days after its end, to the second", arguments: [(119, 0, nil), (120, 0, nil), (120, 1, .certificateTooOld), (4_000, 0, .certificateTooOld)] as [(Int64, Int64, RegistryError.Code?)])
    func late(_ days: Int64, _ seconds: Int64, _ code: RegistryError.Code?) throws {
        #expect(refusal { try registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + days * Self.day + seconds) } == code)
    }

    @Test("what was answered a moment ago is answered again: a lost answer makes no second certificate")
    func repeated() throws {
        let key = TestDeviceKey()
        let first = try registry.renewed(.link, with: device.link, key, at: now + 60 * Self.day)
        #expect(try registry.renewed(.link, with: device.link, key, at: now + 60 * Self.day + 30) == first)
        #expect(try registry.renewed(.link, with: first, key, at: now + 89 * Self.day) == first)
        #expect(try registry.renewed(.link, with: first, key, at: now + 91 * Self.day) != first)
        #expect(try registry.renewed(.link, with: device.link, device.linkKey, at: now + 1) == device.link)
    }

    @Test("a device gets 24 link certificates in a day and no more")
    func manyKeys() throws {
        for _ in 0..<23 { _ = try registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + 10) }
        #expect(refusal { try registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + 20) } == .tooManyTries)
        _ = try registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + 20 + Self.day)
    }

    @Test("a seal certificate is renewed for the registered key alone, and the ledgers hear of it")
    func seal() throws {
        try registry.setNodes([TestRegistry.name("hk-1")], nowSeconds: now)
        let late = now + 5 * 365 * Self.day
        let link = try registry.enrolled(.link, registry.reissue("acme.gw-1", by: Requester("alice"), nowSeconds: late), device.linkKey, at: late)
        #expect(try registry.renewed(.seal, with: device.link, device.sealKey, at: now + 100) == device.seal)
        let second = try registry.renewed(.seal, with: link, device.sealKey, at: late)
        #expect(second.keyID == device.seal.keyID && second != device.seal && second.endsSeconds > device.seal.endsSeconds)
        for key in [TestDeviceKey(), device.linkKey] { #expect(refusal { try registry.renewed(.seal, with: link, key, at: late) } == .otherSealKey) }
        let statements = try registry.device("acme.gw-1").deliveries
        #expect(statements.map(\.kind) == [.registration, .registration])
    }

    @Test("a device without a seal certificate cannot renew one")
    func noSeal() throws {
        let link = try registry.enrolled(.link, registry.added("gw-2"), TestDeviceKey())
        #expect(refusal { try registry.renew(.seal, clientCertificate: link.certificate.der, request: TestDeviceKey().request(), by: Requester("x"), nowSeconds: now) } == .otherSealKey)
    }

    @Test("only a link certificate of this registry authenticates")
    func strangers() throws {
        let own = try alliance.link.issueLink(
            organisation: "acme", commonName: "acme.gw-1", issuer: "hs:gba-test/acme.gw-1", publicKey: AllianceSigningKey().publicKey,
            lifetime: .starting(at: now, days: 90))
        let request = try TestDeviceKey().request()
        for der in [own.der, device.seal.certificate.der, alliance.link.certificate.der, [], device.link.certificate.der + [0]] {
            #expect(refusal { try registry.renew(.link, clientCertificate: der, request: request, by: Requester("x"), nowSeconds: now) } == .unknownCertificate)
        }
    }

    @Test("a renewal asks for no other name, and proves possession like an enrolment")
    func requests() throws {
        func renew(_ request: [UInt8]) -> RegistryError.Code? {
            refusal { try registry.renew(.link, clientCertificate: device.link.certificate.der, request: request, by: Requester("x"), nowSeconds: now) }
        }
        #expect(try renew(TestDeviceKey().request(commonName: "acme.gw-2")) == .foreignName)
        var spoiled = try TestDeviceKey().request()
        spoiled[spoiled.count - 1] ^= 1
        #expect(renew(spoiled) == .requestSignature)
        #expect(renew([]) == .requestForm)
        #expect(try renew(TestDeviceKey().request(commonName: "acme.gw-1")) == nil)
    }

    @Test("a revoked device renews nothing")
    func revoked() throws {
        _ = try registry.revoke("acme.gw-1", sinceSeconds: now, reason: "stolen", by: Requester("alice"), nowSeconds: now)
        #expect(refusal { try registry.renewed(.link, with: device.link, TestDeviceKey()) } == .deviceRevoked)
        #expect(refusal { try registry.renewed(.link, with: device.link, device.linkKey) } == .deviceRevoked)
        #expect(refusal { try registry.renewed(.seal, with: device.link, device.sealKey) } == .deviceRevoked)
        #expect(refusal { try registry.enrolled(.link, device.added, device.linkKey) } == .deviceRevoked)
        #expect(refusal { try registry.reissue("acme.gw-1", by: Requester("alice"), nowSeconds: now) } == .state)
    }

    @Test("a code made anew takes another link key, and the registered seal key alone")
    func reissued() throws {
        let again = try registry.reissue("acme.gw-1", by: Requester("alice"), nowSeconds: now + 100 * Self.day)
        let later = now + 101 * Self.day
        #expect(refusal { try registry.enrolled(.link, device.added, device.linkKey, at: later) } == .wrongCode)
        let link = try registry.enrolled(.link, again, TestDeviceKey(), at: later)
        #expect(link.keyID != device.link.keyID)
        #expect(refusal { try registry.enrolled(.seal, again, TestDeviceKey(), at: later) } == .otherSealKey)
        #expect(try registry.enrolled(.seal, again, device.sealKey, at: later).keyID == device.seal.keyID)
        #expect(try registry.device("acme.gw-1").device.state == .enrolled)
    }

    @Test("of a firm that the trust file has retired nothing is registered, enrolled or renewed, and of others it is; one that ends later goes on until then")
    func retired() throws {
        let asked = try registry.added("gw-2")
        registry.setRetiredFirms([try TestRegistry.name("acme"): now + 100])
        _ = try registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + 99)
        let late = now + 100
        let calls: [() throws -> Any] = [
            { try registry.added("gw-3", at: late) }, { try registry.enrolled(.link, asked, TestDeviceKey(), at: late) },
            { try registry.enrolled(.seal, asked, TestDeviceKey(), at: late) }, { try registry.renewed(.link, with: device.link, TestDeviceKey(), at: late) },
            { try registry.renewed(.seal, with: device.link, device.sealKey, at: late) }, { try registry.reissue("acme.gw-2", by: Requester("alice"), nowSeconds: late) },
            { try registry.approve("acme.gw-2", by: Requester("bob"), nowSeconds: late) },
            { try registry.replace("acme.gw-1", oldKey: .retire, by: Requester("alice"), nowSeconds: late) },
        ]
        for (index, call) in calls.enumerated() { #expect(refusal { try call() } == .firmRetired, "\(index)") }
        let words = #expect(throws: RegistryError.self) { try registry.added("gw-3", at: late) }
        #expect(words?.message.hasPrefix("firm acme has left the alliance: ") == true && words?.nextStep != nil)
        let wrong = refusal { try registry.enrol(.link, gatewayID: "acme.gw-2", code: EnrolmentCode().text, request: [], by: Requester("x"), nowSeconds: late) }
        #expect(wrong == .wrongCode, "a stranger is told nothing of it")
        #expect(try registry.device("acme.gw-2").device.state == .waiting)
        _ = try registry.enrolled(.link, registry.added("gw-9", firm: "beta", at: late), TestDeviceKey(), at: late)
        // What is revoked is revoked all the same.
        _ = try registry.revoke("acme.gw-1", sinceSeconds: late - 1, reason: "left", by: Requester("alice"), nowSeconds: late)
        registry.setRetiredFirms([:])
        _ = try registry.added("gw-3", at: late)
    }
}
