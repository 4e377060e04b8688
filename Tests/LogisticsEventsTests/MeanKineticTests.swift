import AttestationFormat
import Foundation
@testable import LogisticsEvents
import Testing

/// Tests/Fixtures/mean-kinetic.csv: made by make-mean-kinetic.py with 60 decimal digits.
private enum Table {
    static let lines: [[Substring]] = {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/mean-kinetic.csv")
        let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { $0.split(separator: ",") }
    }()

    static func lines(_ name: String) -> [[Substring]] { lines.filter { $0.first == Substring(name) } }
}

private func mean(_ parts: [(Int64, Int)]) -> Int64? {
    var temperature = MeanKineticTemperature()
    for (value, count) in parts {
        for _ in 0..<count { temperature.add(value) }
    }
    return temperature.milliCelsius
}

@Suite("Mean kinetic temperature") struct MeanKineticTests {
    @Test("the exponential is right to 2^-57 from -80 to 120 °C and at its edges")
    func exponential() throws {
        let lines = Table.lines("power")
        #expect(lines.count >= 201)
        for line in lines {
            let power = BinaryLogarithm.powerOfTwo(minus: try #require(UInt64(line[1])))
            let mantissa = try #require(UInt64(line[2]))
            #expect(power.exponent == Int(line[3]), "\(line)")
            #expect(max(power.mantissa, mantissa) - min(power.mantissa, mantissa) < 64, "\(line)")
        }
    }

    @Test("the logarithm is right to 2^-40, and never too large")
    func logarithm() throws {
        let lines = Table.lines("logarithm")
        #expect(lines.count >= 100)
        for line in lines {
            let value = BinaryLogarithm.logarithm(ofMantissa: try #require(UInt64(line[1])))
            let exact = try #require(UInt64(line[2]))
            #expect(value == exact || value + 1 == exact, "\(line)")
        }
    }

    @Test("mixtures from -80 to 120 °C have the mean that was computed with 60 digits, rounded")
    func mixtures() throws {
        let lines = Table.lines("mean")
        #expect(lines.count >= 390)
        for line in lines {
            let parts = try line[1].split(separator: " ").map { part in
                let numbers = part.split(separator: "*")
                return (try #require(Int64(numbers[0])), try #require(Int(numbers[1])))
            }
            let result = Double(try #require(mean(parts)))
            let exact = try #require(Double(line[2]))
            #expect(abs(result - exact) <= 0.5001, "\(line)")
        }
    }

    @Test("the two values that the literature checks an implementation with")
    func literature() {
        #expect(mean([(5_000, 100)]) == 5_000)
        #expect(mean([(5_000, 92), (20_000, 8)]) == 7_759)
    }

    @Test("a steady temperature is its own mean, in every m°C that a sensor may give", arguments: [1, 2, 3, 7, 64, 1_000])
    func steady(count: Int) {
        for value in stride(from: Int64(-80_000), through: 120_000, by: 997) { #expect(mean([(value, count)]) == value) }
    }

    @Test("the order of the samples changes nothing")
    func order() {
        let parts: [(Int64, Int)] = [(-80_000, 40), (120_000, 1), (25_000, 300)]
        #expect(mean(parts) == mean(parts.reversed()))
    }

    @Test("without a sample there is no mean, and a sample without a meaning leaves none")
    func none() {
        #expect(mean([]) == nil)
        #expect(mean([(5_000, 3), (200_001, 1)]) == nil)
        #expect(mean([(-100_001, 1)]) == nil)
        #expect(mean([(.max, 1)]) == nil)
        #expect(mean([(.min, 1)]) == nil)
        #expect(mean([(-100_000, 2)]) == -100_000)
        #expect(mean([(200_000, 2)]) == 200_000)
    }
}
