/// A text that stands in the program itself: no heap, no reference count, no code to make it.
///
/// Tables of such texts are data in the binary; tables of ``UTF8Text`` are code that allocates each entry.
public struct FixedText: ExpressibleByStringLiteral, Sendable {
    private let literal: StaticString

    @inline(__always)
    public init(stringLiteral literal: StaticString) {
        self.literal = literal
    }

    /// The same text as a value of its own.
    public var text: UTF8Text {
        UTF8Text(stringLiteral: literal)
    }

    /// Number of UTF-8 bytes.
    public var byteCount: Int {
        literal.utf8CodeUnitCount
    }

    public static func == (left: FixedText, right: UTF8Text) -> Bool {
        left.isEqual(right.bytes)
    }

    /// Compares without making a text: tables are searched for every line of a source.
    @inline(never)
    private func isEqual(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == byteCount else { return false }
        return literal.withUTF8Buffer { own in
            for index in bytes.indices where own[index] != bytes[index] { return false }
            return true
        }
    }
}

extension FixedText: Equatable {
    public static func == (left: FixedText, right: FixedText) -> Bool {
        left == right.text
    }
}

extension UTF8Text {
    public static func == (left: UTF8Text, right: FixedText) -> Bool {
        right == left
    }
}

extension [FixedText] {
    /// All of them as values of their own.
    public var texts: [UTF8Text] { map { $0.text } }

    /// Whether a text is one of them.
    public func contains(_ text: UTF8Text) -> Bool {
        for word in self where word == text { return true }
        return false
    }
}
