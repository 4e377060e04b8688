/// A place in the journal's table of intake sources.
public struct SourceIndex: Hashable, Sendable {
    /// 0 to 63.
    public let value: UInt8

    init(_ value: UInt8) { self.value = value }
}

/// Where an event is: the epoch and sequence that its source was told, or will be after the next sync.
public struct EventPlace: Hashable, Sendable {
    /// The epoch, eight bytes big-endian.
    public let epoch: UInt64
    /// The event's number in the epoch.
    public let sequence: UInt64

    /// Names a place.
    public init(epoch: UInt64, sequence: UInt64) {
        self.epoch = epoch
        self.sequence = sequence
    }
}

/// What became of an event that came with a source's own number.
public enum IntakeOutcome: Equatable, Sendable {
    /// Appended; acknowledge after the sync that covers it.
    case stored(EventPlace)
    /// The number was stored before: the answer that it got then (acknowledge when it is durable).
    case repeated(EventPlace)
    /// The number is so old that its segment may have been deleted: neither stored nor known.
    case olderThanHeld
}

/// A statement's bytes and what they cover.
public struct StoredStatement: Equatable, Sendable {
    /// The first sequence that the statement covers.
    public let first: UInt64
    /// How many events it covers.
    public let count: UInt64
    /// The exact bytes that were signed and stored.
    public let bytes: [UInt8]

    /// Names a statement.
    public init(first: UInt64, count: UInt64, bytes: [UInt8]) {
        self.first = first
        self.count = count
        self.bytes = bytes
    }
}

/// A receipt's bytes, and the first sequence of the statement that it is for.
public struct StoredReceipt: Equatable, Sendable {
    /// The first sequence that the statement covers.
    public let first: UInt64
    /// The receipt as its node sent it.
    public let bytes: [UInt8]
}

/// The events of one batch, in order, in one flat buffer.
public struct StoredBatch: Equatable, Sendable {
    /// The first sequence.
    public let first: UInt64
    /// How many events were asked for.
    public let count: Int
    /// The events' bytes, one after the other.
    public internal(set) var bytes: [UInt8]
    /// The end of each event in `bytes`.
    public internal(set) var ends: [Int]
    /// True when damage took at least one of them: the batch message carries `nil` for its list.
    public var isIncomplete: Bool { ends.count != count }

    /// The bytes of one event, by its place in the batch.
    public func event(at index: Int) -> ArraySlice<UInt8> {
        bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }
}

/// How full the journal is.
public enum SpaceLevel: Equatable, Sendable {
    case normal
    /// 80 % of the cap or more, without what may be deleted at once: warn.
    case warning
    /// Ordinary events are refused.
    case full
}

/// Numbers for `status`, counted since the journal was opened.
public struct JournalCounters: Equatable, Sendable {
    /// Bytes handed to the medium, headers and repeated writes included.
    public var writtenByteCount: UInt64 = 0
    /// Bytes of events alone.
    public var eventByteCount: UInt64 = 0
    public var eventCount: UInt64 = 0
    public var syncCount: UInt64 = 0
    public var failedSyncCount: UInt64 = 0
    /// Writes that failed, and openings of the last segment for writing.
    public var failedWriteCount: UInt64 = 0
    /// Results of `close` other than success; the data was synced before.
    public var failedCloseCount: UInt64 = 0
    public var poisonedSegmentCount: UInt64 = 0
    /// Events refused because the cap was reached.
    public var refusedEventCount: UInt64 = 0
    public var deletedSegmentCount: UInt64 = 0
    /// Damaged places met while reading after the start.
    public var damageCount: UInt64 = 0
}
