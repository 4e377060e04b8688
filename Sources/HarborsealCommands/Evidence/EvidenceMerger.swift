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
        /// Events of a gateway, each once, however many batches show it.
        var disclosedCount = 0
    }

    struct Batch {
        var statement: Statement
        var events: [UInt64: Evidence.DisclosedEvent] = [:]
        var receipts: [[UInt8]] = []
        /// Whether its receipts are as many as the trust file asks for; nil while nobody judged them.
        var hasQuorum: Bool?
        /// Since when its key is revoked, receipts from then on being left out of every page; nil: not revoked, or nobody judged it.
        var revokedSinceSeconds: Int64?
        /// Came only because it stands near what an archive discloses; not wanted where it stands beside all of that.
        var isContext = false
    }

    /// An event of a gateway.
    struct Shown: Hashable {
        let gateway: GatewayName
        let leafHash: Digest
    }

    struct Run {
        let epoch: Epoch
        let first: UInt64
        let next: UInt64
    }

    struct Signer: Hashable {
        let issuer: UTF8Text
        let keyID: Digest
    }

    private var alliance: Name?
    var batches: [Signer: [Digest: Batch]] = [:]
    var leftOut: [Signer: [Run]] = [:]
    var certificates: [[UInt8]] = []
    var revocationLists: [[UInt8]] = []

    /// - Parameter isContext: whether the page was asked for because of an archive's batches.
    /// - Throws: `CommandError` for another alliance's evidence.
    mutating func add(_ page: Evidence, isContext: Bool = false) throws {
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
                add(batch, of: signer, isContext: isContext)
                last = (signer, header.epoch)
            case .leftOut(let first, let next):
                guard let last else { continue }
                leftOut[last.signer, default: []].append(Run(epoch: last.epoch, first: first, next: next))
            }
        }
        for der in page.sealCertificates where !certificates.contains(der) { certificates.append(der) }
        for der in page.revocationLists where !revocationLists.contains(der) { revocationLists.append(der) }
    }

    private mutating func add(_ batch: Evidence.Batch, of signer: Signer, isContext: Bool) {
        let hash = batch.statement.hash(using: SHA256.self)
        var known = batches[signer]?[hash] ?? Batch(statement: batch.statement, isContext: isContext)
        known.isContext = known.isContext && isContext
        disclose(batch.events, in: &known)
        for receipt in batch.receipts where !known.receipts.contains(receipt) { known.receipts.append(receipt) }
        batches[signer, default: [:]][hash] = known
    }

    /// Adds events that stand under the batch's statement; of two with the same bytes the first, since no entry shows a leaf twice.
    func disclose(_ events: [Evidence.DisclosedEvent], in batch: inout Batch) {
        var shown = Set(batch.events.values.map(Self.leafHash))
        for event in events where event.isIncluded(in: batch.statement, using: SHA256.self) {
            if shown.insert(Self.leafHash(event)).inserted { batch.events[event.index] = event }
        }
    }

    static func leafHash(_ event: Evidence.DisclosedEvent) -> Digest {
        MerkleTree<SHA256>.leafHash(of: event.event.bytes)
    }

    /// The events that the batches show that `isWanted` names.
    func shown(where isWanted: (Batch) -> Bool = { _ in true }) -> Set<Shown> {
        var shown: Set<Shown> = []
        for batch in batches.values.flatMap(\.values) where isWanted(batch) {
            for event in batch.events.values {
                shown.insert(Shown(gateway: batch.statement.header.gateway, leafHash: Self.leafHash(event)))
            }
        }
        return shown
    }

    /// nil when nothing was added.
    func merged() -> Merged? {
        guard let alliance, !batches.isEmpty else { return nil }
        var merged = Merged(evidence: Evidence(alliance: alliance, entries: [], sealCertificates: certificates))
        merged.evidence.revocationLists = revocationLists
        for signer in signersInOrder { add(signer, to: &merged) }
        merged.disclosedCount = shown().count
        return merged
    }

    /// The keys of a gateway stand side by side, in the order in which it had them.
    private var signersInOrder: [Signer] {
        let began = batches.mapValues { Self.began(Array($0.values)) }
        return batches.keys.sorted {
            guard $0.issuer == $1.issuer else { return $0.issuer < $1.issuer }
            guard let left = began[$0], let right = began[$1], left != right else { return $0.keyID < $1.keyID }
            return left < right
        }
    }

    /// When nodes saw the first of these batches, and when the gateway says that it made it: its clock may be wrong.
    private static func began(_ batches: [Batch]) -> (seenSeconds: UInt64, madeSeconds: UInt64) {
        let receipts = batches.flatMap(\.receipts).compactMap { try? UnverifiedReceipt(parsing: $0) }
        return (
            receipts.map(\.header.issuedAtSeconds).min() ?? .max, batches.map(\.statement.header.issuedAtSeconds).min() ?? .max
        )
    }

    private func add(_ signer: Signer, to merged: inout Merged) {
        let known = batches[signer] ?? [:]
        let ordered = ChainOrder(known.mapValues(\.statement)).hashes.compactMap { known[$0] }
        var previous: Batch?
        for batch in ordered {
            if let previous, previous.statement.header.epoch == batch.statement.header.epoch {
                join(previous, batch, signer, &merged)
            }
            merged.evidence.entries.append(
                .batch(
                    Evidence.Batch(
                        statement: batch.statement, events: batch.events.values.sorted { $0.index < $1.index },
                        receipts: batch.receipts)))
            merged.batchCount += 1
            if !batch.events.isEmpty { merged.disclosingCount += 1 }
            previous = batch
        }
    }

    /// Between two batches of one epoch: nothing, a run that a node left out on purpose, or a gap. A verifier accepts a run only
    /// between batches with a quorum.
    private func join(_ before: Batch, _ after: Batch, _ signer: Signer, _ merged: inout Merged) {
        let (left, right) = (before.statement.header, after.statement.header)
        guard left.next < right.first else { return }
        let isDeclared = (leftOut[signer] ?? []).contains {
            $0.epoch == left.epoch && $0.first <= left.next && right.first <= $0.next
        }
        if isDeclared, before.hasQuorum != false, after.hasQuorum != false {
            merged.evidence.entries.append(.leftOut(first: left.next, next: right.first))
        } else {
            merged.gaps.append(
                "\(left.gateway.gatewayID), epoch \(left.epoch): sequences \(left.next) to \(right.first - 1) are at no node asked")
        }
    }
}
