import AllianceTrust
import AttestationFormat
import DeviceRegistry
import MerkleTree
import RegistryTesting
import Testing

@Suite("Replacing a device") struct ReplacementTests {
    let alliance: TestRegistry
    let registry: Registry
    let old: EnrolledDevice
    let now = Registry.now
    let alice = Requester("alice")

    init() throws {
        alliance = try TestRegistry()
        registry = try alliance.open()
        old = try EnrolledDevice(in: registry)
    }

    private func entries() throws -> [UnverifiedRevocationList.Entry] {
        guard let der = try registry.linkRevocationList() else { return [] }
        return try UnverifiedRevocationList(der: der).entries
    }

    private func linkEntries() throws -> [[UInt8]] { try entries().map(\.serialNumber) }

    @Test("the name stays, the keys are new, and the retired seal key is on no list")
    func retired() throws {
        let added = try registry.replace("acme.gw-1", oldKey: .retire, by: alice, nowSeconds: now)
        let detail = try registry.device("acme.gw-1")
        #expect(detail.device.generation == 2 && detail.device.state == .waiting && detail.device.note == "")
        #expect(detail.earlier.map(\.state) == [.replaced] && detail.earlier.map(\.generation) == [1])
        for key in [old.linkKey, old.sealKey] {
            for label in CertificateLabel.allCases { #expect(refusal { try registry.enrolled(label, added, key) } == .keyInUse) }
        }
        let seal = try registry.enrolled(.seal, added, TestDeviceKey())
        #expect(seal.keyID != old.seal.keyID)
        #expect(CertificateFacts(der: seal.certificate.der)?.subject == "O=acme, CN=acme.gw-1")
        #expect(try registry.revocationLists(firm: "acme").isEmpty)
        #expect(try registry.devices().count == 1 && registry.devices(includingReplaced: true).count == 2)
        #expect(try registry.devices(state: .replaced).count == 1)
    }

    @Test("the old device goes on until the new one has its link certificate, and connects no longer from then on")
    func takeover() throws {
        let added = try registry.replace("acme.gw-1", oldKey: .retire, by: alice, nowSeconds: now)
        let renewed = try registry.renewed(.link, with: old.link, TestDeviceKey(), at: now + 10)
        #expect(refusal { try registry.renewed(.seal, with: old.link, old.sealKey, at: now + 10) } == .deviceReplaced)
        _ = try registry.enrolled(.seal, added, TestDeviceKey(), at: now + 20)
        #expect(try linkEntries().isEmpty)
        let link = try registry.enrolled(.link, added, TestDeviceKey(), at: now + 30)
        #expect(try Set(linkEntries()) == [old.link.serialNumber, renewed.serialNumber])
        for certificate in [old.link, renewed] {
            #expect(refusal { try registry.renewed(.link, with: certificate, TestDeviceKey(), at: now + 40) } == .deviceReplaced)
        }
        #expect(try entries().allSatisfy { $0.isSuperseded && $0.revokedSeconds == now + 30 }, "nobody was revoked, and the old box can be told when")
        _ = try registry.revoke("acme.gw-1", generation: 1, sinceSeconds: now + 25, reason: "stolen", by: alice, nowSeconds: now + 40)
        #expect(try entries().allSatisfy { !$0.isSuperseded } && linkEntries().count == 2, "now somebody was")
        _ = try registry.renewed(.link, with: link, TestDeviceKey(), at: now + 40)
        #expect(refusal { try registry.enrolled(.link, old.added, old.linkKey, at: now + 40) } == .wrongCode)
    }

    @Test("a stolen seal key is revoked in the same step, the ledgers are told, and it can be told later of a retired one")
    func revoked() throws {
        try registry.setNodes([TestRegistry.name("hk-1")], nowSeconds: now)
        _ = try registry.replace("acme.gw-1", oldKey: .revoke(sinceSeconds: now - 60, reason: "stolen"), by: alice, nowSeconds: now)
        let list = try UnverifiedRevocationList(der: #require(registry.revocationLists(firm: "acme").first))
        #expect(list.entries == [.init(serialNumber: old.seal.serialNumber, sinceSeconds: now - 60, revokedSeconds: now)])
        #expect(try registry.device("acme.gw-1").earlier.map(\.state) == [.revoked])
        #expect(try linkEntries() == [old.link.serialNumber] && entries().allSatisfy { !$0.isSuperseded })
        #expect(try registry.device("acme.gw-1").earlier.count == 1 && registry.dueDeliveries(nowSeconds: now).map(\.kind) == [.registration])
        try registry.record(.accepted(receipt: [1]), of: 1, to: TestRegistry.name("hk-1"), nowSeconds: now)
        #expect(try registry.dueDeliveries(nowSeconds: now).map(\.kind) == [.revocation])

        let second = try EnrolledDevice("gw-2", in: registry)
        _ = try registry.replace("acme.gw-2", oldKey: .retire, by: alice, nowSeconds: now)
        #expect(refusal { try registry.revoke("acme.gw-2", generation: 3, sinceSeconds: now, reason: "", by: alice, nowSeconds: now) } == .unknownDevice)
        let shown = try registry.revoke("acme.gw-2", generation: 1, sinceSeconds: now - 5, reason: "found in a bag", by: alice, nowSeconds: now)
        #expect(shown.state == .revoked && shown.generation == 1)
        #expect(try registry.device("acme.gw-2").device.state == .waiting)
        #expect(try linkEntries().contains(second.link.serialNumber))
    }

    @Test("a revoked device's name goes on with a new one")
    func afterRevocation() throws {
        _ = try registry.revoke("acme.gw-1", sinceSeconds: now, reason: "stolen", by: alice, nowSeconds: now)
        #expect(refusal { try registry.added() } == .deviceExists)
        let added = try registry.replace("acme.gw-1", oldKey: .retire, by: alice, nowSeconds: now)
        _ = try registry.enrolled(.link, added, TestDeviceKey())
        _ = try registry.enrolled(.seal, added, TestDeviceKey())
        #expect(try registry.device("acme.gw-1").device.state == .enrolled)
        #expect(try registry.device("acme.gw-1").earlier.map(\.state) == [.revoked])
    }

    @Test("a device that has not enrolled is not replaced, and a refused revocation replaces nothing")
    func refused() throws {
        _ = try registry.added("gw-2")
        #expect(refusal { try registry.replace("acme.gw-2", oldKey: .retire, by: alice, nowSeconds: now) } == .state)
        #expect(refusal { try registry.replace("acme.gw-9", oldKey: .retire, by: alice, nowSeconds: now) } == .unknownDevice)
        #expect(
            refusal {
                try registry.replace("acme.gw-1", oldKey: .revoke(sinceSeconds: now + 1, reason: ""), by: alice, nowSeconds: now)
            } == .argument)
        #expect(try registry.device("acme.gw-1").device.generation == 1)
        #expect(try registry.device("acme.gw-1").device.state == .enrolled)
    }

    @Test("under a policy of two persons a replacement waits for approval, and the old device goes on meanwhile")
    func approval() throws {
        let strict = try alliance.open(FirmPolicy(needsSecondPerson: true))
        let added = try strict.replace("acme.gw-1", oldKey: .retire, by: alice, nowSeconds: now)
        #expect(added.needsApproval)
        #expect(refusal { try strict.enrolled(.link, added, TestDeviceKey()) } == .awaitingApproval)
        _ = try strict.renewed(.link, with: old.link, TestDeviceKey())
        _ = try strict.approve("acme.gw-1", by: Requester("bob"), nowSeconds: now)
        _ = try strict.enrolled(.link, added, TestDeviceKey())
        #expect(refusal { try strict.renewed(.link, with: old.link, TestDeviceKey()) } == .deviceReplaced)
    }
}
