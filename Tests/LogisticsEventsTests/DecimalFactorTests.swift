import AttestationFormat
import LogisticsEvents
import Testing

private func factor(_ text: String) -> DecimalFactor? {
    DecimalFactor(text: UTF8Text(text))
}

@Suite("Factors between units") struct DecimalFactorTests {
    @Test(
        "a value times a factor is exact, and rounded to the nearest unit",
        arguments: [
            ("2977", "0.001", 3, 2977), ("1013.25", "100", 0, 101_325), ("4.25", "1", 3, 4250), ("4.2504", "1", 3, 4250), ("4.2505", "1", 3, 4251),
            ("-4.2505", "1", 3, -4251), ("21.5", "-1", 3, -21_500), ("1", "0.0005", 3, 1), ("-1", "0.0005", 3, -1), ("1", "0.0004", 3, 0),
            ("3", "0.333333333", 3, 1000), ("1e2", "0.5", 0, 50), ("0", "7", 3, 0), ("0.1", "3", 3, 300),
        ] as [(String, String, UInt8, Int64)])
    func applies(_ text: String, _ by: String, _ decimals: UInt8, _ expected: Int64) throws {
        let bytes = Array(text.utf8)
        let value = try #require(factor(by)).applied(to: bytes.span, decimals: decimals)
        #expect(value == expected)
    }

    @Test("what is no factor is refused", arguments: ["", "0", "0.000", "x", "1.0000000001", "1e400", "--1", "1,5", "99999999999999999999"])
    func refused(_ text: String) {
        #expect(factor(text) == nil)
    }

    @Test("a product beyond 63 bits is an error, and so is what is no number", arguments: ["9223372036854775", "-9223372036854775", "1e300", "x", ""])
    func overflow(_ value: String) throws {
        let bytes = Array(value.utf8)
        let by = try #require(factor("1000"))
        #expect(throws: FixedPoint.Failure.self) { try by.applied(to: bytes.span, decimals: 3) }
    }
}
