import AttestationFormat
import LogisticsEvents
import SensorSources
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
            "  shock.detected peak=NUMBER(g) window-ms=NUMBER threshold=NUMBER(g)",
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

    @Test("a value is text or a number by the type of its field, not by its looks", arguments: [
        ("seal.applied", "seal=448812", #""seal":"448812""#), ("door.opened", "contact=1", #""contact":"1""#),
        ("checkpoint.crossed", "control-point=7", #""control-point":"7""#), ("x.y", "placement=3", #""placement":"3""#),
        ("unit.loaded", "document.cmr=12345", #""cmr":"12345""#), ("finance.linked", "evidence=00", #""evidence":"00""#),
        ("shock.detected", "peak=3.5", #""peak":3.5"#), ("shock.detected", "peak=1e3", #""peak":1e3"#),
        ("shock.detected", "threshold=-2E-1", #""threshold":-2E-1"#), ("shock.detected", "window-ms=10", #""window-ms":10"#),
        ("acme.weighed", "acme.mass-g=12", #""acme.mass-g":12"#), ("acme.weighed", "acme.turn=-7", #""acme.turn":-7"#),
    ] as [(UTF8Text, UTF8Text, String)])
    func types(_ kind: UTF8Text, _ word: UTF8Text, _ member: String) {
        #expect(text(kind, word).contains(member))
    }

    @Test("what is no number is quoted, so that the intake can name the field", arguments: [
        ("peak=", #""peak":"""#), ("peak=fast", #""peak":"fast""#), ("peak=.5", #""peak":".5""#), ("peak=5.", #""peak":"5.""#),
        ("peak=007", #""peak":"007""#), ("peak=-", #""peak":"-""#), ("peak=1,2", #""peak":"1,2""#), ("window-ms=1,\"x\":2", #""window-ms":"1,\"x\":2""#),
        ("acme.share=0.5", #""acme.share":"0.5""#), ("acme.box=007", #""acme.box":"007""#), ("acme.run=1e9", #""acme.run":"1e9""#),
        ("acme.sscc=1234567890123456789", #""acme.sscc":"1234567890123456789""#),
    ] as [(UTF8Text, String)])
    func noNumbers(_ word: UTF8Text, _ member: String) {
        #expect(text("shock.detected", word).contains(member))
    }

    @Test("what= of a tamper is its field; an identifier is what it is about, as everywhere", arguments: [
        ("tamper.detected", "what=case", #"{"kind":"tamper.detected","fields":{"what":"case"}}"#),
        ("tamper.detected", "what=cas", #"{"kind":"tamper.detected","fields":{"what":"cas"}}"#),
        ("tamper.detected", "what=bic:CSQU3054383", #"{"kind":"tamper.detected","what":["bic:CSQU3054383"]}"#),
        ("door.opened", "what=case", #"{"kind":"door.opened","what":["case"]}"#),
    ] as [(UTF8Text, UTF8Text, String)])
    func tamper(_ kind: UTF8Text, _ word: UTF8Text, _ line: String) {
        #expect(text(kind, word) == line + "\n")
    }

    private func text(_ kind: UTF8Text, _ words: UTF8Text...) -> String {
        var line = RecordLine(kind: kind)
        for word in words { _ = line.take(word) }
        return String(decoding: line.json, as: UTF8.self)
    }

    @Test("the intake takes every line of the help with its words filled in, and none without its last word") func helpLines() throws {
        let filled = [
            "parent:URI": "parent:bic:CSQU3054383", "parent:SSCC": "parent:https://id.gs1.org/00/395212340000000175", "CONTAINER": "bic:CSQU3054383",
            "URI|document.bol=TEXT": "bic:CSQU3054383", "URI": "https://id.gs1.org/00/395212340000000182", "GLN": "https://id.gs1.org/414/9521234000013",
            "NUMBER": "1", "NUMBER(g)": "3.5", "TEXT": "12345",
        ]
        var lineCount = 0
        for help in RecordCommand.kinds.string.split(separator: "\n").dropFirst() where !help.contains("[") {
            let words = help.split(separator: " ")
            var line = RecordLine(kind: UTF8Text(String(words[0])))
            for word in words.dropFirst() {
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                let field = ExtensionField(name: Array(parts[0].utf8).span)
                let value = parts[1] == "HEX" ? hex(field) : filled[parts[1]] ?? String(parts[1].prefix { $0 != "|" })
                #expect(throws: SourceError.self, "\(help) without \(word)") { try take(line) }
                _ = line.take(UTF8Text(parts[0].replacing("NAME", with: "desadv") + "=" + value))
            }
            try take(line)
            lineCount += 1
        }
        #expect(lineCount == 20)
    }

    private func take(_ line: RecordLine) throws(SourceError) {
        var parser = IntakeParser()
        var salts = SaltWell()
        let moment = EventMoment(wallMilliseconds: 1_795_327_388_000, monotonicMilliseconds: 1)
        _ = try parser.parse(Array(line.json.dropLast()).span, at: moment).encoded(salts: &salts)
    }

    private func hex(_ field: ExtensionField?) -> String {
        switch field?.type {
        case .bytes(let counts): String(repeating: "a7", count: counts.lowerBound)
        default: "0011223344556677"
        }
    }
}
