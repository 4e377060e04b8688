import AttestationFormat

/// GS1 Digital Link URIs at `https://id.gs1.org` (GS1 Digital Link URI Syntax 1.4), for the keys of EventKinds.md.
enum DigitalLink {
    /// How one primary key is built.
    private struct Key {
        let scheme: Identifier.Scheme
        /// Digits at the start, the last of them the check digit; 0 when the key has none.
        let digitCount: Int
        /// Characters of CSET 82 that may or must follow.
        let serialCount: ClosedRange<Int>
        /// Key qualifiers that may follow, in this order.
        let qualifiers: [UTF8Text]

        init(
            _ scheme: Identifier.Scheme, digits: Int, serial: ClosedRange<Int> = 0...0, qualifiers: [UTF8Text] = []
        ) {
            self.scheme = scheme
            digitCount = digits
            serialCount = serial
            self.qualifiers = qualifiers
        }
    }

    // One constant a key, so that the hot path finds it without searching or allocating.
    private static let sscc = Key(.sscc, digits: 18)
    private static let gtin = Key(.gtin, digits: 14, qualifiers: ["10", "21"])
    private static let gln = Key(.gln, digits: 13, qualifiers: ["254"])
    private static let party = Key(.party, digits: 13)
    private static let grai = Key(.grai, digits: 14, serial: 0...16)
    private static let giai = Key(.giai, digits: 0, serial: 1...30)
    private static let gdti = Key(.gdti, digits: 13, serial: 0...17)
    private static let gsin = Key(.gsin, digits: 17)
    private static let ginc = Key(.ginc, digits: 0, serial: 1...30)

    private static func key(_ code: Span<UInt8>) -> Key? {
        var number = 0
        guard code.count >= 2, code.count <= 4 else { return nil }
        for index in 0..<code.count {
            guard code[index].isDigit else { return nil }
            number = number * 10 + Int(code[index] & 15)
        }
        switch (code.count, number) {
        case (2, 0): return sscc
        case (2, 1): return gtin
        case (3, 414): return gln
        case (3, 417): return party
        case (4, 8003): return grai
        case (4, 8004): return giai
        case (3, 253): return gdti
        case (3, 402): return gsin
        case (3, 401): return ginc
        default: return nil
        }
    }

    /// Longest value of a key qualifier: lot 10, serial 21, GLN extension 254 (GS1 General Specifications, section 3).
    private static let maximumQualifierCount = 20

    /// Checks a link whose path starts at `start`; the link is canonical already, or it is refused.
    static func parse(_ text: Span<UInt8>, from start: Int) throws(EventError) -> Identifier {
        var position = start
        let code = segment(text, &position)
        guard let key = key(text.extracting(code)) else {
            throw .identifier("the key must be one of 00, 01, 253, 401, 402, 414, 417, 8003, 8004")
        }
        try checkValue(text.extracting(segment(text, &position)), key)
        var allowed = 0
        while position < text.count {
            let qualifier = segment(text, &position)
            while allowed < key.qualifiers.count, !key.qualifiers[allowed].bytes.matches(text.extracting(qualifier)) {
                allowed += 1
            }
            guard allowed < key.qualifiers.count else {
                throw .identifier("what follows the key must be 10 then 21 after 01, 254 after 414, and nothing elsewhere")
            }
            allowed += 1
            let value = segment(text, &position)
            try checkCharacters(text.extracting(value), 1...maximumQualifierCount)
        }
        guard text[text.count - 1] != UInt8(ascii: "/") else { throw .identifier("the link must not end with /") }
        return Identifier(scheme: key.scheme, uri: try .copying(text))
    }

    /// The next path segment; `position` moves behind its slash.
    private static func segment(_ text: Span<UInt8>, _ position: inout Int) -> Range<Int> {
        let start = min(position, text.count)
        var end = start
        while end < text.count, text[end] != UInt8(ascii: "/") { end += 1 }
        position = end + 1
        return start..<end
    }

    private static func checkValue(_ value: Span<UInt8>, _ key: Key) throws(EventError) {
        guard value.count >= key.digitCount, key.serialCount.upperBound > 0 || value.count == key.digitCount else {
            throw .identifier("this key has " + .decimal(Int64(key.digitCount)) + " digits, "
                + .decimal(Int64(value.count)) + " characters found")
        }
        if key.digitCount > 0 {
            let body = key.digitCount - 1
            guard let expected = CheckDigits.gs1(for: value.extracting(0..<body)), value[body].isDigit else {
                throw .identifier("this key has " + .decimal(Int64(key.digitCount)) + " digits, something else found")
            }
            try Identifier.check(value[body], expected)
        }
        if case .grai = key.scheme, value[0] != UInt8(ascii: "0") {
            throw .identifier("a GRAI starts with the digit 0")
        }
        if key.serialCount.upperBound > 0 {
            try checkCharacters(value.extracting(key.digitCount..<value.count), key.serialCount)
        }
    }

    /// GS1 CSET 82 as it stands in a path: a character outside of RFC 3986's `pchar`, and `%`, is percent-encoded.
    static func checkCharacters(_ value: Span<UInt8>, _ counts: ClosedRange<Int>) throws(EventError) {
        var count = 0
        var index = 0
        while index < value.count {
            var byte = value[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < value.count, let high = upperHex(value[index + 1]), let low = upperHex(value[index + 2])
                else { throw .identifier("% must be followed by two hex digits, capital letters") }
                byte = high << 4 | low
                index += 2
            } else if needsEncoding(byte) {
                throw .identifier("this character must be percent-encoded in a link")
            }
            guard isCSET82(byte) else { throw .identifier("a character outside of GS1's set of 82 is not allowed") }
            count += 1
            index += 1
        }
        guard counts.contains(count) else {
            throw .identifier("this part has " + .decimal(Int64(counts.lowerBound)) + " to "
                + .decimal(Int64(counts.upperBound)) + " characters, " + .decimal(Int64(count)) + " found")
        }
    }

    private static func upperHex(_ byte: UInt8) -> UInt8? {
        if byte.isDigit { return byte & 15 }
        return byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "F") ? byte - UInt8(ascii: "A") + 10 : nil
    }

    /// Of the 82 characters, those that RFC 3986 does not let stand in a path segment, or that end the path.
    static func needsEncoding(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "%"), UInt8(ascii: "/"), UInt8(ascii: "<"), UInt8(ascii: ">"),
            UInt8(ascii: "?"):
            return true
        default: return false
        }
    }

    /// GS1 General Specifications, figure 7.11-1.
    static func isCSET82(_ byte: UInt8) -> Bool {
        if byte.isDigit || byte.isLetter { return true }
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "\""), 0x25...0x2F, 0x3A...0x3F, UInt8(ascii: "_"): return true
        default: return false
        }
    }
}
