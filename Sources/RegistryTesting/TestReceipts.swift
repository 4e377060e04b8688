import AllianceTrust
public import AttestationFormat
import MerkleTree

/// Nodes of a test alliance's trust file, as far as their receipts go.
public struct TestReceipts: Sendable {
    private let alliance: Name
    private let keys: [Name: AllianceSigningKey]
    public let trustFile: TrustFile

    /// - Parameter untilSeconds: the end of the nodes' keys; nil: none.
    public init(_ names: [String], of alliance: TestRegistry, nowSeconds: Int64 = TestRegistry.nowSeconds, untilSeconds: UInt64? = nil) throws {
        self.alliance = try TestRegistry.name("gba-test")
        var content = TrustContent(
            alliance: self.alliance, version: 1, rootCertificate: alliance.root.certificate.der, linkCertificate: alliance.link.certificate.der,
            quorum: .init(receiptsNeeded: UInt64(names.count / 2 + 1)))
        content.firms = [.init(name: try TestRegistry.name("acme"), issuingCertificates: [alliance.acme.certificate.der])]
        var keys: [Name: AllianceSigningKey] = [:]
        for name in names {
            let (node, key) = (try TestRegistry.name(name), try AllianceSigningKey())
            keys[node] = key
            content.nodes.append(
                .init(
                    name: node, origin: NodeName(alliance: self.alliance, node: node).origin,
                    keys: [.init(publicKey: key.publicKey, fromSeconds: UInt64(nowSeconds) - 1_000, untilSeconds: untilSeconds)]))
        }
        self.keys = keys
        trustFile = try TrustFileSigner.sign(content, root: alliance.root, held: nil, nowSeconds: UInt64(nowSeconds) - 1_000)
    }

    /// A receipt for a statement that is alone in the node's ledger.
    public func receipt(for statement: [UInt8], of name: String, atSeconds seconds: Int64 = TestRegistry.nowSeconds) throws -> [UInt8] {
        let (statement, node) = (try RegistrationStatement(parsing: statement), try TestRegistry.name(name))
        guard let key = keys[node] else { throw VerificationError.unknownKey }
        let root = statement.leafHash(using: SHA256.self)
        let header = ReceiptHeader(
            keyID: key.keyID, node: NodeName(alliance: alliance, node: node), subject: statement.header.subject, issuedAtSeconds: UInt64(seconds), treeSize: 1,
            held: 0)
        let signature = try key.sign(UnverifiedReceipt.bytesToSign(header: header, root: root))
        return UnverifiedReceipt.encode(header: header, index: 0, path: [], signature: signature)
    }
}
