import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import RegistryHTTP
import Testing

@testable import HarborsealCommands

@Suite struct RegistryConfigurationTests {
    @Test("what registry init writes is whole: every file is there, keys are their owner's alone, and everything else has its default")
    func written() throws {
        let registry = try RegistryWorkspace()
        let configuration = try RegistryConfiguration(file: registry.configuration)
        #expect(configuration.settings.firms.map { $0.firm.text.string } == ["acme", "zeta"])
        #expect(configuration.settings.firms.allSatisfy { $0.policy == FirmPolicy() })
        #expect(configuration.settings.sealDays == 3_650 && configuration.settings.linkDays == 90 && configuration.settings.renewalGraceDays == 30)
        #expect(configuration.https.host == "127.0.0.1" && configuration.https.port == 8443 && configuration.lists == nil && configuration.brokers == nil)
        let folder = "\(registry.path)/registry"
        for name in ["server.key", "link-ca.key", "firms/acme/issuing.key", "firms/zeta/issuing.key"] {
            #expect(DurableFile.permissions(of: "\(folder)/\(name)") == 0o600, "\(name)")
        }
        #expect(DurableFile.permissions(of: folder) == 0o700)
        let names = CertificateFacts(der: try CertificateBytes(pemOrDER: DurableFile.read("\(folder)/server.crt")).der)?.names
        #expect(names == ["localhost"])
    }

    @Test("for another machine the configuration names where the files will be, and the trust file comes along")
    func installedElsewhere() throws {
        let workspace = try TestWorkspace(nodes: ["hk-1"], firms: ["acme", "zeta"])
        let folder = "\(workspace.path)/registry"
        let result = try RegistryInit(
            directory: workspace.alliance, url: "https://registry.example.org", output: folder, firms: ["zeta"], installedAt: "/etc/harborseal-registry"
        ).run()
        #expect(result.output.contains("for zeta in") && result.output.contains("delete its keys here"))
        #expect(result.output.contains("[registry] brokers in \(folder)/registry.conf is empty"), "\(result.output)")
        let text = try workspace.text("registry/registry.conf")
        for line in [
            "trust = /etc/harborseal-registry/alliance.hstrust", "data = /var/lib/harborseal-registry", "key = /etc/harborseal-registry/firms/zeta/issuing.key",
            "listen = 0.0.0.0", "port = 443", "[firm.zeta]",
        ] { #expect(text.contains("\n\(line)\n"), "\(line): \(text)") }
        #expect(!text.contains("acme") && !DurableFile.exists("\(folder)/firms/acme"))
        #expect(try DurableFile.read("\(folder)/alliance.hstrust") == DurableFile.read("\(workspace.alliance)/alliance.hstrust"))
        let moved = try RegistryInit(directory: workspace.alliance, url: "https://127.0.0.1:9443", output: "\(workspace.path)/second").run()
        #expect(moved.exitCode == 0)
        let names = CertificateFacts(der: try CertificateBytes(pemOrDER: DurableFile.read("\(workspace.path)/second/server.crt")).der)?.names
        #expect(names == ["registry.example.org", "127.0.0.1"], "the names that it had stay")
    }

    enum Obstacle: CaseIterable {
        case plainHTTP, path, noAlliance, unsigned, noFirm, unknownFirm, relativePlace, twice
    }

    @Test("registry init says what is in its way", arguments: Obstacle.allCases)
    func obstacles(_ obstacle: Obstacle) async throws {
        let workspace = try TestWorkspace(nodes: ["hk-1"], firms: obstacle == .noFirm ? [] : ["acme"], signs: obstacle != .unsigned)
        var command = RegistryInit(directory: workspace.alliance, url: "https://localhost:8443", output: "\(workspace.path)/registry")
        let (code, words): (Int32, String)
        switch obstacle {
        case .plainHTTP: (command.url, code, words) = ("http://localhost:8443", 64, "--url https://HOST:PORT")
        case .path: (command.url, code, words) = ("https://localhost/est", 64, "without a path")
        case .noAlliance: (command.directory, code, words) = ("\(workspace.path)/nowhere", 1, "harborseal alliance init")
        case .unsigned: (code, words) = (1, "harborseal alliance sign")
        case .noFirm: (code, words) = (1, "harborseal alliance add-firm")
        case .unknownFirm: (command.firms, code, words) = (["zeta"], 64, "it has acme")
        case .relativePlace: (command.installedAt, code, words) = ("etc", 64, "no absolute path")
        case .twice:
            _ = try command.run()
            (code, words) = (1, "not overwritten")
        }
        let prepared = command
        let result = await CommandRunner.result { try prepared.run() }
        #expect(result.exitCode == code && result.notes.contains(words) && result.notes.contains("  next: "), "\(result)")
    }

    @Test(
        "what is wrong in registry.conf is named, and where it stands",
        arguments: [
            ("alliance = gba-test", "alliance = other", 78, "of the alliance other, and its trust file of gba-test"), ("[registry]\n", "[registri]\n", 78, ":2: "),
            ("port = 8443", "port = 8443\nidle = long", 78, "\"idle\" of [https]"), ("[firm.zeta]", "[firm.link]", 78, "revocation list"), ("[firm.zeta]", "[firm.node]", 64, "reserved"),
            ("firms/zeta/issuing", "firms/acme/issuing", 78, "no issuing certificate of firm zeta"),
            ("firms/zeta/issuing.key", "firms/acme/issuing.key", 65, "do not belong together"), ("link-ca.key", "server.key", 65, "do not belong together"),
            ("url = https", "#url = https", 78, "needs \"url\""), ("[firm.zeta]\n", "[firm.zeta]\nformer-key = /x.key\n", 78, "set both"),
            ("[firm.acme]\n", "[firm.acme]\ncode-tries = 0\n", 78, "\"code-tries\" of [firm.acme]"), ("[firm.acme]\n", "[firm.acme]\nsecond-persons = true\n", 78, "second-person"),
        ] as [(String, String, Int32, String)])
    func problems(_ old: String, _ new: String, _ code: Int32, _ words: String) async throws {
        let registry = try RegistryWorkspace { $0.replacingOccurrences(of: old, with: new) }
        let result = await CommandRunner.result { try await RegistryServe(configurationFile: registry.configuration, overrides: ["https.port=0"]).run() }
        #expect(result.exitCode == code, "\(result)")
        #expect(result.notes.contains(words), "\(words): \(result.notes)")
    }

    @Test("keys that others may read are refused, and a store of another alliance is")
    func guarded() async throws {
        let registry = try RegistryWorkspace()
        let key = "\(registry.path)/registry/firms/acme/issuing.key"
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: key)
        let open = await CommandRunner.result { try DeviceList(configurationFile: registry.configuration).run() }
        #expect(open.exitCode == 77 && open.notes.contains("chmod 600 \(key)"), "\(open)")
    }

