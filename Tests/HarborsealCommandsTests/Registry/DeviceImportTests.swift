import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import Testing

@testable import HarborsealCommands

@Suite struct DeviceImportTests {
    private func command(_ registry: RegistryWorkspace, _ list: String, skipsBad: Bool = false, asJSON: Bool = false, codes: String = "codes.csv") throws -> DeviceAdd {
        DeviceAdd(
            configurationFile: registry.configuration, firm: nil, list: try registry.write("fleet.csv", list), codesFile: "\(registry.path)/\(codes)",
            skipsBad: skipsBad, by: "alice", asJSON: asJSON)
    }

    private func codes(_ registry: RegistryWorkspace) throws -> [[String]] {
        var reader = try CSVReader(DurableFile.read("\(registry.path)/codes.csv"))
        var rows: [[String]] = []
        while let row = reader.next() { rows.append(try row.get().fields) }
        return rows
    }

    @Test("a list is added whole: a line of report each, and a file with the codes that only its owner reads and a spreadsheet does not run")
    func whole() async throws {
        let registry = try RegistryWorkspace()
        let result = try await command(registry, "\u{FEFF}device,firm,note\r\ngw-1,acme,\"=HYPERLINK(\"\"http://x\"\")\"\r\ngw-1,zeta,depot\r\n").run()
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.output.hasPrefix("line 2: acme.gw-1 added\nline 3: zeta.gw-1 added\n") && result.output.contains("2 devices added, 0 refused"))
        #expect(DurableFile.permissions(of: "\(registry.path)/codes.csv") == 0o600)
        let rows = try codes(registry)
        #expect(rows.count == 3 && rows[0] == ["gateway", "code", "valid until", "enrolment text", "note"])
        #expect(rows[1][4] == "'=HYPERLINK(\"http://x\")" && rows[2][4] == "depot")
        for row in rows.dropFirst() {
            let text = try EnrolmentText(parsing: row[3])
            #expect(text.gatewayID.text.string == row[0] && text.code.text == row[1])
        }
    }

    @Test("one bad line and nothing is added: the others are neither registered nor given codes", arguments: [
        ("GW,acme", 65, "line 3: GW refused: "), ("gw-0,acme", 65, "line 3: gw-0 refused: it stands in line 2 already"),
        ("gw-9,acme", 1, "line 3: acme.gw-9 refused: acme.gw-9 is registered already"), ("gw-1,other", 1, "line 3: other.gw-1 refused: this registry has no issuing key"),
    ])
    func allOrNothing(_ bad: String, _ code: Int32, _ line: String) async throws {
        let registry = try RegistryWorkspace()
        _ = try await registry.add("gw-9")
        let result = try await command(registry, "device,firm\ngw-0,acme\n\(bad)\ngw-3,acme\n").run()
        #expect(result.exitCode == code && result.output.hasPrefix(line), "\(result)")
        #expect(result.notes.contains("nothing was added") && result.notes.contains("--skip-bad"))
        #expect(try registry.list().compactMap { $0["gateway"] as? String } == ["acme.gw-9"])
        #expect(!DurableFile.exists("\(registry.path)/codes.csv"))
    }

    @Test("all that is wrong with a list is told at once, line by line: what cannot be read and what the registry refuses")
    func allFaults() async throws {
        let registry = try RegistryWorkspace()
        _ = try await registry.add("gw-9")
        let list = "device,firm\ngw-1,acme\nGW,acme\ngw-9,acme\ngw-2,acne\n\"gw-3,acme\ngw-4,acme\ngw-4,acme\n"
        let result = try await command(registry, list).run()
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(result.exitCode == 65 && lines.count == 6, "\(result.output)")
        for (line, words) in zip(lines, [
            "line 3: GW refused: ", "line 4: acme.gw-9 refused: acme.gw-9 is registered already", "line 5: acne.gw-2 refused: this registry has no issuing key",
            "line 6: refused: a quoted field does not end", "line 8: gw-4 refused: it stands in line 7 already", "\(registry.path)/fleet.csv: 0 devices added, 5 refused",
        ]) { #expect(line.hasPrefix(words), "\(line)") }
        #expect(lines[2].contains("did you mean acme?"))
        #expect(try registry.list().count == 1 && !DurableFile.exists("\(registry.path)/codes.csv"))
    }

    @Test("a quote that is missing or one too many costs its own line alone", arguments: [
        ("gw-1,acme,\"7\" screen\"\ngw-2,acme,\n", [3]), ("gw-1,acme,\"open\ngw-2,acme,\"closed\"\n", [3]), ("gw-1,acme,\"open\ngw-2,acme,\n", [3]),
        ("gw-1,acme,7\" screen\ngw-2,acme,\n", [3]), ("gw-2,acme,\"7\"\" screen\ntwo lines\"\ngw-1,acme,a\"\n", [2]),
    ])
    func quotes(_ rows: String, _ added: [Int]) async throws {
        let registry = try RegistryWorkspace()
        let result = try await command(registry, "device,firm,note\n" + rows, skipsBad: true).run()
        #expect(result.exitCode == 2, "\(result)")
        for line in added { #expect(result.output.contains("line \(line): acme.gw-2 added"), "\(result.output)") }
        #expect(result.output.contains("1 device added, 1 refused"), "\(result.output)")
        #expect(try registry.list().compactMap { $0["gateway"] as? String } == ["acme.gw-2"])
    }

    @Test("--skip-bad adds the good lines, reports all, and ends with 2")
    func skipping() async throws {
        let registry = try RegistryWorkspace()
        _ = try await registry.add("gw-9")
        let list = "device,firm\ngw-1,acme\nGW,acme\ngw-9,acme\n\"broken\"x,acme\ngw-2,zeta\ngw-3,acme,too,many\n"
        let result = try await command(registry, list, skipsBad: true, asJSON: true).run()
        #expect(result.exitCode == 2)
        let report = try RegistryWorkspace.object(result.output)
        #expect(report["added"] as? Int == 2 && report["refused"] as? Int == 4)
        let lines = report["lines"] as? [[String: Any]] ?? []
        #expect(lines.map { $0["line"] as? Int } == [2, 3, 4, 5, 6, 7] && lines.map { $0["added"] as? Bool } == [true, false, false, false, true, false])
        #expect(lines.allSatisfy { ($0["why"] is NSNull) == ($0["added"] as? Bool ?? false) })
        #expect(try codes(registry).dropFirst().map { $0[0] } == ["acme.gw-1", "zeta.gw-2"])
        #expect(try registry.list().count == 3)
    }

    @Test("a file that may hold codes is not written over, and one that cannot be written costs no device")
    func codesFile() async throws {
        let registry = try RegistryWorkspace()
        _ = try registry.write("codes.csv", "old codes")
        let kept = await CommandRunner.result { try await command(registry, "device,firm\ngw-1,acme\n").run() }
        #expect(kept.exitCode == 73 && kept.notes.contains("is there already"), "\(kept.notes)")
        #expect(try registry.workspace.text("codes.csv") == "old codes")
        let absent = await CommandRunner.result { try await command(registry, "device,firm\ngw-1,acme\n", codes: "no/such/folder/codes.csv").run() }
        #expect(absent.exitCode == 73, "\(absent.notes)")
        #expect(try registry.list().isEmpty)
    }

    @Test("a thousand devices are added at once, each with a code of its own, and the list says so")
    func thousand() async throws {
        let registry = try RegistryWorkspace()
        let list = "device\n" + (1...1_000).map { "gw-\($0)\n" }.joined()
        var add = try command(registry, list)
        add.firm = "acme"
        let result = try await add.run()
        #expect(result.exitCode == 0 && result.output.hasSuffix("1000 devices added, 0 refused\n"))
        #expect(Set(try codes(registry).dropFirst().map { $0[1] }).count == 1_000)
        #expect(try registry.list().count == 1_000)
    }
}
