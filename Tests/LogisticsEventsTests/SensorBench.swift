import AttestationFormat
import LogisticsEvents
import Testing

/// A table with a clock in the test's hand: readings and time go in, events come out.
struct SensorBench {
    static let minute: UInt64 = 60_000
    static let hour: UInt64 = 3_600_000

    var table: SensorTable
    var events: [ConditionEvent] = []
    /// Wall minus monotonic time, in ms: a test steps the wall clock with it.
    var wallOffset: UInt64 = 1_795_327_000_000

    init(_ sensors: [SensorSettings], _ rules: [ConditionRule] = [], at start: UInt64 = 0) {
        table = SensorTable(sensors: sensors, rules: rules, at: start)
    }

    func moment(_ milliseconds: UInt64) -> EventMoment {
        EventMoment(wallMilliseconds: milliseconds &+ wallOffset, monotonicMilliseconds: milliseconds)
    }

    /// One reading of `name` in the quantity's unit.
    mutating func read(
        _ name: UTF8Text, _ value: Int64, at milliseconds: UInt64, fault: ReadingFault? = nil,
        quantity: Quantity = .temperature, isRecorded: Bool = false
    ) {
        table.take(
            SensorReading(sensor: name, quantity: quantity, value: value, at: moment(milliseconds), fault: fault),
            isRecorded: isRecorded, into: &events)
    }

    /// One reading of `air`.
    mutating func read(_ value: Int64, at milliseconds: UInt64, fault: ReadingFault? = nil, isRecorded: Bool = false) {
        read("air", value, at: milliseconds, fault: fault, isRecorded: isRecorded)
    }

    /// `air` answered without a value.
    mutating func fail(_ fault: ReadingFault, at milliseconds: UInt64) {
        table.take(SensorReading(sensor: "air", quantity: .temperature, fault: fault, at: moment(milliseconds)), into: &events)
    }

    /// Readings of `air` one period apart, from `start` on; gives the time after the last.
    @discardableResult
    mutating func run(_ values: [Int64], from start: UInt64, every period: UInt64 = SensorBench.minute) -> UInt64 {
        for (index, value) in values.enumerated() { read(value, at: start + UInt64(index) * period) }
        return start + UInt64(values.count) * period
    }

    mutating func tick(_ milliseconds: UInt64) {
        table.tick(at: moment(milliseconds), into: &events)
    }

    mutating func finish(_ milliseconds: UInt64) {
        table.finish(at: moment(milliseconds), into: &events)
    }

    mutating func depart(_ milliseconds: UInt64) {
        table.beginJourney(at: moment(milliseconds), into: &events)
    }

    mutating func adopt(_ sensors: [SensorSettings], _ rules: [ConditionRule], at milliseconds: UInt64) {
        table.adopt(sensors: sensors, rules: rules, at: moment(milliseconds), into: &events)
    }

    /// Every event must encode, which checks its mandatory fields.
    func stored() throws -> [EventView] {
        var salts = CountingSalts()
        return try events.map { try EventView(parsing: try $0.draft.encoded(salts: &salts)) }
    }

    /// The same configuration after a restart on the same or another boot, with what the journal holds.
    func restarted(_ sensors: [SensorSettings], _ rules: [ConditionRule], at start: UInt64) throws -> SensorBench {
        var bench = SensorBench(sensors, rules, at: start)
        for view in try stored() { bench.table.restore(view) }
        bench.table.finishRestoring(at: bench.moment(start), into: &bench.events)
        return bench
    }

    var kinds: [KnownKind?] { events.map(\.draft.kind) }
    func of(_ kind: KnownKind) -> [ConditionEvent] { events.filter { $0.draft.kind == kind } }
    var summaries: [ConditionEvent] { of(.conditionSummary) }
    var opened: [ConditionEvent] { of(.excursionOpened) }
    var closed: [ConditionEvent] { of(.excursionClosed) }
}

extension ConditionEvent {
    var reading: EventReading? { draft.event.readings.first }
    var flags: EventFlags { draft.event.flags }

    func number(_ name: UTF8Text) -> Int64? {
        guard case .integer(let number) = draft.event.extensions.first(where: { $0.name == name })?.value else { return nil }
        return number.int64
    }

    func text(_ name: UTF8Text) -> String? {
        guard case .text(let text) = draft.event.extensions.first(where: { $0.name == name })?.value else { return nil }
        return text.string
    }

    /// Minimum, maximum, mean, count and span of the first reading; -1 where there is none.
    var summary: [Int64] {
        guard let summary = reading?.summary else { return [] }
        return [
            summary.minimum?.int64 ?? -1, summary.maximum?.int64 ?? -1, summary.mean?.int64 ?? -1, Int64(summary.count ?? 0),
            Int64(summary.spanMilliseconds ?? 0),
        ]
    }
}

extension SensorSettings {
    /// A temperature sensor read once a minute.
    static func air(
        period: Int64? = 60_000, summary: Int64 = 900_000, deadband: Int64? = nil, expected: ClosedRange<Int64>? = nil,
        calibrationUntilSeconds: Int64? = nil
    ) -> SensorSettings {
        SensorSettings(
            name: "air", quantity: .temperature, calibrationUntilSeconds: calibrationUntilSeconds, periodMilliseconds: period,
            expectedRange: expected, summaryMilliseconds: summary, deadband: deadband)
    }
}