    // MARK: - A firm's own registry

    /// What `registry init --link-registry` has written, with a code in its place, and the folder of it.
    private func firmRegistry() throws -> (configuration: String, folder: String, owner: RegistryWorkspace) {
        let workspace = try RegistryWorkspace()
        let folder = "\(workspace.path)/own"
        let result = try RegistryInit(
            directory: workspace.workspace.alliance, url: "https://localhost:9443", output: folder, firms: ["acme"], linkRegistry: "https://localhost:8443"
        ).run()
        #expect(result.output.contains("registry firm-code acme -o firm.code"), "\(result.output)")
        _ = try RegistryFirmCode(configurationFile: Self.withoutAcme(workspace), .make(firm: "acme", output: "\(folder)/firm.code")).run()
        return ("\(folder)/registry.conf", folder, workspace)
    }

    /// The alliance's registry, which has not acme's key any more.
    static func withoutAcme(_ workspace: RegistryWorkspace) throws -> String {
        let text = try String(contentsOfFile: workspace.configuration, encoding: .utf8)
        guard let start = text.range(of: "[firm.acme]"), let end = text.range(of: "[firm.zeta]") else { return workspace.configuration }
        try text.replacingCharacters(in: start.lowerBound..<end.lowerBound, with: "").write(toFile: workspace.configuration, atomically: false, encoding: .utf8)
        return workspace.configuration
    }

