import AllianceTrust
import DeviceRegistry
import Foundation
import Testing

@testable import HarborsealCommands

@Suite struct RegistryPolicyTests {
    private func policy(_ registry: RegistryWorkspace, _ step: RegistryPolicy.Step, by name: String = "alice", account: String = "ann") async -> CommandResult {
        await OperatorAccount.$assumed.withValue(.login(account)) {
            await CommandRunner.result { try RegistryPolicy(configurationFile: registry.configuration, step, by: name).run() }
        }
    }

    /// The same registry by another configuration file.
    private func lax(_ registry: RegistryWorkspace) throws -> String {
        let text = try String(contentsOfFile: registry.configuration, encoding: .utf8).replacingOccurrences(of: "second-person = true\n", with: "")
        return try registry.write("lax.conf", text)
    }

    @Test("another configuration file gets nobody round the second person, and every command names both and a step")
    func otherConfiguration() async throws {
        let registry = try RegistryWorkspace(RegistryWorkspace.secondPerson)
        _ = try await registry.add("gw-1")
        let file = try lax(registry)
        let added = try await DeviceAdd(configurationFile: file, firm: "acme", device: "gw-2", by: "alice").run()
        #expect(added.output.contains("waits for somebody else's approval") && added.exitCode == 0)
        let words = "note: \(file) has second-person = false for firm acme, and the registry holds on since "
        for result in [added, try DeviceList(configurationFile: file).run(), try RegistryAudit(configurationFile: file, checks: true).run()] {
            #expect(result.notes.contains(words) && result.notes.contains("which is what counts"), "\(result.notes)")
            #expect(result.notes.contains("next: set second-person = true in [firm.acme], or harborseal registry policy set acme --second-person off"), "\(result.notes)")
        }
        #expect(try DeviceList(configurationFile: registry.configuration).run().notes.isEmpty)
    }

    @Test("off is asked for, approved by another, and shown with who did it; each step is in the audit table")
    func steps() async throws {
        let registry = try RegistryWorkspace(RegistryWorkspace.secondPerson)
        let before = await policy(registry, .show(firm: nil))
        #expect(before.output == "firm acme: second person on, as registry.conf says; the next code or start of the registry keeps that\nfirm zeta: second person off, as registry.conf says; nothing was ever set\n", "\(before)")
        let asked = await policy(registry, .set(firm: "acme", isOn: false))
        #expect(asked.exitCode == 0 && asked.output.contains("firm acme: second person on, since") && asked.output.contains("next: harborseal registry policy approve acme"), "\(asked)")
        let own = await policy(registry, .approve(firm: "acme"), by: "bob")
        #expect(own.exitCode == 1 && own.notes.contains("alice, from the account of ann, asked for it"), "\(own)")
        let again = await policy(registry, .set(firm: "acme", isOn: false), by: "bob", account: "ben")
        #expect(again.exitCode == 1 && again.notes.contains("next: another person than alice: harborseal registry policy approve acme"), "\(again)")
        let done = await policy(registry, .approve(firm: "acme"), by: "bob", account: "ben")
        #expect(done.exitCode == 0 && done.output.contains("firm acme: second person off, since") && done.output.contains("set by bob") && done.notes.contains("second-person = true for firm acme, and the registry holds off"), "\(done)")
        let json = try RegistryPolicy(configurationFile: registry.configuration, .show(firm: "acme"), asJSON: true).run().output
        #expect(json.contains("\"secondPerson\"") && json.contains("\"inConfiguration\"") && json.contains("\"bob\""), "\(json)")
        let audit = try RegistryAudit(configurationFile: registry.configuration).run().output
        for words in ["policy ok: firm acme: second person on, as the configuration says", "off is asked for, and waits", "policy samePerson", "second person off, as alice asked for"] {
            #expect(audit.contains(words), "\(words): \(audit)")
        }
        #expect(try RegistryAudit(configurationFile: registry.configuration, checks: true).run().exitCode == 0)
    }

    @Test("a rule that was changed in the file, past the commands, is what the check finds", arguments: ["UPDATE policies SET second_person = 0", "DELETE FROM policies"])
    func changedBeside(_ sql: String) async throws {
        let registry = try RegistryWorkspace(RegistryWorkspace.secondPerson)
        _ = try await registry.add("gw-1")
        let program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])"
        #expect(try RunningRegistry.run("python3", ["-c", program, "\(registry.path)/registry/data/registry.sqlite", sql]).code == 0)
        let result = try RegistryAudit(configurationFile: registry.configuration, checks: true).run()
        #expect(result.exitCode == 1 && result.output.hasPrefix("row 1 of the audit table is wrong: ") && result.output.contains("firm acme"), "\(result)")
    }

    @Test("a firm that is not here is refused by every step", arguments: [RegistryPolicy.Step.show(firm: "acne"), .set(firm: "acne", isOn: true), .approve(firm: "acne")])
    func unknownFirm(_ step: RegistryPolicy.Step) async throws {
        let result = try await policy(RegistryWorkspace(), step)
        #expect(result.exitCode == 1 && result.notes.contains("no issuing key of firm acne") && result.notes.contains("did you mean acme?"), "\(result)")
    }

    @Test("the program has the three commands")
    func program() throws {
        let registry = try RegistryWorkspace()
        func run(_ words: [String]) throws -> (exitCode: Int32, output: String) { try BuiltProgram.run(["registry", "policy"] + words + ["--config", registry.configuration]) }
        #expect(try run(["set", "acme", "--second-person", "on", "--by", "alice"]).output.contains("firm acme: second person on, since"))
        #expect(try run(["set", "acme", "--second-person", "perhaps"]).exitCode == 64)
        #expect(try run(["show", "acme"]).output.contains("set by alice"))
        #expect(try run(["approve", "acme", "--by", "bob"]).output.contains("nobody wants the second person of firm acme switched off"))
    }
}
