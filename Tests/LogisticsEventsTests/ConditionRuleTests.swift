import AttestationFormat
import LogisticsEvents
import Testing

private let minute = SensorBench.minute
private let hour = SensorBench.hour

/// Above 8 °C for ten minutes.
private func warm(
    forMinutes: UInt64 = 10, isInclusive: Bool = false, counting: ConditionRule.Counting = .contiguous, hysteresis: Int64 = 0
) -> ConditionRule {
    ConditionRule(
        id: "warm", sensor: "air", .above, 8_000, isInclusive: isInclusive, forMilliseconds: forMinutes * minute, counting: counting,
        hysteresis: hysteresis)
}

@Suite("Condition rules") struct ConditionRuleTests {
    @Test("eleven readings above the threshold open an excursion of ten minutes, the first one within closes it")
    func openedAndClosed() throws {
        var bench = SensorBench([.air()], [warm()])
        var end = bench.run([7_000] + Array(repeating: 8_500, count: 10), from: minute)
        #expect(bench.opened.isEmpty, "ten readings are nine minutes")
        end = bench.run([9_000], from: end)
        let opened = try #require(bench.opened.first)
        #expect(opened.text("rule") == "warm")
        #expect(opened.number("threshold") == 8_000)
        #expect(opened.number("worst") == 9_000)
        #expect(opened.number("duration-ms") == Int64(10 * minute))
        #expect(opened.reading?.value?.int64 == 9_000)
        #expect(opened.isPriority)
        bench.run([9_500, 8_001, 8_000], from: end)
        let closed = try #require(bench.closed.first)
        #expect(bench.opened.count == 1 && bench.closed.count == 1)
        #expect(closed.number("duration-ms") == Int64(12 * minute))
        #expect(closed.number("worst") == 9_500)
        #expect(closed.reading?.value?.int64 == 8_000)
        #expect(closed.text("reason") == nil)
        _ = try bench.stored()
    }

    @Test("equal to the threshold is a breach where the rule says so, and none where it does not", arguments: [
        (ConditionRule.Side.above, false, 8_000, false), (.above, true, 8_000, true), (.above, false, 8_001, true), (.above, true, 7_999, false),
        (.below, false, 8_000, false), (.below, true, 8_000, true), (.below, false, 7_999, true), (.below, true, 8_001, false),
    ] as [(ConditionRule.Side, Bool, Int64, Bool)])
    func equal(side: ConditionRule.Side, isInclusive: Bool, value: Int64, isBreach: Bool) {
        var bench = SensorBench([.air()], [ConditionRule(id: "r", sensor: "air", side, 8_000, isInclusive: isInclusive)])
        bench.read(value, at: minute)
        #expect(bench.opened.count == (isBreach ? 1 : 0))
    }

    @Test("without a duration the first reading opens, with no time in breach")
    func atOnce() {
        var bench = SensorBench([.air()], [warm(forMinutes: 0)])
        bench.run([8_001, 8_000], from: minute)
        #expect(bench.opened.map { $0.number("duration-ms") } == [0])
        #expect(bench.closed.map { $0.number("duration-ms") } == [0])
    }

    @Test("one reading within the limit begins a contiguous count anew")
    func broken() {
        var bench = SensorBench([.air()], [warm()])
        let nine = Array(repeating: Int64(9_000), count: 10)
        bench.run(nine + [8_000] + nine + [8_000], from: minute)
        #expect(bench.opened.isEmpty)
    }

    @Test("hysteresis keeps an excursion open until the value has come back behind it, and no further")
    func hysteresis() {
        var bench = SensorBench([.air()], [warm(forMinutes: 0, hysteresis: 500)])
        bench.run([8_001, 7_501, 8_100, 7_600, 7_501, 7_500, 7_900, 8_000, 8_001], from: minute)
        #expect(bench.opened.count == 2)
        #expect(bench.closed.count == 1)
        #expect(bench.closed.first?.number("duration-ms") == Int64(4 * minute), "the swing belongs to the excursion")
        #expect(bench.closed.first?.number("worst") == 8_100)
    }

    @Test("before an excursion is open the hysteresis does not count time")
    func hysteresisBefore() {
        var bench = SensorBench([.air()], [warm(forMinutes: 3, hysteresis: 500)])
        bench.run([8_100, 7_900, 8_100, 7_900, 8_100, 7_900, 8_100], from: minute)
        #expect(bench.opened.isEmpty)
    }

    @Test("below a threshold the least value is the worst")
    func below() {
        var bench = SensorBench([.air()], [ConditionRule(id: "cold", sensor: "air", .below, 2_000, forMilliseconds: 2 * minute, hysteresis: 500)])
        bench.run([1_900, -3_000, 1_000, 2_100, 2_499, 2_500], from: minute)
        #expect(bench.opened.map { $0.number("worst") } == [-3_000])
        #expect(bench.closed.map { $0.number("worst") } == [-3_000])
        #expect(bench.closed.map { $0.number("duration-ms") } == [Int64(4 * minute)])
    }

