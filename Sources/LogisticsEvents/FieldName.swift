/// Names of fields, documents and firms' own kinds: lower-case ASCII.
enum FieldName {
    /// Longest name, in bytes.
    static let maximumByteCount = 64

    /// One part: letters, digits and hyphens.
    static func isPlain(_ name: Span<UInt8>) -> Bool { partCount(name) == 1 }

    /// At least two parts joined by dots.
    static func isDotted(_ name: Span<UInt8>) -> Bool { partCount(name) >= 2 }

    /// Parts joined by dots; 0 when it is no name.
    private static func partCount(_ name: Span<UInt8>) -> Int {
        guard name.count > 0, name.count <= maximumByteCount else { return 0 }
        var parts = 1
        var partStart = 0
        for index in 0..<name.count {
            let byte = name[index]
            if byte == UInt8(ascii: ".") {
                guard index > partStart else { return 0 }
                parts += 1
                partStart = index + 1
            } else if !(byte.isDigit || byte == UInt8(ascii: "-") || (byte >= 0x61 && byte <= 0x7A)) {
                return 0
            }
        }
        return partStart < name.count ? parts : 0
    }
}
