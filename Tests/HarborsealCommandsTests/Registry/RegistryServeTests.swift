import AllianceTrust
import CPosixShims
import Foundation
import HarborsealTesting
import Testing

@testable import HarborsealCommands

@Suite(.serialized) struct RegistryServeTests {
    @Test("a device that a command adds is enrolled by the registry that runs, and one that a command revokes is on the broker's list within seconds")
    func journey() async throws {
        let workspace = try RegistryWorkspace()
        let (lists, told) = ("\(workspace.path)/lists", "\(workspace.path)/told")
        try FileManager.default.createDirectory(atPath: lists, withIntermediateDirectories: false)
        let registry = try RunningRegistry.start(workspace, ["lists.folder=\(lists)", "lists.reload=/usr/bin/touch \(told)"])
        let added = try await workspace.add()
        let code = try #require(added["code"] as? String)
        let link = try registry.enrol("link", "acme.gw-1", code: code)
        _ = try registry.enrol("seal", "acme.gw-1", code: code)
        let device = try #require(try workspace.list().first)
        #expect(device["state"] as? String == "enrolled" && (device["sealKeyID"] as? String)?.count == 64)
        let isTold = try RunningRegistry.wait { FileManager.default.fileExists(atPath: told) }
        #expect(isTold, "the first lists, too: \(registry.log)")
        try FileManager.default.removeItem(atPath: told)
        let revoked = try BuiltProgram.run([
            "device", "revoke", "acme.gw-1", "--since", "\(WallClock.nowSeconds - 1)", "--reason", "stolen", "--config", workspace.configuration,
        ])
        #expect(revoked.exitCode == 0, "\(revoked.output)")
        let serial = try RunningRegistry.run("openssl", ["x509", "-in", link, "-noout", "-serial"]).text.dropFirst("serial=".count).dropLast()
        let isListed = try RunningRegistry.wait { try RunningRegistry.run("openssl", ["crl", "-in", "\(lists)/link-ca.crl", "-noout", "-text"]).text.contains(serial) }
        let isToldAgain = try RunningRegistry.wait { FileManager.default.fileExists(atPath: told) }
        #expect(isListed && isToldAgain, "\(registry.log)")
        // As the broker judges a client.
        let verdict = try RunningRegistry.run("openssl", [
            "verify", "-crl_check", "-CAfile", "\(workspace.workspace.alliance)/link-ca.crt", "-CRLfile", "\(lists)/link-ca.crl", link,
        ])
        #expect(verdict.code == 2, "revoked: \(verdict)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: lists).sorted() == ["acme.crl", "link-ca.crl", "zeta.crl"])
        #expect(registry.stop() == 0)
        #expect(!registry.log.contains(code) && !registry.log.contains(code.replacing("-", with: "")), "no code in a log")
    }

    @Test("a revocation names the earlier devices of the name that it does not revoke, and one of them is revoked by its number")
    func earlierDevice() async throws {
        let workspace = try RegistryWorkspace()
        let registry = try RunningRegistry.start(workspace)
        let code = try #require(try await workspace.add()["code"] as? String)
        for label in ["link", "seal"] { _ = try registry.enrol(label, "acme.gw-1", code: code) }
        let replaced = try DeviceReplace(configurationFile: workspace.configuration, gateway: "acme.gw-1").run().output
        #expect(replaced.contains("add --replace to enroll") && replaced.contains("its journal stays"), "\(replaced)")
        var command = DeviceRevoke(configurationFile: workspace.configuration, gateway: "acme.gw-1", since: "\(WallClock.nowSeconds - 1)")
        let newest = try command.run()
        #expect(newest.exitCode == 0 && !newest.notes.contains("is known here"), "the name's key is known: \(newest.notes)")
        #expect(newest.notes.hasPrefix("note: device 1 of this name, which it replaced, is not revoked\n"), "\(newest.notes)")
        #expect(newest.notes.contains("next: harborseal device revoke acme.gw-1 --generation 1 --since TIME"))
        command.generation = 1
        #expect(try command.run().notes.isEmpty)
        command.generation = nil
        command.since = "\(WallClock.nowSeconds - 60)"
        #expect(try command.run().notes.isEmpty, "both are revoked")
        #expect(registry.stop() == 0)
    }

