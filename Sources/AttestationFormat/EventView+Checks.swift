extension EventView {
    /// Reads the value of a known key and demands its shape (section 3).
    static func checkValue(ofKey key: Int, from reader: inout CBORReader) throws(FormatError) {
        switch key {
        case 0: _ = try readKind(from: &reader)
        case 1, 2: _ = try reader.readUnsigned()
        case 3: _ = try readClock(from: &reader)
        case 4: try checkList(from: &reader) { (item) throws(FormatError) in _ = try item.readTextRange() }
        case 5: _ = try reader.readTextRange()
        case 6: try checkPosition(from: &reader)
        case 7: try checkList(from: &reader) { (item) throws(FormatError) in _ = try EventReading(reading: &item) }
        case 8: try checkEntries(from: &reader) { (value) throws(FormatError) in _ = try value.readTextRange() }
        case 9: try checkList(from: &reader) { (item) throws(FormatError) in _ = try readAttachment(from: &item) }
        case 10: _ = try readForeign(from: &reader)
        case 11: try checkList(from: &reader) { (item) throws(FormatError) in _ = try item.readUnsigned() }
        case 12: try checkEntries(from: &reader) { (value) throws(FormatError) in _ = try readExtensionValue(from: &value) }
        default: _ = try reader.readByteString()
        }
    }

    /// `[+ item]`
    private static func checkList(
        from reader: inout CBORReader, _ checkItem: (inout CBORReader) throws(FormatError) -> Void
    ) throws(FormatError) {
        let start = reader.position
        let count = try reader.readArray()
        guard count > 0 else { throw FormatError(.wrongCount, at: start) }
        for _ in 0..<count { try checkItem(&reader) }
    }

    /// `{ + tstr => value }`
    private static func checkEntries(
        from reader: inout CBORReader, _ checkValue: (inout CBORReader) throws(FormatError) -> Void
    ) throws(FormatError) {
        let start = reader.position
        let count = try reader.readMap()
        guard count > 0 else { throw FormatError(.wrongCount, at: start) }
        var keys = CBORKeyCheck(reader.keyOrder)
        for _ in 0..<count {
            let keyStart = reader.position
            _ = try reader.readTextRange()
            try keys.add(keyStart..<reader.position, of: reader)
            try checkValue(&reader)
        }
        try keys.finish(of: reader)
    }

    private static func checkPosition(from reader: inout CBORReader) throws(FormatError) {
        let start = reader.position
        let count = try reader.readArray()
        guard (2...4).contains(count) else { throw FormatError(.wrongCount, at: start) }
        _ = try reader.readInteger()
        _ = try reader.readInteger()
        if count > 2 { _ = try reader.readUnsigned() }
        if count > 3 { _ = try reader.readInteger() }
    }
}

// MARK: - Values, for checks and lookups alike

extension EventView {
    static func readKind(from reader: inout CBORReader) throws(FormatError) -> EventKind {
        switch try reader.peekMajorType() {
        case .textString: .text(try reader.readText())
        default: .number(try reader.readUnsigned())
        }
    }

    static func readClock(from reader: inout CBORReader) throws(FormatError) -> EventClock {
        try reader.readArray(2)
        let source = EventClock.Source(rawValue: try reader.readUnsigned())
        return EventClock(source: source, errorMilliseconds: try reader.readNull() ? nil : reader.readUnsigned())
    }

    static func readPosition(from reader: inout CBORReader) throws(FormatError) -> EventPosition {
        let count = try reader.readArray()
        return EventPosition(
            latitude: try reader.readSigned(), longitude: try reader.readSigned(),
            accuracyMillimetres: count > 2 ? try reader.readUnsigned() : nil,
            altitudeMillimetres: count > 3 ? try reader.readSigned() : nil)
    }

    static func readAttachment(from reader: inout CBORReader) throws(FormatError) -> EventAttachment {
        let start = reader.position
        let count = try reader.readArray()
        guard count == 2 || count == 3 else { throw FormatError(.wrongCount, at: start) }
        return EventAttachment(
            algorithm: try reader.readSigned(), digest: try reader.readBytes(),
            contentType: count == 3 ? try reader.readText() : nil)
    }

    static func readForeign(from reader: inout CBORReader) throws(FormatError) -> EventForeign {
        try reader.readArray(2)
        return EventForeign(contentType: try reader.readText(), bytes: try reader.readBytes())
    }

    static func readExtensionValue(from reader: inout CBORReader) throws(FormatError) -> EventExtension.Value {
        switch try reader.peekMajorType() {
        case .textString: .text(try reader.readText())
        case .byteString: .bytes(try reader.readBytes())
        case .unsigned, .negative: .integer(try reader.readInteger())
        default: .bool(try reader.readBool())
        }
    }
}
