import AttestationFormat
import LogisticsEvents
import Testing

private let minute = SensorBench.minute

/// Sensors and rules that change under a running table (SIGHUP).
@Suite("Sensors and rules adopted while running") struct SensorAdoptionTests {
    private static let warm = ConditionRule(id: "warm", sensor: "air", .above, 8_000, forMilliseconds: 2 * minute, hysteresis: 500)
    private static let long = ConditionRule(
        id: "long", sensor: "air", .above, 8_000, forMilliseconds: 10 * minute, counting: .cumulative)

    /// Three minutes above 8 °C, the last reading at minute 104.
    private func inBreach(_ rules: [ConditionRule]) -> SensorBench {
        var bench = SensorBench([.air()], rules, at: 100 * minute)
        bench.run([9_000, 9_500, 9_000, 9_000], from: 101 * minute)
        return bench
    }

    @Test("what did not change goes on: no event, no second opening, and the same sums as without the reload")
    func unchanged() throws {
        var bench = inBreach([Self.warm, Self.long]), undisturbed = bench
        let count = bench.events.count
        bench.adopt([.air()], [Self.warm, Self.long], at: 104 * minute + 1_000)
        #expect(bench.events.count == count && bench.table.nextDeadline == undisturbed.table.nextDeadline)
        for index in 0..<2 {
            var some = index == 0 ? bench : undisturbed
            some.run([9_000, 4_000], from: 105 * minute)
            some.finish(107 * minute)
            if index == 0 { bench = some } else { undisturbed = some }
        }
        let stored = try bench.stored().map(\.bytes)
        #expect(try stored == undisturbed.stored().map(\.bytes))
        #expect(bench.opened.count == 1 && bench.closed.count == 1)
    }

    @Test("a rule that is gone, or finds other values in breach, ends its excursion and says why", arguments: [
        [], [ConditionRule(id: "warm", sensor: "air", .above, 7_000, forMilliseconds: 2 * minute)],
        [ConditionRule(id: "hot", sensor: "air", .above, 8_000, forMilliseconds: 2 * minute)],
        [ConditionRule(id: "warm", sensor: "air", .above, 8_000, isInclusive: true, forMilliseconds: 2 * minute)],
        [ConditionRule(id: "warm", sensor: "other", .above, 8_000, forMilliseconds: 2 * minute)],
    ] as [[ConditionRule]])
    func removedRule(rules: [ConditionRule]) throws {
        var bench = inBreach([Self.warm])
        #expect(bench.opened.count == 1)
        bench.adopt([.air()], rules, at: 104 * minute + 1_000)
        let closed = try #require(bench.closed.first)
        #expect(closed.text("reason") == "rule-removed" && closed.text("rule") == "warm" && closed.number("threshold") == 8_000)
        #expect(closed.number("duration-ms") == Int64(3 * minute) && closed.number("worst") == 9_500)
        let statuses = bench.table.ruleStatuses
        #expect(statuses.allSatisfy { !$0.isOpen && $0.countedMilliseconds == 0 })
        bench.run([9_000, 9_000], from: 105 * minute)
        #expect(bench.opened.count == 1 && bench.closed.count == 1, "a new rule counts from its own first reading")
        bench.run([9_000], from: 107 * minute)
        #expect(bench.opened.count == (rules.first?.sensor == "air" ? 2 : 1))
        _ = try bench.stored()
    }

    @Test("the same rule with another duration, hysteresis or priority keeps its count")
    func rewordedRule() throws {
        var bench = SensorBench([.air()], [Self.warm, Self.long], at: 100 * minute)
        bench.run([9_000, 9_000], from: 101 * minute)
        #expect(bench.opened.isEmpty)
        var warm = Self.warm, long = Self.long
        warm.forMilliseconds = 3 * minute
        long.forMilliseconds = minute
        bench.adopt([.air()], [long, warm], at: 102 * minute + 1)
        #expect(bench.table.ruleStatuses.map(\.countedMilliseconds) == [minute, minute])
        bench.run([9_000], from: 103 * minute)
        #expect(bench.opened.map { $0.text("rule") } == ["long"])
        bench.run([9_000], from: 104 * minute)
        #expect(bench.opened.map { $0.text("rule") } == ["long", "warm"])
        warm.hysteresis = 2_000
        bench.adopt([.air()], [long, warm], at: 104 * minute + 1)
        bench.run([6_500], from: 105 * minute)
        #expect(bench.closed.map { $0.text("rule") } == ["long"], "not back behind the wider hysteresis")
    }

    @Test("a new rule begins with the next reading, and an excursion that is closed by a reload stays so over a restart")
    func newRule() throws {
        var bench = inBreach([])
        bench.adopt([.air()], [Self.warm], at: 104 * minute + 1)
        #expect(bench.table.ruleStatuses.map(\.countedMilliseconds) == [0])
        bench.run([9_000, 9_000, 9_000], from: 105 * minute)
        #expect(bench.opened.count == 1)
        bench.adopt([.air()], [], at: 108 * minute)
        let restarted = try bench.restarted([.air()], [Self.warm], at: 109 * minute)
        #expect(restarted.events.isEmpty && restarted.table.ruleStatuses.first?.isOpen == false)
    }

