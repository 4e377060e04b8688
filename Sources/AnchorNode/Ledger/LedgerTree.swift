import AllianceTrust
import MerkleTree

/// The tree of a node's ledger: the frontier in memory, every complete subtree in the store.
///
/// A root is signed only after a second path over what the store holds has given the same one.
struct LedgerTree {
    /// Bounds the memory of one turn; what is left is integrated by the next.
    static let maximumGroupCount: Int64 = 4_096

    private var frontier: MerkleFrontier<SHA256>

    /// Continues the tree of the newest checkpoint, and checks that checkpoint against the stored nodes.
    init(_ transaction: some NodeTransaction) throws {
        guard let checkpoint = try transaction.newestCheckpoint() else {
            frontier = MerkleFrontier()
            return
        }
        let size = try Self.size(checkpoint.size)
        var roots: [Digest] = []
        var start: UInt64 = 0
        for level in stride(from: 63, through: 0, by: -1) where size & (1 << UInt64(level)) != 0 {
            roots.append(try Self.storedNode(transaction, level, start >> UInt64(level)))
            start += 1 << UInt64(level)
        }
        guard let frontier = MerkleFrontier<SHA256>(size: size, subtreeRoots: roots), frontier.root == checkpoint.root else {
            throw NodeError(
                .damagedStore,
                "the stored tree of size \(checkpoint.size) does not give the root that was signed for it; "
                    + "do not go on with this store: set the node up anew, under a new name, origin and key")
        }
        self.frontier = frontier
    }

    /// Number of entries under a root.
    var size: Int64 { Int64(frontier.size) }
    /// Their root.
    var root: Digest { frontier.root }

    /// Integrates the entries behind the newest checkpoint and commits a new one with them: O(group + log n).
    ///
    /// - Parameter transaction: must be rolled back when this throws; the tree itself is unchanged then.
    /// - Returns: nil when there is nothing to integrate.
    mutating func integrate(_ transaction: some NodeTransaction, nowSeconds: Int64) throws -> Checkpoint? {
        let oldSize = size
        let newSize = min(try transaction.entryCount(), oldSize + Self.maximumGroupCount)
        guard newSize > oldSize else { return nil }
        var next = frontier
        var completed: [(level: Int, index: UInt64, hash: Digest)] = []
        for leaf in oldSize..<newSize {
            next.append(leafHash: try Self.storedLeafHash(transaction, leaf)) { completed.append(($0, $1, $2)) }
        }
        for node in completed { try transaction.addNode(node.hash, level: node.level, index: node.index) }
        let again = try Self.recomputedRoot(transaction, from: 0, to: Self.size(newSize), trusting: Self.size(oldSize))
        guard again == next.root else {
            throw NodeError(
                .damagedStore,
                "two ways of computing the ledger's root of size \(newSize) differ; nothing was signed: "
                    + "check this machine's memory and disk")
        }
        let checkpoint = Checkpoint(size: newSize, root: next.root, madeSeconds: nowSeconds)
        try transaction.addCheckpoint(checkpoint)
        frontier = next
        return checkpoint
    }

    /// The second path: from the stored bytes of every entry from `trusted` on, and from the stored roots of complete
    /// subtrees before it; top down, where the frontier works bottom up.
    private static func recomputedRoot(
        _ transaction: some NodeTransaction, from start: UInt64, to end: UInt64, trusting trusted: UInt64
    ) throws -> Digest {
        let count = end - start
        if count.nonzeroBitCount == 1 && end <= trusted {
            let level = count.trailingZeroBitCount
            return try storedNode(transaction, level, start >> UInt64(level))
        }
        if count == 1 { return try storedLeafHash(transaction, Int64(start)) }
        let split = start + (1 << UInt64(63 - (count - 1).leadingZeroBitCount))
        return MerkleTree<SHA256>.nodeHash(
            try recomputedRoot(transaction, from: start, to: split, trusting: trusted),
            try recomputedRoot(transaction, from: split, to: end, trusting: trusted))
    }

    static func storedNode(_ transaction: some NodeTransaction, _ level: Int, _ index: UInt64) throws -> Digest {
        guard let node = try transaction.node(level: level, index: index) else {
            throw NodeError(.damagedStore, "the ledger's node at level \(level), index \(index) is missing from the store")
        }
        return node
    }

    private static func storedLeafHash(_ transaction: some NodeTransaction, _ leaf: Int64) throws -> Digest {
        guard let bytes = try transaction.entryBytes(leaf) else {
            throw NodeError(.damagedStore, "the ledger's entry \(leaf) is missing from the store")
        }
        return MerkleTree<SHA256>.leafHash(of: bytes)
    }

    private static func size(_ value: Int64) throws -> UInt64 {
        guard let size = UInt64(exactly: value) else {
            throw NodeError(.damagedStore, "a negative ledger size is in the store")
        }
        return size
    }
}
