import AllianceTrust
import AttestationFormat
import Foundation
import Testing

@testable import HarborsealCommands

@Suite struct RegistryAuditTests {
    private func check(_ registry: RegistryWorkspace, noted: String? = nil, asJSON: Bool = false) throws -> CommandResult {
        try RegistryAudit(configurationFile: registry.configuration, checks: true, noted: noted, asJSON: asJSON).run()
    }

    /// The row that a check names as the last one.
    private func last(_ result: CommandResult) throws -> String {
        let line = try #require(result.output.split(separator: "\n").first { $0.contains("last row") })
        return String(try #require(line.split(separator: " ").last))
    }

    @Test("a whole table is said to be one, with its end to be noted down, which later checks ask for")
    func whole() async throws {
        let registry = try RegistryWorkspace()
        _ = try await registry.add("gw-1")
        let first = try check(registry)
        #expect(first.exitCode == 0 && first.output.hasPrefix("1 row, each following from the one before\n"), "\(first)")
        #expect(first.output.contains("0 registrations, 0 revocations, 0 receipts") && first.notes.contains("--noted"))
        #expect(first.notes.contains("without --noted nobody can see whether rows at the end are missing"), "\(first.notes)")
        let noted = try last(first)
        _ = try await registry.add("gw-2")
        let second = try check(registry, noted: noted)
        #expect(second.output.contains("2 rows, each as it was written, with the one that was noted down") && !second.notes.contains("without --noted"))
        let object = try RegistryWorkspace.object(check(registry, asJSON: true).output)
        #expect(object["intact"] as? Bool == true && object["rows"] as? Int == 2 && object["wrongRow"] is NSNull && object["registrations"] as? Int == 0)
        let rows = try RegistryAudit(configurationFile: registry.configuration, from: 2).run().output
        #expect(rows.hasPrefix("2 ") && rows.contains("add acme.gw-2 ok: code until") && rows.split(separator: "\n").count == 1, "\(rows)")
    }

    @Test("a row that was changed, a noted one that is gone, and a store that says otherwise end with 1 and the row", arguments: ["changed", "gone", "store"])
    func wrong(_ what: String) async throws {
        let registry = try RegistryWorkspace()
        for device in ["gw-1", "gw-2", "gw-3"] { _ = try await registry.add(device) }
        _ = try DeviceRevoke(configurationFile: registry.configuration, gateway: "acme.gw-2", since: "\(WallClock.nowSeconds - 5)", reason: "lost").run()
        let noted = try last(check(registry))
        let (sql, row, words): (String, Int, String)
        switch what {
        case "changed": (sql, row, words) = ("DROP TRIGGER audit_update; UPDATE audit SET who = 'bob' WHERE number = 2", 2, "row 2 of the audit table is wrong")
        case "gone": (sql, row, words) = ("DROP TRIGGER audit_delete; DELETE FROM audit WHERE number = 4", 4, "row 4 of the audit table is wrong")
        default: (sql, row, words) = ("UPDATE devices SET revoked_since = NULL WHERE gateway = 'acme.gw-2'", 2, "row 2 of the audit table is wrong: it tells of acme.gw-2, device 1, whose state in the store is revoked")
        }
        let program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])"
        let edited = try RunningRegistry.run("python3", ["-c", program, "\(registry.path)/registry/data/registry.sqlite", sql])
        #expect(edited.code == 0, "\(edited.text)")
        let result = try check(registry, noted: noted)
        #expect(result.exitCode == 1 && result.output.hasPrefix(words) && result.notes.contains("next: "), "\(result)")
        let object = try RegistryWorkspace.object(check(registry, noted: noted, asJSON: true).output)
        #expect(object["intact"] as? Bool == false && object["wrongRow"] as? Int == row && (object["reason"] as? String)?.isEmpty == false)
    }

    @Test("a table without a row is no whole one: 1, and where to look")
    func empty() throws {
        let registry = try RegistryWorkspace()
        let result = try check(registry)
        #expect(result.exitCode == 1 && result.output.hasPrefix("the audit table is not whole: it has no row: ") && result.notes.contains("next: see that [registry] data"), "\(result)")
        let object = try RegistryWorkspace.object(check(registry, asJSON: true).output)
        #expect(object["intact"] as? Bool == false && object["rows"] as? Int == 0)
    }

    @Test("a trigger that keeps refusals from being written is found")
    func quiet() async throws {
        let registry = try RegistryWorkspace()
        _ = try await registry.add("gw-1")
        let sql = "CREATE TRIGGER quiet BEFORE INSERT ON audit WHEN NEW.outcome <> 'ok' BEGIN SELECT RAISE(IGNORE); END"
        let program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])"
        #expect(try RunningRegistry.run("python3", ["-c", program, "\(registry.path)/registry/data/registry.sqlite", sql]).code == 0)
        let result = try check(registry)
        #expect(result.exitCode == 1 && result.output.contains("the store has the trigger quiet, which this program does not make"), "\(result)")
    }

    @Test("what is no row's number and hash is the command line's fault", arguments: ["7", "x:00", "7:zz", "-1:\(String(repeating: "0", count: 64))", "7:00"])
    func badNoted(_ noted: String) async throws {
        let registry = try RegistryWorkspace()
        let result = await CommandRunner.result { try check(registry, noted: noted) }
        #expect(result.exitCode == 64 && result.notes.contains("is no row's number and hash"), "\(result)")
        let alone = await CommandRunner.result { try RegistryAudit(configurationFile: registry.configuration, noted: noted).run() }
        #expect(alone.exitCode == 64 && alone.notes.contains("--check"))
    }
}
