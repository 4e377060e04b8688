/// What opening the journal found; the agent turns it into signed events and log lines.
public struct RecoveryReport: Equatable, Sendable {
    /// Places that are listed one by one; more of them are only counted, and mean that the medium is dying.
    public static let damageLimit = 32

    /// True when the folder held no segment.
    public var isNew = false
    /// Bytes of a torn tail that were cut; never acknowledged, so nothing is declared.
    public var tornTailByteCount = 0
    /// Damaged places that no `gap.declared` event has named yet, oldest first, at most 32.
    public var damages: [Damage] = []
    /// Damaged places beyond those listed.
    public var unlistedDamageCount = 0
    /// When not nil: opening began `JournalOptions.freshEpoch`; why.
    public var epochBegun: EpochEnd?
    /// Files in the folder that are not the journal's; left alone.
    public var foreignFileCount = 0
    /// Segments that were read whole at this start.
    public var scannedSegmentCount = 0
    /// Bytes that were read and verified at this start.
    public var scannedByteCount: Int64 = 0

    /// Creates an empty report.
    public init() {}
}

/// One damaged place of a segment file.
public struct Damage: Equatable, Sendable {
    /// The segment's number.
    public var segment: UInt64
    /// Where the damage begins, in bytes from the segment's start.
    public var offset: Int
    /// How many bytes could not be read as records.
    public var byteCount: Int
    /// The first sequence that may be lost, in the epoch in which it was stored.
    public var firstSequence: UInt64
    /// How many events were lost, where what follows tells it.
    public var lostEventCount: UInt64?
    /// The epoch in which the lost events were stored, if known.
    public var epoch: UInt64

    /// Describes a damaged place.
    public init(
        segment: UInt64, offset: Int, byteCount: Int, firstSequence: UInt64, lostEventCount: UInt64?, epoch: UInt64
    ) {
        self.segment = segment
        self.offset = offset
        self.byteCount = byteCount
        self.firstSequence = firstSequence
        self.lostEventCount = lostEventCount
        self.epoch = epoch
    }
}
