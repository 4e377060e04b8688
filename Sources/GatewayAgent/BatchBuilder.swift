import AttestationFormat
public import MerkleTree

/// The open batch: its Merkle frontier and the encoded event list of its batch-message, so that closing it costs one copy.
///
/// Its memory is bounded by the largest message, 262,144 bytes. Events that find it full stay in the journal, from where the
/// next batch takes them.
public struct BatchBuilder<Hash: HashFunction> {
    private var frontier = MerkleFrontier<Hash>()
    private var items = CBORWriter(reserving: 16_384)
    /// What the message would grow by if no event were withheld.
    private var withheldByteCount = 0
    private var openedAtMilliseconds: UInt64 = 0
    /// Sequence of its first event.
    public private(set) var first: UInt64
    /// Number of its events.
    public private(set) var count = 0
    /// How many of them leave whole.
    public private(set) var wholeCount = 0
    /// Whether an event of a priority kind wants it closed.
    public private(set) var hasPriority = false

    public init(first: UInt64) { self.first = first }

    public var isEmpty: Bool { count == 0 }
    /// The sequence that the next event must have.
    public var end: UInt64 { first &+ UInt64(count) }
    /// RFC 9162 root over the events.
    public var root: Digest { frontier.root }
    /// The encoded items of the event list, in order, without the array's head.
    public var encodedItems: [UInt8] { items.bytes }
    /// Bytes of the batch-message that it would make, at most.
    public var messageByteCount: Int { items.bytes.count &+ GatewayPolicy.messageOverheadByteCount }

    /// Whether an event of so many bytes still fits the limits of one batch (1,024 events, 262,144 bytes), also when nothing is withheld:
    /// the owner's own copy is whole, and `share` may change before the batch leaves again.
    public func hasRoom(forEventByteCount byteCount: Int) -> Bool {
        count < GatewayPolicy.largestEventCount
            && messageByteCount &+ withheldByteCount &+ byteCount &+ 6 <= GatewayPolicy.largestMessageByteCount
    }

    /// Adds the event with sequence ``end``. Ask ``hasRoom(forEventByteCount:)`` first.
    /// - Parameters:
    ///   - hashOnly: its bytes stay with the owner; the nodes get the leaf hash.
    ///   - isPriority: close the batch at once.
    public mutating func add(_ event: [UInt8], hashOnly: Bool, isPriority: Bool, at now: Moment) {
        if count == 0 { openedAtMilliseconds = now.monotonicMilliseconds }
        let leafHash = MerkleTree<Hash>.leafHash(of: event)
        frontier.append(leafHash: leafHash)
        if hashOnly {
            BatchMessage.append(leafHash: leafHash, to: &items)
            // Both have three bytes around them at most.
            withheldByteCount &+= max(0, event.count &- Digest.byteCount)
        } else {
            items.write(event)
            wholeCount += 1
        }
        count += 1
        hasPriority = hasPriority || isPriority
    }

    /// Starts over with an empty batch that begins at `first`; keeps its memory.
    public mutating func reset(first: UInt64) {
        frontier = MerkleFrontier<Hash>()
        items.removeAll()
        withheldByteCount = 0
        self.first = first
        count = 0
        wholeCount = 0
        hasPriority = false
    }

    /// Whether the policy closes it now, given that the signer is free.
    public func shouldClose(_ policy: GatewayPolicy, pace: SigningPace, at now: Moment) -> Bool {
        guard count > 0 else { return false }
        if hasPriority || isAtLimit { return true }
        if isFull(policy) { return !pace.prefersGrowth(at: now) }
        return now.milliseconds(since: openedAtMilliseconds) >= policy.batchIntervalMilliseconds
    }

    /// Whether the configured number of events or bytes is reached.
    public func isFull(_ policy: GatewayPolicy) -> Bool {
        count >= policy.batchEventCount || items.bytes.count >= policy.batchByteCount
    }

    /// No event of ordinary size fits any more.
    private var isAtLimit: Bool { !hasRoom(forEventByteCount: Limits.eventByteCount) }

    /// When the interval closes it; `nil` while it is empty.
    public func wakeMilliseconds(_ policy: GatewayPolicy, pace: SigningPace) -> UInt64? {
        guard count > 0 else { return nil }
        return isFull(policy) ? pace.wakeMilliseconds : openedAtMilliseconds &+ policy.batchIntervalMilliseconds
    }
}

/// Puts a batch-message together: `[1, bstr .cbor statement, [+ event or withheld event]]` (wire-format.md, section 4).
public enum BatchMessageBytes {
    /// - Parameters:
    ///   - statement: the exact bytes of the statement.
    ///   - items: the encoded elements of the event list.
    ///   - count: how many they are.
    public static func make(statement: [UInt8], items: [UInt8], count: Int) -> [UInt8] {
        var writer = CBORWriter(reserving: statement.count + items.count + 16)
        BatchMessage.begin(statement: statement, itemCount: count, in: &writer)
        writer.writeEncoded(items)
        return writer.bytes
    }

    /// The message that says the events' bytes are lost: `nil` in place of the list.
    public static func makeWithoutEvents(statement: [UInt8]) -> [UInt8] {
        var writer = CBORWriter(reserving: statement.count + 16)
        BatchMessage.begin(statement: statement, itemCount: nil, in: &writer)
        return writer.bytes
    }
}
