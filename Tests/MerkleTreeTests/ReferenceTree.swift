import DeviceCrypto
import MerkleTree

/// RFC 9162, section 2.1, written down as the recursive definitions stand there: slow, and nothing to get wrong.
enum ReferenceTree {
    static func root(_ leaves: ArraySlice<Digest>) -> Digest {
        switch leaves.count {
        case 0: return SHA256.hash([])
        case 1: return leaves[leaves.startIndex]
        default:
            let split = leaves.startIndex + largestPowerOfTwo(below: leaves.count)
            return SHA256.hash(prefix: 1, root(leaves[..<split]), root(leaves[split...]))
        }
    }

    static func path(_ index: Int, _ leaves: ArraySlice<Digest>) -> [Digest] {
        guard leaves.count > 1 else { return [] }
        let half = largestPowerOfTwo(below: leaves.count)
        let split = leaves.startIndex + half
        return index < half
            ? path(index, leaves[..<split]) + [root(leaves[split...])]
            : path(index - half, leaves[split...]) + [root(leaves[..<split])]
    }

    static func proof(_ oldSize: Int, _ leaves: ArraySlice<Digest>) -> [Digest] {
        subproof(oldSize, leaves, isWhole: true)
    }

    private static func subproof(_ oldSize: Int, _ leaves: ArraySlice<Digest>, isWhole: Bool) -> [Digest] {
        if oldSize == leaves.count { return isWhole ? [] : [root(leaves)] }
        let half = largestPowerOfTwo(below: leaves.count)
        let split = leaves.startIndex + half
        return oldSize <= half
            ? subproof(oldSize, leaves[..<split], isWhole: isWhole) + [root(leaves[split...])]
            : subproof(oldSize - half, leaves[split...], isWhole: false) + [root(leaves[..<split])]
    }

    private static func largestPowerOfTwo(below count: Int) -> Int {
        var power = 1
        while power * 2 < count { power *= 2 }
        return power
    }

    /// Leaf hashes of the numbers from 0.
    static func leaves(_ count: Int) -> [Digest] {
        (0..<count).map { MerkleTree<SHA256>.leafHash(of: Array("\($0)".utf8)) }
    }
}
