/// The Merkle tree of RFC 9162, section 2.1: hashing, roots and proofs, as functions without state.
///
/// Batches (wire-format.md, section 4) and ledgers (section 5) are both such trees. Sizes and indexes are 64-bit
/// unsigned, since they also come from strangers; no function here traps on any of them.
public enum MerkleTree<Hash: HashFunction> {
    /// Hash of a leaf: SHA-256(00 || bytes) (RFC 9162, 2.1.1).
    @inlinable
    public static func leafHash(of bytes: Span<UInt8>) -> Digest {
        Hash.hash(prefix: 0x00, bytes)
    }

    /// Hash of a leaf: SHA-256(00 || bytes) (RFC 9162, 2.1.1).
    @inlinable
    public static func leafHash(of bytes: [UInt8]) -> Digest {
        Hash.hash(prefix: 0x00, bytes.span)
    }

    /// Hash of an inner node: SHA-256(01 || left || right) (RFC 9162, 2.1.1).
    @inlinable
    public static func nodeHash(_ left: Digest, _ right: Digest) -> Digest {
        Hash.hash(prefix: 0x01, left, right)
    }

    /// Root of a tree without leaves: the hash of nothing (RFC 9162, 2.1.1).
    @inlinable
    public static var emptyRoot: Digest {
        Hash.hash([])
    }

    /// Root over all leaf hashes, in O(log n) memory.
    @inlinable
    public static func root(ofLeafHashes leafHashes: [Digest]) -> Digest {
        var frontier = MerkleFrontier<Hash>()
        for leafHash in leafHashes { frontier.append(leafHash: leafHash) }
        return frontier.root
    }
}
