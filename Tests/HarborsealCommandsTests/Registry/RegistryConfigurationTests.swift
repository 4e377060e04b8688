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
