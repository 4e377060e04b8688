/// What must be remembered of a growing tree to know its root: one digest for each set bit of its size.
///
/// O(log n) memory and amortised O(1) hashes an append. The digests' array grows at most 64 times in a tree's whole
/// life; ``removeAll()`` keeps its memory for the next batch.
public struct MerkleFrontier<Hash: HashFunction>: Sendable {
    @usableFromInline var leafCount: UInt64 = 0
    @usableFromInline var roots: [Digest] = []

    /// Number of leaves appended.
    @inlinable
    public var size: UInt64 { leafCount }

    /// Roots of the complete subtrees that the tree falls into, largest first.
    @inlinable
    public var subtreeRoots: [Digest] { roots }

    /// A tree without leaves.
    @inlinable
    public init() {
        // A batch of 1,024 leaves, the largest there is, never has more than ten.
        roots.reserveCapacity(10)
    }

    /// Continues a tree that was stored: as many subtree roots as `size` has set bits, largest subtree first; else nil.
    @inlinable
    public init?(size: UInt64, subtreeRoots: [Digest]) {
        guard subtreeRoots.count == size.nonzeroBitCount else { return nil }
        leafCount = size
        roots = subtreeRoots
    }

    /// Appends one leaf.
    @inlinable
    public mutating func append(leafHash: Digest) {
        append(leafHash: leafHash) { _, _, _ in }
    }

    /// Appends one leaf and tells of every subtree that becomes complete by it, the leaf itself first, so that a store of
    /// nodes can keep them.
    ///
    /// - Parameter completed: level (0 for leaves), index within the level, digest.
    @inlinable
    public mutating func append(leafHash: Digest, completed: (_ level: Int, _ index: UInt64, _ digest: Digest) -> Void) {
        var digest = leafHash
        var level = 0
        var index = leafCount
        completed(level, index, digest)
        while index & 1 == 1, let left = roots.popLast() {
            digest = MerkleTree<Hash>.nodeHash(left, digest)
            index >>= 1
            level += 1
            completed(level, index, digest)
        }
        roots.append(digest)
        // 2^64 leaves cannot be reached by appending.
        leafCount &+= 1
    }

    /// Root of the tree as it stands (RFC 9162, 2.1.1).
    @inlinable
    public var root: Digest {
        guard var digest = roots.last else { return MerkleTree<Hash>.emptyRoot }
        var position = roots.count - 1
        while position > 0 {
            position -= 1
            digest = MerkleTree<Hash>.nodeHash(roots[position], digest)
        }
        return digest
    }

    /// Forgets all leaves and keeps the memory.
    @inlinable
    public mutating func removeAll() {
        leafCount = 0
        roots.removeAll(keepingCapacity: true)
    }
}
