/// The mean kinetic temperature of samples: the one steady temperature at which goods would have suffered as much as they did
/// (Haynes 1971; USP chapter 1079.2; ICH Q1A). Integers alone.
///
/// T = (ΔH/R) / -ln((e^(-ΔH/RT₁) + ... + e^(-ΔH/RTₙ)) / n) with ΔH = 83.144 kJ/mol and R = 8.3144 J/(mol K), so that ΔH/R is
/// 10,000 K. Every sample counts once: samples at a steady period are equal spans of time. The result is rounded to the nearest
/// m°C; before that it is right to 0.0001 m°C for up to 2^32 samples between -100 and 200 °C.
public struct MeanKineticTemperature: Sendable {
    /// Samples outside have no meaning for goods, and the sum no result.
    public static let sampleRange: ClosedRange<Int64> = -100_000...200_000
    /// 0 °C in mK.
    private static let zeroCelsius: Int64 = 273_150
    /// 10,000 K / ln 2 in mK, with 40 binary digits behind the point: e^(-10,000 K/T) is 2^-(this/T).
    private static let scale: UInt64 = 15_862_599_727_921_870_341

    /// The sum of 2^-x is `mantissa` · 2^(`exponent` - 63), the mantissa with its top bit set, or 0 when there is no sample.
    private var mantissa: UInt64 = 0
    private var exponent = 0
    private var count: UInt64 = 0
    private var isOutside = false

    public init() {}

    /// Adds a sample in m°C.
    public mutating func add(_ milliCelsius: Int64) {
        guard MeanKineticTemperature.sampleRange.contains(milliCelsius), count < 1 << 32 else {
            isOutside = true
            return
        }
        let kelvin = UInt64(truncatingIfNeeded: milliCelsius + MeanKineticTemperature.zeroCelsius)
        // Rounded, so that x is right to 2^-41.
        let term = BinaryLogarithm.powerOfTwo(minus: (MeanKineticTemperature.scale + kelvin / 2) / kelvin)
        count += 1
        add(term.mantissa, term.exponent)
    }

    /// The mean in m°C; nil without a sample, and when one was outside ``sampleRange``.
    public var milliCelsius: Int64? {
        guard count > 0, !isOutside else { return nil }
        let shift = count.leadingZeroBitCount
        let logarithmOfCount = Int64(63 - shift) << 40 + Int64(BinaryLogarithm.logarithm(ofMantissa: count << UInt64(shift)))
        let logarithmOfSum = Int64(exponent) << 40 + Int64(BinaryLogarithm.logarithm(ofMantissa: mantissa))
        // Between 30 and 84: the terms of the coldest and the warmest sample that are taken.
        let mean = UInt64(max(1, logarithmOfCount - logarithmOfSum))
        return Int64((MeanKineticTemperature.scale + mean / 2) / mean) - MeanKineticTemperature.zeroCelsius
    }

    /// What is cut off is below 2^-62 of the sum a sample.
    private mutating func add(_ otherMantissa: UInt64, _ otherExponent: Int) {
        guard mantissa != 0 else {
            (mantissa, exponent) = (otherMantissa, otherExponent)
            return
        }
        var (large, small) = (mantissa, otherMantissa)
        let distance = exponent - otherExponent
        if distance < 0 {
            (large, small) = (otherMantissa, mantissa)
            exponent = otherExponent
        }
        // A shift by 64 or more gives 0 in Swift.
        let (sum, overflow) = large.addingReportingOverflow(small >> distance.magnitude)
        if overflow {
            mantissa = 1 << 63 | sum >> 1
            exponent += 1
        } else {
            mantissa = sum
        }
    }
}
