import AttestationFormat
import LogisticsEvents
import Testing

private let minute = SensorBench.minute

@Suite("Readings into summaries") struct SensorSamplingTests {
    @Test("fifteen readings a minute apart make one summary with all its fields")
    func summary() throws {
        var bench = SensorBench([.air()])
        bench.run((0..<15).map { 4_000 + Int64($0) * 10 }, from: minute)
        #expect(bench.kinds == [.conditionSummary])
        let event = try #require(bench.events.first)
        #expect(event.summary == [4_000, 4_140, 4_070, 15, Int64(14 * minute)])
        #expect(event.reading?.value?.int64 == 4_140)
        #expect(event.number("expected-count") == 15)
        #expect(event.number("mean-kinetic-mdegc") == 4_070)
        #expect(event.flags.isEmpty)
        #expect(!event.isPriority)
        _ = try bench.stored()
    }

    @Test("a summary whose readings stop comes when it is due, by the clock alone")
    func byTheClock() {
        var bench = SensorBench([.air(period: nil)])
        bench.read(4_000, at: 1_000)
        #expect(bench.table.nextDeadline == 1_000 + 900_000)
        bench.tick(1_000 + 899_999)
        #expect(bench.events.isEmpty)
        bench.tick(1_000 + 900_000)
        #expect(bench.kinds == [.conditionSummary])
        #expect(bench.table.nextDeadline == nil)
        #expect(bench.events.first?.number("expected-count") == 1, "without a period nobody expects more than came")
    }

    @Test("with a summary time of 0 every reading is an event")
    func everyReading() {
        var bench = SensorBench([.air(summary: 0)])
        bench.run([4_000, 4_000, 4_000], from: minute)
        #expect(bench.summaries.map(\.summary) == Array(repeating: [4_000, 4_000, 4_000, 1, 0], count: 3))
        #expect(bench.summaries.map { $0.number("expected-count") } == [1, 1, 1])
    }

    @Test("jitter of the period does not change what was expected in the long run")
    func jitter() {
        var bench = SensorBench([.air(summary: 0)])
        var time: UInt64 = minute
        for index in 0..<200 {
            bench.read(4_000, at: time)
            time += index.isMultiple(of: 2) ? 59_000 : 61_000
        }
        #expect(bench.summaries.reduce(0) { $0 + ($1.number("expected-count") ?? 0) } == 200)
    }

    @Test("readings that are missing, but fewer than three in a row, show in the expected count")
    func missing() {
        var bench = SensorBench([.air()])
        for index in 0..<15 where ![3, 4, 9].contains(index) { bench.read(4_000, at: minute * UInt64(index + 1)) }
        #expect(bench.events.count == 1)
        #expect(bench.events.first?.summary[3] == 12)
        #expect(bench.events.first?.number("expected-count") == 15)
    }

    @Test("a change of the deadband since the last event tells at once, a smaller one waits")
    func deadband() {
        var bench = SensorBench([.air(deadband: 500)])
        bench.run([4_000, 4_300, 4_499, 4_500, 4_100, 3_999], from: minute)
        #expect(bench.summaries.map { $0.reading?.value?.int64 } == [4_000, 4_500, 3_999])
        #expect(bench.summaries.map { $0.summary[3] } == [1, 3, 2], "no reading is left out")
    }

    @Test("the mean is rounded to the nearest unit, halves away from zero", arguments: [
        ([1, 2], 2), ([-1, -2], -2), ([1, 1, 2], 1), ([-1, -1, -2], -1), ([1, 2, 2], 2), ([0, 0, 0, 1], 0),
    ] as [([Int64], Int64)])
    func mean(values: [Int64], mean: Int64) {
        var bench = SensorBench([.air()])
        let end = bench.run(values, from: minute)
        bench.finish(end)
        #expect(bench.events.first?.summary[2] == mean)
    }

