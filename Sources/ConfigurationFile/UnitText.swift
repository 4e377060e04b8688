public import AttestationFormat

/// Durations as people write them: `500 ms`, `10 s`, `15 min`, `1 h`, `7 d`.
public enum DurationText {
    private static let units: [(name: UTF8Text, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// Milliseconds; nil for anything but a whole number with a unit, or a bare 0.
    public static func milliseconds(_ text: UTF8Text) -> Int64? {
        UnitText.parse(text, units: units.map { ($0.name, $0.milliseconds) })
    }

    /// The shortest exact form.
    public static func text(_ milliseconds: Int64) -> UTF8Text {
        UnitText.format(milliseconds, units: units.map { ($0.name, $0.milliseconds) })
    }
}

/// Sizes as people write them: `512 B`, `64 KiB`, `64 MiB`, `1 GiB`.
public enum ByteCountText {
    private static let units: [(name: UTF8Text, byteCount: Int64)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    /// Bytes; nil for anything but a whole number with a unit, or a bare 0.
    public static func byteCount(_ text: UTF8Text) -> Int64? {
        UnitText.parse(text, units: units.map { ($0.name, $0.byteCount) })
    }

    /// The shortest exact form.
    public static func text(_ byteCount: Int64) -> UTF8Text {
        UnitText.format(byteCount, units: units.map { ($0.name, $0.byteCount) })
    }
}

/// A whole number and a unit. Units stand from the largest to the smallest.
enum UnitText {
    static func parse(_ text: UTF8Text, units: [(name: UTF8Text, factor: Int64)]) -> Int64? {
        let bytes = text.bytes
        let digitCount = bytes.prefix { isDigit($0) }.count
        guard let number = decimal(bytes[..<digitCount]) else { return nil }
        var unit = bytes[digitCount...]
        while unit.first == UInt8(ascii: " ") { unit.removeFirst() }
        if unit.isEmpty { return number == 0 ? 0 : nil }
        for known in units where unit.elementsEqual(known.name.bytes) {
            let (product, overflow) = number.multipliedReportingOverflow(by: known.factor)
            return overflow ? nil : product
        }
        return nil
    }

    static func format(_ value: Int64, units: [(name: UTF8Text, factor: Int64)]) -> UTF8Text {
        for unit in units where value != 0 && value % unit.factor == 0 {
            return UTF8Text("\(value / unit.factor) ") + unit.name
        }
        return "0"
    }

    /// A whole number without sign and without leading zeros; nil for anything else, or above Int64.
    static func decimal(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0") else { return nil }
        return number(digits, radix: 10)
    }

    static func number(_ digits: ArraySlice<UInt8>, radix: Int64) -> Int64? {
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard isDigit(byte), Int64(byte & 15) < radix else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(Int64(byte & 15))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
