/// Walks a map whose keys are labels: integers or texts (RFC 9052, section 1.5).
///
/// Pulled by its caller, label by label, so that one copy of the walk serves every map: as a method with a closure for the
/// values it stood eleven times in the agent.
///
///     var map = try LabelledMap(from: &reader, depth: 0)
///     while let label = try map.nextLabel(from: &reader) {
///         switch label {
///         case 1: value = try reader.readUnsigned()
///         default: try map.skipValue(from: &reader)
///         }
///     }
struct LabelledMap {
    private var keys: CBORKeyCheck
    private var remainingCount: Int
    private let depth: Int

    /// Reads the head of the map.
    ///
    /// - Parameter depth: how many arrays and maps are open around the map.
    init(from reader: inout CBORReader, depth: Int) throws(FormatError) {
        keys = CBORKeyCheck(reader.keyOrder)
        remainingCount = try reader.readMap()
        self.depth = depth
    }

    /// Reads up to the next integer label, whose value the caller must read or skip; nil at the end of the map.
    ///
    /// Entries under text labels, and under integers above 2^63 - 1, are passed: no such label is known to this format.
    ///
    /// - Throws: ``FormatError`` for a key of another type and for a key twice.
    @inline(never)
    mutating func nextLabel(from reader: inout CBORReader) throws(FormatError) -> Int64? {
        while remainingCount > 0 {
            remainingCount -= 1
            let start = reader.position
            let label = try reader.readLabel()
            try keys.add(start..<reader.position, of: reader)
            if let label { return label }
            try skipValue(from: &reader)
        }
        try keys.finish(of: reader)
        return nil
    }

    /// Passes the value of a label that the caller does not know.
    func skipValue(from reader: inout CBORReader) throws(FormatError) {
        try reader.skipItem(depth: depth + 1)
    }
}

extension CBORReader {
    /// Reads a label; nil for a text, and for an integer above 2^63 - 1, which is no label that this format knows.
    fileprivate mutating func readLabel() throws(FormatError) -> Int64? {
        switch try peekMajorType() {
        case .unsigned, .negative: return try readInteger().int64
        case .textString:
            _ = try readTextRange()
            return nil
        default: throw unexpectedItem(at: position)
        }
    }
}
