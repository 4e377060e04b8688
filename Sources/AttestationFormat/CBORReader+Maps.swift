extension CBORReader {
    /// Reads a map whose keys are labels: integers or texts (RFC 9052, section 1.5).
    ///
    /// - Parameters:
    ///   - depth: how many arrays and maps are open around the map.
    ///   - readValue: is given each integer label; reads the value and says true, or leaves it unread and says false, and
    ///     then it is passed, as are all values under text labels.
    /// - Throws: ``FormatError`` for a key of another type, a key twice, and whatever `readValue` throws.
    mutating func readLabelledMap(
        depth: Int,
        _ readValue: (_ label: Int64, _ reader: inout CBORReader) throws(FormatError) -> Bool
    ) throws(FormatError) {
        var keys = CBORKeyCheck(keyOrder)
        for _ in 0..<(try readMap()) {
            let start = position
            let label = try readLabel()
            try keys.add(start..<position, of: self)
            if let label, try readValue(label, &self) { continue }
            try skipItem(depth: depth + 1)
        }
        try keys.finish(of: self)
    }

    /// Reads a label; nil for a text, and for an integer above 2^63 - 1, which is no label that this format knows.
    private mutating func readLabel() throws(FormatError) -> Int64? {
        switch try peekMajorType() {
        case .unsigned, .negative: return try readInteger().int64
        case .textString:
            _ = try readTextRange()
            return nil
        default: throw unexpectedItem(at: position)
        }
    }
}
