/// A decimal number exactly as a kernel driver prints it, such as `62.500000000` or `-16852.114286`.
package struct DriverNumber: Equatable, Sendable {
    /// The number times 10^``decimals``.
    package let units: Int64
    /// How many digits stand behind the point, zeros at the end left out.
    package let decimals: Int

    package static let one = DriverNumber(units: 1, decimals: 0)
    package static let zero = DriverNumber(units: 0, decimals: 0)

    /// Drivers print nine decimals, a few print twelve; Int64 holds eighteen.
    private static let maximumDecimalCount = 18

    private init(units: Int64, decimals: Int) {
        self.units = units
        self.decimals = decimals
    }

    /// Reads a number that fills the text but for spaces and newlines at its end; nil for anything else.
    package init?(_ text: Span<UInt8>) {
        var end = text.count
        while end > 0, text[end - 1] == 0x0A || text[end - 1] == 0x20 { end -= 1 }
        var count = 0
        var index = 0
        while index < end, text[index] != UInt8(ascii: ".") { index += 1 }
        if index < end {
            while text[end - 1] == UInt8(ascii: "0") { end -= 1 }
            count = end - index - 1
            if count == 0 { end -= 1 }
        }
        guard count <= DriverNumber.maximumDecimalCount else { return nil }
        do throws(FixedPoint.Failure) {
            units = try FixedPoint.parse(text.extracting(0..<end), decimals: UInt8(count))
        } catch {
            return nil
        }
        decimals = count
    }

    /// The exact sum; nil beyond Int64.
    package func adding(_ other: DriverNumber) -> DriverNumber? {
        let decimals = max(self.decimals, other.decimals)
        guard let left = units.shifted(by: decimals - self.decimals), let right = other.units.shifted(by: decimals - other.decimals)
        else { return nil }
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? nil : DriverNumber(units: sum, decimals: decimals)
    }

    /// `self` × `factor` × 10^`shift` ÷ `divisor`, rounded once at the end to the nearest integer, halves away from zero.
    ///
    /// The product has 128 bits on the way: a 24-bit reading times a scale of nine decimals needs more than 64. Written out,
    /// since 32-bit ARM has no division of that width. Nil when the result is beyond Int64.
    package func product(_ factor: DriverNumber, shift: Int, divisor: UInt64) -> Int64? {
        let exponent = shift - decimals - factor.decimals
        guard let units = units.shifted(by: max(exponent, 0)), divisor <= UInt64(Int64.max),
            let divisor = Int64(divisor).shifted(by: max(-exponent, 0)), divisor > 0
        else { return nil }
        let (high, low) = DriverNumber.fullProduct(units.magnitude, factor.units.magnitude)
        guard let magnitude = DriverNumber.quotient(high, low, by: UInt64(divisor)), let value = Int64(exactly: magnitude)
        else { return nil }
        return (units < 0) != (factor.units < 0) ? -value : value
    }

    private static func fullProduct(_ left: UInt64, _ right: UInt64) -> (high: UInt64, low: UInt64) {
        let half: UInt64 = 0xFFFF_FFFF
        let lowest = (left & half) * (right & half)
        // Neither sum overflows: (2^32 - 1)^2 + 2^32 - 1 is below 2^64.
        let middle = (left >> 32) * (right & half) + (lowest >> 32)
        let cross = (left & half) * (right >> 32) + (middle & half)
        return ((left >> 32) * (right >> 32) + (middle >> 32) + (cross >> 32), (cross << 32) | (lowest & half))
    }

    /// Long division, bit by bit; the divisor is below 2^63, so that the remainder can be doubled.
    private static func quotient(_ high: UInt64, _ low: UInt64, by divisor: UInt64) -> UInt64? {
        var remainder: UInt64 = 0
        var result: UInt64 = 0
        for bit in 0..<128 {
            guard result >> 63 == 0 else { return nil }
            let next = bit < 64 ? high >> UInt64(63 - bit) : low >> UInt64(127 - bit)
            remainder = remainder << 1 | next & 1
            result <<= 1
            if remainder >= divisor {
                remainder -= divisor
                result |= 1
            }
        }
        guard remainder >= divisor - remainder else { return result }
        return result == .max ? nil : result + 1
    }
}

extension Int64 {
    /// Times 10^`count`; nil on overflow.
    fileprivate func shifted(by count: Int) -> Int64? {
        var value = self
        for _ in 0..<count where value != 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            value = product
        }
        return value
    }
}
