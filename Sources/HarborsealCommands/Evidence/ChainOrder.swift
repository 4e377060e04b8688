internal import AttestationFormat
internal import MerkleTree

/// The order of one signer's statements along its chain: by sequence within an epoch, epochs by what their openings name.
struct ChainOrder {
    private(set) var hashes: [Digest] = []

    init(_ statements: [Digest: Statement]) {
        var byEpoch: [Epoch: [(first: UInt64, hash: Digest)]] = [:]
        for (hash, statement) in statements {
            byEpoch[statement.header.epoch, default: []].append((statement.header.first, hash))
        }
        var predecessor: [Epoch: Epoch] = [:]
        for (epoch, list) in byEpoch {
            byEpoch[epoch] = list.sorted { $0.first == $1.first ? $0.hash < $1.hash : $0.first < $1.first }
            guard let opening = byEpoch[epoch]?.first, opening.first == 0 else { continue }
            predecessor[epoch] = statements[opening.hash].flatMap { statements[$0.header.previous]?.header.epoch }
        }
        var placed: Set<Epoch> = []
        for epoch in byEpoch.keys.sorted(by: { Self.issued($0, byEpoch, statements) < Self.issued($1, byEpoch, statements) }) {
            var line: [Epoch] = []
            var next: Epoch? = epoch
            while let current = next, !placed.contains(current), !line.contains(current) {
                line.append(current)
                next = predecessor[current]
            }
            for epoch in line.reversed() {
                placed.insert(epoch)
                hashes += (byEpoch[epoch] ?? []).map(\.hash)
            }
        }
    }

    /// Only a tie-break where a link between two epochs is missing.
    private static func issued(
        _ epoch: Epoch, _ byEpoch: [Epoch: [(first: UInt64, hash: Digest)]], _ statements: [Digest: Statement]
    ) -> UInt64 {
        (byEpoch[epoch]?.first).flatMap { statements[$0.hash]?.header.issuedAtSeconds } ?? 0
    }
}
