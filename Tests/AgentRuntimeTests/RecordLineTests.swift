import AttestationFormat
import Testing

@testable import AgentRuntime

@Suite("an intake line from a shell's words")
struct RecordLineTests {
    @Test("words become the members that the intake socket knows")
    func members() {
        var line = RecordLine(kind: "unit.loaded")
        for word in ["what=parent:bic:CSQU3054383", "what=https://id.gs1.org/00/395212340000000175", "source=wms-1",
            "number=8127", "document.desadv=D-77", "placement=door", "count=12"] as [UTF8Text] {
            let isTaken = line.take(word)
            #expect(isTaken)
        }
        let expected = """
            {"kind":"unit.loaded","source":"wms-1","number":8127,"what":["parent:bic:CSQU3054383",\
            "https://id.gs1.org/00/395212340000000175"],"documents":{"desadv":"D-77"},\
            "fields":{"placement":"door","count":12}}

            """
        #expect(String(decoding: line.json, as: UTF8.self) == expected)
    }

    @Test("quotes, backslashes and control characters are escaped")
    func escaping() {
        var line = RecordLine(kind: "x")
        let isTaken = line.take("note=a\"b\\c\nd")
        #expect(isTaken)
        #expect(String(decoding: line.json, as: UTF8.self) == "{\"kind\":\"x\",\"fields\":{\"note\":\"a\\\"b\\\\c\\u000ad\"}}\n")
    }

    @Test("the help lists each kind that may be recorded, with what it must have") func kinds() {
        let lines = RecordCommand.kinds.string.split(separator: "\n").map(String.init)
        for line in [
            "  door.opened contact=TEXT", "  seal.applied what=CONTAINER seal=TEXT read-point=GLN",
            "  unit.packed what=parent:SSCC what=URI", "  transport.position [position] fix-mode=NUMBER",
            "  transport.departed what=URI read-point=GLN document.destination=TEXT",
            "  tamper.detected what=case|light|gnss-lost|gnss-jumped|sensor-unplugged", "  event.retracted epoch=HEX sequence=NUMBER reason=TEXT",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(!lines.contains { $0.hasPrefix("  agent.started") || $0.hasPrefix("  heartbeat") })
        #expect(lines.count == 1 + 33 - 6)
    }

    @Test("a word without a key is refused", arguments: ["door", "=x", ""] as [UTF8Text])
    func noKey(_ word: UTF8Text) {
        var line = RecordLine(kind: "x")
        let isTaken = line.take(word)
        #expect(!isTaken)
    }

    @Test("only what JSON calls an integer is written as one", arguments: [
        ("0", true), ("12", true), ("-7", true), ("007", false), ("1e9", false), ("", false), ("-", false), ("1.5", false),
        ("1234567890123456789", false),
    ] as [(UTF8Text, Bool)])
    func integers(_ text: UTF8Text, _ isInteger: Bool) {
        #expect(RecordLine.isInteger(text) == isInteger)
    }
}
