/// Text held as validated UTF-8 bytes.
///
/// Two texts are equal when their bytes are: no Unicode normalisation, whose tables would double the size of the agent.
public struct UTF8Text: Hashable, Sendable {
    /// The bytes, always valid UTF-8 (RFC 3629).
    public let bytes: [UInt8]

    /// The text of a String, whose storage is UTF-8 already.
    @inline(never)
    public init(_ string: String) {
        bytes = Array(string.utf8)
    }

    /// Takes bytes that are valid UTF-8; nil for all others.
    public init?(validating bytes: [UInt8]) {
        guard UTF8Text.isValid(bytes.span, in: 0..<bytes.count) else { return nil }
        self.bytes = bytes
    }

    /// For bytes that were validated, or are ASCII by construction.
    init(validated bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The same text as a String, for people.
    @inline(never)
    public var string: String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// Number of UTF-8 bytes.
    public var byteCount: Int {
        bytes.count
    }

    // Disfavoured so that a literal is compared where it stands, as ``FixedText``, and not made into a text first.
    @_disfavoredOverload @inline(never)
    public static func == (left: UTF8Text, right: UTF8Text) -> Bool {
        left.bytes == right.bytes
    }

    /// Joins two texts.
    @inline(never)
    public static func + (left: UTF8Text, right: UTF8Text) -> UTF8Text {
        UTF8Text(validated: left.bytes + right.bytes)
    }

    /// Whether the text starts with all bytes of `prefix`.
    public func hasPrefix(_ prefix: UTF8Text) -> Bool {
        guard bytes.count >= prefix.bytes.count else { return false }
        for index in prefix.bytes.indices where bytes[index] != prefix.bytes[index] { return false }
        return true
    }
}

extension UTF8Text: ExpressibleByStringLiteral {
    @inline(never)
    public init(stringLiteral value: StaticString) {
        bytes = value.withUTF8Buffer { Array($0) }
    }
}

extension UTF8Text: Comparable {
    /// Orders by bytes, which for UTF-8 is the order of code points.
    @inline(never)
    public static func < (left: UTF8Text, right: UTF8Text) -> Bool {
        let shared = min(left.bytes.count, right.bytes.count)
        for index in 0..<shared where left.bytes[index] != right.bytes[index] {
            return left.bytes[index] < right.bytes[index]
        }
        return left.bytes.count < right.bytes.count
    }
}

extension UTF8Text: CustomStringConvertible {
    public var description: String { string }
}
