import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import GRDB
import RegistryTesting
import Testing

@Suite("The registry's folder") struct StoreTests {
    let alliance: TestRegistry
    let now = Registry.now

    init() throws {
        alliance = try TestRegistry()
    }

    private var path: String { "\(alliance.folder)/registry.sqlite" }

    @Test("nobody but its owner reads the store and its logs")
    func permissions() throws {
        let registry = try alliance.open()
        _ = try registry.added()
        for name in ["registry.sqlite", "registry.sqlite-wal", "registry.sqlite-shm"] {
            #expect(DurableFile.permissions(of: "\(alliance.folder)/\(name)") == 0o600, "\(name)")
        }
    }

    @Test("what a call returned is there after the next start")
    func reopened() throws {
        let registry = try alliance.open()
        let device = try EnrolledDevice(in: registry)
        try registry.close()
        let reopened = try alliance.open()
        #expect(try reopened.device("acme.gw-1").certificates == [device.seal, device.link])
        #expect(try reopened.enrolled(.link, device.added, device.linkKey) == device.link)
        #expect(try reopened.checkAudit() == .intact(reopened.auditHead()))
    }

    @Test("a store of another alliance, of a newer version, or that is none, is refused")
    func foreign() throws {
        try alliance.open().close()
        #expect(refusal { try alliance.open(alliance.settings(alliance: "other")) } == .foreignStore)
        try DatabaseQueue(path: path).write { try $0.execute(sql: "PRAGMA user_version = 99") }
        #expect(refusal { try alliance.open() } == .newerStore)
        let strange = "\(alliance.folder)/strange"
        try FileManager.default.createDirectory(atPath: strange, withIntermediateDirectories: true)
        try Data("this is no database, and it is long enough to be looked at as one".utf8).write(to: URL(fileURLWithPath: "\(strange)/registry.sqlite"))
        #expect(refusal { try alliance.open(in: strange) } == .damagedStore)
        #expect(refusal { try alliance.open(in: "\(alliance.folder)/absent") } == .storeFailed)
    }

    struct Settings: CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout RegistrySettings, TestRegistry) throws -> Void
    }

    @Test(
        "settings that cannot be used are refused, and the reason named",
        arguments: [
            Settings(testDescription: "seal certificate") { settings, _ in settings.sealDays = 0 },
            Settings(testDescription: "link certificate") { settings, _ in settings.linkDays = 40_000 },
            Settings(testDescription: "late renewal") { settings, _ in settings.renewalGraceDays = -1 },
            Settings(testDescription: "revocation list") { settings, _ in settings.listDays = 0 },
            Settings(testDescription: "tries") { settings, alliance in
                settings.firms[0] = FirmIssuing(firm: settings.firms[0].firm, authority: alliance.acme, policy: FirmPolicy(tryLimit: 0))
            },
            Settings(testDescription: "lifetime") { settings, alliance in
                settings.firms[0] = FirmIssuing(
                    firm: settings.firms[0].firm, authority: alliance.acme, policy: FirmPolicy(codeLifetimeSeconds: .max))
            },
            Settings(testDescription: "O=beta") { settings, alliance in
                settings.firms[0] = FirmIssuing(firm: settings.firms[0].firm, authority: alliance.beta)
            },
            Settings(testDescription: "named twice") { settings, alliance in
                settings.firms[1] = FirmIssuing(firm: settings.firms[0].firm, authority: alliance.acme)
            },
            Settings(testDescription: "the issuing key of") { settings, alliance in
                let certificate = try alliance.root.issueFirmAuthority(
                    firm: "beta", key: alliance.link.key, lifetime: .starting(at: TestRegistry.nowSeconds, days: 10))
                settings.firms[1] = FirmIssuing(firm: settings.firms[1].firm, authority: certificate)
            },
        ])
    func badSettings(_ bad: Settings) throws {
        var settings = try alliance.settings()
        try bad.change(&settings, alliance)
        let error = #expect(throws: RegistryError.self) { _ = try alliance.open(settings) }
        #expect(error?.code == .argument)
        #expect(error?.message.contains(bad.testDescription) == true, "\(error?.message ?? "")")
        #expect(!DurableFile.exists(path))
    }

    @Test("1,000 devices of one import are added and enrolled, both certificates each, and how long that takes is said")
    func thousand() throws {
        let registry = try alliance.open()
        try registry.setNodes(["gz-1", "hk-1", "mo-1"].map { try TestRegistry.name($0) }, nowSeconds: now)
        let devices = (0..<1_000).map { NewDevice(firm: "acme", device: "gw-\($0)", note: "box \($0)") }
        let keys = devices.map { _ in (TestDeviceKey(), TestDeviceKey()) }
        let clock = ContinuousClock()
        var added: [AddedDevice] = []
        let adding = try clock.measure {
            added = try registry.add(devices, by: Requester("alice"), nowSeconds: now).map { try $0.get() }
        }
        let enrolling = try clock.measure {
            for (device, keys) in zip(added, keys) {
                _ = try registry.enrolled(.link, device, keys.0)
                _ = try registry.enrolled(.seal, device, keys.1)
            }
        }
        // A figure, and no demand: Tests/Benchmarks measures a registry built for release.
        print("1,000 devices: added in \(adding), enrolled in \(enrolling)")
        #expect(try registry.devices(firm: "acme", state: .enrolled).count == 1_000)
        #expect(try registry.checkAudit() == .intact(registry.auditHead()) && registry.auditHead().count == 3_001)
        #expect(try registry.dueDeliveries(nowSeconds: now).count == 3 * Registry.deliveriesPerNode)
    }
}
