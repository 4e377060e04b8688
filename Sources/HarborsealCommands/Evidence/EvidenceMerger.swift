internal import AllianceTrust
internal import AttestationFormat
internal import MerkleTree

/// Joins what several nodes answered: one batch a statement, with every receipt and every event that any of them gave.
struct EvidenceMerger {
    struct Merged {
        var evidence: Evidence
        /// Runs that no node showed and none left out on purpose.
        var gaps: [String] = []
        var batchCount = 0
        var disclosingCount = 0
        var disclosedCount = 0
    }

    private struct Batch {
        var statement: Statement
        var events: [UInt64: Evidence.DisclosedEvent] = [:]
        var receipts: [[UInt8]] = []
    }

    private struct Run {
        let epoch: Epoch
        let first: UInt64
        let next: UInt64
    }

    private struct Signer: Hashable {
        let issuer: UTF8Text
        let keyID: Digest
    }

    private var alliance: Name?
    private var batches: [Signer: [Digest: Batch]] = [:]
    private var leftOut: [Signer: [Run]] = [:]
    private var certificates: [[UInt8]] = []
    private var revocationLists: [[UInt8]] = []

    /// - Throws: `CommandError` for another alliance's evidence.
    mutating func add(_ page: Evidence) throws {
        guard alliance == nil || alliance == page.alliance else {
            throw CommandError(.failed, "it is of alliance \(page.alliance), the nodes before are of another")
        }
        alliance = page.alliance
        var last: (signer: Signer, epoch: Epoch)?
        for entry in page.entries {
            switch entry {
            case .batch(let batch):
                let header = batch.statement.header
                let signer = Signer(issuer: header.gateway.issuer, keyID: header.keyID)
                add(batch, of: signer)
                last = (signer, header.epoch)
            case .leftOut(let first, let next):
                guard let last else { continue }
                leftOut[last.signer, default: []].append(Run(epoch: last.epoch, first: first, next: next))
            }
        }
        for der in page.sealCertificates where !certificates.contains(der) { certificates.append(der) }
        for der in page.revocationLists where !revocationLists.contains(der) { revocationLists.append(der) }
    }

    private mutating func add(_ batch: Evidence.Batch, of signer: Signer) {
        let hash = batch.statement.hash(using: SHA256.self)
        var known = batches[signer]?[hash] ?? Batch(statement: batch.statement)
        for event in batch.events where event.isIncluded(in: batch.statement, using: SHA256.self) {
            known.events[event.index] = event
        }
        for receipt in batch.receipts where !known.receipts.contains(receipt) { known.receipts.append(receipt) }
        batches[signer, default: [:]][hash] = known
    }

    /// nil when nothing was added.
    func merged() -> Merged? {
        guard let alliance, !batches.isEmpty else { return nil }
        var merged = Merged(evidence: Evidence(alliance: alliance, entries: [], sealCertificates: certificates))
        merged.evidence.revocationLists = revocationLists
        let signers = batches.keys.sorted {
            $0.issuer == $1.issuer ? $0.keyID < $1.keyID : $0.issuer < $1.issuer
        }
        for signer in signers { add(signer, to: &merged) }
        return merged
    }

    private func add(_ signer: Signer, to merged: inout Merged) {
        let known = batches[signer] ?? [:]
        let ordered = ChainOrder(known.mapValues(\.statement)).hashes.compactMap { known[$0] }
        var previous: Statement?
        for batch in ordered {
            if let previous, previous.header.epoch == batch.statement.header.epoch {
                join(previous.header, batch.statement.header, signer, &merged)
            }
            merged.evidence.entries.append(
                .batch(
                    Evidence.Batch(
                        statement: batch.statement, events: batch.events.values.sorted { $0.index < $1.index },
                        receipts: batch.receipts)))
            merged.batchCount += 1
            merged.disclosedCount += batch.events.count
            if !batch.events.isEmpty { merged.disclosingCount += 1 }
            previous = batch.statement
        }
    }

    /// Between two batches of one epoch: nothing, a run that a node left out on purpose, or a gap.
    private func join(_ left: BatchHeader, _ right: BatchHeader, _ signer: Signer, _ merged: inout Merged) {
        guard left.next < right.first else { return }
        let isDeclared = (leftOut[signer] ?? []).contains {
            $0.epoch == left.epoch && $0.first <= left.next && right.first <= $0.next
        }
        if isDeclared {
            merged.evidence.entries.append(.leftOut(first: left.next, next: right.first))
        } else {
            merged.gaps.append(
                "\(left.gateway.gatewayID), epoch \(left.epoch): sequences \(left.next) to \(right.first - 1) are at no node asked")
        }
    }
}

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