    @Test("values whose sum no integer holds make one more event, and no trap")
    func hugeValues() throws {
        var bench = SensorBench([SensorSettings(name: "b", quantity: .bytes)])
        for (index, value) in [Int64.max, .max, .min, .min].enumerated() {
            bench.read("b", value, at: UInt64(index) * 1_000, quantity: .bytes)
        }
        bench.finish(5_000)
        #expect(bench.summaries.reduce(0) { $0 + $1.summary[3] } == 4)
        _ = try bench.stored()
    }

    @Test("an orderly end sums up what has come, once")
    func finish() {
        var bench = SensorBench([.air()])
        bench.run([4_000, 5_000], from: minute)
        bench.finish(3 * minute)
        bench.finish(3 * minute)
        #expect(bench.events.map(\.summary) == [[4_000, 5_000, 4_500, 2, Int64(minute)]])
    }

    @Test("a sensor that the configuration does not know is summed up too; its silence means nothing")
    func stranger() {
        var bench = SensorBench([.air()])
        bench.read("tyre-3", 250_000, at: 1_000, quantity: .pressure)
        bench.read("air", 50_000, at: 1_000, quantity: .relativeHumidity)
        bench.finish(10_000)
        #expect(bench.summaries.map { $0.reading?.sensor.string } == ["tyre-3", "air"])
        #expect(bench.summaries.map { $0.reading?.quantity } == [3, 2])
        #expect(bench.summaries.allSatisfy { $0.number("mean-kinetic-mdegc") == nil })
    }

    @Test("beyond 64 unknown sensors a reading takes no memory, and is an event at once")
    func manyStrangers() {
        var bench = SensorBench([])
        for index in 0..<100 { bench.read(UTF8Text("s\(index)"), 1, at: 1_000, quantity: .count) }
        #expect(bench.events.count == 36)
        #expect(bench.table.sensorStatuses.count == 64)
        bench.finish(2_000)
        #expect(bench.events.count == 100)
    }

    @Test("an event of a sensor with placement and calibration names both, once a start")
    func commissioned() throws {
        let settings = SensorSettings(
            name: "air", quantity: .temperature, placement: "front wall", calibration: "SCS-1", calibrationUntilSeconds: 1_900_000_000,
            periodMilliseconds: 60_000)
        var bench = SensorBench([settings])
        bench.fail(.unreadable, at: minute)
        bench.run([4_000, 4_100], from: 2 * minute)
        let event = try #require(bench.of(.deviceCommissioned).first)
        #expect(bench.of(.deviceCommissioned).count == 1)
        #expect(event.text("placement") == "front wall")
        #expect(event.text("calibration") == "SCS-1")
        #expect(event.number("calibration-until-s") == 1_900_000_000)
        #expect(event.reading?.value?.int64 == 4_000)
        _ = try bench.stored()
    }
}

