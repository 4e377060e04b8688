public import AttestationFormat

/// Values of a URI's attributes: which characters may stand as they are, and what the others are decoded to (RFC 7512, 2.3 and RFC 3986, 2.1).
extension TokenURI {
    /// Unreserved characters and the reserved ones that mean nothing in this place. `extra` is more where the part of the URI allows it.
    private static let plain: UTF8Text = "-._~:[]@!$'()*+,="

    /// The bytes of a value.
    static func decoded(
        _ name: UTF8Text, _ value: ArraySlice<UInt8>, _ maximumByteCount: Int, extra: UTF8Text
    ) throws(TokenURIError) -> [UInt8] {
        var bytes: [UInt8] = []
        var index = value.startIndex
        while index < value.endIndex {
            let byte = value[index]
            index += 1
            if byte != UInt8(ascii: "%") {
                guard isPlain(byte) || extra.bytes.contains(byte) else {
                    throw TokenURIError(words: name + " has a character that must be percent-encoded: %" + hexadecimal([byte]) + " in its place")
                }
                bytes.append(byte)
                continue
            }
            guard index + 1 < value.endIndex, let high = digit(value[index]), let low = digit(value[index + 1]) else {
                throw TokenURIError("@ has a % without two hexadecimal digits behind it; a % itself is %25", name)
            }
            bytes.append(high << 4 | low)
            index += 2
        }
        guard (1...maximumByteCount).contains(bytes.count) else {
            throw TokenURIError(words: UTF8Text("\(name.string) has \(bytes.count) bytes; 1 to \(maximumByteCount) are possible"))
        }
        return bytes
    }

    /// A value that is a decimal number; nil for another.
    static func number(_ value: [UInt8]) -> UInt64? {
        var number: UInt64 = 0
        for byte in value {
            let (product, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = product.addingReportingOverflow(UInt64(byte &- UInt8(ascii: "0")))
            guard isDigit(byte), !overflows, !overflowsToo else { return nil }
            number = sum
        }
        return value.isEmpty ? nil : number
    }

    /// Lower-case digits, two a byte.
    public static func hexadecimal(_ bytes: [UInt8]) -> UTF8Text {
        let digits: UTF8Text = "0123456789abcdef"
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits.bytes[Int(byte >> 4)])
            text.append(digits.bytes[Int(byte & 15)])
        }
        return UTF8Text(validating: text) ?? ""
    }

    static func isWord(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_") }

    private static func isPlain(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || plain.bytes.contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isLetter(_ byte: UInt8) -> Bool {
        let small = byte | 0x20
        return small >= UInt8(ascii: "a") && small <= UInt8(ascii: "z")
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte - UInt8(ascii: "0") }
        let small = byte | 0x20
        return small >= UInt8(ascii: "a") && small <= UInt8(ascii: "f") ? small - UInt8(ascii: "a") + 10 : nil
    }
}
