public import AttestationFormat

/// A decimal number by which values are multiplied exactly: the step from a device's unit to the user's, such as 0.001 or 100.
public struct DecimalFactor: Equatable, Sendable {
    private let mantissa: Int64
    /// Digits behind the point.
    private let decimals: UInt8

    /// No change.
    public static let one = DecimalFactor(mantissa: 1, decimals: 0)
    /// More digits than any unit's definition needs.
    private static let mostDecimals: UInt8 = 9
    /// Digits that a value keeps below the quantity's unit until it is multiplied.
    private static let guardDecimals: UInt8 = 3

    private init(mantissa: Int64, decimals: UInt8) {
        self.mantissa = mantissa
        self.decimals = decimals
    }

    /// Reads a number with at most nine digits behind the point; nil for anything else, and for 0.
    public init?(text: UTF8Text) {
        let text = text.bytes.span
        for digits in 0...DecimalFactor.mostDecimals {
            guard let value = try? FixedPoint.parse(text, decimals: digits) else { continue }
            guard value != 0 else { return nil }
            self.init(mantissa: value, decimals: digits)
            return
        }
        return nil
    }

    /// A JSON number times this factor, as an integer count of 10^-decimals, rounded to the nearest.
    public func applied(to text: Span<UInt8>, decimals target: UInt8) throws(FixedPoint.Failure) -> Int64 {
        if self == .one { return try FixedPoint.parse(text, decimals: target, excess: .round) }
        let value = try FixedPoint.parse(text, decimals: target + DecimalFactor.guardDecimals, excess: .round)
        let (product, overflow) = value.multipliedReportingOverflow(by: mantissa)
        guard !overflow else { throw .outOfRange }
        var divisor: Int64 = 1
        for _ in 0..<decimals + DecimalFactor.guardDecimals { divisor *= 10 }
        let (quotient, remainder) = product.quotientAndRemainder(dividingBy: divisor)
        guard remainder.magnitude >= (divisor / 2).magnitude else { return quotient }
        return product < 0 ? quotient - 1 : quotient + 1
    }
}
