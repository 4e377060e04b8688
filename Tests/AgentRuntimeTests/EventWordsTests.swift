import AttestationFormat
import Testing

@testable import AgentRuntime

@Suite("an event on one line, for people")
struct EventWordsTests {
    @Test("milliseconds since 1970 are a time in the Gregorian calendar", arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_795_327_387_250, "2026-11-22T06:03:07.250Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"), (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (1_735_689_599_999, "2024-12-31T23:59:59.999Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] as [(UInt64, String)])
    func time(milliseconds: UInt64, text: String) {
        #expect(EventView.utc(milliseconds).string == text)
    }

    @Test("no time is too late for it") func end() {
        #expect(EventView.utc(UInt64(Int64.max)).string.hasSuffix("Z") && EventView.utc(.max).string.hasSuffix("Z"))
    }

    private func words(_ change: (inout AttestationFormat.Event) -> Void, kind: EventKind = .number(21)) throws -> String {
        var event = AttestationFormat.Event(kind: kind, wallClockMilliseconds: 0, monotonicMilliseconds: 0)
        change(&event)
        return String(decoding: try EventView(parsing: event.encoded()).words, as: UTF8.self)
    }

    @Test("kind, goods, place, readings and fields follow the time") func parts() throws {
        let text = try words {
            $0.what = ["parent:bic:CSQU3054383", "https://id.gs1.org/00/395212340000000175"]
            $0.readPoint = "https://id.gs1.org/414/9521234000013"
            $0.readings = [EventReading(sensor: "air", quantity: 1, value: CBORInteger(-4_250)), EventReading(sensor: "door", quantity: 13, value: nil)]
            $0.extensions = [EventExtension(name: "count", integer: 7), EventExtension(name: "note", value: .text("dry")), EventExtension(name: "ok", value: .bool(true))]
        }
        #expect(
            text == "1970-01-01T00:00:00.000Z unit.loaded parent:bic:CSQU3054383 https://id.gs1.org/00/395212340000000175 "
                + "read-point=https://id.gs1.org/414/9521234000013 air=-4.250 °C door ok=true note=dry count=7")
    }

    @Test("a value has its quantity's unit, and is as it was stored where the quantity is unknown; bytes are hex digits") func values() throws {
        let text = try words {
            $0.readings = [
                EventReading(sensor: "air", quantity: 1, value: CBORInteger(-2_000)), EventReading(sensor: "door", quantity: 13, value: CBORInteger(1)),
                EventReading(sensor: "new", quantity: 99, value: CBORInteger(7)),
            ]
            $0.extensions = [EventExtension(name: "root", value: .bytes([0x00, 0xA7, 0xFF])), EventExtension(name: "on", value: .bool(false))]
        }
        for part in [" air=-2.000 °C", " door=1 ", " new=7 ", " root=00a7ff", " on=false"] { #expect((text + " ").contains(part), "\(text)") }
    }

    @Test("a firm's own kind has its name, an unknown number its number") func kinds() throws {
        #expect(try words({ _ in }, kind: .text("acme.weighed")).hasSuffix("Z acme.weighed"))
        #expect(try words({ _ in }, kind: .number(88)).hasSuffix("Z kind-88"))
    }

    @Test("what a stranger wrote neither ends the line nor reaches the terminal") func strangers() throws {
        let text = try words { $0.extensions = [EventExtension(name: "note", value: .text("a\n9 forged \u{1B}[2J\u{7F}"))] }
        #expect(text.hasSuffix(" note=a?9 forged ?[2J?"))
    }
}
