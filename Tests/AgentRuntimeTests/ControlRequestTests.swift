import AttestationFormat
import Testing

@testable import AgentRuntime

struct ControlRequestTests {
    @Test("each question of the program is known", arguments: [
        ("status json", .statusJSON), ("status text", .statusText), ("status colour", .statusColour), ("doctor", .doctor), ("carry", .carry),
        ("carry 0", .carryFrom(0)), ("carry 999999999999999999", .carryFrom(999_999_999_999_999_999)), ("take 7", .take),
        ("archived 00000000000000e0 7", .archived(Epoch(0xE0), 7)), ("archived ffffffffffffffff 0", .archived(Epoch(.max), 0)),
    ] as [(UTF8Text, ControlRequest)])
    func known(line: UTF8Text, request: ControlRequest) {
        #expect(ControlRequest(line) == request)
    }

    @Test("any other line is no question, least of all for the status", arguments: [
        "", "status", "status json ", "status  json", "STATUS JSON", "status yaml", "reload", "carry -1", "carry 0x1", "carry 1 2", "take",
        "archived", "archived 7", "archived e0 7", "archived 00000000000000E0 7", "archived 00000000000000e0", "archived 00000000000000e0 -1",
        "archived 00000000000000e0  7", "archived 00000000000000e0 7 8", "take many", "doctor --json", "{}", "GET / HTTP/1.1", "\u{0}",
    ] as [UTF8Text])
    func unknown(line: UTF8Text) {
        #expect(ControlRequest(line) == nil)
    }

    @Test("the answer to no question is one line of JSON with an error") func refusal() {
        let text = String(decoding: ControlRequest.refusal, as: UTF8.self)
        #expect(text.hasPrefix(#"{"error":""#) && text.hasSuffix("\"}\n") && text.filter { $0 == "\n" }.count == 1)
        #expect(ControlRequest.refusal.starts(with: ControlRequest.refusalStart))
    }
}
