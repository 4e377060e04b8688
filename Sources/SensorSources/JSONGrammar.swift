import LogisticsEvents

/// The pieces of JSON's grammar that stand inside one token.
public enum JSONGrammar {
    /// Whether a text is one whole number, and nothing beside it.
    public static func isNumber(_ text: Span<UInt8>) -> Bool {
        text.count > 0 && (try? numberEnd(text, from: 0)) == text.count
    }

    /// The end of a number that begins at `start` (RFC 8259 section 6).
    static func numberEnd(_ line: Span<UInt8>, from start: Int) throws(JSONFault) -> Int {
        var index = start
        if line[index] == UInt8(ascii: "-") { index += 1 }
        let first = index
        index = try digitsEnd(line, from: index)
        guard line[first] != UInt8(ascii: "0") || index == first + 1 else { throw .badNumber }
        if index < line.count, line[index] == UInt8(ascii: ".") {
            index = try digitsEnd(line, from: index + 1)
        }
        if index < line.count, line[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < line.count, line[index] == UInt8(ascii: "+") || line[index] == UInt8(ascii: "-") { index += 1 }
            index = try digitsEnd(line, from: index)
        }
        return index
    }

    /// The end of a run of at least one digit.
    private static func digitsEnd(_ line: Span<UInt8>, from start: Int) throws(JSONFault) -> Int {
        var index = start
        while index < line.count, line[index].isDigit { index += 1 }
        guard index > start else { throw .badNumber }
        return index
    }

    /// Where a run of bytes ends that stand for themselves in a string: ASCII without controls, quote and backslash.
    ///
    /// Eight at a time, since most of a line is such text: a byte of `word` that is none sets its high bit in `special`. A borrow
    /// may set further bits above the first, never below it.
    static func plainEnd(_ line: Span<UInt8>, from start: Int) -> Int {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        var index = start
        while index <= line.count - 8 {
            let word = UInt64(littleEndian: line.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let quotes = word ^ (ones &* 0x22)
            let backslashes = word ^ (ones &* 0x5C)
            let special =
                (word | (word &- ones &* 0x20) & ~word | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes) & highs
            if special != 0 { return index + special.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < line.count, line[index] >= 0x20, line[index] < 0x80, line[index] != 0x22, line[index] != 0x5C { index += 1 }
        return index
    }

    /// The end of the escape that begins at `start`; a surrogate pair is one escape.
    static func escapeEnd(_ line: Span<UInt8>, from start: Int) throws(JSONFault) -> Int {
        guard start + 1 < line.count else { throw .unexpectedEnd }
        switch line[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"):
            return try scalar(line, from: start).end
        default:
            throw .badEscape
        }
    }

    /// The scalar of a `\u` escape or pair at `start`, and where it ends.
    private static func scalar(_ line: Span<UInt8>, from start: Int) throws(JSONFault) -> (value: UInt32, end: Int) {
        let high = try hexUnit(line, from: start)
        guard high != 0 else { throw .zeroCharacter }
        guard high >= 0xD800, high < 0xE000 else { return (high, start + 6) }
        guard high < 0xDC00 else { throw .loneSurrogate }
        guard start + 7 < line.count, line[start + 6] == UInt8(ascii: "\\"), line[start + 7] == UInt8(ascii: "u") else {
            throw .loneSurrogate
        }
        let low = try hexUnit(line, from: start + 6)
        guard low >= 0xDC00, low < 0xE000 else { throw .loneSurrogate }
        return (0x10000 + (high - 0xD800) << 10 + (low - 0xDC00), start + 12)
    }

    /// The 16 bits of `\uXXXX` at `start`.
    private static func hexUnit(_ line: Span<UInt8>, from start: Int) throws(JSONFault) -> UInt32 {
        guard start + 5 < line.count else { throw .unexpectedEnd }
        var value: UInt32 = 0
        for index in start + 2..<start + 6 {
            guard let digit = hexValue(line[index]) else { throw .badEscape }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// The value of a hex digit of either case.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        if byte.isDigit { return byte & 15 }
        let lower = byte | 0x20
        return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : nil
    }

    /// The end of a UTF-8 sequence of two to four bytes (RFC 3629 section 4).
    static func sequenceEnd(_ line: Span<UInt8>, from start: Int) throws(JSONFault) -> Int {
        let lead = line[start]
        let count: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: count = 2
        case 0xE0: (count, second) = (3, 0xA0...0xBF)
        case 0xED: (count, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: count = 3
        case 0xF0: (count, second) = (4, 0x90...0xBF)
        case 0xF4: (count, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: count = 4
        default: throw .invalidUTF8
        }
        guard start + count <= line.count, second.contains(line[start + 1]) else { throw .invalidUTF8 }
        for index in start + 2..<start + max(count, 2) where line[index] & 0xC0 != 0x80 { throw .invalidUTF8 }
        return start + count
    }

    /// A scanned string's text, escapes resolved.
    static func unescaped(_ line: Span<UInt8>, _ range: Range<Int>) throws(JSONFault) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            guard line[index] == UInt8(ascii: "\\") else {
                text.append(line[index])
                index += 1
                continue
            }
            index = try appendEscape(line, from: index, to: &text)
        }
        return text
    }

    private static func appendEscape(
        _ line: Span<UInt8>, from start: Int, to text: inout [UInt8]
    ) throws(JSONFault) -> Int {
        let letter = line[start + 1]
        switch letter {
        case UInt8(ascii: "u"):
            let (value, end) = try scalar(line, from: start)
            appendScalar(value, to: &text)
            return end
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        default: text.append(letter)
        }
        return start + 2
    }

    private static func appendScalar(_ value: UInt32, to text: inout [UInt8]) {
        func byte(_ bits: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: bits) }
        if value < 0x80 {
            text.append(byte(value))
        } else if value < 0x800 {
            text.append(0xC0 | byte(value >> 6))
            text.append(0x80 | byte(value & 0x3F))
        } else if value < 0x10000 {
            text.append(0xE0 | byte(value >> 12))
            text.append(0x80 | byte(value >> 6 & 0x3F))
            text.append(0x80 | byte(value & 0x3F))
        } else {
            text.append(0xF0 | byte(value >> 18))
            text.append(0x80 | byte(value >> 12 & 0x3F))
            text.append(0x80 | byte(value >> 6 & 0x3F))
            text.append(0x80 | byte(value & 0x3F))
        }
    }
}
