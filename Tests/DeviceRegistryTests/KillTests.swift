import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import RegistryTesting
import Testing

/// A process that is killed at each of its writes and syncs in turn: after the next start what it did is whole or not there.
@Suite("Killed between steps", .enabled(if: StepProcess.isPresent, "needs strace and RegistryStep"))
struct KillTests {
    let alliance: TestRegistry
    let now = Registry.now
    /// Where the killed process works; made anew from the folder `before` each time.
    let place: String
    let before: String

    init() throws {
        alliance = try TestRegistry()
        try alliance.writeAuthorities()
        before = "\(alliance.folder)/before"
        place = "\(alliance.folder)/place"
        try FileManager.default.createDirectory(atPath: before, withIntermediateDirectories: true)
    }

    /// Kills the step at call 1, 2, 3... until it comes through, and judges the store after each.
    ///
    /// - Returns: how many kills there were.
    private func killEverywhere(_ words: [String], judge: (Registry, StepProcess.Outcome) throws -> Void) throws -> Int {
        for number in 1... {
            try? FileManager.default.removeItem(atPath: place)
            try FileManager.default.copyItem(atPath: before, toPath: place)
            let outcome = try StepProcess.killed(atCall: number, in: place, [alliance.folder, place] + words)
            let registry = try alliance.open(in: place)
            #expect(try registry.checkAudit() == .intact(registry.auditHead()), "killed at call \(number)")
            try judge(registry, outcome)
            try registry.close()
            guard outcome.wasKilled else { return number - 1 }
        }
        return 0
    }

    private func request(_ key: TestDeviceKey, _ name: String) throws -> String {
        let path = "\(alliance.folder)/\(name).csr"
        try Data(key.request()).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test("an enrolment that is killed burns no code: the same request gets a certificate, and one alone", arguments: CertificateLabel.allCases)
    func enrolment(_ label: CertificateLabel) throws {
        let registry = try alliance.open(in: before)
        try registry.setNodes([TestRegistry.name("hk-1")], nowSeconds: now)
        let added = try registry.added()
        try registry.close()
        let key = TestDeviceKey()
        var (oldStates, newStates) = (0, 0)
        let kills = try killEverywhere(["enrol", label.rawValue, "acme.gw-1", added.code.text, request(key, "device")]) { registry, outcome in
            let stored = try registry.device("acme.gw-1").certificates
            if stored.isEmpty { oldStates += 1 } else { newStates += 1 }
            // What was handed out is stored.
            if let certificate = outcome.certificate { #expect(stored.map { Hexadecimal.text(of: $0.certificate.der).string } == [certificate]) }
            let issued = try registry.enrolled(label, added, key)
            #expect(stored.isEmpty || stored == [issued])
            #expect(try registry.device("acme.gw-1").certificates == [issued])
            #expect(try registry.dueDeliveries(nowSeconds: now).count == (label == .seal ? 1 : 0))
            #expect(refusal { try registry.enrolled(label, added, TestDeviceKey()) } == .codeUsed)
        }
        #expect(kills >= 10 && oldStates > 0 && newStates > 0, "\(kills) kills, \(oldStates) old and \(newStates) new states")
    }

    @Test("a wrong code that is killed is counted once or not at all")
    func wrongCode() throws {
        let registry = try alliance.open(in: before)
        let added = try registry.added()
        try registry.close()
        let kills = try killEverywhere(["enrol", "link", "acme.gw-1", EnrolmentCode().text, request(TestDeviceKey(), "device")]) { registry, outcome in
            let left = try registry.device("acme.gw-1").device.triesLeft
            #expect(left == 4 || left == 5 && outcome.line.isEmpty)
            #expect(try registry.audit().count == (left == 4 ? 2 : 1))
            _ = try registry.enrolled(.link, added, TestDeviceKey())
        }
        #expect(kills >= 5)
    }

    @Test("a renewal that is killed leaves the old certificate good, and is repeated to the same end")
    func renewal() throws {
        let registry = try alliance.open(in: before)
        let device = try EnrolledDevice(in: registry, at: now - 80 * 86_400)
        try registry.close()
        let key = TestDeviceKey()
        let certificate = "\(alliance.folder)/link.der"
        try Data(device.link.certificate.der).write(to: URL(fileURLWithPath: certificate))
        let kills = try killEverywhere(["renew", "link", certificate, request(key, "device")]) { registry, outcome in
            let issued = try registry.renewed(.link, with: device.link, key)
            if let certificate = outcome.certificate { #expect(Hexadecimal.text(of: issued.certificate.der).string == certificate) }
            #expect(try registry.device("acme.gw-1").certificates.count == 3)
        }
        #expect(kills >= 10)
    }

    @Test("a revocation that is killed is on both lists, in the outbox and in the audit table, or nowhere")
    func revocation() throws {
        let registry = try alliance.open(in: before)
        try registry.setNodes([TestRegistry.name("hk-1")], nowSeconds: now)
        _ = try EnrolledDevice(in: registry)
        try registry.close()
        let kills = try killEverywhere(["revoke", "acme.gw-1"]) { registry, outcome in
            let detail = try registry.device("acme.gw-1")
            let isRevoked = detail.device.state == .revoked
            #expect(isRevoked || outcome.line.isEmpty)
            #expect(try registry.revocationLists(firm: "acme").count == (isRevoked ? 1 : 0))
            #expect(try (registry.linkRevocationList() != nil) == isRevoked)
            #expect(detail.deliveries.map(\.kind) == (isRevoked ? [.revocation, .registration] : [.registration]))
            #expect(detail.audit.contains { $0.action == .revoke } == isRevoked)
            #expect(detail.certificates.allSatisfy { ($0.revokedSinceSeconds != nil) == isRevoked })
        }
        #expect(kills >= 10)
    }

    @Test("a replacement that is killed leaves one device of the name in force")
    func replacement() throws {
        let registry = try alliance.open(in: before)
        _ = try EnrolledDevice(in: registry)
        try registry.close()
        let kills = try killEverywhere(["replace", "acme.gw-1"]) { registry, outcome in
            #expect(try registry.devices().count == 1)
            let generation = try registry.device("acme.gw-1").device.generation
            #expect(generation == 2 || generation == 1 && outcome.line.isEmpty)
            #expect(try registry.device("acme.gw-1").earlier.map(\.state) == (generation == 2 ? [.revoked] : []))
        }
        #expect(kills >= 10)
    }

    @Test("a first start that is killed is taken up by the next one")
    func firstStart() throws {
        let kills = try killEverywhere(["add", "acme", "gw-1"]) { registry, outcome in
            let devices = try registry.devices()
            #expect(devices.count == 1 || devices.isEmpty && outcome.line.isEmpty)
            if devices.isEmpty { _ = try registry.added() }
        }
        #expect(kills >= 20)
    }
}
