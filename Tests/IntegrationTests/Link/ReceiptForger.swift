import AttestationFormat
import DeviceCrypto
import MerkleTree

/// Makes receipts of a ledger of one entry: right ones, and ones that are wrong in one place and right in all others.
struct ReceiptForger {
    let key: SigningKey
    let node: NodeName

    /// - Parameters:
    ///   - leafHash: what the ledger holds; nil: the statement.
    ///   - signedSize: -70005; the proof itself is of a tree of one leaf.
    ///   - held: -70007; nil: all events.
    func receipt(
        for statement: Statement, leafHash: Digest? = nil, signedSize: UInt64 = 1, held: UInt64? = nil
    ) throws -> [UInt8] {
        let header = ReceiptHeader(
            keyID: key.publicKey.keyID(using: SHA256.self), node: node, subject: statement.header.subject,
            issuedAtSeconds: statement.header.issuedAtSeconds + 1, treeSize: signedSize,
            held: held ?? UInt64(statement.header.count))
        let root = leafHash ?? statement.leafHash(using: SHA256.self)
        let signature = try key.sign(UnverifiedReceipt.bytesToSign(header: header, root: root))
        return Self.encode(header, signature)
    }

    /// #6.18([header, {396: {-1: [proof]}}, nil, signature]), wire-format.md, section 5; the proof is [1, 0, []].
    private static func encode(_ header: ReceiptHeader, _ signature: Signature) -> [UInt8] {
        var writer = CBORWriter(reserving: 512)
        writer.writeSign1Tag()
        writer.beginArray(4)
        writer.write(header.encoded())
        writer.beginMap(1)
        writer.write(UInt64(396))
        writer.beginMap(1)
        writer.write(Int64(-1))
        writer.beginArray(1)
        writer.write([0x83, 0x01, 0x00, 0x80] as [UInt8])
        writer.writeNull()
        writer.write(signature.bytes)
        return writer.bytes
    }
}
