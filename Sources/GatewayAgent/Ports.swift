public import AttestationFormat
public import LogisticsEvents
public import MerkleTree

/// What the state machine needs of the world, as one set of types: no existentials, everything specialised.
public protocol GatewayPlatform {
    associatedtype Hash: HashFunction
    associatedtype Verifier: SignatureVerifier
    associatedtype Journal: JournalPort
    associatedtype Link: LinkPort
    associatedtype Signer: SignerPort
    associatedtype Trust: TrustPort
    associatedtype Salts: SaltSource
}

/// Why the journal could not do what it was asked.
public enum JournalProblem: Error, Equatable, Sendable {
    /// The byte cap is reached, or the medium is full: sources are held back.
    case full
    /// The medium refused a call with this `errno`; nothing since the last sync counts as stored.
    case medium(errno: Int32)
    /// The bytes asked for are lost.
    case damaged
    /// The event is longer than 4,096 bytes or is empty.
    case unacceptable
}

/// A statement that the journal holds.
public struct StoredStatement: Sendable {
    /// The exact signed bytes.
    public var bytes: [UInt8]
    /// Sequence of the first event it covers.
    public var first: UInt64
    /// Number of events it covers.
    public var count: UInt64

    public init(bytes: [UInt8], first: UInt64, count: UInt64) {
        self.bytes = bytes
        self.first = first
        self.count = count
    }

    /// The sequence after its last event.
    public var end: UInt64 { first &+ count }
}

/// A receipt that the journal holds.
public struct StoredReceipt: Sendable {
    /// Sequence of the first event of its batch.
    public var first: UInt64
    /// The receipt as its node sent it.
    public var bytes: [UInt8]

    public init(first: UInt64, bytes: [UInt8]) {
        self.first = first
        self.bytes = bytes
    }
}

/// How much an event matters when space runs out.
public enum EventImportance: UInt8, Sendable {
    case low, normal, high
    /// The agent's own declarations, which may use the journal's reserve.
    case control
}

/// A source's own number for an event, which makes it idempotent.
public struct EventOrigin: Equatable, Sendable {
    /// The source's place in the journal's table.
    public let source: UInt8
    public let number: UInt64

    public init(source: UInt8, number: UInt64) {
        self.source = source
        self.number = number
    }
}

/// What became of an event.
public enum AppendOutcome: Equatable, Sendable {
    /// Stored under this sequence of the open epoch.
    case stored(sequence: UInt64)
    /// Its number was stored before, there.
    case repeated(epoch: Epoch, sequence: UInt64)
    /// The number is so old that its segment may be gone: neither stored nor known.
    case olderThanHeld
}

/// Why an epoch closes.
public enum EpochReason: Equatable, Sendable {
    /// The journal was lost, or never was.
    case journalNew
    /// Damage took what the open epoch needs to go on.
    case damage
    /// A node showed a newer statement, or an epoch that the journal does not know.
    case rollback
    /// A node showed other bytes for a sequence.
    case conflict
    /// A refusal 4, 5, 7 or 8 that the own check of the same bytes confirms.
    case refusal
    /// The seal key is new.
    case newKey
}

/// The durable journal, as far as the policy needs it. One epoch is open at any time.
public protocol JournalPort: AnyObject {
    /// The open epoch.
    var epoch: Epoch { get }
    /// The sequence that the next event gets.
    var nextSequence: UInt64 { get }
    /// The first sequence that no statement of the open epoch covers.
    var signedEnd: UInt64 { get }
    /// The first sequence of the open epoch that no quorum covers (the mark).
    var quorumEnd: UInt64 { get }
    /// The first sequence of the open epoch whose bytes are still held.
    var oldestHeld: UInt64 { get }
    /// Hash of the latest statement of any epoch: the next one's `previous`; zeros if none is known.
    var latestStatementHash: Digest { get }
    /// Bytes of the latest statement of the open epoch, for the hello.
    var latestStatement: [UInt8]? { get }
    /// Whether the epoch was this gateway's before the open one.
    func isFormer(_ epoch: Epoch) -> Bool

