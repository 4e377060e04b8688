@testable import AllianceTrust
import AttestationFormat
import MerkleTree

/// Makes evidence of an alliance whose keys the tests hold: three nodes, two receipts needed, gateways of firm acme.
struct EvidenceMaker {
    let authorities: TestAuthorities
    let nodeKeys: [AllianceSigningKey]
    var trustContent: TrustContent
    private let sizes = Sizes()

    /// The ledger's levels when each statement came: 1, 2, 3, …
    private final class Sizes {
        private var levels: [Digest: Int] = [:]

        func next(for leaf: Digest) -> Int {
            let level = levels[leaf] ?? levels.count + 1
            levels[leaf] = level
            return level
        }
    }

    static let nowSeconds = UInt64(TestAuthorities.nowSeconds)

    init() throws {
        authorities = try TestAuthorities()
        nodeKeys = try (0..<3).map { _ in try AllianceSigningKey() }
        let alliance = Self.name("gba-test")
        trustContent = TrustContent(
            alliance: alliance, version: 1, rootCertificate: authorities.root.certificate.der,
            linkCertificate: authorities.link.certificate.der, quorum: .init(receiptsNeeded: 2))
        trustContent.firms = [
            .init(name: Self.name("acme"), issuingCertificates: [authorities.acme.certificate.der])
        ]
        trustContent.nodes = nodeKeys.enumerated().map { number, key in
            let node = Self.name("node-\(number)")
            return .init(
                name: node, origin: NodeName(alliance: alliance, node: node).origin,
                keys: [.init(publicKey: key.publicKey, fromSeconds: Self.nowSeconds - 1_000_000)])
        }
    }

    static func name(_ text: String) -> Name {
        guard let name = Name(UTF8Text(text)) else { preconditionFailure("\(text) is no name") }
        return name
    }

    func trustFile() throws -> TrustFile {
        try TrustFileSigner.sign(trustContent, root: authorities.root, held: nil, nowSeconds: Self.nowSeconds - 1000)
    }

    func gateway(_ device: String = "gw-1") -> GatewayName {
        GatewayName(alliance: Self.name("gba-test"), gatewayID: GatewayID(firm: Self.name("acme"), device: Self.name(device))!)
    }

    func event(_ number: UInt64) throws -> EventView {
        var event = Event(kind: .number(31), wallClockMilliseconds: 1_800_000_000_000 + number, monotonicMilliseconds: number)
        event.salt = [1, 2, 3, 4, 5, 6, 7, UInt8(truncatingIfNeeded: number)]
        return try EventView(parsing: event.encoded())
    }

    /// A batch of `count` events that all are shown, with a receipt of each node named.
    func batch(
        first: UInt64, count: Int, epoch: UInt64 = 1, previous: Digest = Digest(), nodes: [Int] = [0, 1], device: String = "gw-1",
        key: AllianceSigningKey? = nil, receiptSeconds: UInt64 = EvidenceMaker.nowSeconds, numbers: [UInt64]? = nil,
        shown: Bool = true
    ) throws -> Evidence.Batch {
        let key = key ?? authorities.sealKey
        let events = try (0..<count).map { try event(numbers?[$0] ?? (epoch << 32 | first + UInt64($0))) }
        let leaves = events.map { MerkleTree<AllianceTrust.SHA256>.leafHash(of: $0.bytes) }
        let root = MerkleTree<AllianceTrust.SHA256>.root(ofLeafHashes: leaves)
        let header = try BatchHeader(
            keyID: key.keyID, gateway: gateway(device), epoch: Epoch(epoch), issuedAtSeconds: receiptSeconds, first: first,
            count: count, previous: previous)
        let statement = Statement(
            header: header, root: root, signature: try key.sign(Statement.bytesToSign(header: header, root: root)))
        let disclosed = events.enumerated().map { index, event in
            Evidence.DisclosedEvent(
                event: event, index: UInt64(index),
                path: Self.path(to: index, among: leaves))
        }
        let receipts = try nodes.map { try receipt(statement, node: $0, seconds: receiptSeconds) }
        return Evidence.Batch(statement: statement, events: shown ? disclosed : [], receipts: receipts)
    }

    /// A receipt from a ledger in which the statement is the newest entry; each statement at a size of its own, so that no
    /// node shows two roots for one size.
    func receipt(_ statement: Statement, node: Int, seconds: UInt64) throws -> [UInt8] {
        let leaf = statement.leafHash(using: AllianceTrust.SHA256.self)
        let levels = sizes.next(for: leaf)
        let path = (0..<levels).map { AllianceTrust.SHA256.hash([UInt8($0)]) }
        let proof = InclusionProof(size: 1 << UInt64(levels), index: (1 << UInt64(levels)) - 1, path: path)
        guard let root = proof.root(leafHash: leaf, using: AllianceTrust.SHA256.self) else { throw VerificationError.path }
        let name = NodeName(alliance: Self.name("gba-test"), node: Self.name("node-\(node)"))
        let header = ReceiptHeader(
            keyID: nodeKeys[node].keyID, node: name, subject: statement.header.subject, issuedAtSeconds: seconds,
            treeSize: proof.size, held: UInt64(statement.header.count))
        let signature = try nodeKeys[node].sign(UnverifiedReceipt.bytesToSign(header: header, root: root))
        return UnverifiedReceipt.encode(header: header, index: proof.index, path: path, signature: signature)
    }

    /// RFC 9162, 2.1.3.1, written out: the tests' own view of what a path is.
    static func path(to index: Int, among leaves: [Digest]) -> [Digest] {
        guard leaves.count > 1 else { return [] }
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        let (left, right) = (Array(leaves[..<split]), Array(leaves[split...]))
        let (inside, outside, place) = index < split ? (left, right, index) : (right, left, index - split)
        return path(to: place, among: inside) + [MerkleTree<AllianceTrust.SHA256>.root(ofLeafHashes: outside)]
    }

    func seal(_ key: AllianceSigningKey? = nil, device: String = "gw-1") throws -> [UInt8] {
        try authorities.acme.issueSeal(
            firm: "acme", gatewayID: "acme.\(device)", issuer: "hs:gba-test/acme.\(device)",
            publicKey: (key ?? authorities.sealKey).publicKey, lifetime: TestAuthorities.lifetime
        ).der
    }

    func verdict(_ entries: [Evidence.Entry], certificates: [[UInt8]]? = nil, lists: [[UInt8]] = []) async throws -> Verdict {
        var evidence = Evidence(
            alliance: Self.name("gba-test"), entries: entries, sealCertificates: try certificates ?? [seal()])
        evidence.revocationLists = lists
        // Through the bytes, as evidence travels.
        return await EvidenceVerifier.report(evidence: evidence.encoded(), trustFile: try trustFile().bytes).verdict
    }
}
