import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import RegistryTesting
import Synchronization
import Testing

/// acme's issuing key, which signs when it is let.
private final class SlowSigner: OutsideSigner {
    enum Mood { case signs, waits, refuses, isWrong }

    private let key: AllianceSigningKey
    let mood = Mutex(Mood.signs)
    let signedCount = Mutex(0)
    /// Called before each signature.
    let before = Mutex<(@Sendable () -> Void)?>(nil)
    private let gate = DispatchSemaphore(value: 0)
    private let asked = DispatchSemaphore(value: 0)

    init(_ key: AllianceSigningKey) { self.key = key }

    var publicKey: PublicKey { key.publicKey }

    func sign(_ message: [UInt8]) throws -> Signature {
        before.withLock { $0 }?()
        switch mood.withLock({ $0 }) {
        case .refuses: throw TrustError(.tokenPIN, "the token refused the PIN", nextStep: "correct it")
        case .isWrong: return try key.sign(message + [0])
        case .waits:
            asked.signal()
            _ = gate.wait(timeout: .now() + 120)
        case .signs: break
        }
        signedCount.withLock { $0 += 1 }
        return try key.sign(message)
    }

    func waitUntilAsked() -> Bool { asked.wait(timeout: .now() + 60) == .success }
    func open() { gate.signal() }
}

@Suite("An issuing key that is outside") struct OutsideKeyTests {
    private let alliance: TestRegistry
    private let registry: Registry
    private let signer: SlowSigner
    private let acme: CertificateAuthority
    private let now = Registry.now

    init() throws {
        alliance = try TestRegistry()
        signer = SlowSigner(alliance.acme.key)
        acme = try CertificateAuthority(certificate: alliance.acme.certificate, key: AllianceSigningKey(outside: signer))
        var settings = try alliance.settings()
        settings.firms[0] = FirmIssuing(firm: try TestRegistry.name("acme"), authority: acme)
        registry = try alliance.open(settings)
    }

    @Test("it certifies, tells the ledgers and makes lists as a key of this process does, with one signature for each")
    func signs() throws {
        let device = try EnrolledDevice(in: registry)
        #expect(signer.signedCount.withLock { $0 } == 2, "certificate and statement")
        #expect(alliance.acme.hasIssued(device.seal.certificate.der))
        #expect(try registry.device("acme.gw-1").certificates.count == 2)
        try registry.refreshRevocationLists(nowSeconds: now)
        let lists = try registry.revocationLists(firm: "acme")
        #expect(try alliance.acme.hasSigned(UnverifiedRevocationList(der: #require(lists.first))))
    }

    @Test("while it waits nobody else does: another firm's device enrols meanwhile")
    func waits() throws {
        let (first, other) = (try registry.added(), try registry.added("gw-9", firm: "beta"))
        signer.mood.withLock { $0 = .waits }
        let waiting = Thread { [registry] in _ = try? registry.enrolled(.seal, first, TestDeviceKey()) }
        waiting.start()
        let isAsked = signer.waitUntilAsked()
        #expect(isAsked)
        for label in CertificateLabel.allCases { _ = try registry.enrolled(label, other, TestDeviceKey()) }
        #expect(try registry.device("acme.gw-1").certificates.isEmpty, "it still waits")
        signer.mood.withLock { $0 = .signs }
        signer.open()
        let end = Date(timeIntervalSinceNow: 60)
        while try registry.device("acme.gw-1").certificates.isEmpty, Date() < end { Thread.sleep(forTimeInterval: 0.02) }
        #expect(try registry.device("acme.gw-1").certificates.count == 1)
    }

    @Test("one that refuses, or whose signature is not its own, changes nothing, and the code enrols once it signs", arguments: [true, false])
    func refuses(_ isWrong: Bool) throws {
        let (added, key) = (try registry.added(), TestDeviceKey())
        signer.mood.withLock { $0 = isWrong ? .isWrong : .refuses }
        if isWrong {
            #expect(throws: TrustError.self) { try registry.enrolled(.seal, added, key) }
        } else {
            #expect(refusal { try registry.enrolled(.seal, added, key) } == .keyAway)
        }
        let device = try registry.device("acme.gw-1")
        #expect(device.certificates.isEmpty && device.device.state == .waiting)
        signer.mood.withLock { $0 = .signs }
        #expect(try alliance.acme.hasIssued(registry.enrolled(.seal, added, key).certificate.der))
    }

    @Test("a certificate is signed as it is committed, whatever another changes in the store between")
    func changes() throws {
        let (added, key) = (try registry.added(), TestDeviceKey())
        let second = try alliance.open(alliance.settings())
        // Between the tries the code is used for the same key through another handle, as by a repeated request.
        signer.before.withLock { slot in
            slot = { [signer] in
                signer.before.withLock { $0 = nil }
                _ = try? second.enrolled(.seal, added, key)
            }
        }
        let issued = try registry.enrolled(.seal, added, key)
        #expect(try registry.device("acme.gw-1").certificates.map(\.certificate) == [issued.certificate])
        #expect(signer.signedCount.withLock { $0 } == 1, "what was signed for nothing is thrown away")
    }

    @Test("a device is revoked while it refuses: link certificate, code and renewals end, the seal is said to be open, and follows by the same call")
    func revokes() throws {
        let device = try EnrolledDevice(in: registry)
        signer.mood.withLock { $0 = .refuses }
        func revoke() throws -> Device {
            try registry.revoke("acme.gw-1", sinceSeconds: now, reason: "stolen", by: Requester("alice"), nowSeconds: now + 1)
        }
        #expect(try revoke().isSealRevocationOpen)
        let list = try UnverifiedRevocationList(der: #require(try registry.linkRevocationList()))
        #expect(list.entries.map(\.serialNumber) == [device.link.serialNumber])
        #expect(refusal { try registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + 2) } == .deviceRevoked)
        #expect(try registry.audit().last { $0.action == .revoke }?.detail.contains("; open: ") == true)
        signer.mood.withLock { $0 = .signs }
        #expect(try !revoke().isSealRevocationOpen)
        #expect(try UnverifiedRevocationList(der: #require(registry.revocationLists(firm: "acme").first)).entries.map(\.serialNumber) == [device.seal.serialNumber])
        #expect(refusal { try revoke() } == .state)
    }

    @Test("lists of the others are made while it refuses, and its own once it signs")
    func lists() throws {
        signer.mood.withLock { $0 = .refuses }
        #expect(refusal { try registry.refreshRevocationLists(nowSeconds: now) } == .keyAway)
        #expect(try registry.linkRevocationList() != nil && registry.revocationLists(firm: "beta").count == 1)
        #expect(try registry.revocationLists(firm: "acme").isEmpty)
        signer.mood.withLock { $0 = .signs }
        #expect(try registry.refreshRevocationLists(nowSeconds: now))
        #expect(try registry.revocationLists(firm: "acme").count == 1)
    }
}
