import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import RegistryTesting
import Testing

@testable import HarborsealCommands

/// What `device issue` made, revoked by the registry that has the key.
@Suite struct CertificateRevokeTests {
    private func issued(_ registry: RegistryWorkspace, _ device: String = "gw-7", at seconds: Int64 = WallClock.nowSeconds) throws -> String {
        let folder = "\(registry.path)/\(device)"
        _ = try DeviceIssue(directory: registry.workspace.alliance, firm: "acme", device: device, output: folder, nowSeconds: seconds).run()
        return folder
    }

    private func revoke(
        _ registry: RegistryWorkspace, _ file: String, of gateway: String = "acme.gw-7", since: Int64 = WallClock.nowSeconds - 5, isConfirmed: Bool = false, asJSON: Bool = false
    ) async -> CommandResult {
        await CommandRunner.result {
            try CertificateRevoke(
                configurationFile: registry.configuration, gateway: gateway, certificate: file, since: "\(since)", reason: "lost", by: "alice", asJSON: asJSON,
                isConfirmed: isConfirmed
            ).run()
        }
    }

    @Test("PEM and DER are taken, the device's looks say it, and an audit finds all of it in its place", arguments: ["seal.crt", "seal.der"])
    func revoked(_ name: String) async throws {
        let registry = try RegistryWorkspace()
        let folder = try issued(registry)
        _ = try await registry.add("gw-7")
        let mark = try ServingMark(folder: "\(registry.path)/registry/data")
        defer { mark.release() }
        let device = try DeviceRevoke(configurationFile: registry.configuration, gateway: "acme.gw-7", since: "\(WallClock.nowSeconds - 5)").run()
        #expect(device.exitCode == 2 && device.notes.contains("next: if its keys are from device issue: harborseal device revoke acme.gw-7 --certificate seal.crt"), "\(device.notes)")
        let link = await revoke(registry, "\(folder)/link.crt")
        #expect(link.exitCode == 2 && link.notes.contains("its seal certificate is not revoked by this"), "\(link)")
        let seal = await revoke(registry, "\(folder)/\(name)")
        #expect(seal.exitCode == 0 && seal.notes.isEmpty && seal.output.contains("tells the nodes within seconds"), "\(seal)")
        let shown = try DeviceShow(configurationFile: registry.configuration, gateway: "acme.gw-7").run().output
        #expect(shown.contains("from device issue, serial") && !shown.contains("is known here") && shown.contains("ledger hk-1") == false, "\(shown)")
        #expect(try !DeviceList(configurationFile: registry.configuration).run().output.contains("is known here"))
        let object = try RegistryWorkspace.object(DeviceShow(configurationFile: registry.configuration, gateway: "acme.gw-7", asJSON: true).run().output)
        #expect((object["handCertificates"] as? [[String: Any]])?.compactMap { $0["label"] as? String } == ["link", "seal"])
        let audit = try RegistryAudit(configurationFile: registry.configuration, checks: true).run()
        #expect(audit.exitCode == 0 && audit.output.contains("3 revocations"), "\(audit)")
    }

    @Test("what reaches far back is asked about, as for a device; JSON has the serial number")
    func reach() async throws {
        let registry = try RegistryWorkspace()
        let folder = try issued(registry, at: WallClock.nowSeconds - 10 * 86_400)
        _ = try await registry.add("gw-7")
        let since = WallClock.nowSeconds - 5 * 86_400
        let asked = await revoke(registry, "\(folder)/seal.crt", since: since)
        #expect(asked.exitCode == 64 && asked.notes.contains("signed in 5 days") && asked.notes.contains("--yes"), "\(asked.notes)")
        let done = await revoke(registry, "\(folder)/seal.crt", since: since, isConfirmed: true, asJSON: true)
        let object = try RegistryWorkspace.object(done.output)
        #expect(object["label"] as? String == "seal" && object["revokedSinceSeconds"] as? Int64 == since && done.notes.contains("no registry runs here"), "\(done)")
    }

    enum Refused: CaseIterable { case otherAlliance, otherGateway, twice, key, text, absent, authority, notRegistered }

    @Test("what it cannot be for has its exit code, says why, and names a step", arguments: Refused.allCases)
    func refused(_ refused: Refused) async throws {
        let registry = try RegistryWorkspace()
        let folder = try issued(registry)
        if refused != .notRegistered { _ = try await registry.add("gw-7") }
        _ = try await registry.add("gw-8")
        let (code, words, result): (Int32, String, CommandResult)
        switch refused {
        case .otherAlliance:
            let other = try RegistryWorkspace()
            (code, words, result) = (1, "no issuing key of this registry made it", await revoke(registry, "\(try issued(other))/seal.crt"))
        case .otherGateway: (code, words, result) = (1, "it is for hs:gba-test/acme.gw-7, and not for hs:gba-test/acme.gw-8", await revoke(registry, "\(folder)/seal.crt", of: "acme.gw-8"))
        case .twice:
            _ = await revoke(registry, "\(folder)/seal.crt", since: WallClock.nowSeconds - 50)
            (code, words, result) = (1, "already", await revoke(registry, "\(folder)/seal.crt"))
        case .key: (code, words, result) = (1, "it is no certificate", await revoke(registry, "\(folder)/seal.key"))
        case .text: (code, words, result) = (65, "expected a certificate in PEM or DER, found", await revoke(registry, "\(folder)/agent.conf"))
        case .absent: (code, words, result) = (66, "nothing.crt", await revoke(registry, "\(folder)/nothing.crt"))
        case .authority: (code, words, result) = (1, "it is a CA's", await revoke(registry, "\(folder)/link-ca.crt"))
        case .notRegistered: (code, words, result) = (1, "next: harborseal device add --firm acme --device gw-7 --config ", await revoke(registry, "\(folder)/seal.crt"))
        }
        #expect(result.exitCode == code && result.notes.contains(words) && result.output.isEmpty, "\(result)")
        #expect(result.notes.contains("  next: ") || refused == .absent, "\(result.notes)")
    }

    @Test("the program takes --certificate, and not with --generation")
    func program() async throws {
        let registry = try RegistryWorkspace()
        let folder = try issued(registry)
        _ = try await registry.add("gw-7")
        let arguments = ["device", "revoke", "acme.gw-7", "--certificate", "\(folder)/seal.crt", "--since", "\(WallClock.nowSeconds - 5)", "--config", registry.configuration]
        let both = try BuiltProgram.run(arguments + ["--generation", "1"])
        #expect(both.exitCode == 64 && both.output.contains("--generation is for a device"), "\(both.output)")
        let done = try BuiltProgram.run(arguments)
        #expect(done.exitCode == 2 && done.output.contains("of acme.gw-7 is revoked since") && done.output.contains("no registry runs here"), "\(done.output)")
    }
}
