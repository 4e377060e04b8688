import AttestationFormat
import DeviceCrypto
import MerkleTree
import Testing

/// A gateway, two nodes and their alliance, with real keys: everything that the tests of the formats sign with.
struct Fixture {
    let gateway: GatewayName
    let gatewayKey: SigningKey
    let nodes: [(name: NodeName, key: SigningKey)]
    let rootKey: SigningKey
    let epoch = Epoch(0x00C0_FFEE_00C0_FFEE)

    init() throws {
        let gateway = try #require(GatewayName(issuer: "hs:gba-demo/acme.gw-1"))
        self.gateway = gateway
        gatewayKey = try SigningKey.generate()
        rootKey = try SigningKey.generate()
        nodes = try ["hk-1", "sz-1", "mo-1"].map { name in
            let node = try #require(Name(UTF8Text(name)))
            return (NodeName(alliance: gateway.alliance, node: node), try SigningKey.generate())
        }
    }

    /// Events that differ in their sequence only.
    static func events(_ count: Int) throws -> [EventView] {
        try (0..<count).map { try event(UInt64($0)) }
    }

    static func event(_ number: UInt64) throws -> EventView {
        var event = Event(kind: .number(31), wallClockMilliseconds: 1_795_000_000_000 + number, monotonicMilliseconds: number)
        event.readings = [EventReading(sensor: "reefer-air", quantity: 1, value: 4_250)]
        event.salt = [1, 2, 3, 4, 5, 6, 7, 8]
        return try EventView(parsing: try event.encoded())
    }

    func header(first: UInt64 = 0, count: Int, previous: Digest = Digest()) throws -> BatchHeader {
        try BatchHeader(
            keyID: gatewayKey.publicKey.keyID(using: SHA256.self), gateway: gateway, epoch: epoch,
            issuedAtSeconds: 1_795_000_000, first: first, count: count, previous: previous)
    }

    func statement(over events: [EventView], first: UInt64 = 0, previous: Digest = Digest()) throws -> Statement {
        let header = try header(first: first, count: events.count, previous: previous)
        let root = MerkleTree<SHA256>.root(ofLeafHashes: Fixture.leafHashes(events))
        let signature = try gatewayKey.sign(Statement.bytesToSign(header: header, root: root))
        return Statement(header: header, root: root, signature: signature)
    }

    static func leafHashes(_ events: [EventView]) -> [Digest] {
        events.map { MerkleTree<SHA256>.leafHash(of: $0.bytes) }
    }

    /// The ledger in which a statement stands third of five.
    static func ledger(with statement: Statement) -> MerkleNodes<SHA256> {
        var leaves = ["trust", "one", "two", "three"].map { MerkleTree<SHA256>.leafHash(of: UTF8Text($0).bytes) }
        leaves.insert(statement.leafHash(using: SHA256.self), at: 2)
        return MerkleNodes(leafHashes: leaves)
    }

    /// What may be wrong about a receipt: each change is made before the node signs.
    struct ReceiptChanges {
        var node: NodeName?
        var subject: UTF8Text?
        var issuedAtSeconds: UInt64 = 1_795_000_070
        var treeSize: UInt64?
        var index: UInt64 = 2
        var signer: SigningKey?
        var keyID: Digest?
    }

    func receipt(for statement: Statement, node: Int = 0, _ changes: ReceiptChanges = ReceiptChanges()) throws -> [UInt8] {
        let ledger = Fixture.ledger(with: statement)
        let key = changes.signer ?? nodes[node].key
        let header = ReceiptHeader(
            keyID: changes.keyID ?? key.publicKey.keyID(using: SHA256.self), node: changes.node ?? nodes[node].name,
            subject: changes.subject ?? statement.header.subject, issuedAtSeconds: changes.issuedAtSeconds,
            treeSize: changes.treeSize ?? ledger.size, held: UInt64(statement.header.count))
        let signature = try key.sign(UnverifiedReceipt.bytesToSign(header: header, root: ledger.root))
        return UnverifiedReceipt.encode(
            header: header, index: changes.index, path: ledger.inclusionPath(index: 2) ?? [], signature: signature)
    }

    /// Three nodes, two receipts needed; node keys are in force from 1,700,000,000 on.
    func trustContent(version: UInt64 = 3) throws -> TrustContent {
        var content = TrustContent(
            alliance: gateway.alliance, version: version, rootCertificate: [1, 2, 3], linkCertificate: [4, 5, 6],
            quorum: .init(receiptsNeeded: 2))
        content.firms = [.init(name: gateway.firm, issuingCertificates: [[7, 8]])]
        content.nodes = nodes.map { node in
            .init(
                name: node.name.node, origin: node.name.origin,
                keys: [.init(publicKey: node.key.publicKey, fromSeconds: 1_700_000_000)])
        }
        return content
    }

    func signed(_ content: TrustContent, by signer: SigningKey? = nil, issuedAtSeconds: UInt64 = 1_795_000_000) throws -> [UInt8] {
        let key = signer ?? rootKey
        let keyID = key.publicKey.keyID(using: SHA256.self)
        let signature = try key.sign(
            UnverifiedTrustFile.bytesToSign(content: content, keyID: keyID, issuedAtSeconds: issuedAtSeconds))
        return UnverifiedTrustFile.encode(
            content: content, keyID: keyID, issuedAtSeconds: issuedAtSeconds, signature: signature)
    }

    func trustFile(_ content: TrustContent? = nil) throws -> TrustFile {
        try UnverifiedTrustFile(parsing: signed(content ?? trustContent())).verified(
            rootKey: rootKey.publicKey, verifier: P256Verifier.self, using: SHA256.self)
    }
}
