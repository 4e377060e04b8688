/// All complete subtrees of a tree in memory, level by level: a source of nodes for proofs.
///
/// Twice the memory of its leaf hashes. A batch has at most 1,024 leaves; large ledgers keep their nodes in a store.
public struct MerkleNodes<Hash: HashFunction>: Sendable {
    @usableFromInline var frontier = MerkleFrontier<Hash>()
    @usableFromInline var levels: [[Digest]] = []

    @inlinable
    public init() {}

    /// Builds the tree over all leaf hashes.
    @inlinable
    public init(leafHashes: [Digest]) {
        for leafHash in leafHashes { append(leafHash: leafHash) }
    }

    /// Number of leaves.
    @inlinable
    public var size: UInt64 { frontier.size }

    /// Root over all leaves.
    @inlinable
    public var root: Digest { frontier.root }

    /// Appends one leaf.
    @inlinable
    public mutating func append(leafHash: Digest) {
        var levels = self.levels
        self.levels = []
        frontier.append(leafHash: leafHash) { level, _, digest in
            if level == levels.count { levels.append([]) }
            levels[level].append(digest)
        }
        self.levels = levels
    }

    /// Inclusion path of the leaf at `index` in the tree as it was at `size` leaves, by default as it is now; nil when
    /// there is no such leaf or size.
    @inlinable
    public func inclusionPath(index: UInt64, size: UInt64? = nil) -> [Digest]? {
        let size = size ?? self.size
        guard size <= self.size else { return nil }
        return MerkleTree<Hash>.inclusionPath(index: index, size: size, node: node)
    }

    /// Consistency path between two sizes that the tree has had; nil when there are no such sizes.
    @inlinable
    public func consistencyPath(oldSize: UInt64, newSize: UInt64? = nil) -> [Digest]? {
        let newSize = newSize ?? self.size
        guard newSize <= self.size else { return nil }
        return MerkleTree<Hash>.consistencyPath(oldSize: oldSize, newSize: newSize, node: node)
    }

    /// Root of the tree as it was at `size` leaves; nil when it has never had that size.
    @inlinable
    public func root(size: UInt64) -> Digest? {
        guard size <= self.size else { return nil }
        return MerkleTree<Hash>.root(size: size, node: node)
    }

    /// Asked only for subtrees that are complete, by the contract of ``MerkleTree``.
    @inlinable
    func node(level: Int, index: UInt64) -> Digest {
        levels[level][Int(index)]
    }
}