    @Test("a removed sensor is summed up, its excursion ends, its silence means nothing, and its readings are a stranger's")
    func removedSensor() throws {
        var bench = inBreach([Self.warm])
        bench.adopt([], [], at: 104 * minute + 1)
        #expect(bench.kinds == [.excursionOpened, .conditionSummary, .excursionClosed])
        #expect(bench.summaries.first?.summary[3] == 4)
        #expect(bench.closed.first?.text("reason") == "rule-removed")
        #expect(bench.table.nextDeadline == nil && bench.table.sensorStatuses.isEmpty && bench.table.sensors.isEmpty)
        bench.tick(500 * minute)
        #expect(bench.events.count == 3)
        bench.run([9_000], from: 501 * minute)
        bench.finish(502 * minute)
        #expect(bench.summaries.count == 2 && bench.summaries.last?.flags == [])
        _ = try bench.stored()
    }

    @Test("a sensor with the same name and another quantity is another one")
    func otherQuantity() {
        var bench = inBreach([Self.warm])
        let humidity = SensorSettings(name: "air", quantity: .relativeHumidity, periodMilliseconds: 60_000)
        bench.adopt([humidity], [], at: 104 * minute)
        #expect(bench.closed.count == 1 && bench.summaries.count == 1)
        #expect(bench.table.sensorStatuses.map(\.quantity) == [.relativeHumidity])
        #expect(bench.table.sensorStatuses.first?.heardMilliseconds == nil)
    }

    @Test("a new sensor is silent three of its periods after the reload, and a stranger that becomes known keeps what was read")
    func newSensor() throws {
        var bench = SensorBench([], [])
        bench.run([4_000, 4_000], from: minute)
        bench.adopt([.air(expected: 0...3_000), SensorSettings(name: "door", quantity: .temperature, periodMilliseconds: 60_000)], [], at: 3 * minute)
        #expect(bench.summaries.map { $0.summary[3] } == [2])
        let known = try #require(bench.table.sensorStatuses.first)
        #expect(known.readingCount == 2 && known.value == 4_000 && bench.table.sensorStatuses.count == 2)
        bench.run([4_000], from: 3 * minute + 1)
        #expect(bench.summaries.last?.flags == .suspectValue, "by the new range, at once")
        bench.tick(6 * minute - 1)
        #expect(bench.summaries.allSatisfy { $0.text("reason") != "silent" })
        bench.tick(6 * minute)
        #expect(bench.summaries.filter { $0.text("reason") == "silent" }.map { $0.reading?.sensor } == ["door"])
    }

    @Test("another period begins the watch over silence anew, also over a silent sensor; without one silence means nothing", arguments: [
        1_000, 600_000, nil,
    ] as [Int64?])
    func period(period: Int64?) {
        var bench = SensorBench([.air()], [])
        bench.run([4_000], from: minute)
        bench.tick(4 * minute)
        #expect(bench.table.sensorStatuses.first?.isSilent == true)
        bench.adopt([.air(period: period)], [], at: 10 * minute)
        #expect(bench.table.sensorStatuses.first?.isSilent == false)
        #expect(bench.table.nextDeadline == period.map { 10 * minute + 3 * UInt64($0) })
        let count = bench.events.count
        bench.tick(10 * minute + 1)
        #expect(bench.events.count == count)
    }

    @Test("readings that were expected by the old period are not expected by the new one")
    func expectedCount() {
        var bench = SensorBench([.air()], [])
        bench.run([4_000, 4_000, 4_000], from: minute)
        bench.adopt([.air(period: 1_000)], [], at: 3 * minute + 29_000)
        bench.run((0..<10).map { _ in 4_000 }, from: 3 * minute + 30_000, every: 1_000)
        bench.finish(3 * minute + 39_000)
        #expect(bench.summaries.map { $0.number("expected-count") } == [3, 10])
        #expect(bench.summaries.map { $0.summary[3] } == [3, 10])
    }

    @Test("a changed calibration is told with the next reading, an unchanged one is not told again")
    func calibration() throws {
        var air = SensorSettings.air(calibrationUntilSeconds: 1_900_000_000)
        air.placement = "door"
        air.calibration = "A-1"
        var bench = SensorBench([air], [])
        bench.run([4_000], from: minute)
        var other = air
        other.deadband = 100
        bench.adopt([other], [], at: 2 * minute)
        bench.run([4_000], from: 2 * minute)
        #expect(bench.of(.deviceCommissioned).map { $0.text("calibration") } == ["A-1"])
        other.calibration = "A-2"
        bench.adopt([other], [], at: 3 * minute)
        bench.run([4_000, 4_000], from: 3 * minute)
        #expect(bench.of(.deviceCommissioned).map { $0.text("calibration") } == ["A-1", "A-2"])
        _ = try bench.stored()
    }
}
