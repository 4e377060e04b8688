package import AttestationFormat

// Small byte helpers that this module and the sources share: the standard library has them for Strings only.

extension UTF8Text {
    /// The decimal digits of a number.
    package static func decimal(_ value: Int64) -> UTF8Text {
        var bytes: [UInt8] = []
        bytes.appendDecimal(value)
        return UTF8Text(validating: bytes) ?? ""
    }

    /// One ASCII character.
    package static func character(_ byte: UInt8) -> UTF8Text {
        UTF8Text(validating: [byte]) ?? ""
    }
}

extension Array<UInt8> {
    /// Appends a number in decimal digits.
    package mutating func appendDecimal(_ value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        appendDecimal(value.magnitude)
    }

    /// Appends a number in decimal digits.
    package mutating func appendDecimal(_ value: UInt64) {
        let start = count
        var rest = value
        repeat {
            append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest != 0
        self[start...].reverse()
    }

    /// Appends bytes as lower-case hex digits.
    package mutating func appendHex(_ bytes: [UInt8]) {
        for byte in bytes {
            append(Array.hexDigit(byte >> 4))
            append(Array.hexDigit(byte & 15))
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ value &- 10
    }
}

extension Array<UInt8> {
    /// A copy of some bytes.
    package init(copying bytes: Span<UInt8>) {
        self = bytes.withUnsafeBufferPointer { Array($0) }
    }

    /// Appends a copy of some bytes.
    package mutating func append(copying bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { self.append(contentsOf: $0) }
    }
}

extension Span<UInt8> {
    /// Whether the bytes begin with those of `prefix`.
    package func starts(with prefix: UTF8Text) -> Bool {
        let bytes = prefix.bytes
        guard count >= bytes.count else { return false }
        var index = 0
        while index < bytes.count {
            if self[index] != bytes[index] { return false }
            index += 1
        }
        return true
    }
}

extension UInt8 {
    /// Whether this is an ASCII letter.
    package var isLetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A }
}

extension Span<UInt8> {
    /// Whether these are exactly the bytes of `text`.
    package func isExactly(_ text: UTF8Text) -> Bool {
        text.bytes.matches(self)
    }
}

extension Array<UInt8> {
    /// Whether these are exactly the other's bytes.
    package func matches(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count {
            if self[index] != other[index] { return false }
            index += 1
        }
        return true
    }
}

extension UInt8 {
    /// Whether this is an ASCII digit.
    package var isDigit: Bool { self >= 0x30 && self <= 0x39 }
}
