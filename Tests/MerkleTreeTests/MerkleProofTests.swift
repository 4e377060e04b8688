import DeviceCrypto
import MerkleTree
import Testing

@Suite("Roots and proofs against the definitions of RFC 9162")
struct MerkleProofTests {
    typealias Tree = MerkleTree<SHA256>

    /// Every shape up to five levels, and the sizes around the next powers of two.
    static let sizes = Array(0...33) + [63, 64, 65, 127, 128, 129]

    @Test("the frontier, the nodes and the definition have one root", arguments: sizes)
    func roots(size: Int) {
        let leaves = ReferenceTree.leaves(size)
        let expected = ReferenceTree.root(leaves[...])
        #expect(Tree.root(ofLeafHashes: leaves) == expected)
        let nodes = MerkleNodes<SHA256>(leafHashes: leaves)
        #expect(nodes.root == expected)
        #expect(nodes.root(size: UInt64(size)) == expected)
        #expect(nodes.root(size: UInt64(size) + 1) == nil)
    }

    @Test("a stored frontier goes on where it stopped", arguments: sizes)
    func continuing(size: Int) throws {
        let leaves = ReferenceTree.leaves(size + 7)
        var first = MerkleFrontier<SHA256>()
        for leaf in leaves[..<size] { first.append(leafHash: leaf) }
        var second = try #require(MerkleFrontier<SHA256>(size: first.size, subtreeRoots: first.subtreeRoots))
        for leaf in leaves[size...] { second.append(leafHash: leaf) }
        #expect(second.root == ReferenceTree.root(leaves[...]))
        #expect(MerkleFrontier<SHA256>(size: first.size + 1, subtreeRoots: first.subtreeRoots) == nil || size % 2 == 1)
        second.removeAll()
        #expect(second.root == Tree.emptyRoot)
    }

    @Test("every inclusion path is the definition's and verifies, and no other place or leaf does", arguments: sizes)
    func inclusion(size: Int) throws {
        let leaves = ReferenceTree.leaves(size)
        let nodes = MerkleNodes<SHA256>(leafHashes: leaves)
        for index in 0..<size {
            let path = try #require(nodes.inclusionPath(index: UInt64(index)))
            #expect(path == ReferenceTree.path(index, leaves[...]))
            #expect(isValid(path, leaves[index], index, size, nodes.root))
            #expect(!isValid(path, leaves[index], (index + 1) % size, size, nodes.root) || size == 1)
            #expect(!isValid(path, Tree.leafHash(of: [1]), index, size, nodes.root))
            #expect(!isValid(path + [nodes.root], leaves[index], index, size, nodes.root))
            #expect(!isValid(path.dropLast(), leaves[index], index, size, nodes.root) || path.isEmpty)
        }
        #expect(nodes.inclusionPath(index: UInt64(size)) == nil)
        #expect(nodes.inclusionPath(index: 0, size: UInt64(size) + 1) == nil)
        #expect(nodes.inclusionPath(index: .max, size: UInt64(size)) == nil)
    }

    @Test("every consistency path is the definition's and verifies, and no other size or root does", arguments: sizes)
    func consistency(size: Int) throws {
        let leaves = ReferenceTree.leaves(size)
        let nodes = MerkleNodes<SHA256>(leafHashes: leaves)
        for oldSize in 1..<(size + 1) {
            let oldRoot = try #require(nodes.root(size: UInt64(oldSize)))
            let path = try #require(nodes.consistencyPath(oldSize: UInt64(oldSize)))
            #expect(path == ReferenceTree.proof(oldSize, leaves[...]))
            #expect(isConsistent(path, oldSize, oldRoot, size, nodes.root))
            #expect(!isConsistent(path, oldSize, Tree.emptyRoot, size, nodes.root))
            #expect(!isConsistent(path, oldSize, oldRoot, size, Tree.emptyRoot))
            #expect(!isConsistent(path + [oldRoot], oldSize, oldRoot, size, nodes.root))
            #expect(!isConsistent(path.dropLast(), oldSize, oldRoot, size, nodes.root) || path.isEmpty)
        }
        #expect(nodes.consistencyPath(oldSize: 0) == nil)
        #expect(nodes.consistencyPath(oldSize: UInt64(size) + 1) == nil)
    }

