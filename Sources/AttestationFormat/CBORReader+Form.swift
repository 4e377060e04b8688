extension CBORReader {
    /// Passes one item of any type, checking every rule of section 1 on the way, and gives its range.
    ///
    /// - Parameter depth: how many arrays and maps of the same bytes are open around the item.
    /// - Throws: ``FormatError`` for whatever section 1 refuses; a tag is always refused here.
    @discardableResult
    public mutating func skipItem(depth: Int = 0) throws(FormatError) -> Range<Int> {
        let start = position
        let head = try readHead(nil)
        switch head.type {
        case .unsigned: break
        case .negative:
            if head.argument > UInt64(Int64.max) { throw FormatError(.integerTooSmall, at: start) }
        case .byteString:
            position += try count(head.argument, bytesEach: 1, at: start)
        case .textString:
            let content = position..<(position + (try count(head.argument, bytesEach: 1, at: start)))
            guard UTF8Text.isValid(bytes.span, in: content) else { throw FormatError(.invalidUTF8, at: start) }
            position = content.upperBound
        case .array:
            try checkDepth(depth, at: start)
            for _ in 0..<(try count(head.argument, bytesEach: 1, at: start)) { try skipItem(depth: depth + 1) }
        case .map:
            try checkDepth(depth, at: start)
            try skipEntries(count(head.argument, bytesEach: 2, at: start), depth: depth + 1)
        case .tag: throw FormatError(.forbiddenTag, at: start)
        case .simple:
            guard (20...22).contains(head.argument) else { throw FormatError(.forbiddenSimpleValue, at: start) }
        }
        return start..<position
    }

    private func checkDepth(_ depth: Int, at start: Int) throws(FormatError) {
        if depth >= CBORReader.maximumDepth { throw FormatError(.tooDeep, at: start) }
    }

    private mutating func skipEntries(_ entryCount: Int, depth: Int) throws(FormatError) {
        var keys = CBORKeyCheck(keyOrder)
        for _ in 0..<entryCount {
            try keys.add(try skipKey(depth: depth), of: self)
            try skipItem(depth: depth)
        }
        try keys.finish(of: self)
    }

    /// Passes a map key. Inside a key that is itself a map the deterministic order is demanded everywhere, so that
    /// equal keys are equal bytes.
    mutating func skipKey(depth: Int) throws(FormatError) -> Range<Int> {
        var reader = CBORReader(bytes, range: position..<end, keyOrder: .deterministic)
        let range = try reader.skipItem(depth: depth)
        position = reader.position
        return range
    }
}

/// Watches the keys of one map: order in event bytes, and no key twice anywhere.
///
/// Encodings are the shortest, so equal keys have equal bytes. Keys that come in ascending order cost one comparison
/// each; the others are sorted once at the end.
struct CBORKeyCheck {
    private let keyOrder: CBORReader.KeyOrder
    private var previous: Range<Int>?
    private var isAscending = true
    private var seen: [Range<Int>] = []

    init(_ keyOrder: CBORReader.KeyOrder) {
        self.keyOrder = keyOrder
    }

    /// Takes note of the encoded key at `key`.
    mutating func add(_ key: Range<Int>, of reader: CBORReader) throws(FormatError) {
        if let previous {
            switch CBORKeyCheck.compare(previous, key, in: reader.bytes) {
            case 0: throw FormatError(.duplicateKey, at: key.lowerBound)
            case 1:
                if keyOrder == .deterministic { throw FormatError(.keyOrder, at: key.lowerBound) }
                isAscending = false
            default: break
            }
        }
        previous = key
        if keyOrder == .any { seen.append(key) }
    }

    /// Looks for keys that stand twice, unless the order has excluded it.
    mutating func finish(of reader: CBORReader) throws(FormatError) {
        if isAscending { return }
        let bytes = reader.bytes
        let order = SortedOrder.indices(seen.count) { CBORKeyCheck.compare(seen[$0], seen[$1], in: bytes) < 0 }
        var place = 1
        while place < order.count {
            let (left, right) = (seen[order[place - 1]], seen[order[place]])
            if CBORKeyCheck.compare(left, right, in: bytes) == 0 {
                throw FormatError(.duplicateKey, at: max(left.lowerBound, right.lowerBound))
            }
            place += 1
        }
    }

    /// Bytewise lexicographic order (RFC 8949, 4.2.1): -1, 0 or 1.
    private static func compare(_ left: Range<Int>, _ right: Range<Int>, in bytes: [UInt8]) -> Int {
        for offset in 0..<min(left.count, right.count) {
            let difference = Int(bytes[left.lowerBound + offset]) - Int(bytes[right.lowerBound + offset])
            if difference != 0 { return difference < 0 ? -1 : 1 }
        }
        return left.count == right.count ? 0 : (left.count < right.count ? -1 : 1)
    }
}
