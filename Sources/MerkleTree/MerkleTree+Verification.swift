extension MerkleTree {
    /// Root that an inclusion path leads to (RFC 9162, 2.1.3.2).
    ///
    /// - Parameters:
    ///   - path: sibling digests from the leaf upwards.
    ///   - leafHash: hash of the leaf in question.
    ///   - index: its place in the tree, from 0.
    ///   - size: number of leaves of the tree.
    /// - Returns: nil when the index is not below the size, or the path has not the length that the two ask for.
    @inlinable
    public static func root(
        fromInclusionPath path: [Digest], leafHash: Digest, index: UInt64, size: UInt64
    ) -> Digest? {
        guard index < size else { return nil }
        var digest = leafHash
        var node = index
        var last = size - 1
        for sibling in path {
            if last == 0 { return nil }
            if node & 1 == 1 || node == last {
                digest = nodeHash(sibling, digest)
                // The last node of a level without a right sibling rises unchanged to the next one that has a left sibling.
                while node & 1 == 0, node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                digest = nodeHash(digest, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 ? digest : nil
    }

    /// Whether a path proves that a leaf stands at `index` in the tree of `size` leaves with this root.
    @inlinable
    public static func isValidInclusion(
        _ path: [Digest], leafHash: Digest, index: UInt64, size: UInt64, root expected: Digest
    ) -> Bool {
        root(fromInclusionPath: path, leafHash: leafHash, index: index, size: size) == expected
    }

    /// Whether a path proves that the tree with `newRoot` starts with all leaves of the tree with `oldRoot`
    /// (RFC 9162, 2.1.4.2).
    ///
    /// Equal sizes have equal roots and an empty path. From an empty old tree nothing can be proven, so it is refused: RFC 9162
    /// defines the proof for 0 < old size only.
    @inlinable
    public static func isValidConsistency(
        _ path: [Digest], oldSize: UInt64, oldRoot: Digest, newSize: UInt64, newRoot: Digest
    ) -> Bool {
        guard oldSize > 0, oldSize <= newSize else { return false }
        if oldSize == newSize { return path.isEmpty && oldRoot == newRoot }
        guard let roots = roots(fromConsistencyPath: path, oldSize: oldSize, oldRoot: oldRoot, newSize: newSize) else {
            return false
        }
        return roots.old == oldRoot && roots.new == newRoot
    }

    /// The two roots that a consistency path leads to, for 0 < old size < new size; nil when its length is wrong.
    @inlinable
    static func roots(
        fromConsistencyPath path: [Digest], oldSize: UInt64, oldRoot: Digest, newSize: UInt64
    ) -> (old: Digest, new: Digest)? {
        var node = oldSize - 1
        var last = newSize - 1
        let shift = UInt64(node.trailingOneBitCount)
        node >>= shift
        last >>= shift
        var remaining = path[...]
        // An old tree of a power of two is itself the first node, and the path leaves it out.
        guard let start = node == 0 ? oldRoot : remaining.popFirst() else { return nil }
        var old = start
        var new = start
        for digest in remaining {
            if last == 0 { return nil }
            if node & 1 == 1 || node == last {
                old = nodeHash(digest, old)
                new = nodeHash(digest, new)
                while node & 1 == 0, node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                new = nodeHash(new, digest)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 ? (old, new) : nil
    }
}

extension UInt64 {
    /// How many of the lowest bits are one.
    @inlinable
    var trailingOneBitCount: Int { (~self).trailingZeroBitCount }
}
