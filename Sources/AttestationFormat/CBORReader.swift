/// Reads CBOR strictly, as section 1 of wire-format.md demands, without copying what it passes.
///
/// A pull reader: the caller asks for the type that belongs here, and gets it or a ``FormatError`` with the byte offset.
/// It never recurses deeper than 16, and never allocates by a length whose bytes are not there. Offsets count from the start of
/// the outermost bytes, also inside a byte string that holds CBOR (``nested(_:)``).
public struct CBORReader: Sendable {
    /// Whether map keys must stand in the order of RFC 8949, 4.2.1.
    public enum KeyOrder: Sendable {
        /// Any order, but no key twice: COSE headers, messages, trust files.
        case any
        /// Strictly ascending by encoded bytes: events.
        case deterministic
    }

    /// Deepest nesting of arrays and maps (section 1).
    public static let maximumDepth = 16

    let bytes: [UInt8]
    let keyOrder: KeyOrder
    /// Offset of the next byte to be read.
    public internal(set) var position: Int
    let end: Int

    /// Reads all of `bytes`.
    public init(_ bytes: [UInt8], keyOrder: KeyOrder = .any) {
        self.bytes = bytes
        self.keyOrder = keyOrder
        position = 0
        end = bytes.count
    }

    /// Reads the part of `bytes` that `range` names; a range that reaches outside is cut to the array.
    public init(_ bytes: [UInt8], range: Range<Int>, keyOrder: KeyOrder = .any) {
        let inside = range.clamped(to: 0..<bytes.count)
        self.bytes = bytes
        self.keyOrder = keyOrder
        position = inside.lowerBound
        end = inside.upperBound
    }

    /// A reader of the content of a byte string of the same bytes: `bstr .cbor`.
    public func nested(_ range: Range<Int>) -> CBORReader {
        CBORReader(bytes, range: range, keyOrder: keyOrder)
    }

    /// Whether everything has been read.
    public var isAtEnd: Bool { position >= end }

    /// Number of bytes not read yet.
    var remainingByteCount: Int { end - position }

    /// Demands that nothing follows.
    public func finish() throws(FormatError) {
        if position < end { throw FormatError(.trailingBytes, at: position) }
    }

    /// The bytes of a range that this reader gave, as a new array.
    public func copy(_ range: Range<Int>) -> [UInt8] {
        Array(bytes[range])
    }
}

// MARK: - Heads

extension CBORReader {
    /// Major types of RFC 8949, section 3.1.
    public enum MajorType: UInt8, Sendable {
        case unsigned = 0
        case negative, byteString, textString, array, map, tag, simple
    }

    /// Major type of the next item, which stays unread.
    public func peekMajorType() throws(FormatError) -> MajorType {
        guard position < end else { throw FormatError(.truncated, at: position) }
        // Three bits have eight values, all of which are cases.
        return MajorType(rawValue: bytes[position] >> 5) ?? .simple
    }

    /// Reads an initial byte and its argument; `nil` as type accepts every type.
    mutating func readHead(
        _ expected: MajorType?
    ) throws(FormatError) -> (type: MajorType, argument: UInt64) {
        let type = try peekMajorType()
        if let expected, expected != type { throw unexpectedItem(at: position) }
        let start = position
        let information = bytes[position] & 0x1F
        position += 1
        if information < 24 { return (type, UInt64(information)) }
        guard information < 28 else {
            throw FormatError(information == 31 ? .indefiniteLength : .unexpectedValue, at: start)
        }
        // Simple values in two bytes are unassigned, and those in 3, 5 and 9 bytes are floats.
        if type == .simple { throw FormatError(.forbiddenSimpleValue, at: start) }
        let byteCount = 1 << Int(information - 24)
        guard remainingByteCount >= byteCount else { throw FormatError(.truncated, at: start) }
        var argument: UInt64 = 0
        for offset in 0..<byteCount { argument = argument << 8 | UInt64(bytes[position + offset]) }
        guard CBORReader.isShortest(argument, byteCount: byteCount) else { throw FormatError(.notShortest, at: start) }
        position += byteCount
        return (type, argument)
    }

    /// What to say of an item that is not of the type that belongs here: that section 1 forbids it everywhere, if it does.
    func unexpectedItem(at offset: Int) -> FormatError {
        let information = bytes[offset] & 0x1F
        switch MajorType(rawValue: bytes[offset] >> 5) {
        case .tag: return FormatError(.forbiddenTag, at: offset)
        case _ where information == 31: return FormatError(.indefiniteLength, at: offset)
        case .simple where !(20...22).contains(information): return FormatError(.forbiddenSimpleValue, at: offset)
        default: return FormatError(.unexpectedType, at: offset)
        }
    }

    private static func isShortest(_ argument: UInt64, byteCount: Int) -> Bool {
        switch byteCount {
        case 1: argument >= 24
        case 2: argument > 0xFF
        case 4: argument > 0xFFFF
        default: argument > 0xFFFF_FFFF
        }
    }

    /// Turns a claimed number of things into an Int, when each could still have `bytesEach` bytes.
    func count(_ claimed: UInt64, bytesEach: Int, at start: Int) throws(FormatError) -> Int {
        guard let count = Int(exactly: claimed), count <= remainingByteCount / bytesEach else {
            throw FormatError(.truncated, at: start)
        }
        return count
    }
}
