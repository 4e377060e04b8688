import AttestationFormat
import HarborsealTesting
import LogisticsEvents
@testable import SensorSources
import Testing

private let air = SensorSettings(
    name: "reefer-air", quantity: .temperature, calibrationUntilSeconds: 1_795_327_388, periodMilliseconds: 60_000,
    expectedRange: -30_000...40_000)

private func line(_ reading: String, kind: String = "acme.x", more: String = "") -> String {
    #"{"kind":"\#(kind)"\#(more),"readings":[\#(reading)]}"#
}

private func reading(_ value: String, sensor: String = "reefer-air", quantity: String = "temperature", more: String = "") -> String {
    #"{"sensor":"\#(sensor)","quantity":"\#(quantity)","value":\#(value)\#(more)}"#
}

/// What a line tells of the sensors, and the flags that it gets.
private func judged(_ line: String, by sensors: [SensorSettings], at moment: EventMoment) throws -> (readings: [SensorReading], flags: EventFlags) {
    var parser = IntakeParser()
    let bytes = Array(line.utf8)
    var parsed = try parser.parse(bytes.span, at: moment)
    let readings = parsed.judge(by: sensors, at: moment)
    return (readings, parsed.draft.event.flags)
}

@Suite("Readings in intake lines") struct IntakeReadingsTests {
    /// A second before the calibration's end, so that only what a test is about is flagged.
    private let moment = EventMoment(wallMilliseconds: 1_795_327_387_000, monotonicMilliseconds: 60_000)

    @Test("a plain value of a configured sensor goes to the rules as well, at the moment of its arrival")
    func plain() throws {
        let (readings, flags) = try judged(line(reading("4.25")), by: [air], at: moment)
        #expect(readings == [SensorReading(sensor: "reefer-air", quantity: .temperature, value: 4_250, at: moment)])
        #expect(flags.isEmpty)
    }

    @Test("null is a fault of the sensor, and no value for a rule")
    func fault() throws {
        let (readings, flags) = try judged(line(reading("null")), by: [air], at: moment)
        #expect(readings == [SensorReading(sensor: "reefer-air", quantity: .temperature, fault: .unreadable, at: moment)])
        #expect(flags == .sensorFault)
    }

    @Test("other sensors, other quantities and no sensors at all give nothing", arguments: [
        (reading("4", sensor: "door-air"), [air]), (reading("4", quantity: "relative-humidity"), [air]), (reading("4"), []),
    ])
    func others(text: String, sensors: [SensorSettings]) throws {
        let (readings, flags) = try judged(line(text), by: sensors, at: moment)
        #expect(readings.isEmpty && flags.isEmpty)
    }

    @Test("a value out of range is flagged in the very event, also as the least or greatest of a summary", arguments: [
        reading("40.001"), reading("-30.001"), reading("5", more: #","min":5,"max":41"#), reading("5", more: #","min":-31,"max":5"#),
    ])
    func outOfRange(text: String) throws {
        #expect(try judged(line(text), by: [air], at: moment).flags == .suspectValue)
    }

    @Test("a summary that contradicts itself is kept and flagged, also without a configured sensor; one that does not is not", arguments: [
        (#","min":5,"max":1,"mean":3"#, true), (#","min":5,"max":4.999"#, true), (#","min":1,"max":5,"mean":9"#, true),
        (#","min":1,"mean":0.999"#, true), (#","min":5,"max":5,"mean":5"#, false), (#","min":-1,"max":1,"mean":0"#, false), (#","max":1"#, false),
    ])
    func contradiction(parts: String, isFlagged: Bool) throws {
        for sensors in [[], [air]] {
            let (_, flags) = try judged(line(reading("5", more: parts)), by: sensors, at: moment)
            #expect(flags == (isFlagged ? .suspectValue : []))
        }
        let kept = try #require(event(of: line(reading("5", more: parts))).readings.first)
        #expect(kept.summary.minimum != nil || kept.summary.maximum != nil)
    }

    @Test("after the calibration's last day the event is flagged")
    func calibration() throws {
        let late = EventMoment(wallMilliseconds: 1_795_327_388_000, monotonicMilliseconds: 60_000)
        #expect(try judged(line(reading("4")), by: [air], at: late).flags == .calibrationExpired)
    }

    @Test("what happened a while ago, and sums of several samples, tell the rules nothing of now", arguments: [
        line(reading("4"), more: #","time":"2026-11-22T05:50:00Z""#), line(reading("4", more: #","min":3,"max":5,"mean":4,"count":2,"span-ms":60000"#)),
        line(reading("null", more: #","count":0,"span-ms":60000"#)),
    ])
    func notNow(text: String) throws {
        #expect(try judged(text, by: [air], at: moment).readings.isEmpty)
    }

    @Test("a condition.summary of plain readings is one of single samples, each expected")
    func summaryOfOne() throws {
        let view = try event(of: line(reading("4.25") + "," + reading("null", sensor: "b"), kind: "condition.summary"))
        let single = try #require(view.readings.first)
        #expect(single.isSummary && single.value?.int64 == 4_250 && single.summary.mean?.int64 == 4_250)
        #expect(single.summary.count == 1 && single.summary.spanMilliseconds == 0)
        #expect(view.readings.last?.summary.minimum == nil)
        #expect(view.extensionValue("expected-count") == .integer(.unsigned(1)))
        #expect(view.flags == .sensorFault)
        #expect(try judged(line(reading("4.25"), kind: "condition.summary"), by: [air], at: moment).readings.count == 1)
    }

    @Test("a condition.summary that sums up must say everything", arguments: [
        reading("4", more: #","min":3,"max":5,"mean":4,"count":2,"span-ms":1"#), reading("4", more: #","min":3"#), reading("4", more: #","count":1"#),
    ])
    func incompleteSummary(text: String) {
        #expect(throws: SourceError.self) { try event(of: line(text, kind: "condition.summary")) }
    }

    @Test("the socket hands readings over with their event")
    func socket() throws {
        let folder = try TemporaryDirectory(named: "intake")
        let driver = SourceDriver(.intake(try IntakeSource(path: UTF8Text(folder.file("s")))))
        driver.sensors = [air]
        let client = TestClient(unixPath: folder.file("s"))
        client.send(line(reading("41")) + "\n" + line(reading("5", sensor: "b")) + "\n")
        #expect(driver.turn { driver.events.count == 2 })
        #expect(driver.events.map(\.readings.count) == [1, 0])
        #expect(driver.events.first?.readings.first?.value == 41_000)
        let view = try EventView(parsing: try #require(driver.events.first?.bytes))
        #expect(view.flags.contains(.suspectValue))
    }
}
