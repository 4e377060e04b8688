import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import MerkleTree
import RegistryTesting
import Testing

@Suite("Enrolling a device") struct EnrolmentTests {
    let alliance: TestRegistry
    let registry: Registry
    let now = Registry.now

    init() throws {
        alliance = try TestRegistry()
        registry = try alliance.open()
    }

    private func state(_ name: String = "acme.gw-1") throws -> DeviceState { try registry.device(name).device.state }

    @Test("one code gives one link and one seal certificate, in either order", arguments: [[CertificateLabel.link, .seal], [.seal, .link]])
    func bothLabels(_ order: [CertificateLabel]) throws {
        let added = try registry.added()
        #expect(try state() == .waiting)
        for (index, label) in order.enumerated() {
            let key = TestDeviceKey()
            let issued = try registry.enrolled(label, added, key)
            let facts = try #require(CertificateFacts(der: issued.certificate.der))
            #expect(facts.subject == "O=acme, CN=acme.gw-1" && facts.names == ["hs:gba-test/acme.gw-1"])
            #expect(facts.usages == ["digital signature", label == .seal ? "document signing" : "TLS client"])
            #expect(facts.issuer == (label == .seal ? "O=acme, CN=acme issuing" : "O=gba-test, CN=link CA"))
            #expect(facts.keyID == issued.keyID && issued.keyID == PublicKey(uncompressedPoint: key.point)?.keyID(using: SHA256.self))
            #expect(facts.validUntilSeconds == issued.endsSeconds && facts.serialNumber == issued.serialNumber)
            #expect(issued.endsSeconds == now + (label == .seal ? 3_650 : 90) * 86_400)
            #expect(try state() == (index == 0 ? .partlyEnrolled : .enrolled))
        }
    }

    @Test("a seal certificate from the registry is one that the trust file's verifier takes")
    func judged() async throws {
        let device = try EnrolledDevice(in: registry)
        let verifier = try SealCertificateVerifier(
            issuers: SealIssuers(
                alliance: "gba-test", rootCertificate: alliance.root.certificate.der,
                firms: [.init(name: "acme", certificates: [alliance.acme.certificate.der])]))
        let seal = try await verifier.verify(device.seal.certificate.der)
        #expect(seal.gatewayID == "acme.gw-1" && seal.isValid(atSeconds: now))
    }

    @Test("the same key again gets the same certificate, as often as it asks while the code holds")
    func repeated() throws {
        let added = try registry.added()
        let key = TestDeviceKey()
        let first = try registry.enrolled(.link, added, key)
        for seconds in [0, 60, 7 * 86_400 - 1] { #expect(try registry.enrolled(.link, added, key, at: now + Int64(seconds)) == first) }
        #expect(try registry.device("acme.gw-1").certificates.count == 1)
        #expect(refusal { try registry.enrolled(.link, added, key, at: now + 7 * 86_400) } == .codeExpired)
    }

    @Test("another key with a used code is refused, for each label by itself")
    func used() throws {
        let device = try EnrolledDevice(in: registry)
        #expect(refusal { try registry.enrolled(.link, device.added, TestDeviceKey()) } == .codeUsed)
        let used = #expect(throws: RegistryError.self) { try registry.enrolled(.link, device.added, TestDeviceKey()) }
        let steps = "the same gateway: harborseal device code acme.gw-1 makes a new code; other hardware: harborseal device replace acme.gw-1"
        #expect(used?.nextStep == steps, "a new code on other hardware ends the working gateway's link")
        #expect(refusal { try registry.enrolled(.seal, device.added, TestDeviceKey()) } == .codeUsed)
        #expect(refusal { try registry.enrolled(.seal, device.added, device.linkKey) } == .codeUsed)
        #expect(try registry.device("acme.gw-1").certificates.count == 2)
    }

    @Test("a wrong code and an unknown device get the same answer")
    func wrong() throws {
        _ = try registry.added()
        let request = try TestDeviceKey().request()
        var messages: Set<String> = []
        for (name, code) in [
            ("acme.gw-1", EnrolmentCode().text), ("acme.gw-2", EnrolmentCode().text), ("acme.gw-1", ""), ("acme.gw-1", "no code"), ("", ""),
            ("ACME.GW-1", EnrolmentCode().text), (String(repeating: "x", count: 100_000), String(repeating: "x", count: 100_000)),
        ] {
            let error = #expect(throws: RegistryError.self) {
                _ = try registry.enrol(.link, gatewayID: name, code: code, request: request, by: Requester(name), nowSeconds: now)
            }
            #expect(error?.code == .wrongCode)
            messages.insert(error.map { "\($0)" } ?? "")
        }
        #expect(messages.count == 1)
    }

