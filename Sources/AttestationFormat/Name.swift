/// The name of an alliance, firm, device or node: 1 to 32 of `a-z 0-9 -`, not starting or ending with `-` (section 2).
public struct Name: Hashable, Comparable, Sendable {
    public let text: UTF8Text

    /// Takes a name that section 2 allows; nil for all others.
    public init?(_ text: UTF8Text) {
        self.init(bytes: text.bytes[...])
    }

    /// Takes the bytes of a name that section 2 allows; nil for all others.
    public init?(bytes: ArraySlice<UInt8>) {
        guard (1...32).contains(bytes.count), bytes.first != Name.hyphen, bytes.last != Name.hyphen else { return nil }
        for byte in bytes where !Name.isAllowed(byte) { return nil }
        text = UTF8Text(validated: Array(bytes))
    }

    private static let hyphen = UInt8(ascii: "-")

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), hyphen: true
        default: false
        }
    }

    public static func < (left: Name, right: Name) -> Bool { left.text < right.text }
}

extension Name: CustomStringConvertible {
    public var description: String { text.string }
}
