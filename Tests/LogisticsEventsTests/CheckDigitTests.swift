import AttestationFormat
import LogisticsEvents
import Testing

private func gs1Digit(_ text: String) -> UInt8? {
    let bytes = Array(text.utf8)
    return CheckDigits.gs1(for: bytes.span)
}

private func containerDigit(_ text: String) -> UInt8? {
    let bytes = Array(text.utf8)
    return CheckDigits.iso6346(for: bytes.span)
}

@Suite("Check digits") struct CheckDigitTests {
    @Test(
        "GS1: the digit for the digits before it",
        arguments: [
            ("39521234000000017", "5"), ("0952123400001", "3"), ("952123400001", "3"), ("", "0"), ("0", "0"),
            ("629104150021", "3"), ("0061414112345", "2"), ("1", "7"), ("950110153000", "3"), ("9501101530003", "8"),
        ])
    func gs1(_ digits: String, _ expected: String) {
        #expect(gs1Digit(digits) == expected.utf8.first)
    }

    @Test("GS1: a byte that is no digit has no check digit", arguments: ["12a4", " 1", "-1", "1.5", "٣"])
    func gs1Refuses(_ digits: String) {
        #expect(gs1Digit(digits) == nil)
    }

    // The last leaves a remainder of 10, which is written 0.
    @Test(
        "ISO 6346: the digit for owner, category and serial number",
        arguments: [("CSQU305438", "3"), ("MSKU000000", "6"), ("APZU482127", "7"), ("TEXU307007", "9"), ("CSQU000030", "0")])
    func iso6346(_ number: String, _ expected: String) {
        #expect(containerDigit(number) == expected.utf8.first)
    }

    @Test("ISO 6346: anything but four capitals and six digits has none", arguments: ["CSQ3054383", "csqu305438", "CSQU30543", "CSQU3054381", "", "CSQUX05438"])
    func iso6346Refuses(_ number: String) {
        #expect(containerDigit(number) == nil)
    }

    @Test("every wrong last digit of the good samples is refused, and the right one named")
    func everyWrongDigit() {
        for (stem, right) in [
            ("https://id.gs1.org/00/39521234000000017", "5"), ("https://id.gs1.org/01/0952123400001", "3"),
            ("https://id.gs1.org/414/952123400001", "3"), ("bic:CSQU305438", "3"),
        ] {
            for digit in 0...9 {
                let text = UTF8Text(stem + "\(digit)")
                if "\(digit)" == right {
                    #expect(throws: Never.self) { try Identifier(text) }
                    continue
                }
                let error = #expect(throws: EventError.self) { try Identifier(text) }
                #expect(error?.code == .wrongCheckDigit)
                #expect(error?.message.string.hasPrefix("check digit \(right) expected, \(digit) found") == true)
            }
        }
    }
}
