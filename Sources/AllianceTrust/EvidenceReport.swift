public import AttestationFormat

/// A verdict and what it was made from, for whoever shows it.
public struct EvidenceReport: Sendable {
    /// One batch of the evidence.
    public struct Batch: Sendable {
        public let gateway: GatewayName
        public let epoch: Epoch
        /// Sequences of the batch: `first` to before `next`.
        public let first: UInt64
        public let next: UInt64
        /// Events that are disclosed, in order; without those that a batch before this one of the same gateway discloses already.
        public let events: [Evidence.DisclosedEvent]
        /// The receipts that count: the earliest of each node.
        public let countedReceipts: [Receipt]
        /// Nodes whose receipts count, by name.
        public var countedNodes: [String] { countedReceipts.map { $0.node.node.text.string } }
        /// The latest of the counted receipts' times, seconds since 1970; nil without one.
        public let latestReceiptSeconds: UInt64?
        /// Whether the counted receipts are as many as the trust file asks for.
        public let hasQuorum: Bool
        /// Since when a list in the evidence revokes the batch's key, seconds since 1970; receipts from before count all the same.
        public let revokedSinceSeconds: Int64?
    }

    public let verdict: Verdict
    /// nil when it is malformed, or the trust file is refused.
    public let evidence: Evidence?
    public let trustFile: TrustFile?
    /// One for each entry that is a batch, in their order.
    public let batches: [Batch]
    /// Nodes that signed two roots for one size of their ledger.
    public let splitViews: [SplitView]

    /// Proof that a node showed two ledgers.
    public struct SplitView: Sendable {
        public let node: NodeName
        /// The size at which the roots differ.
        public let treeSize: UInt64
    }

    init(
        verdict: Verdict, evidence: Evidence? = nil, trustFile: TrustFile? = nil, batches: [Batch] = [], splitViews: [SplitView] = []
    ) {
        self.verdict = verdict
        self.evidence = evidence
        self.trustFile = trustFile
        self.batches = batches
        self.splitViews = splitViews
    }
}
