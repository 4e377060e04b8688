public import MerkleTree

extension CBORReader {
    /// Reads an unsigned integer.
    public mutating func readUnsigned() throws(FormatError) -> UInt64 {
        try readHead(.unsigned).argument
    }

    /// Reads an unsigned integer and demands that it is `expected`.
    public mutating func readUnsigned(_ expected: UInt64) throws(FormatError) {
        let start = position
        guard try readUnsigned() == expected else { throw FormatError(.unexpectedValue, at: start) }
    }

    /// Reads an integer of either sign.
    public mutating func readInteger() throws(FormatError) -> CBORInteger {
        let start = position
        let head = try readHead(nil)
        switch head.type {
        case .unsigned: return .unsigned(head.argument)
        case .negative:
            guard let magnitude = Int64(exactly: head.argument) else { throw FormatError(.integerTooSmall, at: start) }
            return .negative(~magnitude)
        default: throw unexpectedItem(at: start)
        }
    }

    /// Reads an integer of either sign that fits into 64 signed bits.
    public mutating func readSigned() throws(FormatError) -> Int64 {
        let start = position
        guard let value = try readInteger().int64 else { throw FormatError(.integerTooLarge, at: start) }
        return value
    }

    /// Reads a byte string and gives the range of its content.
    public mutating func readByteString() throws(FormatError) -> Range<Int> {
        try readString(.byteString)
    }

    /// Reads a byte string of at most `limit` bytes and gives a copy of its content.
    public mutating func readBytes(limit: Int = .max) throws(FormatError) -> [UInt8] {
        let start = position
        let range = try readByteString()
        guard range.count <= limit else { throw FormatError(.limitExceeded, at: start) }
        return copy(range)
    }

    /// Reads a byte string of exactly 32 bytes.
    public mutating func readDigest() throws(FormatError) -> Digest {
        let start = position
        let range = try readByteString()
        guard range.count == Digest.byteCount, let digest = Digest(reading: bytes.span, at: range.lowerBound) else {
            throw FormatError(.unexpectedValue, at: start)
        }
        return digest
    }

    /// Reads a text string and gives the range of its content, which is valid UTF-8.
    public mutating func readTextRange() throws(FormatError) -> Range<Int> {
        let start = position
        let range = try readString(.textString)
        guard UTF8Text.isValid(bytes.span, in: range) else { throw FormatError(.invalidUTF8, at: start) }
        return range
    }

    /// Reads a text string.
    public mutating func readText() throws(FormatError) -> UTF8Text {
        UTF8Text(validated: copy(try readTextRange()))
    }

    /// Reads the head of an array and gives the number of its elements, each of which has at least one byte left.
    public mutating func readArray() throws(FormatError) -> Int {
        let start = position
        let claimed = try readHead(.array).argument
        return try count(claimed, bytesEach: 1, at: start)
    }

    /// Reads the head of an array that must have `expected` elements.
    public mutating func readArray(_ expected: Int) throws(FormatError) {
        let start = position
        guard try readArray() == expected else { throw FormatError(.wrongCount, at: start) }
    }

    /// Reads the head of a map and gives the number of its entries, each of which has at least two bytes left.
    public mutating func readMap() throws(FormatError) -> Int {
        let start = position
        let claimed = try readHead(.map).argument
        return try count(claimed, bytesEach: 2, at: start)
    }

    /// Reads `nil` when it stands here, and says whether it did.
    public mutating func readNull() throws(FormatError) -> Bool {
        guard position < end else { throw FormatError(.truncated, at: position) }
        guard bytes[position] == 0xF6 else { return false }
        position += 1
        return true
    }

    /// Reads `true` or `false`.
    public mutating func readBool() throws(FormatError) -> Bool {
        let start = position
        switch try readHead(.simple).argument {
        case 20: return false
        case 21: return true
        default: throw unexpectedItem(at: start)
        }
    }

    /// Reads tag 18, which must stand in front of a COSE_Sign1 message.
    public mutating func readSign1Tag() throws(FormatError) {
        let start = position
        guard try peekMajorType() == .tag else { throw FormatError(.untagged, at: start) }
        guard try readHead(.tag).argument == 18 else { throw FormatError(.forbiddenTag, at: start) }
    }

    private mutating func readString(_ type: MajorType) throws(FormatError) -> Range<Int> {
        let start = position
        // The head is read in a statement of its own: as an argument it would come after `self` was looked at.
        let claimed = try readHead(type).argument
        let byteCount = try count(claimed, bytesEach: 1, at: start)
        let content = position..<(position + byteCount)
        position = content.upperBound
        return content
    }
}
