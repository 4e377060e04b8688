import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import RegistryTesting
import Testing

@testable import HarborsealCommands

/// What a revocation makes void, and what of it may stay open.
@Suite struct DeviceRevokeTests {
    /// Days and seconds of a revocation's time before now, of a device that was enrolled ten days ago; the words of what becomes void, nil: nobody is asked.
    static let reaches: [(days: Int64, seconds: Int64, words: String?)] = [
        (0, 5, nil), (0, 86_400, nil), (0, 86_401, "signed in 1 day, since"), (3, 4 * 3_600, "signed in 3 days 4 h, since"), (9, 86_399, "signed in 9 days 23 h, since"),
        (10, 60, "signed in 10 days, since"), (400, 0, ": all that it ever signed"),
    ]

    @Test("a revocation that reaches far back says how much becomes void and needs a yes; without one, where nobody is asked, it is 64 and nothing happens", arguments: reaches)
    func reach(_ reach: (days: Int64, seconds: Int64, words: String?)) async throws {
        let registry = try RegistryWorkspace()
        let now = WallClock.nowSeconds + 10 * 86_400
        try enrol(registry, at: now - 10 * 86_400)
        let mark = try serving(registry)
        defer { mark.release() }
        let since = now - reach.days * 86_400 - reach.seconds
        var command = DeviceRevoke(configurationFile: registry.configuration, gateway: "acme.gw-1", since: "\(since)", nowSeconds: now)
        let result = await CommandRunner.result { [command] in try command.run() }
        guard let words = reach.words else {
            #expect(result.exitCode == 0, "\(result.notes)")
            return
        }
        #expect(result.exitCode == 64 && result.notes.contains(words) && result.notes.contains("next: give --yes"), "\(result.notes)")
        #expect(result.notes.contains(", would count no more, whatever receipts it has"), "nothing is done yet: \(result.notes)")
        #expect(result.notes.contains(": all that it ever signed") == (since < now - 10 * 86_400))
        command.confirm = { _ in false }
        let declined = await CommandRunner.result { [command] in try command.run() }
        #expect(declined.exitCode == 1 && declined.notes.contains("nothing was revoked"))
        #expect(try registry.list().first?["revokedSinceSeconds"] is NSNull)
        if reach.days == 3 { command.confirm = { $0.contains(words) } } else { command.isConfirmed = true }
        let done = try command.run()
        #expect(done.exitCode == 0 && done.output.contains("nothing that it signed counts") == (since <= now - 10 * 86_400), "\(done)")
        #expect(done.output.contains("what was receipted before stays valid") == (since > now - 10 * 86_400), "\(done)")
        #expect(try registry.list().first?["revokedSinceSeconds"] as? Int64 == since)
    }

    @Test("a time more than a day back is asked about also where less than a day becomes void, or nothing", arguments: [nil, 3_600, 60] as [Int64?])
    func farBack(_ enrolledAgo: Int64?) async throws {
        let registry = try RegistryWorkspace()
        let now = WallClock.nowSeconds + 10 * 86_400
        if let enrolledAgo { try enrol(registry, at: now - enrolledAgo) } else { _ = try await registry.add("gw-1") }
        var command = DeviceRevoke(configurationFile: registry.configuration, gateway: "acme.gw-1", since: "\(now - 207_360)", nowSeconds: now)
        let result = await CommandRunner.result { [command] in try command.run() }
        #expect(result.exitCode == 64 && result.notes.contains("next: give --yes") && result.notes.contains("revoked since \(UTCText.text(seconds: now - 207_360))"), "\(result)")
        #expect(try registry.list().first?["revokedSinceSeconds"] is NSNull)
        command.isConfirmed = true
        _ = try command.run()
        #expect(try registry.list().first?["revokedSinceSeconds"] as? Int64 == now - 207_360)
    }

    private func serving(_ registry: RegistryWorkspace) throws -> ServingMark { try ServingMark(folder: "\(registry.path)/registry/data") }

