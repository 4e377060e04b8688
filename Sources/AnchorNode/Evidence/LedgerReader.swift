import AllianceTrust
import AttestationFormat
public import MerkleTree

/// Reads a node's store for the HTTP side.
public struct LedgerReader<Store: NodeStore>: LedgerReading {
    /// Batches that disclose events on one page: with 64 events of 100 bytes each they stay well below 16 MiB.
    static var batchesPerPage: Int { 512 }
    /// Bytes of a page's disclosing batches; with the statements between them and the certificates, below the 16 MiB of an evidence file.
    static var pageByteCount: Int { 11 << 20 }

    let store: Store
    let name: NodeName
    private let key: PublicKey

    public init(store: Store, settings: NodeSettings) {
        self.store = store
        name = settings.name
        key = settings.key.publicKey
    }

    public func keySet() throws -> [UInt8] {
        let file = try trustFile().map { try UnverifiedTrustFile(parsing: $0) }
        let former = file?.content.nodes.first { $0.name == name.node }?.keys.map(\.publicKey) ?? []
        let keys = [key] + former.filter { $0 != key }
        var writer = CBORWriter()
        writer.beginArray(keys.count)
        for key in keys {
            writer.beginMap(5)
            writer.write(UInt64(1))
            writer.write(UInt64(2))
            writer.write(UInt64(2))
            writer.write(key.keyID(using: SHA256.self))
            writer.write(Int64(-1))
            writer.write(UInt64(1))
            writer.write(Int64(-2))
            writer.write(key.x)
            writer.write(Int64(-3))
            writer.write(key.y)
        }
        return writer.bytes
    }

    public func trustFile() throws -> [UInt8]? {
        try store.read { try $0.trustFile() }
    }

    public func entry(id: Digest) throws -> LedgerEntry? {
        try store.read { transaction in
            guard let found = try transaction.entry(hash: id) else { return nil }
            let statement = found.signer == nil ? try transaction.registration(found.leaf) : try transaction.entryBytes(found.leaf)
            return try statement.map { LedgerEntry(bytes: $0, receipt: try transaction.receipt(found.leaf)?.bytes) }
        }
    }

    public func evidence(_ query: EvidenceQuery) throws -> EvidencePage? {
        try store.read { transaction in
            let leaves = try Self.leaves(query, alliance: name.alliance, transaction)
            var collector = EvidenceCollector(query.about, transaction)
            var nextStart: Int64?
            for (place, leaf) in leaves.enumerated() {
                try collector.add(leaf)
                let isFull = place + 1 == Self.batchesPerPage || collector.byteCount > Self.pageByteCount
                guard isFull && place + 1 < leaves.count else { continue }
                // The next page begins with this page's last batch, so that the statements between them are in it.
                nextStart = leaf
                break
            }
            guard let evidence = try collector.evidence(alliance: name.alliance) else { return nil }
            return EvidencePage(evidence: evidence.encoded(), nextStart: nextStart)
        }
    }

    /// One more than a page, so that it is known whether there is another.
    private static func leaves(
        _ query: EvidenceQuery, alliance: Name, _ transaction: Store.Transaction
    ) throws -> [Int64] {
        let limit = batchesPerPage + 1
        switch query.about {
        case .subject(let subject):
            return try transaction.leaves(
                subject: subject, issued: query.issuedSeconds, from: query.start, limit: limit)
        case .gateway(let gateway):
            return try transaction.leaves(
                issuer: GatewayName(alliance: alliance, gatewayID: gateway).issuer, issued: query.issuedSeconds,
                from: query.start, limit: limit)
        }
    }
}
