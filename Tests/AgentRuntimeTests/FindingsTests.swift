import AttestationFormat
import Foundation
import Testing

@testable import AgentRuntime

@Suite struct FindingsTests {
    private static var mixed: Findings {
        var findings = Findings()
        findings.ok("clock", "", "disciplined")
        findings.add(.warning, "disk", "/var", "little", advice: "free space")
        findings.add(.problem, "node", "hk-1", "line\nbreak\tand \"quotes\"", advice: "look\u{7}")
        return findings
    }

    @Test("the worst finding counts", arguments: [Finding.Level.ok, .warning, .problem]) func worst(level: Finding.Level) {
        var findings = Findings()
        #expect(findings.worst == .ok)
        findings.add(level, "key", "", "x", advice: "y")
        findings.ok("clock", "", "fine")
        #expect(findings.worst == level)
    }

    @Test("what the agent says arrives at its doctor; a stranger's words add no line") func lines() {
        var received = Findings()
        received.add(lines: Self.mixed.lines)
        #expect(received.all.map(\.level) == [.ok, .warning, .problem])
        #expect(received.all[2].value == "line break and \"quotes\"" && received.all[2].item == "hk-1")
    }

    @Test("lines of another form are left out", arguments: ["", "0", "9\ta\tb\tc\td", "00\ta\tb\tc\td", "x\ta\tb\tc\td", "1\ta\tb\tc", "1\ta\tb\tc\td\te"])
    func otherLines(line: String) {
        var received = Findings()
        received.add(lines: Array(line.utf8))
        #expect(received.all.isEmpty)
    }

    @Test("JSON has the worst level and every finding") func json() throws {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(Self.mixed.json)) as? [String: Any])
        #expect(object["worst"] as? String == "problem")
        let findings = try #require(object["findings"] as? [[String: String]])
        #expect(findings.count == 3 && findings[1]["advice"] == "free space" && findings[2]["value"]?.contains("\n") == true)
    }

    @Test("people see what to do under each line, and the sums") func text() {
        let text = String(decoding: Self.mixed.text, as: UTF8.self)
        #expect(text.hasPrefix("ok       clock: disciplined\nwarning  disk /var: little\n         do: free space\nPROBLEM  node hk-1:"))
        #expect(text.hasSuffix("1 ok, 1 warnings, 1 problems\n"))
    }

    @Test("numbers in questions and answers are read strictly", arguments: [
        ("carry 0", 0), ("carry 999999999999999999", 999_999_999_999_999_999), ("carry ", nil), ("carry -1", nil), ("carry 1x", nil),
        ("carry 1000000000000000000", nil), ("carry", nil), ("Carry 1", nil), ("carry  1", nil),
    ] as [(UTF8Text, UInt64?)])
    func numbers(text: UTF8Text, value: UInt64?) {
        #expect(text.number(after: "carry ") == value)
    }
}
