public import MerkleTree

/// What can be verified offline, years later (section 10): batches with their disclosed events and receipts, and the
/// certificates that go with them.
///
/// Parsing judges the form alone: statements and events must be well formed, receipts are kept as they are, since one that is not is
/// listed and does not count. The verdict, a line a check, is AllianceTrust's.
public struct Evidence: Sendable {
    /// Media type of an evidence file.
    public static let mediaType: UTF8Text = "application/vnd.harborseal.evidence+cbor"

    public var alliance: Name
    /// By gateway, then along the chain; at least one.
    public var entries: [Entry]
    /// Seal certificates in DER, at least one.
    public var sealCertificates: [[UInt8]]
    /// Revocation lists in DER.
    public var revocationLists: [[UInt8]] = []
    public var checkpoints: [Checkpoint] = []
    public var ledgerAnchors: [LedgerAnchor] = []
    /// For people.
    public var title: UTF8Text?

    public init(alliance: Name, entries: [Entry], sealCertificates: [[UInt8]]) {
        self.alliance = alliance
        self.entries = entries
        self.sealCertificates = sealCertificates
    }

    /// One batch, or a run of batches that was left out on purpose.
    public enum Entry: Sendable {
        /// Indirect: a file of 16 MiB holds five million runs, and each would take a batch's room.
        indirect case batch(Batch)
        /// Sequences from `first` to before `next` of the epoch of the batch before it.
        case leftOut(first: UInt64, next: UInt64)
    }

    /// A batch: its statement, the events that are shown, and what nodes said.
    public struct Batch: Sendable {
        public var statement: Statement
        /// At most 1,024: a batch has no more.
        public var events: [DisclosedEvent]
        /// Receipts as enclosed; ``UnverifiedReceipt/init(parsing:)`` says whether one is well formed.
        public var receipts: [[UInt8]]

        public init(statement: Statement, events: [DisclosedEvent], receipts: [[UInt8]]) {
            self.statement = statement
            self.events = events
            self.receipts = receipts
        }
    }

    /// An event that is shown, and its place in the batch's tree.
    public struct DisclosedEvent: Sendable {
        public var event: EventView
        public var index: UInt64
        public var path: [Digest]

        public init(event: EventView, index: UInt64, path: [Digest]) {
            self.event = event
            self.index = index
            self.path = path
        }

        /// Whether the event stands at its place under the statement's root, among as many events as the statement signs.
        public func isIncluded<Hash: HashFunction>(in statement: Statement, using hash: Hash.Type) -> Bool {
            MerkleTree<Hash>.isValidInclusion(
                path, leafHash: MerkleTree<Hash>.leafHash(of: event.bytes), index: index,
                size: UInt64(statement.header.count), root: statement.root)
        }
    }

    /// A cosigned checkpoint of a ledger: a signed note.
    public struct Checkpoint: Hashable, Sendable {
        public var origin: UTF8Text
        public var note: UTF8Text

        public init(origin: UTF8Text, note: UTF8Text) {
            self.origin = origin
            self.note = note
        }
    }

    /// Where a checkpoint was anchored on a chain outside the alliance.
    public struct LedgerAnchor: Hashable, Sendable {
        public var chainID: UInt64
        /// 20 bytes.
        public var contract: [UInt8]
        public var transaction: Digest
        public var block: UInt64
        public var blockHash: Digest
        public var logIndex: UInt64
        /// The chain's own receipt of the transaction.
        public var receipt: [UInt8]

        public init(
            chainID: UInt64, contract: [UInt8], transaction: Digest, block: UInt64, blockHash: Digest, logIndex: UInt64,
            receipt: [UInt8]
        ) {
            self.chainID = chainID
            self.contract = contract
            self.transaction = transaction
            self.block = block
            self.blockHash = blockHash
            self.logIndex = logIndex
            self.receipt = receipt
        }
    }
}
