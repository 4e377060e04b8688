import AttestationFormat
import LogisticsEvents
import Testing

private let minute = SensorBench.minute

/// Rules over a restart: what the journal says is what survives (a boot begins its monotonic time anew).
@Suite("Rules over a restart") struct RuleRestartTests {
    private static let warm = ConditionRule(id: "warm", sensor: "air", .above, 8_000, forMilliseconds: 2 * minute)
    private static let long = ConditionRule(
        id: "long", sensor: "air", .above, 8_000, forMilliseconds: 10 * minute, counting: .cumulative)

    private func openExcursion(_ rule: ConditionRule = RuleRestartTests.warm) -> SensorBench {
        var bench = SensorBench([.air()], [rule])
        bench.run([9_000, 9_500, 9_000, 9_000], from: 100 * minute)
        return bench
    }

    @Test("an open excursion goes on: no second opening, and the time between the runs counts for nothing", arguments: [
        0, 5 * SensorBench.minute, 1_000 * SensorBench.minute,
    ] as [UInt64])
    func goesOn(start: UInt64) throws {
        var before = openExcursion()
        before.finish(104 * minute)
        var bench = try before.restarted([.air()], [Self.warm], at: start)
        #expect(bench.table.ruleStatuses.first?.isOpen == true)
        bench.run([9_100, 9_200, 4_000], from: start + minute)
        #expect(bench.opened.isEmpty)
        let closed = try #require(bench.closed.first)
        #expect(closed.number("duration-ms") == Int64(4 * minute), "three minutes before, one after")
        #expect(closed.number("worst") == 9_500)
        #expect(closed.text("reason") == nil)
    }

    @Test("after a kill it goes on from what was recorded last")
    func afterKill() throws {
        var bench = try openExcursion().restarted([.air()], [Self.warm], at: 0)
        bench.run([9_000, 4_000], from: minute)
        #expect(bench.closed.first?.number("duration-ms") == Int64(2 * minute))
    }

    @Test("an excursion that ended while the agent did not run says that nobody saw when")
    func endedMeanwhile() throws {
        var bench = try openExcursion().restarted([.air()], [Self.warm], at: 0)
        bench.run([4_000, 4_000], from: minute)
        #expect(bench.closed.count == 1)
        #expect(bench.closed.first?.text("reason") == "ended-unobserved")
    }

    @Test("a closed excursion stays closed")
    func closed() throws {
        var before = openExcursion()
        before.run([4_000], from: 104 * minute)
        var bench = try before.restarted([.air()], [Self.warm], at: 0)
        bench.run([4_000], from: minute)
        #expect(bench.events.isEmpty)
    }

    @Test("a contiguous count that was no excursion yet begins anew")
    func pending() throws {
        var before = SensorBench([.air()], [Self.warm])
        before.run([9_000, 9_000], from: minute)
        before.finish(3 * minute)
        var bench = try before.restarted([.air()], [Self.warm], at: 3 * minute)
        bench.run([9_000, 9_000], from: 4 * minute)
        #expect(bench.opened.isEmpty)
    }

    @Test("a cumulative count is in every summary, and goes on from there")
    func cumulative() throws {
        var before = SensorBench([.air()], [Self.long])
        before.run(Array(repeating: 9_000, count: 8), from: minute)
        before.finish(9 * minute)
        #expect(before.summaries.last?.number("breach-ms.long") == Int64(7 * minute))
        var bench = try before.restarted([.air()], [Self.long], at: 0)
        bench.run(Array(repeating: 9_000, count: 4), from: minute)
        #expect(bench.opened.map { $0.number("duration-ms") } == [Int64(10 * minute)])
    }

    @Test("recorded readings are summed up while a rule has something to remember, and not otherwise")
    func recordedProgress() throws {
        var before = SensorBench([.air()], [Self.long])
        before.read(9_000, at: minute, isRecorded: true)
        before.read(9_000, at: 2 * minute, isRecorded: true)
        before.finish(2 * minute)
        #expect(before.summaries.map { $0.number("breach-ms.long") } == [Int64(minute)])
        var quiet = SensorBench([.air()], [Self.long])
        for index in 1..<60 { quiet.read(4_000, at: minute * UInt64(index), isRecorded: true) }
        quiet.finish(60 * minute)
        #expect(quiet.events.isEmpty)
    }

    @Test("a departure that is recorded, and a closing by one, forget a cumulative count")
    func departed() throws {
        var before = SensorBench([.air()], [Self.long])
        before.run(Array(repeating: 9_000, count: 12), from: minute)
        before.depart(13 * minute)
        let bench = try before.restarted([.air()], [Self.long], at: 0)
        #expect(bench.table.ruleStatuses.first?.countedMilliseconds == 0)
        #expect(bench.table.ruleStatuses.first?.isOpen == false)

        var other = SensorBench([.air()], [Self.long])
        other.run(Array(repeating: 9_000, count: 5), from: minute)
        other.finish(6 * minute)
        var restarted = SensorBench([.air()], [Self.long])
        for view in try other.stored() { restarted.table.restore(view) }
        #expect(restarted.table.ruleStatuses.first?.countedMilliseconds == 4 * minute)
        let departure = Event(kind: .number(30), wallClockMilliseconds: 1, monotonicMilliseconds: 1)
        restarted.table.restore(try EventView(parsing: try departure.encoded()))
        #expect(restarted.table.ruleStatuses.first?.countedMilliseconds == 0)
    }

    @Test("an excursion whose rule is gone, or has another threshold now, is closed at the start and says why", arguments: [
        [], [ConditionRule(id: "warm", sensor: "air", .above, 9_000)], [ConditionRule(id: "hot", sensor: "air", .above, 8_000)],
    ])
    func ruleGone(rules: [ConditionRule]) throws {
        let bench = try openExcursion().restarted([.air()], rules, at: 0)
        let closed = try #require(bench.closed.first)
        #expect(bench.events.count == 1)
        #expect(closed.text("rule") == "warm")
        #expect(closed.text("reason") == "rule-removed")
        #expect(closed.number("threshold") == 8_000)
        #expect(closed.number("duration-ms") == Int64(2 * minute))
        // The closing is in the journal: the next start has nothing to say.
        var again = bench
        again.events = openExcursion().events + bench.events
        #expect(try again.restarted([.air()], rules, at: 0).events.isEmpty)
    }

    @Test("recordings and events that are nobody's restore nothing")
    func strangers() throws {
        var bench = SensorBench([.air()], [Self.warm])
        for event in openExcursion().events {
            var draft = event.draft
            draft.add(.replayed)
            bench.table.restore(try EventView(parsing: try draft.encoded()))
        }
        for kind: UInt64 in [41, 42, 40, 30, 1, 99] {
            let empty = Event(kind: .number(kind), wallClockMilliseconds: 1, monotonicMilliseconds: 1)
            bench.table.restore(try EventView(parsing: try empty.encoded()))
        }
        bench.table.finishRestoring(at: bench.moment(0), into: &bench.events)
        #expect(bench.events.isEmpty)
        #expect(bench.table.ruleStatuses.first?.isOpen == false)
    }
}
