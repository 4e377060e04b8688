public import AttestationFormat
public import MerkleTree

/// The row number of a (key id, issuer) pair: everything about a chain is judged per pair (wire-format.md, section 6).
public struct SignerID: Hashable, Sendable {
    public let rawValue: Int64

    public init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// One entry of the ledger, as far as a decision needs it.
public struct EntrySummary: Equatable, Sendable {
    /// Index in the ledger.
    public let leaf: Int64
    /// SHA-256 of the entry's bytes, which is its public id.
    public let hash: Digest
    /// nil: a trust file, a registration or a revocation.
    public let signer: SignerID?
    /// How many of its events are held whole.
    public let heldCount: Int
}

/// A statement that is about to become an entry.
public struct NewEntry: Sendable {
    public var signer: SignerID
    public var epoch: Epoch
    public var link: ChainLink
    public var issuedSeconds: Int64
    public var bytes: [UInt8]
    /// The third element of the batch-message, its bytes as received; nil where the event bytes are lost.
    public var events: [UInt8]?
    public var heldCount: Int
    /// The names of key 4 in the events held whole, without `parent:`, each once.
    public var subjects: [String]
    /// This statement is the first of its epoch.
    public var isOpening: Bool
}

/// The newest statement that is held of a signer.
public struct NewestStatement: Equatable, Sendable {
    public let leaf: Int64
    public let hash: Digest
    public let epoch: Epoch
}

/// Where a node keeps what it has promised to keep.
///
/// A store that returns from `write` has made everything of that transaction durable, or has thrown and changed nothing.
public protocol NodeStore: Sendable {
    associatedtype Transaction: NodeTransaction

    /// Runs `body` in one transaction; durable on return.
    func write<Result>(_ body: (Transaction) throws -> Result) throws -> Result
    /// Runs `body` on one consistent state, beside the writer.
    func read<Result>(_ body: (Transaction) throws -> Result) throws -> Result
}

/// What a transaction can ask and change.
public protocol NodeTransaction: StoredChain, StoredLedger, StoredEvidence, StoredRegistrations {}

/// The chains: who signed, what is held, what contradicts it.
public protocol StoredChain {
    func signer(keyID: Digest, issuer: UTF8Text) throws -> SignerID?
    func addSigner(keyID: Digest, issuer: UTF8Text) throws -> SignerID
    /// The signers that use `issuer`, in the order in which their newest statements came.
    func signers(issuer: UTF8Text) throws -> [SignerID]
    /// Raises a mark that only an operator takes away.
    func mark(_ signer: SignerID) throws
    func newest(of signer: SignerID) throws -> NewestStatement?
    func setNewest(_ leaf: Int64, of signer: SignerID) throws

    func epochState(_ epoch: Epoch, of signer: SignerID) throws -> EpochState?
    /// SHA-256 of the statement that ends at `next` of the state.
    func tail(of epoch: Epoch, of signer: SignerID) throws -> Digest?
    func setEpochState(_ state: EpochState, tail: Digest, _ epoch: Epoch, of signer: SignerID) throws
    func statement(_ epoch: Epoch, first: UInt64, of signer: SignerID) throws -> ChainLink?
    func statement(_ epoch: Epoch, endingAt end: UInt64, of signer: SignerID) throws -> ChainLink?
    /// The opening that names `previous` as its predecessor.
    func opening(after previous: Digest, of signer: SignerID) throws -> Digest?

    func addConflict(_ bytes: [UInt8], hash: Digest, with rival: Digest, of signer: SignerID, atMilliseconds: Int64) throws
    func conflictCount(of signer: SignerID) throws -> Int

