public import MerkleTree

/// The gateway's durable, append-only journal (Layout.md).
///
/// Sequences given and taken are those of the current epoch, unless an `EventPlace` says another. Nothing is durable before
/// `sync()` returns; nothing is overwritten; every file operation is in `EventJournal+Writing.swift` and
/// `EventJournal+Segments.swift`. One thread uses it. The layout of the files is described in the article Layout.
public final class EventJournal<FileSystem: JournalFileSystem, Hash: HashFunction> {
    /// What opening found; damages met while reading later are added to its list.
    public internal(set) var recovery = RecoveryReport()
    /// Numbers for `status`.
    public internal(set) var counters = JournalCounters()
    /// Nil when events can be stored; otherwise why not: call `resume()` from time to time.
    public internal(set) var suspended: SystemError?
    /// Nil while statements may be appended; otherwise why a new epoch must begin first: call `beginEpoch`.
    public internal(set) var mustBeginEpoch: EpochEnd?

    /// Receipts without a quorum that opening read, until `takeUnquorateReceipts()`.
    var unquorateReceipts = UnquorateReceipts()

    let fileSystem: FileSystem
    var options: JournalOptions
    /// As of the last append.
    var live = JournalState()
    /// As of the last sync: what a new segment's header states.
    var durable = JournalState()
    /// In the order of their numbers; the last one is written to.
    var segments: [Segment] = []
    /// The events of former epochs that belong to this one.
    var carried: [Extent] = []
    /// The last segment's file; nil when nothing may be written to it any more.
    var active: Int32?
    /// The checksum start of the last segment.
    var salt: UInt32 = 0
    /// Bytes of the last segment that are known to be on the medium.
    var durableByteCount = 0
    /// Records since the last sync, and how many of their bytes have been written.
    let pending = RecordBuffer()
    var writtenByteCount = 0
    /// The highest number that a file was made with.
    var lastNumber: UInt64 = 0
    var ring = IntakeRing()
    /// What the latest search for a number has shown to be absent.
    var absent: AbsentNumbers?
    /// Bytes of all segments but the last.
    var sealedByteCount: Int64 = 0
    /// The agent's running time, all starts together, when this one began.
    var runningAtOpening: UInt64 = 0
    // Two windows and places: events and statements are read at different places of the same files.
    let eventWindow = ScanWindow()
    let statementWindow = ScanWindow()
    var eventPlace: ReadPlace?
    var statementPlace: ReadPlace?
    var openForReading: (segment: UInt64, file: Int32)?

    /// Opens, locks and recovers the journal; starts also on damage and on a full or read-only medium.
    ///
    /// Throws `.locked`, `.wrongGateway`, `.unknownFormat`, `.tooManySegments`, and `.system` when not even the folder can be read.
    public init(_ fileSystem: FileSystem, options: JournalOptions) throws(JournalError) {
        self.fileSystem = fileSystem
        self.options = options.withinBounds
        try recover()
    }

    deinit {
        if let active { try? fileSystem.close(active) }
        if let openForReading { try? fileSystem.close(openForReading.file) }
    }
}

extension EventJournal {
    /// The current epoch, eight bytes big-endian; durable before anything is stored in it.
    public var epoch: UInt64 { live.epoch }
    /// Why the current epoch began.
    public var epochReason: EpochEnd { live.reason }
    /// The sequence that the next event gets.
    public var nextSequence: UInt64 { live.nextSequence }
    /// All events below this sequence are on the medium: these may be acknowledged.
    public var durableUpTo: UInt64 { durable.nextSequence }
    /// All events below this sequence are covered by a stored statement.
    public var signedUpTo: UInt64 { live.signedUpTo }
    /// All events below this sequence are covered by a statement that is on the medium and may be published.
    public var publishableUpTo: UInt64 { durable.signedUpTo }
    /// All events below this sequence have a quorum.
    public var quorumUpTo: UInt64 { live.quorumUpTo }
    /// SHA-256 of the latest statement (`previous` of the next one); zeros when none is known.
    public var latestStatementHash: Digest { live.statementHash }

    /// The lowest sequence of this epoch whose event is still held (`oldest-held` of the hello).
    public var oldestHeld: UInt64 {
        for extent in carried where segments.contains(where: { $0.number == extent.segment }) { return extent.newFirst }
        for segment in segments where segment.epoch == live.epoch { return segment.firstSequence }
        return live.nextSequence
    }

    /// The receipts of this epoch that opening found behind the last quorum, in the order of storing; once. What they say is to be
    /// verified again: the trust file may be another one.
    public func takeUnquorateReceipts() -> [StoredReceipt] {
        defer { unquorateReceipts = UnquorateReceipts() }
        return unquorateReceipts.receipts
    }

    /// True when the journal has used this epoch, now or before; the latest 64 are remembered.
    public func knowsEpoch(_ epoch: UInt64) -> Bool {
        epoch == live.epoch || live.formerEpochs.contains(epoch)
    }

    /// Bytes of all segment files and of what waits to be written.
    public var usedByteCount: Int64 { sealedByteCount + Int64(durableByteCount + pending.count) }

    /// How full the journal is. What the quorum covers does not count: it goes as soon as the cap needs its space, so a journal at its
    /// cap takes events for as long as receipts come.
    public var spaceLevel: SpaceLevel {
        let warningByteCount = eventCapByteCount / 10 * 8
        let used = usedByteCount - releasableByteCount(atMost: usedByteCount - warningByteCount)
        if used + Int64(RecordFormat.eventLimit) > eventCapByteCount { return .full }
        return used >= warningByteCount ? .warning : .normal
    }
}
