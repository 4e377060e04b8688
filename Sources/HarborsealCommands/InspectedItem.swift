internal import AttestationFormat

/// Any CBOR item that section 1 of wire-format.md allows, without names for what it means.
enum InspectedItem {
    /// Most bytes of one string that are shown.
    static let shownByteCount = 512
    /// Most items that are shown of one file: more than a person reads, and memory stays small.
    static let shownItemCount = 20_000

    static func read(from reader: inout CBORReader) throws(FormatError) -> JSONValue {
        var budget = shownItemCount
        // The reader's own walk checks depth and form first, so that the recursion below is bounded by it.
        var check = reader
        if try check.peekMajorType() == .tag { try check.readSign1Tag() }
        try check.skipItem()
        return try item(from: &reader, budget: &budget)
    }

    private static func item(from reader: inout CBORReader, budget: inout Int) throws(FormatError) -> JSONValue {
        budget -= 1
        switch try reader.peekMajorType() {
        case .unsigned, .negative: return .string("\(try reader.readInteger())")
        case .byteString: return hexadecimal(try reader.readBytes())
        case .textString: return .string(try reader.readText().string)
        case .array: return try array(from: &reader, budget: &budget)
        case .map: return try map(from: &reader, budget: &budget)
        case .tag:
            try reader.readSign1Tag()
            return .members(("tag 18", try item(from: &reader, budget: &budget)))
        case .simple:
            if try reader.readNull() { return .null }
            return .bool(try reader.readBool())
        }
    }

    private static func array(from reader: inout CBORReader, budget: inout Int) throws(FormatError) -> JSONValue {
        var values: [JSONValue] = []
        let count = try reader.readArray()
        for index in 0..<count {
            if budget <= 0 {
                for _ in index..<count { try reader.skipItem() }
                return .array(values + [.string("… \(count - index) more")])
            }
            values.append(try item(from: &reader, budget: &budget))
        }
        return .array(values)
    }

    private static func map(from reader: inout CBORReader, budget: inout Int) throws(FormatError) -> JSONValue {
        var members: [JSONValue.Member] = []
        let count = try reader.readMap()
        for index in 0..<count {
            if budget <= 0 {
                for _ in 0..<2 * (count - index) { try reader.skipItem() }
                return .object(members + [.init("…", .string("\(count - index) more"))])
            }
            let key = try item(from: &reader, budget: &budget)
            members.append(.init(name(key), try item(from: &reader, budget: &budget)))
        }
        return .object(members)
    }

    private static func name(_ key: JSONValue) -> String {
        if case .string(let text) = key { return text }
        return key.json.split(separator: "\n").joined(separator: " ")
    }

    /// Bytes as hex digits, cut where nobody reads on.
    static func hexadecimal(_ bytes: [UInt8]) -> JSONValue {
        let shown = Hexadecimal.text(of: Array(bytes.prefix(shownByteCount))).string
        return .string(bytes.count <= shownByteCount ? shown : "\(shown)… (\(bytes.count) bytes)")
    }
}
