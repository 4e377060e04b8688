/// One life of a gateway's journal: 8 random bytes, written as 16 lower-case hex digits (section 2).
///
/// Epochs have no order of their own; `previous` in the statements gives it.
public struct Epoch: Hashable, Sendable {
    /// The 8 bytes as a number, the first byte most significant.
    public let value: UInt64

    public init(_ value: UInt64) {
        self.value = value
    }

    /// Takes exactly 8 random bytes; nil for any other number.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 8 else { return nil }
        var value: UInt64 = 0
        for byte in bytes { value = value << 8 | UInt64(byte) }
        self.value = value
    }

    /// Parses 16 lower-case hex digits; nil for anything else.
    public init?(_ text: UTF8Text) {
        self.init(textBytes: text.bytes[...])
    }

    init?(textBytes: ArraySlice<UInt8>) {
        guard textBytes.count == 16 else { return nil }
        var value: UInt64 = 0
        for byte in textBytes {
            guard let digit = Hexadecimal.value(ofDigit: byte) else { return nil }
            value = value << 4 | UInt64(digit)
        }
        self.value = value
    }

    /// The 8 bytes.
    public var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) }
    }

    /// 16 lower-case hex digits.
    public var text: UTF8Text { Hexadecimal.text(of: bytes) }
}

extension Epoch: CustomStringConvertible {
    public var description: String { text.string }
}

/// Lower-case hex digits; upper-case ones are refused, so that one value has one text.
public enum Hexadecimal {
    /// Two digits a byte.
    public static func text(of bytes: [UInt8]) -> UTF8Text {
        var digits: [UInt8] = []
        digits.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            digits.append(digit(byte >> 4))
            digits.append(digit(byte & 0x0F))
        }
        return UTF8Text(validated: digits)
    }

    /// The bytes of an even number of lower-case digits; nil for anything else.
    public static func bytes(of text: UTF8Text) -> [UInt8]? {
        guard text.byteCount % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.byteCount / 2)
        for index in stride(from: 0, to: text.byteCount, by: 2) {
            guard let high = value(ofDigit: text.bytes[index]), let low = value(ofDigit: text.bytes[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    static func value(ofDigit byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
        default: nil
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ (value &- 10)
    }
}
