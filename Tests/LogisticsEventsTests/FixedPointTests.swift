import LogisticsEvents
import Testing

private func fixed(_ text: String, _ decimals: UInt8, _ excess: FixedPoint.Excess = .refuse) throws -> Int64 {
    let bytes = Array(text.utf8)
    return try FixedPoint.parse(bytes.span, decimals: decimals, excess: excess)
}

@Suite("Fixed point") struct FixedPointTests {
    @Test(
        "decimal text is the exact integer of its unit",
        arguments: [
            ("4.25", 3, 4250), ("-18", 3, -18000), ("0", 3, 0), ("-0", 3, 0), ("0.001", 3, 1), ("425e-2", 3, 4250),
            ("4.250000", 3, 4250), ("1E3", 0, 1000), ("1.5e1", 0, 15), ("22.3193039", 7, 223_193_039),
            ("9007199254740993", 0, 9_007_199_254_740_993), ("9223372036854775807", 0, Int64.max), ("0e400", 3, 0),
            ("0.0000000000000000000000", 2, 0), ("100e-2", 0, 1),
        ] as [(String, UInt8, Int64)])
    func exact(_ text: String, _ decimals: UInt8, _ value: Int64) throws {
        #expect(try fixed(text, decimals) == value)
    }

    @Test(
        "what the unit cannot hold is refused",
        arguments: [
            ("4.2501", 3, FixedPoint.Failure.tooPrecise), ("1e-400", 3, .tooPrecise), ("0.5", 0, .tooPrecise),
            ("1e999", 3, .outOfRange), ("1e999999999999", 3, .outOfRange), ("9223372036854775808", 0, .outOfRange),
            ("9223372036854776", 3, .outOfRange), ("-9223372036854775809", 0, .outOfRange), ("", 3, .notANumber),
            ("-", 3, .notANumber), ("abc", 3, .notANumber), ("1e", 3, .notANumber), ("1e+", 3, .notANumber),
            ("1.2.3", 3, .notANumber), ("0x10", 3, .notANumber), ("1 ", 3, .notANumber),
        ] as [(String, UInt8, FixedPoint.Failure)])
    func refuses(_ text: String, _ decimals: UInt8, _ failure: FixedPoint.Failure) {
        #expect(throws: failure) { try fixed(text, decimals) }
    }

    @Test(
        "instruments' digits below the unit are rounded, halves away from zero",
        arguments: [
            ("52.850156667", 7, 528_501_567), ("0.49", 0, 0), ("0.5", 0, 1), ("-0.5", 0, -1), ("9e-4", 3, 1),
            ("4e-4", 3, 0), ("1e-400", 3, 0), ("999.9995", 3, 1_000_000),
        ] as [(String, UInt8, Int64)])
    func rounds(_ text: String, _ decimals: UInt8, _ value: Int64) throws {
        #expect(try fixed(text, decimals, .round) == value)
    }

    @Test("a rounded number that leaves Int64 is refused and does not trap")
    func roundsOver() {
        #expect(throws: FixedPoint.Failure.outOfRange) { try fixed("9223372036854775807.5", 0, .round) }
    }
}