    @Test("where no registry runs that is said, and a revocation is 2; where one does, neither")
    func noRegistry() throws {
        let registry = try RegistryWorkspace()
        let now = WallClock.nowSeconds
        try enrol(registry, at: now - 100)
        var command = DeviceRevoke(configurationFile: registry.configuration, gateway: "acme.gw-1", since: "\(now - 10)")
        let words = "no registry runs here: nodes and broker know nothing of it until it is started\n  next: start it"
        let alone = try command.run()
        #expect(alone.exitCode == 2 && alone.notes.contains(words) && alone.output.contains("the registry, once it is started, writes its lists"), "\(alone)")
        let mark = try serving(registry)
        #expect(ServingMark.isSet(folder: "\(registry.path)/registry/data") && !ServingMark.isSet(folder: registry.path))
        command.since = "\(now - 20)"
        let served = try command.run()
        #expect(served.exitCode == 0 && served.notes.isEmpty && served.output.contains("the registry writes its lists"), "\(served)")
        mark.release()
        (command.since, command.asJSON) = ("\(now - 30)", true)
        let json = try command.run()
        #expect(json.exitCode == 2 && json.notes.contains(words), "killed or stopped, its mark is gone: \(json)")
        let replaced = try DeviceReplace(configurationFile: registry.configuration, gateway: "acme.gw-1").run()
        #expect(replaced.exitCode == 0 && replaced.notes.contains(words), "\(replaced)")
    }

