import AttestationFormat
import Testing

@Suite("Events")
struct EventTests {
    /// An event that has every key.
    private func fullEvent() -> Event {
        var event = Event(kind: .number(41), wallClockMilliseconds: 1_795_000_000_000, monotonicMilliseconds: 5_000)
        event.clock = EventClock(source: .gnss, errorMilliseconds: 40)
        event.what = ["parent:bic:CSQU3054383", "https://id.gs1.org/00/395212340000000175"]
        event.readPoint = "https://id.gs1.org/414/9521234000013"
        event.position = EventPosition(latitude: 221_987_654, longitude: -1_135_432_100, accuracyMillimetres: 4_200, altitudeMillimetres: -3)
        var summary = EventReading.Summary()
        summary.minimum = CBORInteger(-1)
        summary.maximum = CBORInteger(9_000)
        summary.mean = CBORInteger(4_000)
        summary.count = 60
        summary.spanMilliseconds = 60_000
        summary.text = "60 samples"
        event.readings = [
            EventReading(sensor: "reefer-air", quantity: 1, value: CBORInteger(4_250), summary: summary),
            EventReading(sensor: "reefer-return", quantity: 1, value: nil),
        ]
        event.documents = [.init(role: "to", value: "hsbc"), .init(role: "desadv", value: "D-77"), .init(role: "bol", value: "B-1")]
        event.attachments = [.init(digest: [UInt8](repeating: 7, count: 32), contentType: "image/jpeg"), .init(algorithm: -43, digest: [1])]
        event.foreign = EventForeign(contentType: "application/ld+json", bytes: Array("{}".utf8))
        event.flags = [.replayed, .suspectValue, .late]
        event.extensions = [
            .init(name: "rule", value: .text("cold")), .init(name: "threshold", integer: 8_000),
            .init(name: "worst", value: .integer(.unsigned(.max))), .init(name: "open", value: .bool(true)),
            .init(name: "id", value: .bytes([1, 2])),
        ]
        event.salt = [UInt8](repeating: 9, count: 16)
        return event
    }

    @Test("every key comes back through the lookups, maps in the order of their encodings")
    func allKeys() throws {
        let event = fullEvent()
        let view = try EventView(parsing: try event.encoded())
        #expect(view.kind == event.kind)
        #expect(view.wallClockMilliseconds == 1_795_000_000_000 && view.monotonicMilliseconds == 5_000)
        #expect(view.clock == event.clock && view.what == event.what && view.readPoint == event.readPoint)
        #expect(view.position == event.position && view.readings == event.readings)
        #expect(view.documents.map(\.role) == ["to", "bol", "desadv"])
        #expect(view.attachments == event.attachments && view.foreign == event.foreign)
        #expect(view.flags == event.flags && view.flagNumbers == [1, 7, 8])
        #expect(view.extensions.map(\.name) == ["id", "open", "rule", "worst", "threshold"])
        #expect(view.extensionValue("worst") == .integer(.unsigned(.max)) && view.extensionValue("none") == nil)
        #expect(view.salt == event.salt)
    }

    @Test("a bare event has keys 0 to 2 alone, and its lookups are empty")
    func bare() throws {
        let bytes = try Event(kind: .text("acme.weighed"), wallClockMilliseconds: 0, monotonicMilliseconds: 0).encoded()
        let view = try EventView(parsing: bytes)
        #expect(view.kind == .text("acme.weighed"))
        #expect(view.clock == nil && view.what.isEmpty && view.readPoint == nil && view.position == nil)
        #expect(view.readings.isEmpty && view.documents.isEmpty && view.attachments.isEmpty && view.foreign == nil)
        #expect(view.flags.isEmpty && view.extensions.isEmpty && view.salt.isEmpty)
        #expect(bytes.count == 19)
    }

    @Test("the bytes are those that another implementation writes")
    func knownBytes() throws {
        var event = Event(kind: .number(31), wallClockMilliseconds: 1_795_000_000_000, monotonicMilliseconds: 5_000)
        event.clock = EventClock(source: .gnss, errorMilliseconds: nil)
        event.flags = [.late]
        event.extensions = [.init(name: "b", integer: -1), .init(name: "a", value: .bool(false))]
        #expect(Hexadecimal.text(of: try event.encoded()) == "a600181f011b000001a1ee565e0002191388038203f60b81070ca26161f4616220")
    }

    @Test("4,096 bytes are taken, one more is not written and not read")
    func size() throws {
        var event = Event(kind: .number(90), wallClockMilliseconds: 0, monotonicMilliseconds: 0)
        // Keys 0 to 2 with their map: 8 bytes; key 10 with a list, an empty text and the head of the byte string: 6.
        let overhead = 8 + 6
        event.foreign = EventForeign(contentType: "", bytes: [UInt8](repeating: 0, count: 4_096 - overhead))
        let bytes = try event.encoded()
        #expect(bytes.count == 4_096)
        #expect(try EventView(parsing: bytes).bytes == bytes)
        event.foreign = EventForeign(contentType: "x", bytes: event.foreign?.bytes ?? [])
        #expect(throws: FormatError(.limitExceeded, at: 0)) { try event.encoded() }
        #expect(throws: FormatError(.limitExceeded, at: 0)) { try EventView(parsing: bytes + [0]) }
    }