@Suite("Flagged readings and silence") struct SensorFlagTests {
    @Test("the first value out of range is told at once and flagged, those that follow are summed up, none is lost")
    func outOfRange() throws {
        var bench = SensorBench([.air(expected: -30_000...40_000)])
        let end = bench.run([4_000, 4_100, 40_001, 41_000, 42_000, 4_000], from: minute)
        #expect(bench.summaries.map(\.summary) == [
            [4_000, 4_100, 4_050, 2, Int64(minute)], [40_001, 40_001, 40_001, 1, 0], [41_000, 42_000, 41_500, 2, Int64(minute)],
        ])
        #expect(bench.summaries.map(\.flags) == [[], .suspectValue, .suspectValue])
        bench.finish(end)
        #expect(bench.summaries.last?.flags == [])
        _ = try bench.stored()
    }

    @Test("a bound of the range itself is plausible", arguments: [(-30_000, false), (40_000, false), (-30_001, true), (40_001, true)] as [(Int64, Bool)])
    func bounds(value: Int64, isFlagged: Bool) {
        var bench = SensorBench([.air(summary: 0, expected: -30_000...40_000)])
        bench.read(value, at: minute)
        #expect(bench.events.first?.flags == (isFlagged ? .suspectValue : []))
    }

    @Test("each fault is flagged, told at once with its reason, and kept out of the mean kinetic temperature", arguments: [
        (ReadingFault.failureValue, [.suspectValue, .sensorFault] as EventFlags, "failure-value"),
        (.unreadable, .sensorFault, "unreadable"), (.outOfOrder, .late, "out-of-order"),
    ])
    func fault(fault: ReadingFault, flags: EventFlags, reason: String) throws {
        var bench = SensorBench([.air()])
        bench.run([4_000, 4_000], from: minute)
        if fault == .unreadable { bench.fail(fault, at: 3 * minute) } else { bench.read(85_000, at: 3 * minute, fault: fault) }
        #expect(bench.events.count == 2)
        #expect(bench.events.first?.summary[3] == 2)
        let event = try #require(bench.events.last)
        #expect(event.flags == flags)
        #expect(event.text("reason") == reason)
        #expect(event.number("mean-kinetic-mdegc") == nil)
        #expect(event.reading?.value?.int64 == (fault == .unreadable ? nil : 85_000))
        _ = try bench.stored()
    }

    @Test("a device that goes away is a tamper event once, and once more after it came back")
    func absent() throws {
        var bench = SensorBench([.air()])
        bench.run([4_000], from: minute)
        for index in 2..<5 { bench.fail(.absent, at: minute * UInt64(index)) }
        bench.run([4_000], from: 5 * minute)
        bench.fail(.absent, at: 6 * minute)
        #expect(bench.of(.tamperDetected).count == 2)
        #expect(bench.of(.tamperDetected).allSatisfy { $0.text("what") == "sensor-unplugged" && $0.isPriority })
        let views = try bench.stored()
        #expect(views.contains { $0.flagNumbers == [4] })
        bench.finish(7 * minute)
        #expect(bench.summaries.reduce(0) { $0 + $1.summary[3] } == 6, "every reading is in a summary besides")
    }

    @Test("a device that was never there is a flagged summary at once, and no tamper; the first value makes it one that can be unplugged")
    func neverThere() throws {
        var bench = SensorBench([.air()])
        for index in 1...3 { bench.fail(.absent, at: minute * UInt64(index)) }
        #expect(bench.of(.tamperDetected).isEmpty)
        #expect(bench.summaries.count == 1 && bench.summaries.first?.flags == .sensorFault)
        #expect(bench.table.sensorStatuses.first?.readingCount == 0 && bench.table.sensorStatuses.first?.heardMilliseconds == nil)
        bench.read(4_000, at: 4 * minute)
        bench.fail(.absent, at: 5 * minute)
        #expect(bench.of(.tamperDetected).count == 1)
        #expect(bench.table.sensorStatuses.first?.readingCount == 1 && bench.table.sensorStatuses.first?.heardMilliseconds == 4 * minute)
        _ = try bench.stored()
    }

    @Test("what a former run heard was there: its absence after a restart is a tamper")
    func absentAfterRestart() throws {
        var bench = SensorBench([.air()])
        bench.run([4_000, 4_000], from: minute)
        bench.finish(3 * minute)
        var later = SensorTable(sensors: [.air()], rules: [], at: 0), events: [ConditionEvent] = []
        for view in try bench.stored() { later.restore(view) }
        let moment = EventMoment(wallMilliseconds: 1, monotonicMilliseconds: 1_000)
        later.take(SensorReading(sensor: "air", quantity: .temperature, fault: .absent, at: moment), into: &events)
        #expect(events.map { $0.draft.kind } == [.tamperDetected])
    }

    @Test("a reading that is older than the one before is flagged late, and changes neither order nor silence")
    func older() {
        var bench = SensorBench([.air()])
        bench.read(4_000, at: 5 * minute)
        bench.read(3_000, at: 4 * minute)
        #expect(bench.events.last?.flags == .late)
        #expect(bench.events.last?.text("reason") == "out-of-order")
        #expect(bench.table.sensorStatuses.first?.value == 4_000)
        #expect(bench.table.sensorStatuses.first?.heardMilliseconds == 5 * minute)
    }

    @Test("three periods without a reading make one flagged event, and the next reading ends the silence at once")
    func silence() throws {
        var bench = SensorBench([.air()])
        bench.run([4_000, 4_000], from: minute)
        bench.tick(5 * minute - 1)
        #expect(bench.events.isEmpty)
        bench.tick(5 * minute)
        #expect(bench.kinds == [.conditionSummary, .conditionSummary])
        #expect(bench.events[0].summary[3] == 2, "what came before is told first")
        let silent = bench.events[1]
        #expect(silent.flags == .sensorFault)
        #expect(silent.text("reason") == "silent")
        #expect(silent.reading?.value == nil)
        #expect(silent.summary == [-1, -1, -1, 0, Int64(3 * minute)])
        #expect(silent.number("expected-count") == 3)
        #expect(bench.table.sensorStatuses.first?.isSilent == true)
        for index in 6..<60 { bench.tick(minute * UInt64(index)) }
        #expect(bench.events.count == 2, "silence is told once")
        bench.read(4_500, at: 60 * minute)
        #expect(bench.events.count == 3)
        #expect(bench.events[2].summary[3] == 1)
        #expect(bench.events[2].number("expected-count") == 55, "the readings that never came are owned up to")
        #expect(bench.table.sensorStatuses.first?.isSilent == false)
        _ = try bench.stored()
    }

    @Test("a sensor that never spoke is silent three periods after the start; one without a period never is")
    func neverHeard() {
        var bench = SensorBench([.air(), SensorSettings(name: "door", quantity: .state)], at: 1_000_000)
        #expect(bench.table.nextDeadline == 1_000_000 + 3 * minute)
        bench.tick(1_000_000 + 3 * minute)
        #expect(bench.events.map { $0.reading?.sensor.string } == ["air"])
        bench.tick(100_000_000)
        #expect(bench.events.count == 1)
    }

    @Test("a sensor that answers with faults is faulty, not silent")
    func faultyNotSilent() {
        var bench = SensorBench([.air()])
        for index in 1..<20 {
            bench.fail(.unreadable, at: minute * UInt64(index))
            bench.tick(minute * UInt64(index) + 1)
        }
        #expect(bench.summaries.allSatisfy { $0.text("reason") == "unreadable" })
        #expect(bench.table.sensorStatuses.first?.isSilent == false)
    }

    @Test("after the calibration's last day readings are flagged, and none is dropped")
    func calibration() {
        var bench = SensorBench([.air(calibrationUntilSeconds: 1_795_327_000 + 120)])
        let end = bench.run([4_000, 4_000, 4_000, 4_000], from: 0)
        bench.finish(end)
        #expect(bench.summaries.map(\.flags) == [[], .calibrationExpired, .calibrationExpired])
        #expect(bench.summaries.map { $0.summary[3] } == [2, 1, 1])
    }

    @Test("steps of the wall clock change neither summaries nor silence", arguments: [0, 3_600_000, 900_000_000_000] as [UInt64])
    func clockSteps(offset: UInt64) {
        var bench = SensorBench([.air()])
        var steady = SensorBench([.air()])
        for index in 1..<40 {
            if index == 7 { bench.wallOffset = offset }
            if index == 20 { bench.wallOffset = 2_000_000_000_000 }
            if (25..<30).contains(index) {
                bench.tick(minute * UInt64(index))
                steady.tick(minute * UInt64(index))
            } else {
                bench.read(4_000, at: minute * UInt64(index))
                steady.read(4_000, at: minute * UInt64(index))
            }
        }
        #expect(bench.events.map(\.summary) == steady.events.map(\.summary))
        #expect(bench.events.map { $0.text("reason") } == steady.events.map { $0.text("reason") })
    }
}