    @Test("a registry is known to run until it is stopped or killed, and says in its log whether it names brokers", arguments: [true, false])
    func running(_ isKilled: Bool) throws {
        let workspace = try RegistryWorkspace()
        let data = "\(workspace.path)/registry/data"
        #expect(!ServingMark.isSet(folder: data))
        let registry = try RunningRegistry.start(workspace, isKilled ? [] : ["registry.brokers=mqtt.example.org:8883"])
        #expect(ServingMark.isSet(folder: data))
        if isKilled { registry.kill() } else { #expect(registry.stop() == 0) }
        #expect(!ServingMark.isSet(folder: data))
        #expect(registry.log.contains("[registry] brokers is empty") == isKilled, "\(registry.log)")
    }

    @Test("a trust file that is put over the old one is served within seconds, and the old one to those whose text names it; a wrong one is not taken")
    func trustFile() async throws {
        let workspace = try RegistryWorkspace()
        let registry = try RunningRegistry.start(workspace)
        let alliance = workspace.workspace.alliance
        func hash(_ path: String) throws -> String { try String(RunningRegistry.run("sha256sum", [path]).text.prefix(64)) }
        func served(_ query: String = "") throws -> String {
            _ = try RunningRegistry.run("curl", [
                "-sS", "--max-time", "60", "--cacert", "\(alliance)/link-ca.crt", "https://localhost:\(registry.port)/alliance.hstrust\(query)", "-o", "\(workspace.path)/served",
            ])
            return try hash("\(workspace.path)/served")
        }
        let first = try hash("\(alliance)/alliance.hstrust")
        #expect(try served() == first)
        _ = try AllianceAddNode(directory: alliance, node: "gz-1").run()
        _ = try AllianceSign(directory: alliance).run()
        let second = try hash("\(alliance)/alliance.hstrust")
        #expect(second != first)
        let isServed = try RunningRegistry.wait { try served() == second }
        #expect(isServed, "\(registry.log)")
        #expect(try served("?sha256=\(first)") == first)
        try DurableFile.write([0xFF], to: "\(alliance)/alliance.hstrust")
        let isSaid = try RunningRegistry.wait { registry.log.contains("the one before stays in force") }
        #expect(isSaid)
        #expect(try served() == second)
        #expect(registry.stop() == 0)
    }

    @Test("a port that is taken ends it with 75, and says whose step is next")
    func portTaken() throws {
        let workspace = try RegistryWorkspace()
        let descriptor = posix_tcp_listen_loopback(0, 1)
        defer { _ = posix_socket_close(descriptor) }
        let result = try BuiltProgram.run([
            "registry", "serve", "--config", workspace.configuration, "--set", "https.port=\(posix_socket_local_port(descriptor))",
        ])
        #expect(result.exitCode == 75 && result.output.contains("next: ss -ltnp"), "\(result.output)")
        #expect(!result.output.contains("CancellationError"), "nothing else is wrong: \(result.output)")
    }

    @Test("a firm that came into the configuration after the start: commands say so, its gateway is told to wait, and a restart mends it")
    func newFirm() async throws {
        let workspace = try RegistryWorkspace()
        let text = try String(contentsOfFile: workspace.configuration, encoding: .utf8)
        let section = try #require(text.range(of: "[firm.zeta]"))
        let without = text[..<section.lowerBound] + text[try #require(text.range(of: "[link]")).lowerBound...]
        try String(without).write(toFile: workspace.configuration, atomically: false, encoding: .utf8)
        let registry = try RunningRegistry.start(workspace)
        let before = try await DeviceAdd(configurationFile: workspace.configuration, firm: "acme", device: "gw-1").run()
        #expect(!before.notes.contains("started without"), "\(before.notes)")
        try text.write(toFile: workspace.configuration, atomically: false, encoding: .utf8)
        let added = try await DeviceAdd(configurationFile: workspace.configuration, firm: "zeta", device: "gw-1", asJSON: true).run()
        #expect(added.notes.contains("note: the registry that runs here was started without firm zeta") && added.notes.contains("next: restart it"), "\(added.notes)")
        let code = try #require(try RegistryWorkspace.object(added.output)["code"] as? String)
        #expect(throws: (any Error).self) { try registry.enrol("seal", "zeta.gw-1", code: code) }
        let answer = try ask(workspace, registry.port, code)
        #expect(answer.hasSuffix("503") && answer.contains("its operator restarts it"), "\(answer)")
        #expect(registry.stop() == 0)
        #expect(try !DeviceList(configurationFile: workspace.configuration).run().notes.contains("started without"), "none runs")
        let again = try RunningRegistry.start(workspace)
        #expect(try !DeviceList(configurationFile: workspace.configuration).run().notes.contains("started without"))
        _ = try again.enrol("seal", "zeta.gw-1", code: code)
        #expect(again.stop() == 0)
    }

    /// Body and status of a seal request of zeta.gw-1 with the request that `enrol` has left.
    private func ask(_ workspace: RegistryWorkspace, _ port: Int, _ code: String) throws -> String {
        let request = try RunningRegistry.run("openssl", ["base64", "-A", "-in", "\(workspace.path)/zeta.gw-1-seal.csr"]).text
        return try RunningRegistry.run("curl", [
            "-sS", "--max-time", "60", "--cacert", "\(workspace.workspace.alliance)/link-ca.crt", "-u", "zeta.gw-1:\(code)", "-d", request, "-H",
            "Content-Type: application/pkcs10", "-w", "%{http_code}", "https://localhost:\(port)/.well-known/est/seal/simpleenroll",
        ]).text
    }

    @Test("a firm that the trust file in force has retired enrols nobody, from the next file on, and no command makes it a code")
    func retiredFirm() async throws {
        let workspace = try RegistryWorkspace()
        let (alliance, configuration) = (workspace.workspace.alliance, workspace.configuration)
        let registry = try RunningRegistry.start(workspace)
        let added = try await DeviceAdd(configurationFile: configuration, firm: "zeta", device: "gw-1", asJSON: true).run()
        let code = try #require(try RegistryWorkspace.object(added.output)["code"] as? String)
        _ = try AllianceRetireFirm(directory: alliance, firm: "zeta").run()
        _ = try AllianceSign(directory: alliance).run()
        for command in [
            { try await DeviceAdd(configurationFile: configuration, firm: "zeta", device: "gw-2").run() }, { try DeviceCode(configurationFile: configuration, gateway: "zeta.gw-1").run() },
        ] as [@Sendable () async throws -> CommandResult] {
            let result = await CommandRunner.result { try await command() }
            #expect(result.exitCode == 1 && result.notes.contains("firm zeta has left the alliance") && result.notes.contains("  next: "), "\(result)")
        }
        let isTaken = try RunningRegistry.wait { registry.log.contains("newer trust file taken") }
        #expect(isTaken, "\(registry.log)")
        #expect(throws: (any Error).self) { try registry.enrol("seal", "zeta.gw-1", code: code) }
        let answer = try ask(workspace, registry.port, code)
        #expect(answer.hasSuffix("403") && answer.contains("has left the alliance"), "\(answer)")
        _ = try await workspace.add("gw-1")
        #expect(registry.stop() == 0)
    }

    @Test("the metrics are for this machine and for those who are named, whatever the address is that asks")
    func metrics() throws {
        let words = try RunningRegistry.run("hostname", ["-I"]).text.split(separator: " ").first { $0.contains(".") && !$0.hasPrefix("127.") }
        guard let address = words.map({ String($0).trimmingCharacters(in: .whitespacesAndNewlines) }) else { return }
        let workspace = try RegistryWorkspace()
        func ask(_ registry: RunningRegistry, _ host: String) throws -> String {
            try RunningRegistry.run("curl", [
                "-sSk", "--max-time", "60", "-w", "%{http_code}", "https://\(host):\(registry.port)/metrics",
            ]).text
        }
        let closed = try RunningRegistry.start(workspace, ["https.listen=0.0.0.0"])
        let refused = try ask(closed, address)
        #expect(refused.hasSuffix("\n403") && refused.contains("[https] metrics") && !refused.contains("acme"), "\(refused)")
        #expect(try ask(closed, "127.0.0.1").hasSuffix("\n200"))
        #expect(closed.stop() == 0)
        let open = try RunningRegistry.start(workspace, ["https.listen=0.0.0.0", "https.metrics=192.0.2.1 \(address)"])
        #expect(try ask(open, address).hasSuffix("\n200"))
        #expect(open.stop() == 0)
        let wrong = try BuiltProgram.run(["registry", "serve", "--config", workspace.configuration, "--set", "https.metrics=everyone"])
        #expect(wrong.exitCode == 78 && wrong.output.contains("[https] metrics = everyone") && wrong.output.contains("next: "), "\(wrong.output)")
    }

    @Test("a second registry on the same folder ends with 75, leaves the first one alone, and serves once that one is gone")
    func second() throws {
        let workspace = try RegistryWorkspace()
        let first = try RunningRegistry.start(workspace)
        let result = try BuiltProgram.run(["registry", "serve", "--config", workspace.configuration, "--set", "https.port=0"])
        #expect(result.exitCode == 75 && result.output.contains("another registry serves from \(workspace.path)/registry/data\n  next: stop that one first"), "\(result.output)")
        #expect(try workspace.list().isEmpty, "commands go on beside it")
        first.kill()
        let next = try RunningRegistry.start(workspace)
        #expect(next.stop() == 0)
    }

    @Test("a registry whose clock stands before its own audit table says so, and one whose clock is right does not")
    func clock() async throws {
        let workspace = try RegistryWorkspace()
        let early = try RunningRegistry.start(workspace)
        #expect(early.stop() == 0 && !early.log.contains("clock"), "\(early.log)")
        let ahead = WallClock.nowSeconds + 86_400
        _ = try await DeviceAdd(configurationFile: workspace.configuration, firm: "acme", device: "gw-1", nowSeconds: ahead).run()
        let late = try RunningRegistry.start(workspace)
        #expect(late.stop() == 0 && late.log.contains("stands before the newest row of the registry's own audit table"), "\(late.log)")
    }

    @Test("a list is reported line by line by the program, and its next start knows the devices")
    func program() throws {
        let workspace = try RegistryWorkspace()
        let list = try workspace.write("fleet.csv", "device,firm\ngw-1,acme\nGW,acme\n")
        let result = try BuiltProgram.run([
            "device", "add", "--csv", list, "--codes", "\(workspace.path)/codes.csv", "--skip-bad", "--config", workspace.configuration,
        ])
        #expect(result.exitCode == 2 && result.output.contains("line 2: acme.gw-1 added\nline 3: GW refused: "), "\(result.output)")
        let registry = try RunningRegistry.start(workspace)
        let row = try workspace.workspace.text("codes.csv").split(whereSeparator: \.isNewline)[1].split(separator: ",")
        _ = try registry.enrol("link", "acme.gw-1", code: String(row[1]))
        #expect(try workspace.list().first?["state"] as? String == "partly-enrolled")
        #expect(registry.stop() == 0)
    }
}