    @Test("a role or a name that stands twice is not written")
    func twice() {
        var event = Event(kind: .number(50), wallClockMilliseconds: 0, monotonicMilliseconds: 0)
        event.documents = [.init(role: "inv", value: "1"), .init(role: "bol", value: "1"), .init(role: "inv", value: "2")]
        #expect(throws: FormatError(.duplicateKey, at: 10)) { try event.encoded() }
        event.documents = []
        event.extensions = [.init(name: "a", integer: 1), .init(name: "a", integer: 2)]
        #expect(throws: FormatError(.duplicateKey, at: 10)) { try event.encoded() }
    }

    @Test("unknown keys, flags, kinds and clock sources are kept", arguments: ["a4000001000200186301", "a400000100020020f6", "a4001903e70100020018ff8180"])
    func unknown(hex: String) throws {
        let bytes = try #require(Hexadecimal.bytes(of: UTF8Text(hex)))
        #expect(try EventView(parsing: bytes).bytes == bytes)
    }

    struct Refusal: CustomTestStringConvertible {
        let testDescription: String
        let hex: UTF8Text
        let code: FormatError.Code

        init(_ name: String, _ hex: UTF8Text, _ code: FormatError.Code) {
            testDescription = name
            self.hex = hex
            self.code = code
        }
    }

    /// Keys 0 to 2 are `0000 0100 0200` in each.
    static let refusals: [Refusal] = [
        Refusal("no map", "80", .unexpectedType),
        Refusal("no kind", "a201000200", .missingLabel(0)),
        Refusal("no wall-clock time", "a200000200", .missingLabel(1)),
        Refusal("no monotonic time", "a200000100", .missingLabel(2)),
        Refusal("a negative kind", "a3002001000200", .unexpectedType),
        Refusal("a negative time", "a3000001200200", .unexpectedType),
        Refusal("a time as text", "a300000161300200", .unexpectedType),
        Refusal("keys in another order", "a3010000000200", .keyOrder),
        Refusal("a key twice", "a40000010001000200", .duplicateKey),
        Refusal("a byte string as key", "a40000010002004000", .unexpectedType),
        Refusal("a clock of one element", "a4000001000200038100", .wrongCount),
        Refusal("a clock with a negative error", "a400000100020003820020", .unexpectedType),
        Refusal("an empty list of things", "a40000010002000480", .wrongCount),
        Refusal("a number among things", "a4000001000200048100", .unexpectedType),
        Refusal("a read point that is no text", "a40000010002000500", .unexpectedType),
        Refusal("a position of one element", "a4000001000200068100", .wrongCount),
        Refusal("a position of five elements", "a400000100020006850000000000", .wrongCount),
        Refusal("a negative accuracy", "a40000010002000683000020", .unexpectedType),
        Refusal("a reading of two elements", "a400000100020007818261610", .wrongCount),
        Refusal("a reading with a text as value", "a4000001000200078183616101616", .unexpectedType),
        Refusal("documents under a number", "a400000100020008a1006161", .unexpectedType),
        Refusal("documents in another order", "a400000100020008a261626161616161", .keyOrder),
        Refusal("an empty map of documents", "a400000100020008a0", .wrongCount),
        Refusal("a digest that is text", "a400000100020009818200616", .unexpectedType),
        Refusal("a foreign event that is text", "a40000010002000a8261616161", .unexpectedType),
        Refusal("a flag below zero", "a40000010002000b8120", .unexpectedType),
        Refusal("an extension that is a list", "a40000010002000ca1616180", .unexpectedType),
        Refusal("an extension that is nil", "a40000010002000ca16161f6", .unexpectedType),
        Refusal("an extension that is a float", "a40000010002000ca16161f90000", .forbiddenSimpleValue),
        Refusal("a salt that is text", "a40000010002000d6161", .unexpectedType),
        Refusal("a float under an unknown key", "a40000010002000ef90000", .forbiddenSimpleValue),
        Refusal("unordered keys under an unknown key", "a40000010002000ea201000000", .keyOrder),
        Refusal("a tag under an unknown key", "a40000010002000ed200", .forbiddenTag),
        Refusal("a byte after the end", "a300000100020000", .trailingBytes),
    ]

    @Test("is refused", arguments: refusals)
    func refused(_ refusal: Refusal) throws {
        // A digit short at the end of some texts is a nibble that does not matter: the fault comes before.
        let even = refusal.hex.byteCount % 2 == 0 ? refusal.hex : refusal.hex + "0"
        let bytes = try #require(Hexadecimal.bytes(of: even))
        let error = #expect(throws: FormatError.self) { try EventView(parsing: bytes) }
        #expect(error?.code == refusal.code)
    }

    @Test("every cut and every added byte is refused")
    func cuts() throws {
        let bytes = try fullEvent().encoded()
        for count in bytes.indices { #expect(throws: FormatError.self) { try EventView(parsing: Array(bytes[..<count])) } }
        #expect(throws: FormatError(.trailingBytes, at: bytes.count)) { try EventView(parsing: bytes + [0]) }
    }

    @Test("depth 16 under an unknown key is taken, depth 17 is not")
    func depth() throws {
        let head: [UInt8] = [0xA4, 0, 0, 1, 0, 2, 0, 0x0E]
        #expect(throws: Never.self) { try EventView(parsing: head + [UInt8](repeating: 0x81, count: 14) + [0x80]) }
        #expect(throws: FormatError(.tooDeep, at: 23)) {
            try EventView(parsing: head + [UInt8](repeating: 0x81, count: 15) + [0x80])
        }
    }
}
