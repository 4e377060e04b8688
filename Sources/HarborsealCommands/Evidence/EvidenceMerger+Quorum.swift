internal import AllianceTrust
internal import AttestationFormat
internal import MerkleTree

/// What a hostile node can do with genuine signatures, undone: it may show statements that only it took, forks that nobody else
/// accepted, or whatever else of the alliance it finds, and each would fail the file or open a gap in it.
extension EvidenceMerger {
    /// Leaves what a verifier with this trust file accepts, and says what went.
    ///
    /// Only for pages that ``ProvenEvidence`` went over. What stays: events of batches with a quorum; the batches with a quorum
    /// between those; and of the rest only those that chain such batches to each other by their hashes.
    mutating func leaveOutUnanchored(trustFile: TrustFile) async -> [String] {
        guard let merged = merged() else { return [] }
        let report = await EvidenceVerifier.report(merged.evidence, trustFile: trustFile)
        var notes = report.splitViews.map {
            "node \($0.node.node) signed two roots for its ledger at \($0.treeSize) entries: its receipts are left out; tell the alliance"
        }
        let needed = trustFile.content.quorum.receiptsNeeded
        let liars = Set(report.splitViews.map(\.node))
        let judged = zip(merged.evidence.entries.compactMap(\.statement), report.batches)
        for (statement, batch) in judged {
            count(batch.countedReceipts.filter { !liars.contains($0.node) }, of: statement, revokedSinceSeconds: batch.revokedSinceSeconds, needed: needed)
        }
        // Events of an epoch that closed before its batch had a quorum are shown by the batch that they were carried into.
        let anchored = shown { $0.hasQuorum == true }
        for (statement, _) in judged { hideUnanchored(statement, anchored, needed: needed, &notes) }
        for signer in batches.keys { trim(signer, &notes) }
        if let left = self.merged() {
            // Again, for the certificates and lists alone: those of gateways that are gone by now could fill the file.
            let proven = await ProvenEvidence(of: left.evidence, trustFile: trustFile)
            certificates = proven.evidence?.sealCertificates ?? []
            revocationLists = proven.evidence?.revocationLists ?? []
        }
        return notes
    }

    /// Leaves out the statements of runs that some node left out: for a file that would be too large.
    mutating func leaveOutDeclaredRuns() {
        for (signer, runs) in leftOut {
            batches[signer] = batches[signer]?.filter { _, batch in
                let header = batch.statement.header
                let isInRun = runs.contains { $0.epoch == header.epoch && $0.first <= header.first && header.next <= $0.next }
                return !batch.events.isEmpty || !isInRun
            }
        }
    }

    private func signer(_ statement: Statement) -> Signer {
        Signer(issuer: statement.header.gateway.issuer, keyID: statement.header.keyID)
    }

    private static func name(_ header: BatchHeader) -> String {
        "\(header.gateway.gatewayID) epoch \(header.epoch), \(header.first) to \(header.next - 1)"
    }

    /// Keeps the receipts that count.
    private mutating func count(_ receipts: [Receipt], of statement: Statement, revokedSinceSeconds: Int64?, needed: UInt64) {
        let (signer, hash) = (signer(statement), statement.hash(using: SHA256.self))
        batches[signer]?[hash]?.revokedSinceSeconds = revokedSinceSeconds
        batches[signer]?[hash]?.receipts = receipts.map(\.bytes)
        batches[signer]?[hash]?.hasQuorum = UInt64(receipts.count) >= needed
    }

    /// A batch with too few receipts shows no events; what no other batch shows either is named.
    private mutating func hideUnanchored(_ statement: Statement, _ anchored: Set<Shown>, needed: UInt64, _ notes: inout [String]) {
        let (signer, hash) = (signer(statement), statement.hash(using: SHA256.self))
        guard let batch = batches[signer]?[hash], batch.hasQuorum == false else { return }
        let isLost = batch.events.values.contains {
            !anchored.contains(Shown(gateway: statement.header.gateway, leafHash: Self.leafHash($0)))
        }
        if isLost {
            let why = batch.revokedSinceSeconds.map { ": its key is revoked since \(UTCText.text(seconds: $0)), and receipts from then on do not count" } ?? ""
            notes.append("\(Self.name(statement.header)): events with \(batch.receipts.count) of the \(needed) receipts that they need\(why)")
        }
        batches[signer]?[hash]?.events = [:]
    }

    /// From the first batch that shows events to the last.
    private mutating func trim(_ signer: Signer, _ notes: inout [String]) {
        let known = batches[signer] ?? [:]
        let links = Self.links(in: known)
        let kept = known.filter { $0.value.hasQuorum == true || links.contains($0.key) }
        let order = ChainOrder(kept.mapValues(\.statement)).hashes
        func shows(_ hash: Digest) -> Bool { kept[hash]?.events.isEmpty == false }
        var trimmed: [Digest: Batch] = [:]
        if let first = order.firstIndex(where: shows), let last = order.lastIndex(where: shows) {
            for hash in order[first...last] { trimmed[hash] = kept[hash] }
        }
        let useless = known.filter { trimmed[$0.key] == nil && !($0.value.isContext && $0.value.hasQuorum == true) }
        if !useless.isEmpty { notes.append(
                "\(signer.issuer): \(CountedText.of(useless.count, "batch", "batches")) without an event to show, which the others' chain does not need") }
        batches[signer] = trimmed.isEmpty ? nil : trimmed
    }

    /// Batches without a quorum through which an unbroken chain of hashes leads from one with a quorum to another: no node can
    /// make such a chain up.
    private static func links(in known: [Digest: Batch]) -> Set<Digest> {
        var links: Set<Digest> = []
        var seen: Set<Digest> = []
        for batch in known.values where batch.hasQuorum == true {
            var path: [Digest] = []
            var hash = batch.statement.header.previous
            while let before = known[hash], before.hasQuorum == false, seen.insert(hash).inserted {
                path.append(hash)
                hash = before.statement.header.previous
            }
            if known[hash]?.hasQuorum == true || links.contains(hash) { links.formUnion(path) }
        }
        return links
    }
}

extension Evidence.Entry {
    fileprivate var statement: Statement? {
        if case .batch(let batch) = self { batch.statement } else { nil }
    }
}
