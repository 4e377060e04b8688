/// One MQTT publication as a file carries it, where there is no network: `[topic: tstr, payload: bstr]`.
///
/// A carried file is a CBOR sequence (RFC 8742) of these, each encoded as section 1 says: on the way to a node (`.hscarry`) the
/// gateway's hello and then its batch-messages in chain order, on the way back (`.hsreply`) that node's replies. They are the very
/// publications of section 7, so whoever takes them applies the same rules, and believes a file no more than a broker.
public struct CarriedMessage: Hashable, Sendable {
    /// Longest topic of section 7: two names of 32, a gateway id of 64 and what stands between them, rounded up.
    public static let topicByteLimit = 160
    /// Longest encoded message: a batch-message, its topic, and the heads of both and of the array.
    public static let byteLimit = Limits.batchMessageByteCount + topicByteLimit + 16

    /// The topic that it would have been published to; a claim until it is parsed.
    public let topic: UTF8Text
    public let payload: [UInt8]

    public init(topic: UTF8Text, payload: [UInt8]) {
        self.topic = topic
        self.payload = payload
    }

    /// Appends its bytes to a file's.
    public func append(to out: inout [UInt8]) {
        var writer = CBORWriter(reserving: payload.count + topic.byteCount + 8)
        writer.beginArray(2)
        writer.write(topic)
        writer.write(payload)
        out.append(contentsOf: writer.bytes)
    }
}

/// Takes a carried file piece by piece and gives its messages; holds at most one message and one piece.
public struct CarriedReader: Sendable {
    private var bytes: [UInt8] = []
    private var position = 0
    /// Offset in the file of the next message.
    public private(set) var offset = 0

    public init() {}

    /// Adds the next piece of the file.
    public mutating func append(_ piece: [UInt8]) {
        bytes.removeFirst(position)
        position = 0
        bytes.append(contentsOf: piece)
    }

    /// The next message; `nil`: append more, or at the end: the file ends here.
    ///
    /// - Parameter isAtEnd: whether everything was appended.
    /// - Throws: ``FormatError`` with the offset in the file: what is no message, `limitExceeded` for one that is too long, and
    ///   `truncated` at the end of a file that was cut. The messages before it are good.
    public mutating func next(isAtEnd: Bool) throws(FormatError) -> CarriedMessage? {
        guard position < bytes.count else { return nil }
        var reader = CBORReader(bytes, range: position..<bytes.count)
        do throws(FormatError) {
            try reader.readArray(2)
            let topic = try reader.readText()
            guard topic.byteCount <= CarriedMessage.topicByteLimit else { throw FormatError(.limitExceeded, at: position) }
            let message = CarriedMessage(topic: topic, payload: try reader.readBytes(limit: Limits.batchMessageByteCount))
            offset += reader.position - position
            position = reader.position
            return message
        } catch {
            // A length that no message has would be waited for until memory ends.
            let isLong = bytes.count - position >= CarriedMessage.byteLimit
            if error.code == .truncated, !isAtEnd, !isLong { return nil }
            throw FormatError(error.code == .truncated && isLong ? .limitExceeded : error.code, at: offset + error.offset - position)
        }
    }
}
