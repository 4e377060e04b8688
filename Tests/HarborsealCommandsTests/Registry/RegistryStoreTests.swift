import AllianceTrust
import Foundation
import HarborsealTesting
import Testing

@testable import HarborsealCommands

/// The registry's store: made once, backed up while it serves, put back, and never replaced by an empty one.
@Suite(.serialized) struct RegistryStoreTests {
    private func data(_ registry: RegistryWorkspace) -> String { "\(registry.path)/registry/data" }

    private func lose(_ registry: RegistryWorkspace) throws {
        for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: "\(data(registry))/registry.sqlite\(end)") }
    }

    private func run(_ registry: RegistryWorkspace, _ words: [String]) throws -> (exitCode: Int32, output: String) {
        try BuiltProgram.run(words + ["--config", registry.configuration])
    }

    @Test("the mark of registry init is used up by the first command or start; a store that is gone later is 78 for all of them, and none is made")
    func lost() async throws {
        let registry = try RegistryWorkspace()
        let mark = NewStoreMark(registry.configuration)
        #expect(mark.isThere && mark.path == "\(registry.path)/registry/new-store")
        _ = try await registry.add("gw-1")
        #expect(!mark.isThere)
        try lose(registry)
        let since = "\(WallClock.nowSeconds)"
        let commands = [
            ["registry", "serve", "--set", "https.port=0"], ["device", "list"], ["device", "show", "acme.gw-1"], ["device", "add", "--firm", "acme", "--device", "gw-2"],
            ["device", "approve", "acme.gw-1"], ["device", "code", "acme.gw-1"], ["device", "replace", "acme.gw-1"], ["device", "revoke", "acme.gw-1", "--since", since],
            ["registry", "audit", "--check"], ["registry", "policy", "show"], ["registry", "backup", "-o", "\(registry.path)/b.sqlite"],
        ]
        for command in commands {
            let result = try run(registry, command)
            #expect(result.exitCode == 78, "\(command): \(result)")
            #expect(result.output.contains("\(data(registry))/registry.sqlite: there is no registry store here\n  next: correct [registry] data"), "\(command): \(result)")
        }
        #expect(!DurableFile.exists("\(data(registry))/registry.sqlite") && !DurableFile.exists("\(registry.path)/b.sqlite"))
        let wrong = try run(registry, ["registry", "serve", "--set", "https.port=0", "--set", "registry.data=\(registry.path)/nowhere"])
        #expect(wrong.exitCode == 78 && wrong.output.contains("\(registry.path)/nowhere/registry.sqlite: there is no registry store here"), "\(wrong)")
        #expect(!DurableFile.exists("\(registry.path)/nowhere"))
    }

    @Test("--new-store begins where no mark is, and never where a store is")
    func beginsAnew() throws {
        let registry = try RegistryWorkspace()
        let first = try RunningRegistry.start(registry)
        #expect(first.stop() == 0 && !first.log.contains("the mark of a new registry"), "\(first.log)")
        #expect(!DurableFile.exists("\(data(registry))/registry.sqlite-wal"), "a clean stop leaves one file")
        let again = try run(registry, ["registry", "serve", "--new-store", "--set", "https.port=0"])
        #expect(again.exitCode == 64 && again.output.contains("has a registry store already\n  next: leave --new-store out"), "\(again)")
        try lose(registry)
        let process = Process()
        let log = "\(registry.path)/new.log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.executableURL = URL(fileURLWithPath: BuiltProgram.path)
        process.arguments = ["registry", "serve", "--new-store", "--config", registry.configuration, "--set", "https.port=0"]
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.runHearingSignals()
        for _ in 0..<600 where process.isRunning && !((try? String(contentsOfFile: log, encoding: .utf8))?.contains("answering HTTPS") ?? false) { Thread.sleep(forTimeInterval: 0.1) }
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && DurableFile.exists("\(data(registry))/registry.sqlite"), "\((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
    }

    @Test("a mark that cannot be taken away is warned of")
    func markStays() async throws {
        let registry = try RegistryWorkspace()
        _ = try await registry.add("gw-1")
        // Whoever runs the tests may take any file away, but no folder by a file's call.
        try FileManager.default.createDirectory(atPath: NewStoreMark(registry.configuration).path, withIntermediateDirectories: false)
        let running = try RunningRegistry.start(registry)
        #expect(running.stop() == 0 && running.log.contains("the mark of a new registry cannot be taken away here"), "\(running.log)")
    }

    @Test("a backup of a registry that serves is put back where the store is lost, with what to do about what happened since; then the registry goes on")
    func journey() async throws {
        let registry = try RegistryWorkspace()
        let first = try RunningRegistry.start(registry)
        let code = try #require(try await registry.add()["code"] as? String)
        for label in ["link", "seal"] { _ = try first.enrol(label, "acme.gw-1", code: code) }
        let file = "\(registry.path)/backup.sqlite"
        let backup = try run(registry, ["registry", "backup", "-o", file])
        #expect(backup.exitCode == 0 && DurableFile.permissions(of: file) == 0o600, "\(backup)")
        for words in ["backup in \(file)\n", "  devices       1\n", "  certificates  2, 0 revoked\n", "  audit rows    ", "  last row      ", "next: take it to another machine"] {
            #expect(backup.output.contains(words), "\(words): \(backup)")
        }
        let again = try run(registry, ["registry", "backup", "-o", file])
        #expect(again.exitCode == 73 && again.output.contains("is there already and is not overwritten"), "\(again)")
        let whileServing = try run(registry, ["registry", "restore", file])
        #expect(whileServing.exitCode == 75 && whileServing.output.contains("another registry serves from"), "\(whileServing)")
        #expect(first.stop() == 0)
        let over = try run(registry, ["registry", "restore", file])
        #expect(over.exitCode != 0 && over.output.contains("registry.sqlite is there already and is not overwritten"), "\(over)")
        try lose(registry)
        #expect(try run(registry, ["registry", "restore", "\(registry.path)/none.sqlite"]).exitCode == 66)
        let restored = try run(registry, ["registry", "restore", file, "--by", "bob"])
        #expect(restored.exitCode == 0, "\(restored)")
        for words in ["is put back in \(data(registry))\n", "nothing that happened after ", "harborseal device revoke", "harborseal device code", "registry audit --config \(registry.configuration) --check --noted"] {
            #expect(restored.output.contains(words), "\(words): \(restored)")
        }
        let noted = try #require(backup.output.split(separator: "\n").first { $0.contains("last row") }?.split(separator: " ").dropFirst(2).first)
        let check = try run(registry, ["registry", "audit", "--check", "--noted", String(noted)])
        #expect(check.exitCode == 0, "\(check)")
        let second = try RunningRegistry.start(registry)
        #expect(try registry.list().first?["state"] as? String == "enrolled")
        #expect(second.stop() == 0)
    }

    @Test("whoever puts back a registry that firms' own ones tell what they revoke is told to have these restarted, by their names")
    func firms() async throws {
        let registry = try RegistryWorkspace()
        _ = try RegistryConfigurationTests.withoutAcme(registry)
        _ = try await DeviceAdd(configurationFile: registry.configuration, firm: "zeta", device: "gw-1").run()
        for hasCode in [false, true] {
            if hasCode { _ = try RegistryFirmCode(configurationFile: registry.configuration, .make(firm: "acme", output: nil)).run() }
            let file = "\(registry.path)/\(hasCode).sqlite"
            _ = try RegistryBackup(configurationFile: registry.configuration, output: file).run()
            try lose(registry)
            let notes = try RegistryRestore(configurationFile: registry.configuration, file: file).run().notes
            #expect(notes.contains("once this one answers, have acme restart theirs; each tells then again what it has revoked\n") == hasCode, "\(notes)")
        }
    }

    @Test("a registry that is put back from before a revocation leaves the broker's list as it is, says so, and publishes its own once that is revoked again")
    func publishedList() async throws {
        let registry = try RegistryWorkspace()
        let lists = "\(registry.path)/lists"
        try FileManager.default.createDirectory(atPath: lists, withIntermediateDirectories: false)
        let first = try RunningRegistry.start(registry, ["lists.folder=\(lists)"])
        let code = try #require(try await registry.add()["code"] as? String)
        let link = try first.enrol("link", "acme.gw-1", code: code)
        let serial = String(try RunningRegistry.run("openssl", ["x509", "-in", link, "-noout", "-serial"]).text.dropFirst("serial=".count).dropLast())
        let file = "\(registry.path)/backup.sqlite"
        _ = try RegistryBackup(configurationFile: registry.configuration, output: file).run()
        func revoke() throws { _ = try DeviceRevoke(configurationFile: registry.configuration, gateway: "acme.gw-1", since: "\(WallClock.nowSeconds - 1)").run() }
        func published() throws -> String { try RunningRegistry.run("openssl", ["crl", "-in", "\(lists)/link-ca.crl", "-noout", "-text"]).text }
        func served(_ running: RunningRegistry) throws -> String {
            let path = "\(registry.path)/served.crl"
            _ = try RunningRegistry.run("curl", ["-sS", "--max-time", "60", "--cacert", "\(registry.workspace.alliance)/link-ca.crt", "https://localhost:\(running.port)/crl/link.crl", "-o", path])
            return try RunningRegistry.run("openssl", ["crl", "-in", path, "-noout", "-text"]).text
        }
        try revoke()
        let isListed = try RunningRegistry.wait { try published().contains(serial) }
        #expect(isListed, "\(first.log)")
        #expect(first.stop() == 0)
        try lose(registry)
        _ = try RegistryRestore(configurationFile: registry.configuration, file: file).run()
        let before = try published()
        let second = try RunningRegistry.start(registry, ["lists.folder=\(lists)"])
        #expect(second.log.contains("the list that is published revokes what the store does not know") && second.log.contains(" of acme.gw-1"), "\(second.log)")
        #expect(try served(second).contains(serial), "nor do others get one without it")
        try await Task.sleep(for: .seconds(6))
        #expect(try published() == before)
        try revoke()
        let isNew = try RunningRegistry.wait(seconds: 90) { try published() != before }
        #expect(try isNew && published().contains(serial) && served(second).contains(serial), "\(second.log)")
        #expect(second.stop() == 0)
    }
}
