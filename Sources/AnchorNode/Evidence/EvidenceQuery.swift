public import AttestationFormat
public import MerkleTree

/// What evidence is asked for.
public struct EvidenceQuery: Sendable {
    /// Whose or about what.
    public enum About: Sendable {
        /// Events whose key 4 has this URI, alone or as `parent:`.
        case subject(String)
        /// All events of one gateway.
        case gateway(GatewayID)
    }

    public var about: About
    /// Of the statements, by the gateway's clock.
    public var issuedSeconds: ClosedRange<Int64>
    /// Where a page starts: 0, or ``EvidencePage/nextStart`` of the page before.
    public var start: Int64

    public init(_ about: About, issuedSeconds: ClosedRange<Int64> = 0...Int64.max, start: Int64 = 0) {
        self.about = about
        self.issuedSeconds = issuedSeconds
        self.start = start
    }
}

/// One page of evidence: itself complete, with the statements between its batches.
public struct EvidencePage: Sendable {
    /// An evidence file (wire-format.md, section 10).
    public let evidence: [UInt8]
    /// Where the next page starts; nil: this was the last.
    public let nextStart: Int64?

    public init(evidence: [UInt8], nextStart: Int64?) {
        self.evidence = evidence
        self.nextStart = nextStart
    }
}

/// An entry as `GET /entries/{id}` shows it.
public struct LedgerEntry: Sendable {
    /// A batch's statement, or a registration or revocation of a firm.
    public let bytes: [UInt8]
    /// The newest receipt; nil while the entry is not under a root.
    public let receipt: [UInt8]?
}

/// What the HTTP side asks of a node's ledger; reads run beside the writer.
public protocol LedgerReading: Sendable {
    /// The statement with this SHA-256.
    func entry(id: Digest) throws -> LedgerEntry?
    /// The trust file in force.
    func trustFile() throws -> [UInt8]?
    /// nil: nothing is held about this.
    func evidence(_ query: EvidenceQuery) throws -> EvidencePage?
    /// The keys of the node's receipts, former ones too: a CBOR array of COSE_Keys.
    func keySet() throws -> [UInt8]
}
