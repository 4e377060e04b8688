/// The one kind of PEM (RFC 7468) that is read in Swift: certificates. Keys go to mbedTLS, which wipes its buffers.
enum PEMBlock {
    private static let begin: [UInt8] = Array("-----BEGIN CERTIFICATE-----".utf8)
    private static let end: [UInt8] = Array("-----END CERTIFICATE-----".utf8)

    /// The bytes of the first certificate in a text; nil if there is none, or if it is damaged.
    static func firstCertificate(in text: [UInt8]) -> [UInt8]? {
        var decoder = Base64Decoder()
        var isInside = false
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let content = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if !isInside {
                isInside = content.elementsEqual(begin)
            } else if content.elementsEqual(end) {
                return decoder.finish()
            } else if !decoder.take(content) {
                return nil
            }
        }
        return nil
    }
}

/// Base64 (RFC 4648, section 4), strict: padded, no bits left over, nothing after the padding.
struct Base64Decoder {
    private var bytes: [UInt8] = []
    private var pending: UInt32 = 0
    private var pendingCount = 0
    private var paddingCount = 0

    mutating func take(_ characters: ArraySlice<UInt8>) -> Bool {
        for character in characters {
            if character == UInt8(ascii: "=") {
                paddingCount += 1
                guard paddingCount <= 2 else { return false }
                continue
            }
            guard paddingCount == 0, let value = Base64Decoder.value(character) else { return false }
            pending = pending << 6 | UInt32(value)
            pendingCount += 1
            if pendingCount == 4 {
                bytes.append(UInt8(truncatingIfNeeded: pending >> 16))
                bytes.append(UInt8(truncatingIfNeeded: pending >> 8))
                bytes.append(UInt8(truncatingIfNeeded: pending))
                pending = 0
                pendingCount = 0
            }
        }
        return true
    }

    mutating func finish() -> [UInt8]? {
        switch (pendingCount, paddingCount) {
        case (0, 0):
            break
        case (2, 2) where pending & 0x0F == 0:
            bytes.append(UInt8(truncatingIfNeeded: pending >> 4))
        case (3, 1) where pending & 0x03 == 0:
            bytes.append(UInt8(truncatingIfNeeded: pending >> 10))
            bytes.append(UInt8(truncatingIfNeeded: pending >> 2))
        default:
            return nil
        }
        return bytes
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
