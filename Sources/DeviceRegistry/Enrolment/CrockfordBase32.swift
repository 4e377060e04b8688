/// 128 bits as 26 characters of Crockford's base32, most significant first, so that the first character is 0 to 7.
enum CrockfordBase32 {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    private static let groupCharacterCount = 5

    static func text(of bytes: [UInt8]) -> String {
        var value = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        var characters: [UInt8] = []
        for _ in 0..<EnrolmentCode.characterCount {
            characters.append(alphabet[Int(value & 31)])
            value >>= 5
        }
        var text = ""
        for (index, character) in characters.reversed().enumerated() {
            if index > 0 && index.isMultiple(of: groupCharacterCount) { text += "-" }
            text.unicodeScalars.append(Unicode.Scalar(character))
        }
        return text
    }

    /// nil: not 26 characters of the alphabet, or more than 128 bits.
    static func bytes(of text: some Sequence<UInt8>) -> [UInt8]? {
        var value = UInt128(0)
        var count = 0
        for character in text where character != UInt8(ascii: "-") && character != UInt8(ascii: " ") {
            guard let digit = digit(character), value >> 123 == 0 else { return nil }
            value = value << 5 | UInt128(digit)
            count += 1
        }
        guard count == EnrolmentCode.characterCount else { return nil }
        return (0..<EnrolmentCode.byteCount).map { UInt8(truncatingIfNeeded: value >> UInt128(8 * (EnrolmentCode.byteCount - 1 - $0))) }
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        let upper = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(character) ? character - 32 : character
        switch upper {
        case UInt8(ascii: "O"): return 0
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        default: return alphabet.firstIndex(of: upper).map { UInt8($0) }
        }
    }
}
