/// Check digits of the identifiers that goods and containers carry. Nothing here repairs: it says which digit was expected.
public enum CheckDigits {
    /// The GS1 check digit, as an ASCII digit, for the digits that stand before it
    /// (GS1 General Specifications, section 7.9.1: weights 3 and 1 from the right).
    ///
    /// Nil when a byte is no digit.
    public static func gs1(for digits: Span<UInt8>) -> UInt8? {
        var sum = 0
        var weight = 3
        var index = digits.count
        while index > 0 {
            index -= 1
            guard digits[index].isDigit else { return nil }
            // At most 16 KiB of digits, each at most 27: far below Int's range.
            sum += weight * Int(digits[index] & 15)
            weight = 4 - weight
        }
        return UInt8(ascii: "0") + UInt8(truncatingIfNeeded: (10 - sum % 10) % 10)
    }

    /// The ISO 6346 check digit, as an ASCII digit, for four letters and six digits.
    ///
    /// Nil for anything but ten bytes, capital letters first, then digits.
    public static func iso6346(for container: Span<UInt8>) -> UInt8? {
        guard container.count == 10 else { return nil }
        var sum = 0
        for index in 0..<10 {
            let byte = container[index]
            if index < 4 {
                guard byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") else { return nil }
                sum += letterValue(byte) << index
            } else {
                guard byte.isDigit else { return nil }
                sum += Int(byte & 15) << index
            }
        }
        return UInt8(ascii: "0") + UInt8(truncatingIfNeeded: sum % 11 % 10)
    }

    /// A is 10, and so on upwards without the multiples of 11 (ISO 6346, annex A).
    private static func letterValue(_ letter: UInt8) -> Int {
        let plain = Int(letter - UInt8(ascii: "A")) + 10
        return plain + (plain > 10 ? 1 : 0) + (plain > 20 ? 1 : 0) + (plain > 30 ? 1 : 0)
    }
}
