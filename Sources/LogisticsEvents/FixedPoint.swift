public import AttestationFormat

/// Decimal text to fixed-point integers, exactly: no floating point between a sensor's text and the signed value
/// (wire-format.md section 1: fixed-point integers only).
public enum FixedPoint {
    /// What happens to digits that the unit cannot hold.
    public enum Excess: Sendable {
        /// They are refused: nothing that a person wrote is changed silently.
        case refuse
        /// The nearest unit, halves away from zero: for instruments that print more digits than they have.
        case round
    }

    /// Why a number has no fixed-point value.
    public enum Failure: Error, Sendable {
        case notANumber
        case tooPrecise
        case outOfRange
    }

    /// Reads a JSON number (RFC 8259 section 6) as an integer count of 10^-decimals.
    ///
    /// `4.25` with three decimals is 4250, and so is `425e-2`. Throws `tooPrecise` when digits other than zero lie
    /// below the unit and are to be refused, `outOfRange` beyond Int64.
    public static func parse(
        _ text: Span<UInt8>, decimals: UInt8, excess: Excess = .refuse
    ) throws(Failure) -> Int64 {
        let shape = try DecimalShape(text)
        let magnitude = try shape.scaled(text, exponent: shape.exponent + Int(decimals), excess: excess)
        guard let value = Int64(exactly: magnitude) else { throw .outOfRange }
        return shape.isNegative ? -value : value
    }
}

extension FixedPoint {
    /// The decimal text of a count of 10^-decimals, with all its decimals: 4250 with three is `4.250`.
    public static func text(_ value: Int64, decimals: UInt8) -> UTF8Text {
        var digits: [UInt8] = []
        digits.appendDecimal(value.magnitude)
        while digits.count <= Int(decimals) { digits.insert(UInt8(ascii: "0"), at: 0) }
        if decimals > 0 { digits.insert(UInt8(ascii: "."), at: digits.count - Int(decimals)) }
        if value < 0 { digits.insert(UInt8(ascii: "-"), at: 0) }
        return UTF8Text(validating: digits) ?? ""
    }
}

/// Where a number's digits stand in its text, and the power of ten of the last one.
private struct DecimalShape {
    let isNegative: Bool
    /// The digits, with the decimal point among them where there is one.
    private let digits: Range<Int>
    private let digitCount: Int
    let exponent: Int

    /// Exponents beyond this are refused at once: no Int64 needs them, and `1e999999999` costs nothing.
    private static let largestExponent = 400

    init(_ text: Span<UInt8>) throws(FixedPoint.Failure) {
        var index = 0
        isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        if isNegative { index = 1 }
        let start = index
        var count = 0
        var point: Int? = nil
        while index < text.count {
            if text[index].isDigit {
                count += 1
            } else if text[index] == UInt8(ascii: "."), point == nil {
                point = index
            } else {
                break
            }
            index += 1
        }
        guard count > 0 else { throw .notANumber }
        digits = start..<index
        digitCount = count
        let written = index < text.count ? try DecimalShape.exponent(text, from: index) : 0
        exponent = written - (point.map { index - $0 - 1 } ?? 0)
    }

    private static func exponent(_ text: Span<UInt8>, from start: Int) throws(FixedPoint.Failure) -> Int {
        guard text[start] | 0x20 == UInt8(ascii: "e") else { throw .notANumber }
        var index = start + 1
        var isNegative = false
        if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
            isNegative = text[index] == UInt8(ascii: "-")
            index += 1
        }
        guard index < text.count else { throw .notANumber }
        var value = 0
        while index < text.count {
            guard text[index].isDigit else { throw .notANumber }
            if value <= largestExponent { value = value * 10 + Int(text[index] & 15) }
            index += 1
        }
        guard value <= largestExponent else { throw .outOfRange }
        return isNegative ? -value : value
    }

    /// The digits times 10^exponent, without the sign.
    func scaled(
        _ text: Span<UInt8>, exponent: Int, excess: FixedPoint.Excess
    ) throws(FixedPoint.Failure) -> UInt64 {
        // Digits from the position `kept` on lie below the unit.
        let kept = exponent < 0 ? digitCount + exponent : digitCount
        var total: UInt64 = 0
        var position = 0
        var roundsUp = false
        for index in digits where text[index].isDigit {
            let digit = UInt64(text[index] & 15)
            if position < kept {
                total = try DecimalShape.appending(digit, to: total)
            } else if digit != 0, case .refuse = excess {
                throw .tooPrecise
            } else if position == kept {
                roundsUp = digit >= 5
            }
            position += 1
        }
        var zeros = total == 0 ? 0 : exponent
        while zeros > 0 {
            total = try DecimalShape.appending(0, to: total)
            zeros -= 1
        }
        return roundsUp ? total + 1 : total
    }

    private static func appending(_ digit: UInt64, to total: UInt64) throws(FixedPoint.Failure) -> UInt64 {
        let (product, overflow) = total.multipliedReportingOverflow(by: 10)
        guard !overflow, product <= UInt64(Int64.max) else { throw .outOfRange }
        return product + digit
    }
}
