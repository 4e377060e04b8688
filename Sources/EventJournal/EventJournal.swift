/// The gateway's durable, append-only journal (design: gateway.md, Journal).
///
/// Sequences given and taken here are those of the current epoch. Nothing is durable before `sync()` returns.
public final class EventJournal<FileSystem: JournalFileSystem> {
    /// What opening found.
    public private(set) var recovery = RecoveryReport()
    /// The current epoch, eight bytes big-endian; durable before anything is stored in it.
    public private(set) var epoch: UInt64 = 0
    /// The sequence that the next event gets.
    public var nextSequence: UInt64 { 0 }
    /// All events below this sequence are on the medium: these may be acknowledged.
    public var durableUpTo: UInt64 { 0 }
    /// All events below this sequence are covered by a stored statement.
    public var signedUpTo: UInt64 { 0 }
    /// All events below this sequence have a quorum.
    public var quorumUpTo: UInt64 { 0 }
    /// The lowest sequence of this epoch whose event is still held.
    public var oldestHeld: UInt64 { 0 }
    /// SHA-256 of the latest statement (`previous` of the next one); 32 zero bytes when none is known.
    public var latestStatementHash: [UInt8] { [] }
    /// Nil when events can be stored; otherwise why not: call `resume()` from time to time.
    public var suspended: SystemError? { nil }
    /// Bytes of all segment files and of what waits to be written.
    public var usedByteCount: Int { 0 }
    /// How full the journal is.
    public var spaceLevel: SpaceLevel { .normal }
    /// Numbers for `status`.
    public private(set) var counters = JournalCounters()

    /// Opens, locks and recovers the journal; starts also on damage and on a full or read-only medium.
    /// `hash` is SHA-256. Throws `.locked`, `.wrongGateway`, `.unknownFormat`, `.tooManySegments`, `.system`.
    public init(
        _ fileSystem: FileSystem, options: JournalOptions, hash: @escaping (Span<UInt8>) -> [UInt8]
    ) throws(JournalError) {}

    /// True when the journal has used this epoch, now or before.
    public func knowsEpoch(_ epoch: UInt64) -> Bool { false }
    /// The table place of an intake source (1 to 64 bytes); made on first use.
    public func sourceIndex(named name: Span<UInt8>) throws(JournalError) -> SourceIndex { fatalError() }
    /// Appends an event of the agent's own; durable after `sync()`. Returns its sequence.
    public func append(event: Span<UInt8>, importance: Importance = .normal) throws(JournalError) -> UInt64 { fatalError() }
    /// Appends an event that its source numbered, or finds the answer that the number got before.
    public func append(
        event: Span<UInt8>, source: SourceIndex, number: UInt64, importance: Importance = .normal
    ) throws(JournalError) -> IntakeOutcome { fatalError() }
    /// Appends a statement; publish only after `sync()`. `first` is `signedUpTo`.
    public func appendStatement(first: UInt64, count: UInt64, bytes: Span<UInt8>) throws(JournalError) { fatalError() }
    /// Appends a verified receipt of the statement that begins at `first`.
    public func appendReceipt(first: UInt64, bytes: Span<UInt8>) throws(JournalError) { fatalError() }
    /// Notes that every event below `sequence` has a quorum.
    public func appendMark(upTo sequence: UInt64) throws(JournalError) { fatalError() }
    /// Notes that the damages of `recovery` are named by a stored `gap.declared` event; later starts do not list them.
    public func appendDamagesDeclared() throws(JournalError) { fatalError() }
    /// Writes and syncs everything appended. Returns `durableUpTo`. Throws `.suspended` after a failure.
    @discardableResult
    public func sync() throws(JournalError) -> UInt64 { fatalError() }
    /// Tries again after a failure, in a new segment. Throws `.suspended` while the cause lasts.
    public func resume() throws(JournalError) { fatalError() }
    /// Begins an epoch, durable when this returns: events without a quorum are in it under new sequences from 0, the same
    /// bytes. `previous` is the hash of the newest statement known (nil: the journal's own latest).
    public func beginEpoch(_ epoch: UInt64, because reason: EpochEnd, previous: [UInt8]?) throws(JournalError) { fatalError() }
    /// Deletes what the quorum covers and `keep-for` allows; call about once a minute and after marks. Returns the number of segments deleted.
    @discardableResult
    public func retain(monotonicMilliseconds: UInt64) throws(JournalError) -> Int { fatalError() }
    /// The first statement of this epoch that begins at or after `sequence`; nil when there is none yet.
    public func nextStatement(from sequence: UInt64) throws(JournalError) -> StoredStatement? { fatalError() }
    /// The events `first ..< first + count`; at most 1,024.
    public func readBatch(first: UInt64, count: Int) throws(JournalError) -> StoredBatch { fatalError() }
    /// Calls `body` with each receipt of this epoch's statements from `sequence` on, in stored order, with the statement's first sequence.
    public func forEachReceipt(from sequence: UInt64, _ body: (UInt64, Span<UInt8>) -> Void) throws(JournalError) { fatalError() }
    /// Writes what waits, syncs and gives the files back.
    public func close() throws(JournalError) { fatalError() }
}