    /// The gaps that recovery reported are named by stored events now; later starts do not report them.
    func gapsDeclared()

    /// Hands over, once, the receipts that an earlier run stored for batches of the open epoch without a quorum; not verified.
    func takeStoredReceipts() -> [StoredReceipt]

    /// Why nothing may be signed in the open epoch any more, if so: the damage that recovery or reading met.
    var closedBecause: EpochReason? { get }

    /// Appends one event; durable only after ``sync()``. A number that its source gave before gets the place it got then.
    func append(event: [UInt8], importance: EventImportance, origin: EventOrigin?) throws(JournalProblem) -> AppendOutcome
    /// Appends a signed statement that covers `count` events from `first`.
    func append(statement: [UInt8], first: UInt64, count: UInt64) throws(JournalProblem)
    /// Appends a verified receipt for the batch that starts at `first`.
    func append(receipt: [UInt8], first: UInt64) throws(JournalProblem)
    /// Records that the quorum covers everything before `end`.
    func append(mark end: UInt64) throws(JournalProblem)
    /// Makes everything appended durable.
    func sync() throws(JournalProblem)

    /// The first statement of the open epoch that starts at `first` or later; `nil` if there is none.
    func statement(atOrAfter first: UInt64) throws(JournalProblem) -> StoredStatement?
    /// Hands over events of the open epoch in order, from `first` on, until `body` returns false or `count` are read.
    func readEvents(from first: UInt64, count: UInt64, _ body: ([UInt8]) -> Bool) throws(JournalProblem)

    /// Closes the epoch and opens a new one, durably. Events of the closed epoch that no quorum covers get the new epoch's first
    /// sequences, the same bytes in the same order, once each, also if the power fails in between.
    /// - Parameter previous: hash of the newest statement known; `nil`: the journal's own latest.
    func beginEpoch(because reason: EpochReason, previous: Digest?) throws(JournalProblem)
}

/// Where the gateway publishes.
public enum LinkTopic: Sendable, Equatable {
    case batch, hello
}

/// The link to the broker: a pipe, never a queue.
public protocol LinkPort: AnyObject {
    /// Whether the broker accepted the connection and fewer than ten messages are on their way.
    var canPublish: Bool { get }
    /// Hands one message over; `false` when it was not taken. Taken proves nothing: only a receipt does.
    func publish(_ payload: [UInt8], on topic: LinkTopic) -> Bool
}

/// What a signer answers.
public enum SigningProgress: Sendable {
    /// Not ready: ask again on the next turn of the loop.
    case pending
    /// Verified already. `blockedMicroseconds` is how long the calls kept this thread.
    case finished(Signature, blockedMicroseconds: UInt64)
    /// The key or the token refused; `code` is the signer's own.
    case failed(code: Int32)
}

/// The seal key behind begin and finish: a token may take 5 s, and the loop goes on meanwhile.
public protocol SignerPort: AnyObject {
    /// Starts signing these bytes. Called only when no signature is under way.
    func begin(_ message: [UInt8])
    /// Asks for the outcome of the signature under way.
    func finish() -> SigningProgress
    /// How long after an answer of "pending" it is worth asking again, unless something else wakes the loop.
    var askAgainMilliseconds: UInt64 { get }
}

extension SignerPort {
    /// Often enough not to waste a second, and seldom enough not to spin.
    public var askAgainMilliseconds: UInt64 { 20 }
}

/// Where the alliance's trust file is kept.
public protocol TrustPort: AnyObject {
    /// The public key of a certificate in DER; `nil` if it is none, or its key is not on P-256.
    func rootKey(ofCertificate certificate: [UInt8]) -> PublicKey?
    /// Replaces the file durably, by rename; `false` leaves the old one in force.
    func replaceTrustFile(with bytes: [UInt8]) -> Bool
}
