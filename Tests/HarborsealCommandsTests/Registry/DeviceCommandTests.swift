import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import MerkleTree
import Testing

@testable import HarborsealCommands

@Suite struct DeviceCommandTests {
    @Test("a device is added: its code, the text for the technician, and what comes next; and nothing of the code is kept")
    func add() async throws {
        let registry = try RegistryWorkspace()
        let command = DeviceAdd(configurationFile: registry.configuration, firm: "acme", device: "gw-1", note: "truck 7", by: "alice")
        let result = try await command.run()
        let line = try #require(result.output.split(separator: "\n").first { $0.hasPrefix("harborseal-enrol:1?") })
        let text = try EnrolmentText(parsing: String(line))
        #expect(text.gatewayID.text == "acme.gw-1" && text.url == "https://localhost:8443")
        let link = try CertificateBytes(pemOrDER: DurableFile.read("\(registry.path)/alliance/link-ca.crt"))
        let trust = try DurableFile.read("\(registry.path)/alliance/alliance.hstrust")
        #expect(text.linkAuthorityHash == SHA256.hash(link.der) && text.trustFileHash == SHA256.hash(trust))
        #expect(result.output.contains("code         \(text.code.text)\n") && result.output.contains("next: whoever installs the gateway"))
        let shown = try DeviceShow(configurationFile: registry.configuration, gateway: "acme.gw-1").run().output
        for words in ["waiting", "truck 7", "by alice", "5 tries left", "audit"] { #expect(shown.contains(words), "\(words): \(shown)") }
        let list = try DeviceList(configurationFile: registry.configuration).run().output
        #expect(list.contains("acme.gw-1") && list.contains("waiting") && list.contains("(truck 7)"), "\(list)")
        for file in try FileManager.default.subpathsOfDirectory(atPath: "\(registry.path)/registry") {
            let bytes = FileManager.default.contents(atPath: "\(registry.path)/registry/\(file)") ?? Data()
            for secret in [text.code.text, text.code.text.replacing("-", with: "")] { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file)") }
        }
    }

    @Test("JSON has the same, with names that stay")
    func json() async throws {
        let registry = try RegistryWorkspace(RegistryWorkspace.secondPerson)
        let picture = "\(registry.path)/gw-1.svg"
        let result = try await DeviceAdd(
            configurationFile: registry.configuration, firm: "acme", device: "gw-1", picture: picture, asJSON: true
        ).run()
        let added = try RegistryWorkspace.object(result.output)
        #expect(added["gateway"] as? String == "acme.gw-1" && added["needsApproval"] as? Bool == true && added["picture"] as? String == picture)
        #expect((added["enrolmentText"] as? String)?.contains("code=\(added["code"] as? String ?? "?")&") == true)
        #expect(DurableFile.permissions(of: picture) == 0o600, "it holds the code")
        let device = try #require(try registry.list().first)
        #expect(device["state"] as? String == "pending-approval" && device["linkEndsSeconds"] is NSNull && device["triesLeft"] as? Int == 5)
    }

    @Test("on a terminal the QR code is drawn where it fits, and where it does not that is said")
    func drawing() async throws {
        let registry = try RegistryWorkspace()
        func notes(_ device: String, _ style: TerminalStyle) async throws -> CommandResult {
            try await DeviceAdd(configurationFile: registry.configuration, firm: "acme", device: device, style: style).run()
        }
        let wide = try await notes("gw-1", TerminalStyle(usesColour: true, columnCount: 80))
        #expect(wide.output.contains("\u{1B}[38;5;16;48;5;231m") && wide.notes.isEmpty)
        let narrow = try await notes("gw-2", TerminalStyle(usesColour: true, columnCount: 60))
        #expect(!narrow.output.contains("█") && narrow.notes.contains("the terminal has 60"), "\(narrow.notes)")
        #expect(try await !notes("gw-3", .plain).output.contains("█"), "not into a pipe")
    }

    enum Refused: CaseIterable {
        case twice, unknownFirm, badName, reservedFirm, noFirm, deviceAndList, listWithoutCodes, pictureOfList, notSVG, noneAtAll, badOperator
        case unknownDevice, approveNothing, revokeFuture, revokeBadTime, replaceNeverEnrolled, codeOfRevoked, badState, noConfiguration
    }

    @Test("what cannot be done has its exit code, says why, and names a next step", arguments: Refused.allCases)
    func refused(_ refused: Refused) async throws {
        let registry = try RegistryWorkspace()
        _ = try await registry.add("gw-1")
        let (code, words) = expected(refused)
        let result = await CommandRunner.result { try await run(refused, registry) }
        #expect(result.exitCode == code && result.notes.hasPrefix("error: "), "\(result)")
        #expect(result.notes.contains(words), "\(words): \(result.notes)")
        #expect(result.notes.contains("  next: ") || refused == .unknownDevice || refused == .approveNothing, "\(result.notes)")
        #expect(result.output.isEmpty)
    }

    private func expected(_ refused: Refused) -> (Int32, String) {
        switch refused {
        case .twice: (1, "acme.gw-1 is registered already")
        case .unknownFirm: (1, "no issuing key of firm other")
        case .badName: (64, "GW_1 cannot be the name of a device")
        case .reservedFirm: (64, "reserved")
        case .noFirm: (64, "the firm is missing")
        case .deviceAndList, .noneAtAll: (64, "one device or a list")
        case .listWithoutCodes: (64, "codes are shown once")
        case .pictureOfList: (64, "for one device")
        case .notSVG: (64, "no SVG's name")
        case .badOperator: (64, "is no name")
        case .unknownDevice: (1, "acme.gw-9 is not registered")
        case .approveNothing: (1, "waits for no approval")
        case .revokeFuture: (64, "lies ahead")
        case .revokeBadTime: (64, "--since yesterday is no time")
        case .replaceNeverEnrolled: (1, "harborseal device code acme.gw-1")
        case .codeOfRevoked: (1, "revoked")
        case .badState: (64, "pending-approval, waiting")
        case .noConfiguration: (66, "/nowhere/registry.conf")
        }
    }

    private func run(_ refused: Refused, _ registry: RegistryWorkspace) async throws -> CommandResult {
        let file = registry.configuration
        func add(firm: String? = "acme", device: String? = "gw-2", list: String? = nil, codes: String? = nil, picture: String? = nil, by: String? = nil) async throws -> CommandResult {
            try await DeviceAdd(configurationFile: file, firm: firm, device: device, list: list, codesFile: codes, picture: picture, by: by).run()
        }
        switch refused {
        case .twice: return try await add(device: "gw-1")
        case .unknownFirm: return try await add(firm: "other")
        case .badName: return try await add(device: "GW_1")
        case .reservedFirm: return try await add(firm: "node")
        case .noFirm: return try await add(firm: nil)
        case .deviceAndList: return try await add(list: "x.csv")
        case .noneAtAll: return try await add(device: nil)
        case .listWithoutCodes: return try await add(device: nil, list: "x.csv")
        case .pictureOfList: return try await add(device: nil, list: "x.csv", codes: "y.csv", picture: "z.svg")
        case .notSVG: return try await add(picture: "z.png")
        case .badOperator: return try await add(by: "a\u{1B}[2J")
        case .unknownDevice: return try DeviceShow(configurationFile: file, gateway: "acme.gw-9").run()
        case .approveNothing: return try DeviceApprove(configurationFile: file, gateway: "acme.gw-1", by: "bob").run()
        case .revokeFuture: return try DeviceRevoke(configurationFile: file, gateway: "acme.gw-1", since: "\(WallClock.nowSeconds + 60)").run()
        case .revokeBadTime: return try DeviceRevoke(configurationFile: file, gateway: "acme.gw-1", since: "yesterday").run()
        case .replaceNeverEnrolled: return try DeviceReplace(configurationFile: file, gateway: "acme.gw-1").run()
        case .codeOfRevoked:
            _ = try DeviceRevoke(configurationFile: file, gateway: "acme.gw-1", since: "\(WallClock.nowSeconds - 5)").run()
            return try DeviceCode(configurationFile: file, gateway: "acme.gw-1").run()
        case .badState: return try DeviceList(configurationFile: file, state: "lost").run()
        case .noConfiguration: return try DeviceList(configurationFile: "/nowhere/registry.conf").run()
        }
    }

    @Test("a second person approves what the first asked for, by name, and the first cannot")
    func approval() async throws {
        let registry = try RegistryWorkspace(RegistryWorkspace.secondPerson)
        let result = try await DeviceAdd(configurationFile: registry.configuration, firm: "acme", device: "gw-1", by: "alice").run()
        #expect(result.output.contains("next: harborseal device approve acme.gw-1 --by NAME"), "\(result.output)")
        for name in ["alice", "ALICE", " alice "] {
            #expect(throws: RegistryError.self) { try DeviceApprove(configurationFile: registry.configuration, gateway: "acme.gw-1", by: name).run() }
        }
        let approved = try DeviceApprove(configurationFile: registry.configuration, gateway: "acme.gw-1", by: "bob").run()
        #expect(approved.output.contains("is approved by bob"))
        #expect(try registry.list().first?["approvedBy"] as? String == "bob")
    }

    @Test("a new code replaces the old one, a revocation is shown with its time, and the audit table is whole")
    func codeAndRevocation() async throws {
        let registry = try RegistryWorkspace()
        let first = try await registry.add()
        let again = try RegistryWorkspace.object(
            DeviceCode(configurationFile: registry.configuration, gateway: "acme.gw-1", asJSON: true).run().output)
        #expect(again["code"] as? String != first["code"] as? String)
        let since = WallClock.nowSeconds - 60
        let revoked = try DeviceRevoke(
            configurationFile: registry.configuration, gateway: "acme.gw-1", since: UTCText.text(seconds: since).replacing(" ", with: "T"), reason: "stolen"
        ).run()
        #expect(revoked.output.contains("is revoked since \(UTCText.text(seconds: since))"))
        let shown = try DeviceShow(configurationFile: registry.configuration, gateway: "acme.gw-1", asJSON: true).run().output
        let detail = try RegistryWorkspace.object(shown)
        #expect(detail["revokedSinceSeconds"] as? Int64 == since && detail["state"] as? String == "revoked")
        #expect((detail["audit"] as? [[String: Any]])?.compactMap { $0["action"] as? String } == ["revoke", "reissue", "add"])
        #expect(try DeviceList(configurationFile: registry.configuration, state: "revoked").run().output.contains("since \(UTCText.text(seconds: since))"))
    }
}
