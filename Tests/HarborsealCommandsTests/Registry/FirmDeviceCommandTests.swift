import Foundation
import RegistryTesting
import Testing

@testable import HarborsealCommands

/// An operator at the alliance's registry, and gateways of a firm whose own registry enrols them.
@Suite struct FirmDeviceCommandTests {
    private let registry: RegistryWorkspace
    /// What `device issue` made for acme.gw-7.
    private let folder: String
    private let mark: ServingMark

    init() throws {
        registry = try RegistryWorkspace()
        folder = "\(registry.path)/gw-7"
        _ = try DeviceIssue(directory: registry.workspace.alliance, firm: "acme", device: "gw-7", output: folder).run()
        _ = try RegistryConfigurationTests.withoutAcme(registry)
        mark = try ServingMark(folder: "\(registry.path)/registry/data")
    }

    private func revoke(_ file: String) async -> CommandResult {
        await CommandRunner.result {
            try CertificateRevoke(
                configurationFile: registry.configuration, gateway: "acme.gw-7", certificate: "\(folder)/\(file)", since: "\(WallClock.nowSeconds - 5)"
            ).run()
        }
    }

    private func replace(since: String? = nil, picture: String? = nil, asJSON: Bool = false) async -> CommandResult {
        await CommandRunner.result {
            try DeviceReplace(configurationFile: registry.configuration, gateway: "acme.gw-7", since: since, picture: picture, asJSON: asJSON).run()
        }
    }

    @Test("a hand-made link certificate is revoked though nobody registered the gateway here, and the seal certificate is the firm's registry's")
    func certificate() async throws {
        defer { mark.release() }
        let seal = await revoke("seal.crt")
        #expect(seal.exitCode == 1 && seal.notes.contains("no issuing key of this registry made it"), "\(seal)")
        let link = await revoke("link.crt")
        #expect(link.exitCode == 0 && link.output.contains("next: have its firm revoke its seal.crt at the firm's own registry"), "\(link)")
        #expect(try RegistryAudit(configurationFile: registry.configuration, checks: true).run().exitCode == 0)
    }

    @Test("device replace lets one that was revoked here come again, without a code; withdrawing the firm's code names it")
    func replaced() async throws {
        defer { mark.release() }
        _ = await revoke("link.crt")
        let first = await replace()
        #expect(first.exitCode == 0 && first.output.contains("acme.gw-7 may have link certificates for new keys: those that it had hold until it has a new one"), "\(first)")
        let picture = await replace(picture: "\(registry.path)/code.svg")
        #expect(picture.exitCode == 64 && picture.notes.contains("no code here for --qr to draw"), "\(picture)")
        let revoked = try DeviceRevoke(configurationFile: registry.configuration, gateway: "acme.gw-7", since: "\(WallClock.nowSeconds - 5)").run()
        #expect(revoked.notes.contains("have the firm revoke it there, too"), "\(revoked)")
        let again = await replace()
        #expect(again.exitCode == 0 && again.output.contains("stay revoked since") && !again.output.contains("code "), "\(again)")
        let object = try RegistryWorkspace.object(await replace(since: "\(WallClock.nowSeconds - 5)", asJSON: true).output)
        #expect(object["generation"] as? Int == 4 && object["ofFirmRegistry"] as? Bool == true && object["state"] as? String == "enrolled", "\(object)")
        func firmCode(_ step: RegistryFirmCode.Step) throws -> CommandResult { try RegistryFirmCode(configurationFile: registry.configuration, step).run() }
        _ = try firmCode(.make(firm: "acme", output: nil))
        #expect(try firmCode(.withdraw(firm: "acme")).output.contains("device replace lets each of the\n  honest ones come again"))
        #expect(try RegistryAudit(configurationFile: registry.configuration, checks: true).run().exitCode == 0)
    }
}
