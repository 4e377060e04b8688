/// Received or stored event bytes, checked once: keys 0 to 2, the shape of keys 3 to 13, and every rule of section 1.
///
/// Keeps the bytes as they are; lookups read from them. Unknown keys are kept and ignored. Two events are equal when their bytes are.
public struct EventView: Sendable {
    /// The event as received: the leaf that is hashed.
    public let bytes: [UInt8]
    /// Key 0.
    public let kind: EventKind
    /// Key 1, milliseconds since 1970-01-01Z.
    public let wallClockMilliseconds: UInt64
    /// Key 2, milliseconds since boot.
    public let monotonicMilliseconds: UInt64

    /// Offset of the value of each key from 0 to 13; 0 where the key is absent. Events have at most 4,096 bytes.
    private let valueOffsets: InlineArray<14, UInt16>

    /// Checks event bytes.
    ///
    /// - Throws: ``FormatError`` for whatever sections 1 and 3 do not allow.
    public init(parsing bytes: [UInt8]) throws(FormatError) {
        guard bytes.count <= Limits.eventByteCount else { throw FormatError(.limitExceeded, at: 0) }
        var offsets = InlineArray<14, UInt16>(repeating: 0)
        var reader = CBORReader(bytes, keyOrder: .deterministic)
        var map = try LabelledMap(from: &reader, depth: 0)
        while let key = try map.nextLabel(from: &reader) {
            guard let index = Int(exactly: key), (0...13).contains(index) else {
                try map.skipValue(from: &reader)
                continue
            }
            offsets[index] = UInt16(truncatingIfNeeded: reader.position)
            try EventView.checkValue(ofKey: index, from: &reader)
        }
        try reader.finish()
        for key in 0...2 where offsets[key] == 0 { throw FormatError(.missingLabel(Int64(key)), at: 0) }
        valueOffsets = offsets
        reader.position = Int(offsets[0])
        kind = try EventView.readKind(from: &reader)
        reader.position = Int(offsets[1])
        wallClockMilliseconds = try reader.readUnsigned()
        reader.position = Int(offsets[2])
        monotonicMilliseconds = try reader.readUnsigned()
        self.bytes = bytes
    }

    /// A reader that stands at the value of a key; nil when the key is absent.
    func reader(atKey key: Int) -> CBORReader? {
        let offset = Int(valueOffsets[key])
        return offset == 0 ? nil : CBORReader(bytes, range: offset..<bytes.count, keyOrder: .deterministic)
    }
}

extension EventView: Hashable {
    public static func == (left: EventView, right: EventView) -> Bool { left.bytes == right.bytes }
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