    /// Seal certificates in DER, oldest first.
    func certificates(of signer: SignerID) throws -> [[UInt8]]
    /// Seal certificates of all signers in DER, oldest first.
    func allCertificates() throws -> [[UInt8]]
    func addCertificate(_ der: [UInt8], hash: Digest, of signer: SignerID) throws
}

/// The ledger: entries in the order of their indexes, its tree, its checkpoints and receipts.
public protocol StoredLedger {
    func entry(hash: Digest) throws -> EntrySummary?
    /// The exact bytes of an entry, whose leaf hash is in the tree.
    func entryBytes(_ leaf: Int64) throws -> [UInt8]?
    /// A statement with how many of its events are held; nil for other entries.
    func heldStatement(_ leaf: Int64) throws -> (statement: Statement, heldCount: Int)?
    func entryCount() throws -> Int64
    /// Gives the next index.
    func append(_ entry: NewEntry) throws -> Int64
    func appendTrustFile(_ bytes: [UInt8], hash: Digest, version: UInt64) throws -> Int64
    /// The newest trust file in the ledger.
    func trustFile() throws -> [UInt8]?
    func events(_ leaf: Int64) throws -> [UInt8]?
    func setEvents(_ events: [UInt8], heldCount: Int, subjects: [String], of leaf: Int64) throws

    /// The hash of a complete subtree: 2^level leaves from index × 2^level on.
    func node(level: Int, index: UInt64) throws -> Digest?
    func addNode(_ hash: Digest, level: Int, index: UInt64) throws
    func newestCheckpoint() throws -> Checkpoint?
    /// Throws if a root of this size is there already.
    func addCheckpoint(_ checkpoint: Checkpoint) throws
    func receipt(_ leaf: Int64) throws -> StoredReceipt?
    func setReceipt(_ receipt: StoredReceipt, of leaf: Int64) throws
    /// Statements from `leaf` on and below `size` that have no receipt, or one that says less than is held; ascending.
    func leavesWithoutReceipt(from leaf: Int64, below size: Int64, limit: Int) throws -> [Int64]
}

/// The root of the ledger at one size.
public struct Checkpoint: Equatable, Sendable {
    public let size: Int64
    public let root: Digest
    public let madeSeconds: Int64
}

/// A receipt as it was sent.
public struct StoredReceipt: Equatable, Sendable {
    public let heldCount: Int
    public let bytes: [UInt8]
}

/// What evidence is made of.
public protocol StoredEvidence {
    /// Entries that hold an event about `subject`, ascending, from `leaf` on.
    func leaves(subject: String, issued seconds: ClosedRange<Int64>, from leaf: Int64, limit: Int) throws -> [Int64]
    /// Entries of `issuer`, ascending, from `leaf` on, whose statement says it was issued in `seconds`.
    func leaves(issuer: UTF8Text, issued seconds: ClosedRange<Int64>, from leaf: Int64, limit: Int) throws -> [Int64]
    /// A statement with all that is stored beside it; nil for other entries.
    func record(_ leaf: Int64) throws -> EntryRecord?
    /// Statements of one epoch whose first sequence is in `range`, in the order of sequences.
    func leaves(of epoch: Epoch, _ signer: SignerID, in range: SequenceRange, limit: Int) throws -> [Int64]
    /// The last of those statements.
    func lastRecord(of epoch: Epoch, _ signer: SignerID, in range: SequenceRange) throws -> EntryRecord?
    /// All epochs of a signer, each with the lowest index of its entries, ascending.
    func epochs(of signer: SignerID) throws -> [(epoch: Epoch, leaf: Int64)]
    /// The epoch of the statement with this hash.
    func epoch(ofStatement hash: Digest) throws -> Epoch?
}

/// A statement with all that is stored beside it.
public struct EntryRecord: Sendable {
    public let leaf: Int64
    public let signer: SignerID
    public let epoch: Epoch
    public let link: ChainLink
    /// The statement, as received.
    public let bytes: [UInt8]
    /// The list of events and leaf hashes, as received; nil where the event bytes are lost.
    public let events: [UInt8]?
    /// The first receipt, since the earliest of a node counts; nil until the entry is under a checkpoint.
    public let receipt: [UInt8]?
}
