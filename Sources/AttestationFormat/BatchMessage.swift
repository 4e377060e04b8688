public import MerkleTree

/// What a gateway publishes for a batch (section 4): `[1, bstr .cbor statement, [+ event / [leaf-hash]] / nil]`.
///
/// Parsing checks form and limits; that events and hashes lead to the statement's root is for ``isComplete(using:)``.
public struct BatchMessage: Sendable {
    /// One event of the batch.
    public enum Item: Hashable, Sendable {
        /// The event's bytes, checked for their form.
        case event(EventView)
        /// The leaf hash of an event whose bytes its owner keeps.
        case withheld(Digest)

        /// Leaf hash of the event.
        public func leafHash<Hash: HashFunction>(using hash: Hash.Type) -> Digest {
            switch self {
            case .event(let event): MerkleTree<Hash>.leafHash(of: event.bytes)
            case .withheld(let leafHash): leafHash
            }
        }
    }

    public let statement: Statement
    /// The events in order; nil: the bytes are lost and the root can no longer be shown.
    public let items: [Item]?

    /// Parses a batch-message of at most 262,144 bytes.
    ///
    /// - Throws: ``FormatError``; `limitExceeded` stands for refusal 8, all others for refusal 7 (section 6).
    public init(parsing bytes: [UInt8]) throws(FormatError) {
        guard bytes.count <= Limits.batchMessageByteCount else { throw FormatError(.limitExceeded, at: 0) }
        var reader = CBORReader(bytes)
        try reader.readArray(3)
        try reader.readUnsigned(1)
        statement = try reader.readNested { (bytes) throws(FormatError) in try Statement(parsing: bytes) }
        items = try reader.readNull() ? nil : BatchMessage.readItems(from: &reader)
        try reader.finish()
    }

    private static func readItems(from reader: inout CBORReader) throws(FormatError) -> [Item] {
        let start = reader.position
        let count = try reader.readArray()
        guard count > 0 else { throw FormatError(.wrongCount, at: start) }
        guard count <= Limits.batchEventCount else { throw FormatError(.limitExceeded, at: start) }
        var items: [Item] = []
        items.reserveCapacity(count)
        for _ in 0..<count {
            if try reader.peekMajorType() == .array {
                try reader.readArray(1)
                items.append(.withheld(try reader.readDigest()))
            } else {
                items.append(
                    .event(try reader.readNested { (bytes) throws(FormatError) in try EventView(parsing: bytes) }))
            }
        }
        return items
    }

    /// Number of events whose bytes are in the message.
    public var wholeEventCount: Int {
        var count = 0
        for item in items ?? [] { if case .event = item { count += 1 } }
        return count
    }

    /// Whether the list has as many events as the statement's count, and their leaf hashes lead to its root.
    ///
    /// A message without a list has nothing that could be wrong, and is not complete.
    public func isComplete<Hash: HashFunction>(using hash: Hash.Type) -> Bool {
        guard let items, items.count == statement.header.count else { return false }
        var frontier = MerkleFrontier<Hash>()
        for item in items { frontier.append(leafHash: item.leafHash(using: hash)) }
        return frontier.root == statement.root
    }
}

// MARK: - Writing

extension BatchMessage {
    /// Writes everything before the list's items; exactly `itemCount` items must follow.
    ///
    /// - Parameter itemCount: nil when the events' bytes are lost; then nothing follows.
    public static func begin(statement: [UInt8], itemCount: Int?, in writer: inout CBORWriter) {
        writer.beginArray(3)
        writer.write(UInt64(1))
        writer.write(statement)
        if let itemCount { writer.beginArray(itemCount) } else { writer.writeNull() }
    }

    /// Writes one event's bytes.
    public static func append(event: ArraySlice<UInt8>, to writer: inout CBORWriter) {
        writer.write(event)
    }

    /// Writes one event's leaf hash in place of its bytes.
    public static func append(leafHash: Digest, to writer: inout CBORWriter) {
        writer.beginArray(1)
        writer.write(leafHash)
    }
}

extension CBORReader {
    /// Reads a byte string whose content is a message of its own, with offsets of errors counted here.
    mutating func readNested<Message>(
        _ parse: ([UInt8]) throws(FormatError) -> Message
    ) throws(FormatError) -> Message {
        let range = try readByteString()
        do throws(FormatError) {
            return try parse(copy(range))
        } catch {
            throw FormatError(error.code, at: range.lowerBound + error.offset)
        }
    }
}