    @Test("thresholds at the ends of the integers neither trap nor open")
    func extremes() {
        var bench = SensorBench([.air()], [
            ConditionRule(id: "a", sensor: "air", .above, .max, hysteresis: .max), ConditionRule(id: "b", sensor: "air", .below, .min, hysteresis: .max),
        ])
        bench.run([.max, .min, 0], from: minute)
        #expect(bench.opened.isEmpty)
    }

    @Test("a sensor's own rules see its readings, and no other's do")
    func otherSensor() {
        var bench = SensorBench(
            [.air(), SensorSettings(name: "door-air", quantity: .temperature, periodMilliseconds: 60_000)], [warm(forMinutes: 0)])
        bench.read("door-air", 30_000, at: minute)
        bench.read("air", 30_000, at: minute, quantity: .relativeHumidity)
        #expect(bench.opened.isEmpty)
        bench.read("air", 30_000, at: minute)
        #expect(bench.opened.count == 1)
    }

    @Test("a rule of normal priority waits with its batch")
    func priority() {
        var bench = SensorBench([.air()], [ConditionRule(id: "r", sensor: "air", .above, 0, isPriority: false)])
        bench.run([1, 0], from: minute)
        #expect(bench.opened.map(\.isPriority) == [false])
        #expect(bench.closed.map(\.isPriority) == [false])
    }

    @Test("an excursion by implausible values says so")
    func suspect() {
        var bench = SensorBench([.air(expected: -30_000...40_000)], [warm(forMinutes: 0)])
        bench.run([9_000, 41_000, 9_000, 4_000], from: minute)
        #expect(bench.opened.map(\.flags) == [[]])
        #expect(bench.closed.map(\.flags) == [.suspectValue])
    }

    @Test("readings that are recorded already feed rules, and make no event of their own")
    func recorded() {
        var bench = SensorBench([.air(summary: 0, deadband: 1)], [warm(forMinutes: 2)])
        for index in 1...4 { bench.read(9_000, at: minute * UInt64(index), isRecorded: true) }
        bench.read(4_000, at: 5 * minute, isRecorded: true)
        bench.tick(8 * minute)
        #expect(bench.opened.count == 1 && bench.closed.count == 1)
        #expect(bench.summaries.filter { $0.text("reason") == nil }.count <= 1)
        #expect(bench.summaries.last?.text("reason") == "silent")
    }
}

@Suite("Gaps are not time in breach") struct RuleGapTests {
    @Test("three periods apart is no gap, a millisecond more is one and begins a contiguous count anew")
    func edge() {
        for (step, isOpen) in [(3 * minute, true), (3 * minute + 1, false)] {
            var bench = SensorBench([.air()], [warm(forMinutes: 3)])
            bench.read(9_000, at: minute)
            bench.read(9_000, at: minute + step)
            #expect(bench.opened.count == (isOpen ? 1 : 0), "\(step)")
        }
    }

    @Test("a gap in an open excursion leaves it open; its time is told apart")
    func open() throws {
        var bench = SensorBench([.air()], [warm(forMinutes: 2)])
        bench.run([9_000, 9_000, 9_000], from: minute)
        #expect(bench.opened.count == 1)
        bench.tick(10 * minute)
        bench.run([9_000, 9_000, 4_000], from: 63 * minute)
        let closed = try #require(bench.closed.first)
        #expect(bench.opened.count == 1)
        #expect(closed.number("duration-ms") == Int64(3 * minute))
        #expect(closed.number("unobserved-ms") == Int64(60 * minute))
        #expect(closed.text("reason") == nil)
        _ = try bench.stored()
    }

    @Test("an excursion that ended in a gap says that nobody saw when")
    func endedInGap() throws {
        var bench = SensorBench([.air()], [warm(forMinutes: 2)])
        bench.run([9_000, 9_000, 9_000], from: minute)
        bench.read(4_000, at: 63 * minute)
        let closed = try #require(bench.closed.first)
        #expect(closed.number("duration-ms") == Int64(2 * minute))
        #expect(closed.number("unobserved-ms") == Int64(60 * minute))
        #expect(closed.text("reason") == "ended-unobserved")
    }

    @Test("faulty readings are a gap for the rules: a DS18B20's 85 °C opens nothing", arguments: [ReadingFault.failureValue, .outOfOrder])
    func faults(fault: ReadingFault) {
        var bench = SensorBench([.air()], [warm(forMinutes: 0)])
        for index in 1..<20 { bench.read(85_000, at: minute * UInt64(index), fault: fault) }
        #expect(bench.opened.isEmpty)
        bench.run([9_000], from: 20 * minute)
        for index in 21..<30 { bench.fail(.unreadable, at: minute * UInt64(index)) }
        bench.run([9_000, 4_000], from: 30 * minute)
        #expect(bench.closed.first?.number("duration-ms") == 0)
        #expect(bench.closed.first?.number("unobserved-ms") == Int64(10 * minute))
    }

