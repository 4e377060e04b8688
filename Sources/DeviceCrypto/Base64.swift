/// Base64 (RFC 4648, section 4) of whole messages.
public enum Base64 {
    /// The bytes of a text whose lines may end with LF or CR LF; nil for anything that is not strictly base64.
    public static func decode(_ text: [UInt8]) -> [UInt8]? {
        var decoder = Base64Decoder()
        for line in text.split(separator: UInt8(ascii: "\n")) {
            guard decoder.take(line.last == UInt8(ascii: "\r") ? line.dropLast() : line) else { return nil }
        }
        return decoder.finish()
    }

    /// One line, padded.
    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[start + offset]) : 0) }
            for place in 0..<4 {
                guard place <= count else {
                    text.append(UInt8(ascii: "="))
                    continue
                }
                let digit = Int(group >> UInt32(18 - 6 * place)) & 0x3F
                text.append(digits.withUTF8Buffer { $0[digit] })
            }
        }
        return text
    }
}

extension UnverifiedCertificate {
    /// The certificate as PEM (RFC 7468), as other programs want it.
    public var pem: [UInt8] {
        var text = Array("-----BEGIN CERTIFICATE-----\n".utf8)
        let encoded = Base64.encode(derBytes)
        for start in stride(from: 0, to: encoded.count, by: 64) {
            text.append(contentsOf: encoded[start..<min(start + 64, encoded.count)])
            text.append(UInt8(ascii: "\n"))
        }
        text.append(contentsOf: "-----END CERTIFICATE-----\n".utf8)
        return text
    }
}
