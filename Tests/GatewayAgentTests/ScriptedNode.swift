import AttestationFormat
import DeviceCrypto
import MerkleTree
import Testing

/// A node in memory: a real key, a real ledger, and a script that may lie.
final class ScriptedNode {
    let name: NodeName
    let key: SigningKey
    private(set) var leaves: [Digest]
    private(set) var newest: Statement?

    init(_ name: Name, alliance: Name) throws {
        self.name = NodeName(alliance: alliance, node: name)
        key = try SigningKey.generate()
        leaves = [SHA256.hash(Array("trust".utf8))]
    }

    /// What a receipt may be made wrong in.
    struct Lie {
        var signer: SigningKey?
        var held: UInt64?
        var origin: NodeName?
        var treeSize: UInt64?
        var otherLeaf = false
        var subject: UTF8Text?
    }

    /// Takes a batch into the ledger and answers with its receipt, once as often as asked.
    func receipt(for message: BatchMessage, lie: Lie = Lie()) throws -> [UInt8] {
        let leaf = message.statement.leafHash(using: SHA256.self)
        if !leaves.contains(leaf) {
            leaves.append(leaf)
            newest = message.statement
        }
        let place = lie.otherLeaf ? 0 : leaves.firstIndex(of: leaf) ?? 0
        var ledger = MerkleNodes<SHA256>()
        for leaf in leaves { ledger.append(leafHash: leaf) }
        let path = try #require(ledger.inclusionPath(index: UInt64(place)))
        let header = ReceiptHeader(
            keyID: key.publicKey.keyID(using: SHA256.self), node: lie.origin ?? name,
            subject: lie.subject ?? message.statement.header.subject, issuedAtSeconds: 1_800_000_100,
            treeSize: lie.treeSize ?? UInt64(leaves.count), held: lie.held ?? UInt64(message.wholeEventCount))
        let root = MerkleTree<SHA256>.root(ofLeafHashes: leaves)
        let signature = try (lie.signer ?? key).sign(UnverifiedReceipt.bytesToSign(header: header, root: root))
        let bytes = UnverifiedReceipt.encode(header: header, index: UInt64(place), path: path, signature: signature)
        let reply = Reply.receipt(first: message.statement.header.first, try UnverifiedReceipt(parsing: bytes))
        return reply.encoded()
    }

    /// What it says to a hello.
    func position() -> [UInt8] { Reply.position(newest).encoded() }
}
