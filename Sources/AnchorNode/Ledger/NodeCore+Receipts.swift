import AllianceTrust
import AttestationFormat
import MerkleTree

/// Everything that a receipt says, before it is signed.
private struct ReceiptDraft: Sendable {
    let leaf: Int64
    let leafHash: Digest
    /// Which gateway waits for it, for which sequence; nil: whoever brought the entry asks for its receipt.
    let addressee: (gateway: GatewayID, first: UInt64)?
    let header: ReceiptHeader
    let path: [Digest]
    /// Of the checkpoint of `header.treeSize`.
    let root: Digest
}

extension NodeCore {
    /// Puts what has come since the last call under a new root, makes the receipts and returns them for sending.
    ///
    /// The checkpoint is committed before the first receipt over its root is signed, and the receipts before they leave: a
    /// kill at any point leaves entries without receipts, which the next call makes, and never two roots for one size.
    public func integrate() async throws -> [OutboundReply] {
        noteTrustTimes()
        var replies: [OutboundReply] = []
        while true {
            let oldSize = tree.size
            var next = tree
            let now = clock.nowSeconds
            let checkpoint = try store.write { try next.integrate($0, nowSeconds: now) }
            tree = next
            var leaves = owedReceipts.sorted()
            if let checkpoint {
                metrics.add(.checkpoints)
                metrics.set(.treeSize, Int(clamping: checkpoint.size))
                leaves += oldSize..<checkpoint.size
            }
            owedReceipts.formUnion(leaves)
            // A receipt under a key whose time is over would count nowhere; the next start with the new key gives it.
            if trustTimes(atSeconds: now).keyEnded != nil { return replies }
            if leaves.isEmpty {
                try markLateStatements()
                return replies
            }
            for start in stride(from: 0, to: leaves.count, by: Self.receiptsPerTransaction) {
                replies += try await makeReceipts(leaves[start..<min(start + Self.receiptsPerTransaction, leaves.count)])
            }
            if checkpoint == nil {
                try markLateStatements()
                return replies
            }
        }
    }

    /// Bounds the memory for drafts after a long stop.
    private static var receiptsPerTransaction: Int { 4_096 }

    private func makeReceipts(_ leaves: ArraySlice<Int64>) async throws -> [OutboundReply] {
        let drafts = try draft(leaves)
        let key = settings.key
        let signed = await ParallelWork.map(drafts) { draft in
            Result { try draft.signed(key) }
        }
        let receipts = try signed.map { try $0.get() }
        try store.write { transaction in
            for (draft, receipt) in zip(drafts, receipts) {
                let stored = StoredReceipt(heldCount: Int(clamping: draft.header.held), bytes: receipt)
                try transaction.setReceipt(stored, of: draft.leaf)
            }
        }
        owedReceipts.subtract(leaves)
        metrics.add(.receipts, receipts.count)
        return zip(drafts, receipts).compactMap { draft, receipt in
            draft.addressee.map { gateway, first in
                reply(to: gateway, at: sessions[gateway]?.broker, payload: Reply.encode(first: first, receipt: receipt))
            }
        }
    }

    private func draft(_ leaves: ArraySlice<Int64>) throws -> [ReceiptDraft] {
        let size = UInt64(clamping: tree.size)
        let root = tree.root
        let now = clock.nowSeconds
        return try store.read { transaction in
            var nodes = NodeMemory(transaction)
            func draft(
                _ leaf: Int64, _ leafHash: Digest, subject: UTF8Text, heldCount: Int, _ addressee: (GatewayID, UInt64)?
            ) throws -> ReceiptDraft {
                let header = ReceiptHeader(
                    keyID: settings.key.keyID, node: settings.name, subject: subject, issuedAtSeconds: UInt64(clamping: now),
                    treeSize: size, held: UInt64(clamping: heldCount))
                let path = try nodes.inclusionPath(of: UInt64(clamping: leaf), in: size)
                return ReceiptDraft(leaf: leaf, leafHash: leafHash, addressee: addressee, header: header, path: path, root: root)
            }
            return try leaves.compactMap { leaf in
                if let (statement, heldCount) = try transaction.heldStatement(leaf) {
                    let header = statement.header
                    return try draft(
                        leaf, statement.leafHash(using: SHA256.self), subject: header.subject, heldCount: heldCount,
                        (header.gateway.gatewayID, header.first))
                }
                guard let registration = try transaction.storedRegistration(leaf) else { return nil }
                return try draft(
                    leaf, registration.leafHash(using: SHA256.self), subject: registration.header.subject, heldCount: 0, nil)
            }
        }
    }
}

extension ReceiptDraft {
    fileprivate func signed(_ key: AllianceSigningKey) throws -> [UInt8] {
        let index = UInt64(clamping: leaf)
        guard MerkleTree<SHA256>.isValidInclusion(path, leafHash: leafHash, index: index, size: header.treeSize, root: root)
        else { throw NodeError(.damagedStore, "the stored tree has no path from entry \(leaf) to its root") }
        let signature = try key.sign(UnverifiedReceipt.bytesToSign(header: header, root: root))
        return UnverifiedReceipt.encode(header: header, index: index, path: path, signature: signature)
    }
}

/// Nodes of the tree that were read for one group: neighbours' paths share nearly all of them.
private struct NodeMemory<Transaction: NodeTransaction> {
    private struct Place: Hashable {
        let level: Int
        let index: UInt64
    }

    private let transaction: Transaction
    private var known: [Place: Digest] = [:]

    init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    mutating func inclusionPath(of leaf: UInt64, in size: UInt64) throws -> [Digest] {
        var known = known
        self.known = [:]
        defer { self.known = known }
        let path = try MerkleTree<SHA256>.inclusionPath(index: leaf, size: size) { level, index in
            let place = Place(level: level, index: index)
            if let node = known[place] { return node }
            let node = try LedgerTree.storedNode(transaction, level, index)
            known[place] = node
            return node
        }
        guard let path else { throw NodeError(.damagedStore, "entry \(leaf) is not below the ledger's size \(size)") }
        return path
    }
}