    @Test("one changed bit anywhere in a path is refused")
    func changedBits() throws {
        let nodes = MerkleNodes<SHA256>(leafHashes: ReferenceTree.leaves(13))
        let path = try #require(nodes.inclusionPath(index: 6))
        let leaf = ReferenceTree.leaves(13)[6]
        for place in path.indices {
            for bit in 0..<256 {
                var bytes = path[place].bytes
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                var changed = path
                changed[place] = try #require(Digest(bytes))
                #expect(!isValid(changed, leaf, 6, 13, nodes.root))
            }
        }
    }

    @Test("sizes and indexes at the end of 64 bits neither trap nor verify")
    func extremes() {
        let leaf = Tree.leafHash(of: [])
        for size in [UInt64.max, UInt64.max - 1, 1 << 63, (1 << 63) + 1] as [UInt64] {
            for index in [0, 1, size - 1, size, UInt64.max] as [UInt64] {
                for count in [0, 1, 63, 64, 65] as [Int] {
                    let path = Array(repeating: leaf, count: count)
                    #expect(!Tree.isValidInclusion(path, leafHash: leaf, index: index, size: size, root: leaf))
                    #expect(!Tree.isValidConsistency(path, oldSize: index, oldRoot: leaf, newSize: size, newRoot: leaf) || index == size)
                }
            }
        }
    }

    @Test("a proof over a large tree reads few nodes, each of a complete subtree")
    func nodeReads() throws {
        let size: UInt64 = 1_000_003
        for index in [0, 1, 524_287, 524_288, 999_999, 1_000_000, 1_000_002] as [UInt64] {
            var readCount = 0
            let path = Tree.inclusionPath(index: index, size: size) { (level, place) throws(Never) -> Digest in
                readCount += 1
                #expect((place + 1) << UInt64(level) <= size)
                return Tree.leafHash(of: Array("\(level)/\(place)".utf8))
            }
            #expect(try #require(path).count <= 20)
            #expect(readCount <= 40)
        }
    }

    @Test("what a node source throws comes through")
    func failingSource() {
        struct Missing: Error {}
        #expect(throws: Missing.self) {
            try Tree.inclusionPath(index: 0, size: 2) { (_, _) throws(Missing) -> Digest in throw Missing() }
        }
        #expect(throws: Missing.self) {
            try Tree.consistencyPath(oldSize: 1, newSize: 2) { (_, _) throws(Missing) -> Digest in throw Missing() }
        }
    }

    @Test("an append tells of each completed subtree once, the leaf first")
    func completedSubtrees() {
        var frontier = MerkleFrontier<SHA256>()
        var told: [String] = []
        for leaf in ReferenceTree.leaves(6) {
            frontier.append(leafHash: leaf) { level, index, _ in told.append("\(level).\(index)") }
        }
        #expect(told == ["0.0", "0.1", "1.0", "0.2", "0.3", "1.1", "2.0", "0.4", "0.5", "1.2"])
    }

    private func isValid(_ path: [Digest], _ leaf: Digest, _ index: Int, _ size: Int, _ root: Digest) -> Bool {
        Tree.isValidInclusion(path, leafHash: leaf, index: UInt64(index), size: UInt64(size), root: root)
    }

    private func isConsistent(_ path: [Digest], _ oldSize: Int, _ oldRoot: Digest, _ size: Int, _ root: Digest) -> Bool {
        Tree.isValidConsistency(path, oldSize: UInt64(oldSize), oldRoot: oldRoot, newSize: UInt64(size), newRoot: root)
    }
}
