internal import AttestationFormat
internal import LogisticsEvents

/// How the bits of one or two registers make a number.
public enum RegisterFormat: Equatable, Sendable {
    case bit
    case int16
    case uint16
    case int32(isLowWordFirst: Bool)
    case uint32(isLowWordFirst: Bool)
    /// IEEE 754 single precision.
    case float32(isLowWordFirst: Bool)

    init(_ name: UTF8Text, isLowWordFirst: Bool) {
        switch name {
        case "uint16": self = .uint16
        case "int32": self = .int32(isLowWordFirst: isLowWordFirst)
        case "uint32": self = .uint32(isLowWordFirst: isLowWordFirst)
        case "float32": self = .float32(isLowWordFirst: isLowWordFirst)
        default: self = .int16
        }
    }

    /// Registers that are read.
    public var wordCount: UInt16 {
        switch self {
        case .bit, .int16, .uint16: 1
        case .int32, .uint32, .float32: 2
        }
    }

    /// Digits behind the point that a float keeps: a millionth, below every quantity's unit.
    private static let floatDecimals: UInt8 = 6

    /// The number, as a count of 10^-`decimals`; nil for what is none: too few words, not a number, infinite, beyond 2^42.
    public func number(_ words: [UInt16]) -> (value: Int64, decimals: UInt8)? {
        guard words.count >= Int(wordCount), let first = words.first else { return nil }
        switch self {
        case .bit, .uint16: return (Int64(first), 0)
        case .int16: return (Int64(Int16(bitPattern: first)), 0)
        case .int32(let isLowFirst): return (Int64(Int32(bitPattern: RegisterFormat.joined(words, isLowFirst))), 0)
        case .uint32(let isLowFirst): return (Int64(RegisterFormat.joined(words, isLowFirst)), 0)
        case .float32(let isLowFirst):
            return RegisterFormat.millionths(RegisterFormat.joined(words, isLowFirst)).map { ($0, RegisterFormat.floatDecimals) }
        }
    }

    private static func joined(_ words: [UInt16], _ isLowFirst: Bool) -> UInt32 {
        let (high, low) = isLowFirst ? (words[1], words[0]) : (words[0], words[1])
        return UInt32(high) << 16 | UInt32(low)
    }

    /// A single-precision number in millionths, rounded to the nearest, in integer arithmetic: the same on every processor.
    static func millionths(_ bits: UInt32) -> Int64? {
        let exponent = Int(bits >> 23 & 0xFF)
        guard exponent != 0xFF else { return nil }
        let fraction = Int64(bits & 0x7F_FFFF)
        // Value = mantissa times 2^shift; without an exponent the leading bit is 0.
        let mantissa = (exponent == 0 ? fraction : fraction | 0x80_0000) * 1_000_000
        let shift = max(exponent, 1) - 150
        var magnitude = mantissa
        if shift > 0 {
            // The mantissa has at most 24 + 20 bits: 18 more are the most that a signed word has room for.
            guard shift <= 18 else { return nil }
            magnitude <<= Int64(shift)
        } else if shift < 0 {
            magnitude = shift < -62 ? 0 : (mantissa + (1 << Int64(-shift - 1))) >> Int64(-shift)
        }
        return bits >> 31 == 1 ? -magnitude : magnitude
    }
}

extension ModbusConfiguration.Register {
    /// The words as a value in the quantity's integer unit; nil: the sensor failed, or the bits are no number.
    public func value(_ words: [UInt16]) -> Int64? {
        guard let (number, decimals) = format.number(words) else { return nil }
        if decimals == 0, failures.contains(number) { return nil }
        if quantity == .state { return number == 0 ? 0 : 1 }
        let text = DecimalText.bytes(number, decimals: decimals)
        do throws(FixedPoint.Failure) {
            return try scale.applied(to: text.span, decimals: quantity.description.decimals)
        } catch {
            return nil
        }
    }
}