    @Test("registry init writes a firm's own registry: with the firm's key and no key of the link CA, and what it needs of the alliance's registry")
    func own() async throws {
        let (file, folder, owner) = try firmRegistry()
        defer { withExtendedLifetime(owner) {} }
        let configuration = try RegistryConfiguration(file: file)
        #expect(configuration.settings.firms.map(\.firm.text.string) == ["acme"] && configuration.settings.link.hasNoKey)
        #expect(configuration.alliance?.url == "https://localhost:8443")
        #expect(!DurableFile.exists("\(folder)/link-ca.key") && DurableFile.permissions(of: "\(folder)/firm.code") == 0o600)
        #expect(DurableFile.exists("\(folder)/firms/acme/issuing.key") && !DurableFile.exists("\(folder)/firms/zeta"))
        let list = try DeviceList(configurationFile: file).run()
        #expect(list.exitCode == 0)
        _ = try await DeviceAdd(configurationFile: file, firm: "acme", device: "gw-1").run()
        #expect(try RegistryAudit(configurationFile: file, checks: true).run().exitCode == 0)
        #expect(try RegistryPolicy(configurationFile: file, .show(firm: nil)).run().output.contains("firm acme"))
    }

    @Test(
        "[link] has the link CA's key, or the alliance's registry with anchor and code: every mixture is named",
        arguments: [
            (["registry", "anchor", "code"], "", 78, "neither the link CA's key nor the alliance's registry"), (["anchor"], "", 78, "anchor is not set"),
            (["code"], "", 78, "code is not set"), (["registry"], "", 78, "registry is not set"), (["registry", "code"], "", 78, "registry and code is not set"),
            ([], "key = /x.key\n", 78, "key is set, and registry and anchor and code, too"), (["anchor", "code"], "key = /x.key\n", 78, "key is set, and registry, too"),
            (["registry"], "registry = http://localhost\n", 78, "is no address of a registry"), (["registry"], "registry = https://localhost/est\n", 78, "without a path"),
            (["code"], "code = /nowhere.code\n", 66, "/nowhere.code"), (["anchor"], "anchor = /nowhere.crt\n", 66, "/nowhere.crt"),
            (["code"], "code = SERVER\n", 78, "holds no code"), (["certificate"], "certificate = SERVER\n", 78, "not the link CA of the trust file"),
        ] as [([String], String, Int32, String)])
    func mixtures(_ taken: [String], _ given: String, _ code: Int32, _ words: String) async throws {
        let (file, folder, owner) = try firmRegistry()
        defer { withExtendedLifetime(owner) {} }
        // A file that is neither a code nor the link CA, and no more open than a code may be.
        let other = "\(folder)/other.crt"
        try DurableFile.write(DurableFile.read("\(folder)/server.crt"), to: other, mode: 0o600)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let parts = text.components(separatedBy: "[link]\n")
        let (start, rest) = (parts[0], parts[1].components(separatedBy: "\n\n"))
        let kept = rest[0].split(separator: "\n").filter { line in !taken.contains { line.hasPrefix("\($0) =") } }.joined(separator: "\n")
        let link = "[link]\n\(kept)\n\(given.replacing("SERVER", with: other))\n"
        try (start + link + rest.dropFirst().joined(separator: "\n\n")).write(toFile: file, atomically: false, encoding: .utf8)
        let result = await CommandRunner.result { try DeviceList(configurationFile: file).run() }
        #expect(result.exitCode == code && result.notes.contains(words), "\(words): \(result)")
    }