    @Test("a cumulative count goes on over pauses and gaps, and takes in none of their time")
    func cumulative() throws {
        var bench = SensorBench([.air()], [warm(forMinutes: 10, counting: .cumulative)])
        var time = minute
        // Three times four readings are nine minutes: pauses and gaps between them add nothing.
        for _ in 0..<3 {
            time = bench.run([9_000, 9_000, 9_000, 9_000], from: time)
            time = bench.run([4_000], from: time) + 30 * minute
        }
        #expect(bench.opened.isEmpty)
        bench.run([9_000, 9_000], from: time)
        let opened = try #require(bench.opened.first)
        #expect(opened.number("duration-ms") == Int64(10 * minute))
        #expect(opened.number("unobserved-ms") == nil, "the gaps were not between readings in breach")
        bench.run([4_000, 9_000, 4_000], from: time + 2 * minute)
        #expect(bench.opened.count == 2, "what is used up is used up: every further breach is an excursion")
    }

    @Test("a gap between readings in breach is told apart in a cumulative count")
    func cumulativeGap() {
        var bench = SensorBench([.air()], [warm(forMinutes: 2, counting: .cumulative)])
        bench.run([9_000, 9_000], from: minute)
        bench.run([9_000, 9_000], from: 102 * minute)
        #expect(bench.opened.map { $0.number("duration-ms") } == [Int64(2 * minute)])
        #expect(bench.opened.map { $0.number("unobserved-ms") } == [Int64(100 * minute)])
    }

    @Test("a departure begins a journey: cumulative counts begin anew and their excursions end, contiguous ones go on")
    func departure() {
        var long = warm(forMinutes: 2, counting: .cumulative)
        long.id = "in-all"
        var bench = SensorBench([.air()], [warm(forMinutes: 2), long])
        let end = bench.run([9_000, 9_000, 9_000], from: minute)
        #expect(bench.opened.count == 2)
        bench.depart(end)
        #expect(bench.closed.map { $0.text("rule") } == ["in-all"])
        #expect(bench.closed.map { $0.text("reason") } == ["new-journey"])
        bench.run([9_000, 9_000], from: end)
        #expect(bench.opened.count == 2)
        bench.run([9_000], from: end + 2 * minute)
        #expect(bench.opened.last?.number("duration-ms") == Int64(2 * minute))
    }
}

@Suite("Profiles") struct ProfileTests {
    private func bench(_ profile: ConditionProfile) -> SensorBench {
        SensorBench([.air()], profile.rules(sensor: "air"))
    }

    @Test("bands: outside for ten minutes is an excursion, the bounds themselves are within", arguments: [
        (ConditionProfile.refrigerated, 2_000, 8_000), (.roomTemperature, 15_000, 25_000), (.frozen, -25_000, -15_000),
    ] as [(ConditionProfile, Int64, Int64)])
    func bands(profile: ConditionProfile, low: Int64, high: Int64) {
        for (value, rule) in [(low, nil), (high, nil), (low - 1, "below"), (high + 1, "above")] as [(Int64, String?)] {
            var bench = bench(profile)
            bench.run(Array(repeating: value, count: 11), from: minute)
            #expect(bench.opened.map { $0.text("rule") } == (rule.map { [profile.name.text.string + "." + $0] } ?? []))
            bench.run([high - 500], from: 12 * minute)
            bench.run([low + 500], from: 13 * minute)
            #expect(bench.closed.count == bench.opened.count)
        }
    }

    @Test("WHO alarms: the threshold itself is a breach", arguments: [
        (45_000, 60, ["who-alarm.45c"]), (44_999, 60, []), (45_000, 59, []), (30_000, 600, ["who-alarm.30c"]), (29_999, 700, []),
        (30_000, 599, []), (-500, 60, ["who-alarm.freeze"]), (-499, 600, []), (-500, 59, []),
    ] as [(Int64, Int, [String])])
    func whoAlarm(value: Int64, minutes: Int, rules: [String]) {
        var bench = bench(.whoAlarm)
        bench.run(Array(repeating: value, count: minutes + 1), from: minute)
        #expect(bench.opened.map { $0.text("rule") } == rules)
        #expect(bench.opened.map { $0.number("duration-ms") } == rules.map { _ in Int64(minutes) * Int64(minute) })
    }

    @Test("WHO alarms: 30 °C counts over days, 45 °C does not")
    func whoCumulative() {
        var bench = bench(.whoAlarm)
        var time = minute
        for _ in 0..<12 {
            time = bench.run(Array(repeating: 45_000, count: 51) + [20_000], from: time) + 24 * hour
        }
        // Twelve times fifty minutes are ten hours.
        #expect(bench.opened.map { $0.text("rule") } == ["who-alarm.30c"])
        #expect(bench.opened.first?.number("duration-ms") == Int64(10 * hour))
    }

    @Test("every profile is found by its name, and its rules have ids that fit")
    func names() {
        for profile in ConditionProfile.allCases {
            #expect(ConditionProfile(name: profile.name.text) == profile)
            let prefix = UTF8Text(String(repeating: "r", count: 32))
            #expect(profile.rules(sensor: "air", idPrefix: prefix).allSatisfy { $0.id.byteCount <= ConditionRule.maximumIDByteCount })
        }
        #expect(ConditionProfile(name: "2-8C") == nil)
        #expect(ConditionProfile(name: "") == nil)
    }
}
