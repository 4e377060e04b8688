public import AttestationFormat

/// What the gateway remembers of one published batch until the quorum has it: about a kilobyte, never its events.
public struct PublishedBatch: Sendable {
    /// The statement that receipts must prove.
    public let statement: Statement
    /// How many of them were sent whole: a receipt counts only if its `held` is at least this.
    public internal(set) var wholeCount: UInt64
    /// Bytes of its batch-message.
    public let messageByteCount: Int
    /// When it was last given to the link, monotonic milliseconds.
    public internal(set) var publishedAtMilliseconds: UInt64
    /// When it was first given to the link by this process.
    public internal(set) var firstPublishedAtMilliseconds: UInt64
    /// Nodes whose verified receipts count for it.
    public internal(set) var receiptedBy = NodeSet()

    public init(
        statement: Statement, wholeCount: UInt64, messageByteCount: Int, publishedAtMilliseconds: UInt64
    ) {
        self.statement = statement
        self.wholeCount = wholeCount
        self.messageByteCount = messageByteCount
        self.publishedAtMilliseconds = publishedAtMilliseconds
        firstPublishedAtMilliseconds = publishedAtMilliseconds
    }

    /// Sequence of its first event.
    public var first: UInt64 { statement.header.first }
    /// Number of its events.
    public var count: UInt64 { UInt64(statement.header.count) }
    /// The sequence after its last event.
    public var end: UInt64 { statement.header.next }
}

/// The batches published without a quorum, in chain order: at most 64, or 2 MiB of messages.
/// What does not fit waits in the journal, so that memory stays the same however long the outage.
public struct UnreceiptedWindow: Sendable {
    private let batchCapacity: Int
    private let byteCapacity: Int
    private var batches: [PublishedBatch] = []
    /// Bytes of all messages in the window.
    public private(set) var byteCount = 0

    public init(batchCapacity: Int, byteCapacity: Int) {
        self.batchCapacity = max(1, batchCapacity)
        self.byteCapacity = byteCapacity
        batches.reserveCapacity(self.batchCapacity)
    }

    public var count: Int { batches.count }
    public var isEmpty: Bool { batches.isEmpty }
    public var oldest: PublishedBatch? { batches.first }
    public var newest: PublishedBatch? { batches.last }

    /// Whether one more message may be published. A message larger than the whole window is let through alone.
    public func hasRoom(forByteCount messageByteCount: Int) -> Bool {
        if batches.isEmpty { return true }
        return batches.count < batchCapacity && byteCount &+ messageByteCount <= byteCapacity
    }

    /// Whether not even the smallest batch fits.
    public var isFull: Bool { !hasRoom(forByteCount: 512) }

    /// Adds the next batch of the chain; refused (`false`) when it does not come after the newest.
    @discardableResult
    public mutating func add(_ batch: PublishedBatch) -> Bool {
        if let newest = batches.last, newest.end > batch.first { return false }
        batches.append(batch)
        byteCount &+= batch.messageByteCount
        return true
    }

    /// Where the batch that starts at this sequence stands.
    public func index(ofFirst first: UInt64) -> Int? {
        var low = 0
        var high = batches.count
        while low < high {
            let middle = (low + high) / 2
            if batches[middle].first < first { low = middle + 1 } else { high = middle }
        }
        return low < batches.count && batches[low].first == first ? low : nil
    }

    public subscript(index: Int) -> PublishedBatch { batches[index] }

    /// Notes that the batch was given to the link again.
    ///
    /// - Parameter wholeCount: how many events were sent whole this time: fewer, when `share` was changed to hashes meanwhile, and
    ///   then no node can hold more.
    public mutating func republished(at index: Int, wholeCount: UInt64, now: Moment) {
        batches[index].publishedAtMilliseconds = now.monotonicMilliseconds
        batches[index].wholeCount = min(batches[index].wholeCount, wholeCount)
    }

    /// Counts one verified receipt; returns how many nodes have now given one.
    public mutating func count(receiptOf node: NodeIndex, at index: Int) -> Int {
        batches[index].receiptedBy.insert(node)
        return batches[index].receiptedBy.count
    }

    /// Takes the oldest batch out if the quorum has it. Later ones wait for it: the mark is one number.
    public mutating func removeOldest(withReceipts needed: Int) -> PublishedBatch? {
        guard let oldest = batches.first, oldest.receiptedBy.count >= needed else { return nil }
        batches.removeFirst()
        byteCount &-= oldest.messageByteCount
        return oldest
    }

    /// Forgets all: the epoch closed, or the link gave everything back.
    public mutating func removeAll() {
        batches.removeAll(keepingCapacity: true)
        byteCount = 0
    }
}