    @Test("a device that the registry has certified no seal key of: a revocation says what it leaves, and is 2; every look says so; with a seal certificate nothing does")
    func unknownSeal() async throws {
        let registry = try RegistryWorkspace()
        let mark = try serving(registry)
        defer { mark.release() }
        let now = WallClock.nowSeconds
        _ = try await registry.add("gw-2")
        try enrol(registry, at: now - 100)
        func revoke(_ gateway: String) throws -> CommandResult {
            try DeviceRevoke(configurationFile: registry.configuration, gateway: gateway, since: "\(now - 10)").run()
        }
        func looks(_ gateway: String) throws -> [String] {
            let line = try DeviceList(configurationFile: registry.configuration).run().output.split(separator: "\n").first { $0.hasPrefix(gateway) }
            return [String(line ?? ""), try DeviceShow(configurationFile: registry.configuration, gateway: gateway).run().output]
        }
        let (unknown, known) = try (revoke("acme.gw-2"), revoke("acme.gw-1"))
        let words = "no seal certificate of acme.gw-2 is known here: what `harborseal device issue` made stays valid\n  next: "
        #expect(unknown.exitCode == 2 && unknown.notes.contains(words) && !unknown.output.contains("stays valid"), "\(unknown)")
        #expect(known.exitCode == 0 && known.notes.isEmpty && known.output.contains("what was receipted before stays valid"), "\(known)")
        let byHand = "if its keys came from harborseal device issue, that seal.crt is on no list: harborseal device revoke acme.gw-1 --certificate seal.crt --since TIME\n  next: "
        #expect(known.output.contains(byHand) && !unknown.output.contains("that seal.crt is on no list"), "\(known)")
        for text in try looks("acme.gw-2") { #expect(text.contains("no seal certificate of it is known here"), "\(text)") }
        for text in try looks("acme.gw-1") { #expect(!text.contains("is known here"), "\(text)") }
    }

    @Test("a revocation that a clock ahead of its time made is marked, and moves back with the true time")
    func ahead() async throws {
        let registry = try RegistryWorkspace()
        let mark = try serving(registry)
        defer { mark.release() }
        let now = WallClock.nowSeconds
        try enrol(registry, at: now - 100)
        func revoke(since: Int64, at clock: Int64) async -> CommandResult {
            let command = DeviceRevoke(
                configurationFile: registry.configuration, gateway: "acme.gw-1", since: "\(since)", isConfirmed: true, nowSeconds: clock)
            return await CommandRunner.result { try command.run() }
        }
        func shown() throws -> Bool {
            try DeviceShow(configurationFile: registry.configuration, gateway: "acme.gw-1").run().output
                .contains("which lies ahead, by a wrong clock: device revoke acme.gw-1 --since with the true time moves it back")
        }
        #expect(await revoke(since: now + 3_600, at: now).exitCode == 64, "the clock is right, and the time is not")
        #expect(await revoke(since: now + 86_000, at: now + 86_400).exitCode == 0)
        #expect(try shown())
        #expect(await revoke(since: now - 10, at: now).exitCode == 0)
        #expect(try !shown())
    }

    @Test("a replacement says since when the old key is revoked, also where that was done before, and claims no more for it", arguments: [50, 100])
    func replacementOfRevoked(_ ago: Int64) throws {
        let registry = try RegistryWorkspace()
        let now = WallClock.nowSeconds
        try enrol(registry, at: now - 100)
        _ = try DeviceRevoke(configurationFile: registry.configuration, gateway: "acme.gw-1", since: "\(now - ago)").run()
        let headline = try DeviceReplace(configurationFile: registry.configuration, gateway: "acme.gw-1").run().output.split(separator: "\n").first ?? ""
        #expect(headline.contains("takes new keys: the old device is revoked since \(UTCText.text(seconds: now - ago)): "), "\(headline)")
        #expect(headline.contains(ago == 100 ? ": nothing that it signed counts" : ": what was receipted before stays valid"), "\(headline)")
    }

    @Test("a replacement that revokes asks the same; without --since it asks nothing")
    func reachOfReplacement() async throws {
        let registry = try RegistryWorkspace()
        let now = WallClock.nowSeconds + 10 * 86_400
        try enrol(registry, at: now - 10 * 86_400)
        var command = DeviceReplace(configurationFile: registry.configuration, gateway: "acme.gw-1", since: "\(now - 5 * 86_400)", nowSeconds: now)
        let result = await CommandRunner.result { [command] in try command.run() }
        #expect(result.exitCode == 64 && result.notes.contains("signed in 5 days, since"), "\(result.notes)")
        command.since = nil
        let retired = try command.run()
        #expect(retired.exitCode == 0 && retired.output.contains("takes new keys: what the old key signed stays valid\n"), "\(retired)")
    }

    /// Enrols acme.gw-1 with both certificates.
    private func enrol(_ registry: RegistryWorkspace, at seconds: Int64) throws {
        try RegistryDesk.open(registry.configuration, by: "alice") { desk in
            let added = try desk.registry.add(NewDevice(firm: "acme", device: "gw-1"), by: desk.requester, nowSeconds: seconds)
            for label in CertificateLabel.allCases {
                _ = try desk.registry.enrol(
                    label, gatewayID: "acme.gw-1", code: added.code.text, request: TestDeviceKey().request(), by: desk.requester, nowSeconds: seconds)
            }
        }
    }

    @Test("a list that is full: what is open, what to do, exit 2, and every look at the devices says so")
    func fullList() async throws {
        let registry = try RegistryWorkspace()
        let now = WallClock.nowSeconds
        try RegistryDesk.open(registry.configuration, by: "alice") { desk in
            let devices = (0..<990).map { NewDevice(firm: "acme", device: "gw-\($0)") }
            for added in try desk.registry.add(devices, by: desk.requester, nowSeconds: now) {
                _ = try desk.registry.enrol(
                    .seal, gatewayID: added.get().gatewayID.description, code: added.get().code.text, request: TestDeviceKey().request(), by: desk.requester,
                    nowSeconds: now)
            }
        }
        let program = "import sqlite3, sys; s = sqlite3.connect(sys.argv[1]); s.execute('UPDATE certificates SET revoked = ?1, revoked_since = ?1 WHERE id <= ?2', (int(sys.argv[2]), int(sys.argv[3]))); s.commit()"
        func fill(_ count: Int) throws {
            let filled = try RunningRegistry.run("python3", ["-c", program, "\(registry.path)/registry/data/registry.sqlite", "\(now)", "\(count)"])
            #expect(filled.code == 0, "\(filled.text)")
        }
        func revoke(_ device: String) throws -> CommandResult {
            try DeviceRevoke(configurationFile: registry.configuration, gateway: "acme.\(device)", since: "\(now)", nowSeconds: now + 1).run()
        }
        let mark = try serving(registry)
        defer { mark.release() }
        try fill(800)
        #expect(try revoke("gw-900").exitCode == 0)
        let nearly = try DeviceList(configurationFile: registry.configuration, state: "revoked").run()
        #expect(nearly.notes.hasPrefix("note: a revocation list of firm acme is 8") && nearly.notes.contains("801 certificates"), "\(nearly.notes)")
        #expect(nearly.notes.contains("next: harborseal alliance add-firm acme --new-key"))
        try fill(985)
        let full = try revoke("gw-989")
        #expect(full.exitCode == 2 && full.output.contains("device acme.gw-989 is revoked since"), "\(full)")
        #expect(full.notes.contains("OPEN: a seal certificate of acme.gw-989 is on no list") && full.notes.contains("next: harborseal alliance add-firm acme --new-key"))
        let list = try DeviceList(configurationFile: registry.configuration).run()
        #expect(list.output.contains("OPEN: a seal certificate of it is on no list") && list.notes.contains("1 revoked device is on no list"), "\(list.notes)")
        #expect(try DeviceShow(configurationFile: registry.configuration, gateway: "acme.gw-989").run().output.contains("device revoke again, which says why"))
        let shown = try RegistryWorkspace.object(DeviceShow(configurationFile: registry.configuration, gateway: "acme.gw-989", asJSON: true).run().output)
        #expect(shown["sealRevocationOpen"] as? Bool == true && shown["state"] as? String == "revoked")
    }
}
