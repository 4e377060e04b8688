public import AttestationFormat

extension PublicKey {
    /// What stands before the point in a SubjectPublicKeyInfo of P-256 (RFC 5480, section 2).
    private static let derHead: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03,
        0x42, 0x00,
    ]
    /// Characters in a line (RFC 7468, section 2).
    private static let lineCount = 64

    /// The key as other programs read it: SubjectPublicKeyInfo in PEM (RFC 7468, section 13).
    public var pem: UTF8Text {
        let alphabet: UTF8Text = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        var text: [UInt8] = UTF8Text("-----BEGIN PUBLIC KEY-----\n").bytes
        // 91 bytes: 30 groups of three, and one byte more.
        let der = PublicKey.derHead + uncompressedPoint
        var count = 0
        var index = 0
        while index < der.count {
            let rest = der.count - index
            let group = UInt32(der[index]) << 16 | (rest > 1 ? UInt32(der[index + 1]) << 8 : 0) | (rest > 2 ? UInt32(der[index + 2]) : 0)
            for place in 0..<4 {
                text.append(place <= rest ? alphabet.bytes[Int(group >> UInt32(18 - 6 * place)) & 63] : UInt8(ascii: "="))
                count += 1
                if count % PublicKey.lineCount == 0 { text.append(UInt8(ascii: "\n")) }
            }
            index += 3
        }
        return (UTF8Text(validating: text) ?? "") + "\n-----END PUBLIC KEY-----\n"
    }
}