    @Test("another device's code is wrong")
    func foreignCode() throws {
        let (one, other) = (try registry.added("gw-1"), try registry.added("gw-2"))
        #expect(
            refusal {
                try registry.enrol(
                    .link, gatewayID: "acme.gw-1", code: other.code.text, request: TestDeviceKey().request(), by: Requester("x"), nowSeconds: now)
            } == .wrongCode)
        _ = try registry.enrolled(.link, one, TestDeviceKey())
    }

    @Test("after as many wrong codes as the policy allows the right one is refused too, and that outlives a restart")
    func tries() throws {
        let added = try registry.added()
        let request = try TestDeviceKey().request()
        func attempt(_ code: String, _ registry: Registry) -> RegistryError.Code? {
            refusal { try registry.enrol(.link, gatewayID: "acme.gw-1", code: code, request: request, by: Requester("x"), nowSeconds: now) }
        }
        for left in [4, 3] {
            #expect(attempt(EnrolmentCode().text, registry) == .wrongCode)
            #expect(try registry.device("acme.gw-1").device.triesLeft == left)
        }
        try registry.close()
        let reopened = try alliance.open()
        for _ in 0..<3 { #expect(attempt(EnrolmentCode().text, reopened) == .wrongCode) }
        #expect(attempt(added.code.text, reopened) == .codeLocked)
        #expect(attempt(EnrolmentCode().text, reopened) == .wrongCode, "who does not know the code is not told that there is one")
        let again = try reopened.reissue("acme.gw-1", by: Requester("alice"), nowSeconds: now)
        #expect(attempt(added.code.text, reopened) == .wrongCode)
        _ = try reopened.enrolled(.link, again, TestDeviceKey())
    }

    @Test("a wrong code that is not to count is refused all the same, and one that is known is told as one that is not")
    func uncounted() throws {
        _ = try registry.added()
        for name in ["acme.gw-1", "acme.gw-2", "nobody", ""] {
            let error = #expect(throws: RegistryError.self) {
                try registry.enrol(
                    .link, gatewayID: name, code: EnrolmentCode().text, request: [], countsTry: false, by: Requester("x"), nowSeconds: now)
            }
            #expect(error?.code == .wrongCode && error?.message == "the gateway id and the code do not belong together")
        }
        #expect(try registry.device("acme.gw-1").device.triesLeft == 5)
    }

    @Test("what a code was used for is shown")
    func uses() throws {
        let added = try registry.added()
        func shown() throws -> [CertificateLabel] { try registry.device("acme.gw-1").device.codeUses }
        #expect(try shown() == [])
        _ = try registry.enrolled(.link, added, TestDeviceKey())
        #expect(try shown() == [.link])
        _ = try registry.enrolled(.seal, added, TestDeviceKey())
        #expect(try shown() == [.seal, .link])
        _ = try registry.reissue("acme.gw-1", by: Requester("alice"), nowSeconds: now)
        #expect(try shown() == [])
    }

    @Test("a request that is refused burns neither the code nor a try")
    func badRequest() throws {
        let added = try registry.added()
        let workshop = try Workshop()
        try workshop.key("rsa", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        let refused: [([UInt8], RegistryError.Code)] = [
            (try workshop.request("rsa"), .rsaKey), (try TestDeviceKey().request(commonName: "acme.gw-2"), .foreignName), ([], .requestForm),
            ([UInt8](repeating: 0x30, count: 100_000), .tooLarge),
        ]
        for (request, code) in refused {
            #expect(
                refusal {
                    try registry.enrol(
                        .seal, gatewayID: "acme.gw-1", code: added.code.text, request: request, by: Requester("acme.gw-1"), nowSeconds: now)
                } == code)
        }
        #expect(try registry.device("acme.gw-1").device.triesLeft == 5)
        _ = try registry.enrolled(.seal, added, TestDeviceKey())
    }

    @Test("a code is right before its request is looked at")
    func order() throws {
        _ = try registry.added()
        #expect(
            refusal {
                try registry.enrol(.link, gatewayID: "acme.gw-1", code: EnrolmentCode().text, request: [], by: Requester("x"), nowSeconds: now)
            } == .wrongCode)
    }

    @Test("one key, one role, one device: a known key is refused everywhere else")
    func keyInUse() throws {
        let device = try EnrolledDevice(in: registry)
        let other = try registry.added("gw-2")
        for key in [device.linkKey, device.sealKey] {
            for label in CertificateLabel.allCases { #expect(refusal { try registry.enrolled(label, other, key) } == .keyInUse) }
        }
        let one = TestDeviceKey()
        _ = try registry.enrolled(.seal, other, one)
        #expect(refusal { try registry.enrolled(.link, other, one) } == .keyInUse)
        #expect(refusal { try registry.renewed(.link, with: device.link, device.sealKey) } == .keyInUse)
        #expect(refusal { try registry.renewed(.link, with: device.link, one) } == .keyInUse)
    }

    @Test("an issuing key is certified for no device")
    func issuingKey() throws {
        let added = try registry.added()
        let workshop = try Workshop()
        for authority in [alliance.root, alliance.acme, alliance.beta, alliance.link] {
            try workshop.write(authority.key.pem.utf8, "issuing.key")
            let request = try workshop.request("issuing")
            for label in CertificateLabel.allCases {
                #expect(
                    refusal {
                        try registry.enrol(label, gatewayID: "acme.gw-1", code: added.code.text, request: request, by: Requester("x"), nowSeconds: now)
                    } == .keyInUse)
            }
        }
    }

    @Test("nothing is issued outside the issuer's validity, and nothing outlives it")
    func issuerValidity() throws {
        let lifetime = CertificateLifetime(notBeforeSeconds: now - 100, notAfterSeconds: now + 30 * 86_400)
        var settings = try alliance.settings()
        settings.link = try .linkAuthority(alliance: "gba-test", key: AllianceSigningKey(), lifetime: lifetime)
        let short = try alliance.open(settings)
        let added = try short.added()
        #expect(refusal { try short.enrolled(.link, added, TestDeviceKey(), at: now - 101) } == .issuerNotValid)
        let issued = try short.enrolled(.link, added, TestDeviceKey())
        #expect(issued.endsSeconds == now + 30 * 86_400)
        #expect(CertificateFacts(der: issued.certificate.der)?.validFromSeconds == now - 100)
        let late = try short.added("gw-2", at: now + 30 * 86_400)
        #expect(refusal { try short.enrolled(.link, late, TestDeviceKey(), at: now + 30 * 86_400) } == .issuerNotValid)
    }
}