    @Test("a code that others may read is refused, and so are the firms of two")
    func ownGuarded() async throws {
        let (file, folder, owner) = try firmRegistry()
        defer { withExtendedLifetime(owner) {} }
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: "\(folder)/firm.code")
        let open = await CommandRunner.result { try DeviceList(configurationFile: file).run() }
        #expect(open.exitCode == 77 && open.notes.contains("chmod 600 \(folder)/firm.code"), "\(open)")
        let workspace = try RegistryWorkspace()
        for firms in [[], ["acme", "zeta"]] {
            let command = RegistryInit(
                directory: workspace.workspace.alliance, url: "https://localhost", output: "\(workspace.path)/x", firms: firms, linkRegistry: "https://localhost:8443")
            let result = await CommandRunner.result { try command.run() }
            #expect(result.exitCode == 64 && result.notes.contains("one firm's own"), "\(result)")
        }
    }

    @Test("registry firm-code makes, lists and ends a code: of a firm of the trust file, whose key is not here, and where the link CA is")
    func firmCodes() async throws {
        let workspace = try RegistryWorkspace()
        func run(_ step: RegistryFirmCode.Step, _ file: String? = nil) async -> CommandResult {
            let command = RegistryFirmCode(configurationFile: file ?? workspace.configuration, step, by: "alice")
            return await CommandRunner.result { try command.run() }
        }
        let here = await run(.make(firm: "acme", output: nil))
        #expect(here.exitCode == 1 && here.notes.contains("this registry has the issuing key of firm acme"), "\(here)")
        _ = try Self.withoutAcme(workspace)
        let made = await run(.make(firm: "acme", output: nil))
        #expect(made.exitCode == 0 && EnrolmentCode(made.output.trimmingCharacters(in: .newlines)) != nil && !made.notes.contains(made.output), "\(made)")
        let mistyped = await run(.make(firm: "acmee", output: nil))
        #expect(mistyped.exitCode == 1 && mistyped.notes.contains("did you mean acme?"), "\(mistyped)")
        let place = try workspace.write("there", "x")
        let there = await run(.make(firm: "acme", output: place))
        #expect(there.exitCode == 73 && there.notes.contains("not overwritten"), "\(there)")
        let list = await run(.list)
        #expect(list.output.hasPrefix("firm acme: code made ") && list.output.contains("by alice"), "\(list)")
        let withdrawn = await run(.withdraw(firm: "acme"))
        #expect(withdrawn.output.contains("is withdrawn"), "\(withdrawn)")
        let twice = await run(.withdraw(firm: "acme"))
        #expect(twice.exitCode == 1 && twice.notes.contains("has no code here"), "\(twice)")
        #expect(await run(.list).output == "no firm has a code here\n")
        let (file, _, owner) = try firmRegistry()
        defer { withExtendedLifetime(owner) {} }
        let own = await run(.make(firm: "acme", output: nil), file)
        #expect(own.exitCode == 1 && own.notes.contains("have the code made there"), "\(own)")
    }

    @Test("who makes a firm's code, or serves a further firm, is told that the registry which runs was started otherwise, also without any firm")
    func startedOtherwise() throws {
        let workspace = try RegistryWorkspace()
        let data = "\(workspace.path)/registry/data"
        _ = try Self.withoutAcme(workspace)
        func make() throws -> String { try RegistryFirmCode(configurationFile: workspace.configuration, .make(firm: "acme", output: nil)).run().notes }
        #expect(try !make().contains("was started with"))
        for (firms, hasAcme) in [(["acme", "zeta"], true), (["zeta"], false), ([], false)] {
            let mark = try ServingMark(folder: data, firms: firms)
            defer { mark.release() }
            #expect(try make().contains("was started with firm acme, and takes no code of its registry") == hasAcme, "\(firms)")
            #expect(ServingMark.notes(folder: data, configured: ["acme"]).contains("without firm acme") == !hasAcme, "\(firms)")
        }
        // Of an earlier version, which wrote nothing.
        _ = try workspace.write("registry/data/serving.lock", "")
        #expect(ServingMark.notes(folder: data, configured: ["acme"]).isEmpty)
    }

    @Test("a code of a firm that is registered here again is listed as not in force")
    func deadCode() throws {
        let workspace = try RegistryWorkspace()
        let whole = try String(contentsOfFile: workspace.configuration, encoding: .utf8)
        func list(asJSON: Bool = false) throws -> String { try RegistryFirmCode(configurationFile: workspace.configuration, .list, asJSON: asJSON).run().output }
        _ = try RegistryFirmCode(configurationFile: Self.withoutAcme(workspace), .make(firm: "acme", output: nil)).run()
        #expect(try !list().contains("not in force") && list(asJSON: true).contains("\"inForce\": true"))
        try whole.write(toFile: workspace.configuration, atomically: false, encoding: .utf8)
        #expect(try list().contains("; not in force: registry.conf has [firm.acme]\n") && list(asJSON: true).contains("\"inForce\": false"))
    }

    @Test("the example file in Firmware-Config is the one that the program prints")
    func example() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Firmware-Config/registry.conf")
        #expect(try String(contentsOf: file, encoding: .utf8) == RegistryConfigurationExample.text)
    }

    @Test("the registry's unit starts it as the page says, and is not started again on what somebody has to correct")
    func unit() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Firmware-Config/systemd/harborseal-registry.service")
        let unit = try String(contentsOf: file, encoding: .utf8)
        #expect(unit.contains("\nExecStart=/usr/bin/harborseal registry serve --config /etc/harborseal-registry/registry.conf\n"))
        #expect(unit.contains("\nRestartPreventExitStatus=\(ExitCodes.permanent.map { "\($0.rawValue)" }.joined(separator: " "))\n"))
    }
}
