import AttestationFormat
import LogisticsEvents
import SensorSources
import Testing

@testable import AgentRuntime

@Suite struct SourceRecordTests {
    private static let moment = EventMoment(wallMilliseconds: 1_795_327_388_000, monotonicMilliseconds: 1)
    private static let value = SensorReading(sensor: "fridge", quantity: .temperature, value: 4_250, at: moment)
    private static let silence = SensorReading(sensor: "fridge", quantity: .temperature, fault: .absent, at: moment)

    private static func output(
        events: Int = 0, _ readings: [SensorReading] = [], warning: UTF8Text? = nil, notice: UTF8Text? = nil
    ) -> SourceOutput {
        var output = SourceOutput()
        output.events = (0..<events).map { _ in SourceEvent(bytes: [0xA0], isPriority: false) }
        output.readings = readings
        if let warning { output.notices.append(SourceNotice(.warning, source: "x", warning)) }
        if let notice { output.notices.append(SourceNotice(.notice, source: "x", notice)) }
        return output
    }

    @Test("what a source gave is told in the words of its kind", arguments: [
        ([], "nothing yet"),
        ([output()], "nothing yet"),
        ([output([silence])], "nothing yet"),
        ([output(events: 2)], "2 events, the last 30 s ago"),
        ([output([value, value, silence])], "2 readings, the last 30 s ago"),
        ([output(events: 1, [value])], "1 events and 1 readings, the last 30 s ago"),
    ] as [([SourceOutput], String)])
    func words(outputs: [SourceOutput], words: String) {
        var record = SourceRecord(name: "x")
        for output in outputs { record.note(output, eventCount: output.events.count, nowMilliseconds: 10_000) }
        #expect(record.words(nowMilliseconds: 40_999) == words)
    }

    @Test("events that the source keeps for later are none yet, and take no warning away") func kept() {
        var record = SourceRecord(name: "x")
        record.note(Self.output(warning: "line 3 refused"), eventCount: 0, nowMilliseconds: 1_000)
        record.note(Self.output(events: 5), eventCount: 0, nowMilliseconds: 2_000)
        #expect(record.eventCount == 0 && record.lastMilliseconds == nil && record.warning == "line 3 refused")
        record.note(Self.output(events: 5), eventCount: 2, nowMilliseconds: 3_000)
        #expect(record.eventCount == 2 && record.lastMilliseconds == 3_000 && record.warning == nil)
    }

    @Test("a warning stands until the source says something better or makes an event, not until another sensor's value", arguments: [
        (output(), true), (output([value]), true), (output([silence]), true), (output(warning: "worse"), true),
        (output(events: 1), false), (output(notice: "gives values"), false), (output(events: 1, warning: "again"), true),
    ] as [(SourceOutput, Bool)])
    func warnings(next: SourceOutput, isStanding: Bool) {
        var record = SourceRecord(name: "x")
        record.note(Self.output(warning: "is it unplugged?"), eventCount: 0, nowMilliseconds: 1)
        record.note(next, eventCount: next.events.count, nowMilliseconds: 2)
        #expect((record.warning != nil) == isStanding)
    }

    @Test("a source that fails keeps the time of its last value: the clock of the failure does not count") func last() {
        var record = SourceRecord(name: "x")
        record.note(Self.output([Self.value]), eventCount: 0, nowMilliseconds: 1_000)
        record.note(Self.output([Self.silence], warning: "is it unplugged?"), eventCount: 0, nowMilliseconds: 240_000)
        #expect(record.words(nowMilliseconds: 241_000) == "1 readings, the last 240 s ago")
    }
}
