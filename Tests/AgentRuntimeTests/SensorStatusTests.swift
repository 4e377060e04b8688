import AttestationFormat
import Foundation
import GatewayAgent
import LogisticsEvents
import Testing

@testable import AgentRuntime

/// Sensors and rules in `status` and `status --json`.
struct SensorStatusTests {
    private static let settings = [
        SensorSettings(name: "reefer-air", quantity: .temperature, periodMilliseconds: 60_000, expectedRange: -30_000...40_000),
        SensorSettings(name: "door", quantity: .state, periodMilliseconds: 60_000), SensorSettings(name: "spare", quantity: .mass),
    ]
    private static let rules = [
        ConditionRule(id: "warm", sensor: "reefer-air", .above, 8_000, forMilliseconds: 60_000),
        ConditionRule(id: "hot", sensor: "reefer-air", .above, 30_000, counting: .cumulative),
    ]

    /// Two minutes at 41 °C, and a door that said nothing.
    private func table() -> SensorTable {
        var table = SensorTable(sensors: Self.settings, rules: Self.rules, at: 0)
        var events: [ConditionEvent] = []
        for minute in 1...3 as ClosedRange<UInt64> {
            let moment = EventMoment(wallMilliseconds: 1_795_327_000_000, monotonicMilliseconds: minute * 60_000)
            table.tick(at: moment, into: &events)
            table.take(SensorReading(sensor: "reefer-air", quantity: .temperature, value: 41_000, at: moment), into: &events)
        }
        return table
    }

    private func document(_ table: SensorTable) -> StatusDocument {
        var document = StatusDocument()
        let now = Moment(monotonicMilliseconds: 185_000, wallMilliseconds: 1_795_327_005_000)
        document.addSensors(of: table, at: now)
        document.addRules(of: table)
        return document
    }

    private func rows(_ name: String, _ table: SensorTable) throws -> [[String: Any]] {
        let data = Data(document(table).json)
        let all = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return all[name] as? [[String: Any]] ?? []
    }

    @Test("each sensor is there with its state, value in the integer unit, flags and age")
    func sensors() throws {
        let rows = try rows("sensors", table())
        #expect(rows.map { $0["name"] as? String } == ["reefer-air", "door", "spare"])
        #expect(rows.map { $0["state"] as? String } == ["flagged", "silent", "awaited"])
        #expect(rows.map { $0["quantity"] as? String } == ["temperature", "state", "mass"])
        #expect(rows.map { $0["value"] as? Int } == [41_000, nil, nil] && rows[1]["value"] is NSNull)
        #expect(rows.map { $0["heard-s-ago"] as? Int } == [5, nil, nil])
        #expect(rows.map { $0["flags"] as? String } == ["suspect-value", "", ""])
        #expect(rows.map { $0["readings"] as? Int } == [3, 0, 0])
    }

    @Test("each rule is there with what it has counted")
    func rules() throws {
        let rows = try rows("rules", table())
        #expect(rows.map { $0["name"] as? String } == ["warm", "hot"])
        #expect(rows.map { $0["sensor"] as? String } == ["reefer-air", "reefer-air"])
        #expect(rows.map { $0["state"] as? String } == ["open", "open"])
        #expect(rows.map { $0["threshold"] as? Int } == [8_000, 30_000] && rows.map { $0["for-ms"] as? Int } == [60_000, 0])
        #expect(rows.map { $0["counted-ms"] as? Int } == [120_000, 120_000] && rows.map { $0["worst"] as? Int } == [41_000, 41_000])
    }

    @Test("after a reload both show what is configured now")
    func adopted() throws {
        var table = table(), events: [ConditionEvent] = []
        table.adopt(
            sensors: [Self.settings[0]], rules: [Self.rules[1]],
            at: EventMoment(wallMilliseconds: 1_795_327_004_000, monotonicMilliseconds: 184_000), into: &events)
        #expect(try rows("sensors", table).map { $0["name"] as? String } == ["reefer-air"])
        let left = try rows("rules", table)
        #expect(left.map { $0["name"] as? String } == ["hot"] && left.first?["counted-ms"] as? Int == 120_000)
    }

    @Test("a sensor that was never there was never heard and has no readings, whatever its source says of it")
    func absent() throws {
        var table = SensorTable(sensors: [Self.settings[0]], rules: [], at: 0), events: [ConditionEvent] = []
        for second in 1...23 as ClosedRange<UInt64> {
            let moment = EventMoment(wallMilliseconds: 1_795_327_000_000, monotonicMilliseconds: second * 1_000)
            table.take(SensorReading(sensor: "reefer-air", quantity: .temperature, fault: .absent, at: moment), into: &events)
        }
        let row = try #require(try rows("sensors", table).first)
        #expect(row["state"] as? String == "absent" && row["readings"] as? Int == 0 && row["heard-s-ago"] is NSNull)
        var concerns: [OperatorConcern] = []
        concerns.addSensors(of: table)
        #expect(concerns.map(\.code) == ["sensor"])
        #expect(String(decoding: document(table).text(withColours: true), as: UTF8.self).contains("\u{1B}[31mabsent"))
    }

    @Test("a list begins with a blank line, and its elements stand together")
    func blankLines() {
        let lines = String(decoding: document(table()).text(withColours: false), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let before = lines.indices.dropFirst().filter { lines[$0 - 1].isEmpty }.map { lines[$0] }
        #expect(before == ["rules warm", ""] || before == ["rules warm"])
    }

    @Test("without sensors neither list is there")
    func none() throws {
        let empty = SensorTable(sensors: [], rules: [], at: 0)
        #expect(document(empty).sections.isEmpty)
    }

    @Test("for people values have their unit, and silence and excursions are concerns that say what to do")
    func words() {
        let table = table()
        let text = String(decoding: document(table).text(withColours: false), as: UTF8.self)
        #expect(text.contains("41.000 ") && text.contains("never heard") && text.contains("suspect-value"))
        var concerns: [OperatorConcern] = []
        concerns.addSensors(of: table)
        #expect(concerns.map(\.code) == ["sensor", "excursion", "excursion"])
        #expect(concerns[0].text.contains("door is silent") && concerns[1].text.contains("rule warm"))
    }
}
