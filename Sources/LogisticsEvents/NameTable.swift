public import AttestationFormat

/// Finds one of a few names by its bytes, without touching reference counts: an intake line asks a dozen times.
public struct NameTable: Sendable {
    /// All names, one behind the other.
    private let bytes: [UInt8]
    /// Where each name begins, and where the last one ends.
    private let starts: [Int]

    public init(_ names: [FixedText]) {
        var bytes: [UInt8] = []
        var starts = [0]
        for name in names {
            bytes.append(contentsOf: name.text.bytes)
            starts.append(bytes.count)
        }
        self.bytes = bytes
        self.starts = starts
    }

    /// The place of a name in the list; nil when it is not there.
    public func index(of name: Span<UInt8>) -> Int? {
        let bytes = bytes.span
        let starts = starts.span
        var index = 0
        while index + 1 < starts.count {
            let start = starts[index]
            if starts[index + 1] - start == name.count {
                var offset = 0
                while offset < name.count, bytes[start + offset] == name[offset] { offset += 1 }
                if offset == name.count { return index }
            }
            index += 1
        }
        return nil
    }
}
