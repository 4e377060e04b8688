import AllianceTrust
import AttestationFormat
import DeviceRegistry
import RegistryTesting
import Testing

@Suite("Enrolling a device anew, with a code that was made again") struct ReenrolmentTests {
    let alliance: TestRegistry
    let registry: Registry
    let device: EnrolledDevice
    let now = Registry.now
    let alice = Requester("alice")
    static let day: Int64 = 86_400

    init() throws {
        alliance = try TestRegistry()
        registry = try alliance.open()
        device = try EnrolledDevice(in: registry)
    }

    private func entries() throws -> [UnverifiedRevocationList.Entry] {
        try UnverifiedRevocationList(der: registry.linkRevocationList() ?? alliance.link.issueRevocationList(
            number: 1, thisUpdateSeconds: now, nextUpdateSeconds: now + 1)
        ).entries
    }

    private func linkEntries() throws -> [[UInt8]] { try entries().map(\.serialNumber) }

    @Test("the first link certificate of a new key ends all other link keys of the device: on the broker's list, and for renewals")
    func otherKeys() throws {
        let renewed = try registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + 60 * Self.day)
        let later = now + 61 * Self.day
        let code = try registry.reissue("acme.gw-1", by: alice, nowSeconds: later)
        #expect(try linkEntries().isEmpty, "until then the device goes on")
        let key = TestDeviceKey()
        let link = try registry.enrolled(.link, code, key, at: later + 10)
        #expect(try Set(linkEntries()) == Set([device.link.serialNumber, renewed.serialNumber]))
        #expect(try entries().allSatisfy { $0.isSuperseded && $0.revokedSeconds == later + 10 })
        for old in [device.link, renewed] {
            #expect(refusal { try registry.renewed(.link, with: old, TestDeviceKey(), at: later + 20) } == .linkKeyReplaced)
            #expect(refusal { try registry.renewed(.seal, with: old, device.sealKey, at: later + 20) } == .linkKeyReplaced)
        }
        let row = try #require(registry.audit(gatewayID: "acme.gw-1").first { $0.action == .enrol && $0.atSeconds == later + 10 })
        #expect(row.detail.hasSuffix("; the link certificates of its other keys are revoked"))
        #expect(try registry.renewed(.link, with: link, TestDeviceKey(), at: later + 60 * Self.day).keyID != link.keyID)
        #expect(try registry.device("acme.gw-1").device.state == .enrolled)
    }

    @Test("the same link key again ends none of its own certificates, and a lost answer that is asked for again ends nothing more")
    func sameKey() throws {
        let code = try registry.reissue("acme.gw-1", by: alice, nowSeconds: now + 1)
        let first = try registry.enrolled(.link, code, device.linkKey, at: now + 2)
        #expect(try registry.enrolled(.link, code, device.linkKey, at: now + 3) == first)
        #expect(try linkEntries().isEmpty)
        #expect(refusal { try registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + 4) } == nil)
    }

    @Test("a renewal, a seal certificate, and another device's enrolment end no link key")
    func others() throws {
        _ = try registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + 60 * Self.day)
        let code = try registry.reissue("acme.gw-1", by: alice, nowSeconds: now + 60 * Self.day)
        _ = try registry.enrolled(.seal, code, device.sealKey, at: now + 60 * Self.day)
        _ = try EnrolledDevice("gw-2", in: registry)
        #expect(try linkEntries().isEmpty)
    }

    @Test("a clock that was ahead locks no code for ever, and frees none: what it counted and made is bounded to both sides")
    func clockStep() throws {
        let code = try registry.reissue("acme.gw-1", by: alice, nowSeconds: now + 365 * Self.day)
        #expect(refusal { try registry.enrolled(.link, code, TestDeviceKey(), at: now) } == .codeExpired)
        let again = try registry.reissue("acme.gw-1", by: alice, nowSeconds: now + 1_800)
        #expect(refusal { try registry.enrolled(.link, again, TestDeviceKey(), at: now) } == nil, "set back by half an hour")

        func wrong(_ count: Int, at seconds: Int64) throws -> Int {
            let before = try registry.auditHead().count
            for _ in 0..<count {
                _ = refusal { try registry.enrol(.link, gatewayID: "acme.gw-1", code: "x", request: [], by: Requester("acme.gw-1"), nowSeconds: seconds) }
            }
            return Int(try registry.auditHead().count - before)
        }
        #expect(try wrong(80, at: now + 365 * Self.day) == 60)
        #expect(try wrong(80, at: now) == 59, "one is there already: what a clock a year ahead wrote down holds nothing up")
        #expect(try wrong(5, at: now - 1_800) == 0 && wrong(5, at: now + 3_599) == 0, "a step within the hour frees nothing")
        #expect(try wrong(5, at: now + 3_600) == 5)
        #expect(try registry.device("acme.gw-1").device.triesLeft == 0)
        #expect(refusal { try registry.enrolled(.link, again, TestDeviceKey(), at: now + 2 * Self.day) } == .codeLocked, "tries come back with no clock")
    }

    @Test("certificates that a clock ahead of its time issued keep no gateway from renewing")
    func renewalsAhead() throws {
        for _ in 0..<24 { _ = try? registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + 89 * Self.day) }
        #expect(refusal { try registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + 89 * Self.day) } == .tooManyTries)
        #expect(refusal { try registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + 60 * Self.day) } == nil)
    }
}
