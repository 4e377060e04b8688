import AttestationFormat
import Foundation
import HarborsealTesting
import LogisticsEvents
import Testing

/// A real office sensor: hourly readings from July 2013 to May 2014, with gaps and a failure of the system.
private enum Recording {
    static let file = "temperature/ambient_temperature_system_failure.csv"

    /// Milliseconds since the first reading, and m°C.
    static func readings() throws -> [(time: UInt64, value: Int64)] {
        let text = try #require(String(bytes: try TestData.bytes(file), encoding: .utf8))
        var readings: [(UInt64, Int64)] = []
        var first: UInt64?
        for line in text.split(separator: "\n").dropFirst() {
            let parts = line.split(separator: ",")
            let stamp = Array((parts[0].replacingOccurrences(of: " ", with: "T") + "Z").utf8)
            let time = try Timestamp.parse(stamp.span)
            let fahrenheit = try FixedPoint.parse(Array(parts[1].utf8).span, decimals: 3, excess: .round)
            first = first ?? time
            readings.append((time - (first ?? 0), (fahrenheit - 32_000) * 5 / 9))
        }
        return readings
    }
}

@Suite("A recorded sensor", .enabled(if: TestData.isPresent, "\(TestData.reason)"))
struct RecordedTemperatureTests {
    private static let hour = SensorBench.hour

    /// The table driven as the loop drives it: time passes between readings, and wakes the table when it asks for it.
    private func run(_ bench: inout SensorBench) throws -> [(time: UInt64, value: Int64)] {
        let readings = try Recording.readings()
        for reading in readings {
            while let due = bench.table.nextDeadline, due < reading.time { bench.tick(due) }
            bench.read(reading.value, at: reading.time)
        }
        bench.finish((readings.last?.time ?? 0) + 1)
        return readings
    }

    @Test("7,267 readings are in the summaries once each, and every hole of three hours is a silence")
    func summaries() throws {
        var bench = SensorBench([.air(period: Int64(Self.hour), summary: Int64(24 * Self.hour))])
        let readings = try run(&bench)
        #expect(readings.count == 7_267)
        #expect(bench.summaries.reduce(0) { $0 + $1.summary[3] } == 7_267)
        let holes = zip(readings, readings.dropFirst()).count { $1.time - $0.time > 3 * Self.hour }
        #expect(holes > 0)
        #expect(bench.summaries.count { $0.text("reason") == "silent" } == holes)
        let full = bench.summaries.filter { $0.text("reason") == nil }
        #expect(full.compactMap { $0.reading?.summary.minimum?.int64 }.min() == readings.map(\.value).min())
        #expect(full.compactMap { $0.reading?.summary.maximum?.int64 }.max() == readings.map(\.value).max())
        for event in full {
            let kinetic = try #require(event.number("mean-kinetic-mdegc"))
            #expect(kinetic >= event.summary[2] - 1 && kinetic <= event.summary[1], "not below the mean, not above the greatest")
        }
        // Over ten months as many readings were expected as there are hours, whatever is missing.
        let expected = bench.summaries.reduce(0) { $0 + ($1.number("expected-count") ?? 0) }
        let span = Int64(((readings.last?.time ?? 0) + Self.hour) / Self.hour)
        #expect(abs(expected - span) <= 1)
    }

    @Test("excursions above 24 °C for three hours are those that a plain count over the file finds")
    func excursions() throws {
        let rule = ConditionRule(id: "warm", sensor: "air", .above, 24_000, forMilliseconds: 3 * Self.hour)
        var bench = SensorBench([.air(period: Int64(Self.hour))], [rule])
        let readings = try run(&bench)
        // Runs of readings above the threshold that no hole interrupts before three hours are full.
        var expected: [UInt64] = []
        var counted: UInt64 = 0
        var last: UInt64?
        var isOpen = false
        for reading in readings {
            if reading.value > 24_000 {
                if let last {
                    let step = reading.time - last
                    if step <= 3 * Self.hour { counted += step } else if !isOpen { counted = 0 }
                }
                last = reading.time
                isOpen = isOpen || counted >= 3 * Self.hour
            } else {
                if isOpen { expected.append(counted) }
                (counted, last, isOpen) = (0, nil, false)
            }
        }
        #expect(expected.count > 10)
        #expect(bench.closed.map { $0.number("duration-ms") } == expected.map { Int64($0) })
        #expect(bench.opened.count == expected.count + (isOpen ? 1 : 0))
        _ = try bench.stored()
    }
}
