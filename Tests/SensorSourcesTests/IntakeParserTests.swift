import AttestationFormat
import LogisticsEvents
@testable import SensorSources
import Testing

/// Lines that are JSON and no events: the key that the error names, and its code.
private let refused: [(line: String, key: String, code: EventError.Code)] = [
    (#"{}"#, "kind", .missingField),
    (#"{"kind":7}"#, "kind", .wrongType),
    (#"{"kind":"unit.laoded"}"#, "kind", .unknownKind),
    (#"{"kind":"agent.started"}"#, "kind", .unknownKind),
    (#"{"kind":"heartbeat"}"#, "kind", .unknownKind),
    (#"{"kind":"door.opened","colour":"red"}"#, "colour", .unknownField),
    (#"{"kind":"door.opened","source":"a"}"#, "number", .missingField),
    (#"{"kind":"door.opened","number":1}"#, "source", .missingField),
    (#"{"kind":"door.opened","source":"","number":1}"#, "source", .outOfRange),
    (#"{"kind":"door.opened","source":"replay:x","number":1}"#, "source", .outOfRange),
    (#"{"kind":"door.opened","source":"a","number":-1}"#, "number", .outOfRange),
    (#"{"kind":"door.opened","source":"a","number":1.5}"#, "number", .tooPrecise),
    (#"{"kind":"door.opened","source":"a","number":1e999}"#, "number", .outOfRange),
    (#"{"kind":"door.opened","source":"a","number":9223372036854775808}"#, "number", .outOfRange),
    (#"{"kind":"door.opened","source":"a","number":"1"}"#, "number", .wrongType),
    (#"{"kind":"door.opened","time":"yesterday"}"#, "time", .badTime),
    (#"{"kind":"door.opened","time":1795327387250}"#, "time", .wrongType),
    (#"{"kind":"door.opened"}"#, "fields.contact", .missingField),
    (#"{"kind":"door.opened","fields":{"contact":7}}"#, "fields.contact", .wrongType),
    (#"{"kind":"door.opened","fields":{"contact":"x","colour":"red"}}"#, "fields.colour", .unknownField),
    (#"{"kind":"door.opened","fields":["contact"]}"#, "fields", .wrongType),
    (#"{"kind":"door.opened","what":"bic:CSQU3054383"}"#, "what", .wrongType),
    (#"{"kind":"door.opened","what":["bic:CSQU3054384"]}"#, "what[0]", .wrongCheckDigit),
    (#"{"kind":"door.opened","what":["bic:CSQU3054383","https://id.gs1.org/00/395212340000000176"]}"#, "what[1]", .wrongCheckDigit),
    (#"{"kind":"door.opened","what":["bic:CSQU3054383","parent:bic:CSQU3054383"]}"#, "what", .badIdentifier),
    (#"{"kind":"door.opened","what":[7]}"#, "what[0]", .wrongType),
    (#"{"kind":"door.opened","what":["b\u0069c:CSQU3054383"]}"#, "what[0]", .badIdentifier),
    (#"{"kind":"door.opened","readPoint":"bic:CSQU3054383"}"#, "readPoint", .badIdentifier),
    (#"{"kind":"door.opened","readPoint":"https://id.gs1.org/414/9521234000014"}"#, "readPoint", .wrongCheckDigit),
    (#"{"kind":"door.opened","position":{"latitude":1}}"#, "position", .missingField),
    (#"{"kind":"door.opened","position":{"latitude":91,"longitude":1}}"#, "position.latitude", .outOfRange),
    (#"{"kind":"door.opened","position":{"latitude":1,"longitude":-180.1}}"#, "position.longitude", .outOfRange),
    (#"{"kind":"door.opened","position":{"latitude":1.12345678,"longitude":1}}"#, "position.latitude", .tooPrecise),
    (#"{"kind":"door.opened","position":{"latitude":1,"longitude":1,"altitude":3}}"#, "position.accuracy", .missingField),
    (#"{"kind":"door.opened","position":{"latitude":1,"longitude":1,"accuracy":-3}}"#, "position.accuracy", .outOfRange),
    (#"{"kind":"door.opened","position":{"latitude":1,"longitude":1,"speed":3}}"#, "position.speed", .unknownField),
    (#"{"kind":"door.opened","readings":[{"sensor":"a","quantity":"temperature","value":4.2501}]}"#, "readings[0].value", .tooPrecise),
    (#"{"kind":"door.opened","readings":[{"sensor":"a","quantity":"heat","value":4}]}"#, "readings[0].quantity", .unknownQuantity),
    (#"{"kind":"door.opened","readings":[{"sensor":"a","value":4}]}"#, "readings[0].quantity", .unknownQuantity),
    (#"{"kind":"door.opened","readings":[{"quantity":"temperature","value":4}]}"#, "readings[0].sensor", .missingField),
    (#"{"kind":"door.opened","readings":[{"sensor":"a","quantity":"temperature"}]}"#, "readings[0].value", .missingField),
    (#"{"kind":"door.opened","readings":[{"sensor":"a","quantity":"state","value":2}]}"#, "readings[0].value", .outOfRange),
    (#"{"kind":"door.opened","readings":[{"sensor":"a","quantity":"temperature","value":true}]}"#, "readings[0].value", .wrongType),
    (#"{"kind":"door.opened","readings":[{"sensor":"a","quantity":"temperature","value":1,"unit":"K"}]}"#, "readings[0].unit", .unknownField),
    (#"{"kind":"door.opened","documents":{"desadv":7}}"#, "documents.desadv", .wrongType),
    (#"{"kind":"door.opened","documents":{"desadv":""}}"#, "documents.desadv", .wrongType),
    (#"{"kind":"door.opened","documents":{"Desadv":"x"}}"#, "documents", .badName),
    (#"{"kind":"door.opened","documents":{"to":"https://id.gs1.org/417/9521234000014"}}"#, "documents.to", .wrongCheckDigit),
    (#"{"kind":"door.opened","flags":["replayed"]}"#, "flags", .outOfRange),
    (#"{"kind":"door.opened","flags":[1]}"#, "flags", .outOfRange),
    (#"{"kind":"door.opened","attachments":[{"sha256":"00"}]}"#, "attachments.sha256", .outOfRange),
    (#"{"kind":"door.opened","attachments":[{"sha256":"0g"}]}"#, "attachments.sha256", .wrongType),
    (#"{"kind":"foreign","foreign":{"type":"a/b"}}"#, "foreign", .missingField),
    (#"{"kind":"foreign","foreign":{"type":"a/b","text":"x","hex":"00"}}"#, "foreign", .missingField),
    (#"{"kind":"condition.excursion.opened","fields":{"threshold":8}}"#, "readings", .missingField),
    (#"{"kind":"shock.detected","fields":{"peak":1.0001}}"#, "fields.peak", .tooPrecise),
    (#"{"kind":"bag.tracked","fields":{"pseudonym":"00","point":1,"leg":"CX1"}}"#, "fields.pseudonym", .outOfRange),
    (#"{"kind":"bag.tracked","fields":{"point":5}}"#, "fields.point", .outOfRange),
    (#"{"kind":"tamper.detected","fields":{"what":"cat"}}"#, "fields.what", .outOfRange),
    (#"{"kind":"acme.x","fields":{"a":1.5}}"#, "fields.a", .tooPrecise),
    (#"{"kind":"acme.x","fields":{"a":null}}"#, "fields.a", .wrongType),
    (#"{"kind":"acme.x","fields":{"A":1}}"#, "fields", .badName),
]

@Suite("Intake lines") struct IntakeParserTests {
    @Test("a line that is no event is refused, and the key named", arguments: refused.indices)
    func refuses(_ index: Int) {
        let sample = refused[index]
        do {
            _ = try event(of: sample.line)
            Issue.record("taken: \(sample.line)")
        } catch SourceError.event(let error) {
            #expect(error.code == sample.code, "\(sample.line)")
            #expect(error.key.string == sample.key, "\(sample.line)")
            #expect(!error.detail.bytes.isEmpty)
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("the design's sample line becomes its event")
    func sample() throws {
        let view = try event(of: sampleLine)
        #expect(view.kind == .number(21))
        #expect(view.wallClockMilliseconds == 1_795_327_387_250)
        #expect(view.readings == [EventReading(sensor: "reefer-air", quantity: 1, value: 4250)])
        #expect(view.what.count == 2)
        let line = try intakeLine(sampleLine)
        #expect(line.identity == IntakeIdentity(source: "wms-1", number: 8127))
    }

    @Test("numbers above 2^53 stay what they are")
    func exactNumbers() throws {
        let line = #"{"source":"a","number":9007199254740993,"kind":"acme.x","fields":{"n":-9007199254740993}}"#
        let parsed = try intakeLine(line)
        #expect(parsed.identity?.number == 9_007_199_254_740_993)
        #expect(parsed.draft.event.extensions == [EventExtension(name: "n", integer: -9_007_199_254_740_993)])
    }

    @Test(
        "values in user units become integers of the fixed unit",
        arguments: [
            ("temperature", "-18.5", -18500), ("relative-humidity", "61.25", 61250), ("pressure", "101325", 101_325),
            ("acceleration", "9.81", 9810), ("mass", "1250.5", 1_250_500), ("voltage", "3.3", 3300),
            ("gas-fraction", "412", 412), ("length", "0.001", 1), ("duration", "1.5", 1500), ("state", "true", 1),
            ("state", "0", 0), ("percentage", "99.999", 99999), ("count", "7", 7), ("bytes", "1e3", 1000),
            ("illuminance", "0.5", 500), ("speed", "25", 25000),
        ] as [(String, String, Int64)])
    func units(_ quantity: String, _ value: String, _ expected: Int64) throws {
        let view = try event(
            of: #"{"kind":"acme.x","readings":[{"sensor":"s","quantity":"\#(quantity)","value":\#(value)}]}"#)
        #expect(view.readings.first?.value == CBORInteger(expected))
    }

    @Test("a faulty sensor's null is kept and flagged; a threshold has its reading's unit; a late line says so")
    func flags() throws {
        let fault = try event(of: #"{"kind":"acme.x","readings":[{"sensor":"s","quantity":"temperature","value":null}]}"#)
        #expect(fault.flags == [.sensorFault])
        let excursion = try intakeLine(
            #"{"kind":"condition.excursion.opened","readings":[{"sensor":"s","quantity":"temperature","value":9.1}],"fields":{"rule":"r8","threshold":8.0,"worst":9.1,"duration-ms":600000}}"#)
        #expect(excursion.draft.event.extensions.contains(EventExtension(name: "threshold", integer: 8000)))
        #expect(excursion.draft.isPriority)
        let late = try event(of: #"{"kind":"door.opened","time":"2026-11-22T00:00:00Z","fields":{"contact":"rear"}}"#)
        #expect(late.flags == [.late])
        let replayed = try intakeLine(
            #"{"kind":"acme.x","time":"2026-11-22T00:00:00Z"}"#, isReplayed: true)
        #expect(replayed.draft.event.flags == [.replayed])
    }

    @Test("a time more than 5 minutes ahead of a synchronised clock cannot be, and is flagged; a recording's and a guessed clock's is not", arguments: [
        (0, false, false, []), (299_999, false, false, []), (300_000, false, false, []), (300_001, false, false, .suspectValue),
        (31_536_000_000, false, false, .suspectValue), (31_536_000_000, true, false, .clockUnsynchronised), (31_536_000_000, false, true, .replayed),
        (-300_000, false, false, []), (-300_001, false, false, .late),
    ] as [(Int64, Bool, Bool, EventFlags)])
    func ahead(byMilliseconds: Int64, isUnsynchronised: Bool, isReplayed: Bool, flags: EventFlags) throws {
        // 2026-11-22T06:00:00Z
        let time: UInt64 = 1_795_327_200_000
        let moment = EventMoment(
            wallMilliseconds: UInt64(Int64(time) - byMilliseconds), monotonicMilliseconds: 1, isUnsynchronised: isUnsynchronised)
        var parser = IntakeParser()
        let line = Array(#"{"kind":"acme.x","time":"2026-11-22T06:00:00Z"}"#.utf8)
        let read = try parser.parse(line.span, at: moment, isReplayed: isReplayed)
        #expect(read.draft.event.wallClockMilliseconds == time && read.draft.event.flags == flags)
    }

    @Test("a line of 16 KiB is read, one byte more is refused")
    func longest() {
        let frame = #"{"kind":"foreign","foreign":{"type":"a/b","text":""}}"#.utf8.count
        for (extra, isTaken) in [(0, true), (1, false)] {
            let text = String(repeating: "x", count: IntakeParser.maximumLineByteCount - frame + extra)
            let line = #"{"kind":"foreign","foreign":{"type":"a/b","text":"\#(text)"}}"#
            let parsed = try? intakeLine(line)
            #expect((parsed != nil) == isTaken)
        }
    }

    @Test("a line that becomes more than 4,096 bytes of event is refused")
    func tooLarge() {
        let line = #"{"kind":"foreign","foreign":{"type":"a/b","text":"\#(String(repeating: "x", count: 5000))"}}"#
        #expect(throws: SourceError.self) { try event(of: line) }
    }

    @Test("no truncation and no single changed byte of the sample makes the parser trap")
    func mutations() {
        let line = Array(sampleLine.utf8)
        for index in line.indices {
            _ = try? event(of: Array(line[..<index]))
            for byte in [0x00, 0x22, 0x2D, 0x39, 0x5B, 0x5C, 0x7B, 0xFF] as [UInt8] {
                var mutated = line
                mutated[index] = byte
                _ = try? event(of: mutated)
            }
        }
    }
}
