import DeviceCrypto
import Foundation
import HarborsealTesting
import MerkleTree
import Testing

/// The reference proofs of transparency-dev/merkle: each file says whether it must be refused.
@Suite("Reference proofs", .enabled(if: TestData.isPresent, Comment(rawValue: TestData.reason)))
struct MerkleVectorTests {
    struct InclusionCase: Decodable {
        let leafIdx: UInt64
        let treeSize: UInt64
        let root: Data?
        let leafHash: Data?
        let proof: [Data]?
        let wantErr: Bool
    }

    struct ConsistencyCase: Decodable {
        let size1: UInt64
        let size2: UInt64
        let root1: Data?
        let root2: Data?
        let proof: [Data]?
        let wantErr: Bool
    }

    @Test("every inclusion proof gets the answer that its file states", arguments: files(in: "merkle/inclusion"))
    func inclusion(file: String) throws {
        let vector = try JSONDecoder().decode(InclusionCase.self, from: Data(try TestData.bytes(file)))
        // Some cases have a path, leaf or root that is no digest; such bytes never become one.
        let path = (vector.proof ?? []).compactMap { Digest(Array($0)) }
        var isValid = false
        if path.count == (vector.proof ?? []).count, let leafHash = Digest(Array(vector.leafHash ?? Data())),
            let root = Digest(Array(vector.root ?? Data()))
        {
            isValid = MerkleTree<SHA256>.isValidInclusion(
                path, leafHash: leafHash, index: vector.leafIdx, size: vector.treeSize, root: root)
        }
        #expect(isValid == !vector.wantErr)
    }

    @Test("every consistency proof gets the answer that its file states", arguments: files(in: "merkle/consistency"))
    func consistency(file: String) throws {
        let vector = try JSONDecoder().decode(ConsistencyCase.self, from: Data(try TestData.bytes(file)))
        let path = (vector.proof ?? []).compactMap { Digest(Array($0)) }
        let isValid =
            path.count == (vector.proof ?? []).count
            && MerkleTree<SHA256>.isValidConsistency(
                path, oldSize: vector.size1, oldRoot: root(vector.root1), newSize: vector.size2,
                newRoot: root(vector.root2))
        #expect(isValid == !vector.wantErr)
    }

    @Test("no file was overlooked")
    func count() {
        #expect(MerkleVectorTests.files(in: "merkle/inclusion").count == 98)
        #expect(MerkleVectorTests.files(in: "merkle/consistency").count == 98)
    }

    /// Some cases have words in place of roots, one of them a good case: equal words stay equal, and no tree has them.
    private func root(_ data: Data?) -> Digest {
        let bytes = Array(data ?? Data())
        return Digest(bytes) ?? SHA256.hash(Array("not a digest: ".utf8) + bytes)
    }

    private static func files(in folder: String) -> [String] {
        let url = TestData.url(folder)
        guard let walker = FileManager.default.enumerator(atPath: url.path) else { return [] }
        return walker.compactMap { $0 as? String }.filter { $0.hasSuffix(".json") }.sorted().map { folder + "/" + $0 }
    }
}
