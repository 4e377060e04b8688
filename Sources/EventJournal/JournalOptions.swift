/// What the agent tells the journal when it opens it.
public struct JournalOptions: Sendable {
    /// `<firm>.<device>` as bytes, at most 64: a journal of another gateway is refused.
    public var gatewayID: [UInt8]
    /// Eight random bytes, big-endian, for the epoch that begins if the journal is new or cannot be continued.
    public var freshEpoch: UInt64
    /// Most bytes that the segment files may have together; 64 bits also where Int has 32.
    public var capByteCount: Int64 = 256 << 20
    /// A segment is closed when it has this many bytes; 4 KiB to an eighth of the cap.
    public var segmentByteCount = 4 << 20
    /// How long a segment that the quorum covers is kept, counted in milliseconds of the agent's running time.
    public var keepForMilliseconds: UInt64 = 7 * 86_400_000
    /// Whether a segment also waits until its events are archived, because nodes get no more than their hashes.
    public var keepsUntilArchived = false
    /// Who gives way first when the cap nears.
    public var policy = FullPolicy.newest
    /// The monotonic clock now, in milliseconds.
    public var monotonicMilliseconds: UInt64 = 0

    /// Options with the defaults of Firmware-Config/agent.conf.
    public init(gatewayID: [UInt8], freshEpoch: UInt64) {
        self.gatewayID = gatewayID
        self.freshEpoch = freshEpoch
    }

    /// What one file's offsets and sums of a few of them need to stay below 2^31: Int has 32 bits on armhf.
    static let largestSegmentByteCount = 1 << 30

    /// Sizes that work: the reserve for statements and receipts must leave room for events.
    var withinBounds: JournalOptions {
        var options = self
        options.gatewayID = Array(gatewayID.prefix(SegmentHeader.gatewayIDLimit))
        options.capByteCount = min(max(capByteCount, 64 << 10), 1 << 40)
        options.segmentByteCount = min(max(segmentByteCount, 4 << 10), Int(clamping: options.capByteCount / 8), Self.largestSegmentByteCount)
        return options
    }
}

/// What is dropped when the cap is reached.
public enum FullPolicy: Sendable {
    /// The event that does not fit.
    case newest
    /// Low importance from 90 % of the cap on, normal from 95 %, high at 100 %.
    case lowestPriority
}

/// How much an event matters when space runs out.
public enum Importance: UInt8, Sendable {
    case low, normal, high
    /// The agent's own declarations (`gap.declared`, epoch, drops): these may use the reserve.
    case control
}
