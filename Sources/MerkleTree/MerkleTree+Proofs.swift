extension MerkleTree {
    /// Inclusion path of the leaf at `index` in the tree of `size` leaves (RFC 9162, 2.1.3.1), from a store of nodes.
    ///
    /// Reads O(log size) nodes.
    ///
    /// - Parameter node: the root of the complete subtree of 2^level leaves that starts at leaf index × 2^level; it is never
    ///   asked for a subtree that reaches beyond `size`.
    /// - Returns: sibling digests from the leaf upwards; nil when `index` is not below `size`.
    /// - Throws: what `node` throws.
    @inlinable
    public static func inclusionPath<Failure: Error>(
        index: UInt64, size: UInt64,
        node: (_ level: Int, _ index: UInt64) throws(Failure) -> Digest
    ) throws(Failure) -> [Digest]? {
        guard index < size else { return nil }
        var path: [Digest] = []
        path.reserveCapacity(UInt64.bitWidth - (size - 1).leadingZeroBitCount)
        var level = 0
        var last = size - 1
        var place = index
        while last > 0 {
            let sibling = place ^ 1
            if sibling < last {
                path.append(try node(level, sibling))
            } else if sibling == last {
                // The level's last subtree may lack leaves on its right.
                path.append(try root(ofLeaves: sibling << UInt64(level), to: size, node: node))
            }
            place >>= 1
            last >>= 1
            level += 1
        }
        return path
    }

    /// Consistency path from the tree of `oldSize` leaves to that of `newSize` (RFC 9162, 2.1.4.1), from a store of nodes.
    ///
    /// Reads O(log² newSize) nodes at most. Empty for equal sizes.
    ///
    /// - Returns: nil when `oldSize` is 0 or above `newSize`.
    /// - Throws: what `node` throws.
    @inlinable
    public static func consistencyPath<Failure: Error>(
        oldSize: UInt64, newSize: UInt64,
        node: (_ level: Int, _ index: UInt64) throws(Failure) -> Digest
    ) throws(Failure) -> [Digest]? {
        guard oldSize > 0, oldSize <= newSize else { return nil }
        var path: [Digest] = []
        var start: UInt64 = 0
        var end = newSize
        // SUBPROOF of RFC 9162 as a loop: it goes down towards the old tree's last leaf; the path is written top first.
        while end != oldSize {
            let split = start + largestPowerOfTwo(below: end - start)
            if oldSize <= split {
                path.append(try root(ofLeaves: split, to: end, node: node))
                end = split
            } else {
                path.append(try root(ofLeaves: start, to: split, node: node))
                start = split
            }
        }
        if start != 0 { path.append(try root(ofLeaves: start, to: end, node: node)) }
        path.reverse()
        return path
    }

    /// Root of the whole tree of `size` leaves, from a store of nodes: O(log size) reads.
    @inlinable
    public static func root<Failure: Error>(
        size: UInt64, node: (_ level: Int, _ index: UInt64) throws(Failure) -> Digest
    ) throws(Failure) -> Digest {
        size == 0 ? emptyRoot : try root(ofLeaves: 0, to: size, node: node)
    }

    /// Root over the leaves from `start` to before `end`. `start` is a multiple of the largest power of two not above
    /// the number of leaves, as it is for every subtree that RFC 9162 splits off.
    @inlinable
    static func root<Failure: Error>(
        ofLeaves start: UInt64, to end: UInt64,
        node: (_ level: Int, _ index: UInt64) throws(Failure) -> Digest
    ) throws(Failure) -> Digest {
        // Smallest complete subtree first: it is the innermost right one.
        var remaining = end - start
        var level = remaining.trailingZeroBitCount
        remaining &= remaining - 1
        var digest = try node(level, (start + remaining) >> UInt64(level))
        while remaining > 0 {
            level = remaining.trailingZeroBitCount
            remaining &= remaining - 1
            digest = nodeHash(try node(level, (start + remaining) >> UInt64(level)), digest)
        }
        return digest
    }

    /// The largest power of two below `count`, which is at least 2.
    @inlinable
    static func largestPowerOfTwo(below count: UInt64) -> UInt64 {
        1 << UInt64(UInt64.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }
}
