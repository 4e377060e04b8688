import AttestationFormat
import DeviceRegistry
import Foundation
import GRDB
import MerkleTree
import RegistryTesting
import Testing

/// The check that Registry.md prints, run as an auditor would.
@Suite("An auditor without our program") struct AuditorTests {
    let alliance: TestRegistry
    let registry: Registry
    let script: String

    init() throws {
        alliance = try TestRegistry()
        registry = try alliance.open()
        _ = try EnrolledDevice(in: registry)
        _ = try registry.revoke("acme.gw-1", sinceSeconds: Registry.now, reason: "stolen — 被盗", by: Requester("alice", address: "::1"), nowSeconds: Registry.now)
        let document = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/DeviceRegistry/DeviceRegistry.docc/Registry.md")
        let text = try String(contentsOf: document, encoding: .utf8)
        let block = try #require(text.components(separatedBy: "```python\n").last?.components(separatedBy: "```").first)
        script = "\(alliance.folder)/audit.py"
        try Data(block.utf8).write(to: URL(fileURLWithPath: script))
    }

    private func check(_ noted: [String] = []) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [script, "\(alliance.folder)/registry.sqlite"] + noted
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    @Test("finds the end that the registry names, and an edit at its row")
    func independent() throws {
        let head = try registry.auditHead()
        let hash = Hexadecimal.text(of: head.hash.bytes).string
        #expect(try check() == "\(head.count) \(hash)")
        #expect(try check(["\(head.count)", hash]) == "\(head.count) \(hash)")
        #expect(try check(["\(head.count + 2)", hash]) == "2 rows are missing at the end")
        #expect(try check(["1", hash]) == "row 1 is not the one that was noted down")
        try DatabaseQueue(path: "\(alliance.folder)/registry.sqlite").write {
            try $0.execute(sql: "DROP TRIGGER audit_update; UPDATE audit SET who = 'mallory' WHERE number = 2")
        }
        #expect(try check() == "row 2 is missing, or is not what was written")
    }
}
