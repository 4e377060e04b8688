internal import AttestationFormat
internal import MerkleTree

/// One entry of evidence with what was found about it.
struct JudgedEntry {
    let entry: Evidence.Entry
    /// The batch, for all entries but runs left out.
    let batch: JudgedBatch?

    init(_ entry: Evidence.Entry, number: Int, trustFile: TrustFile, certificates: EvidenceCertificates) {
        self.entry = entry
        if case .batch(let batch) = entry {
            self.batch = JudgedBatch(batch, trustFile: trustFile, certificates: certificates)
        } else {
            batch = nil
        }
    }
}

/// One batch with its signature, events and receipts judged, each by itself.
///
/// A class, so that an entry that is no batch takes no room for one.
final class JudgedBatch {
    let statement: Statement
    let events: [Evidence.DisclosedEvent]
    let hash: Digest
    /// nil: no certificate of the key is enclosed, so the signature cannot be judged.
    let isSignatureValid: Bool?
    /// Indexes of events that are not what was signed.
    let changedEvents: Set<UInt64>
    /// Indexes of events that a batch before this one shows already: carried into a new epoch, and counted once (section 4).
    private(set) var carriedEvents: Set<UInt64> = []
    /// Receipts that verify, in their order.
    let receipts: [Receipt]
    /// Why other receipts do not count.
    let refusedReceipts: Findings
    /// The earliest counted receipt of each node.
    let counted: [Receipt]
    let receiptsNeeded: UInt64
    /// Certificates that hold for the key and issuer; time and revocation not asked.
    let certificates: [SealCertificate]
    let revokedSinceSeconds: Int64?

    var header: BatchHeader { statement.header }
    var disclosesEvents: Bool { !events.isEmpty }
    /// The events that count: those that no batch before this one shows.
    var countedEvents: [Evidence.DisclosedEvent] {
        carriedEvents.isEmpty ? events : events.filter { !carriedEvents.contains($0.index) }
    }
    var hasQuorum: Bool { UInt64(counted.count) >= receiptsNeeded }

    init(_ batch: Evidence.Batch, trustFile: TrustFile, certificates: EvidenceCertificates) {
        statement = batch.statement
        events = batch.events
        hash = batch.statement.hash(using: SHA256.self)
        isSignatureValid = certificates.key(batch.statement.header.keyID).map { batch.statement.isSignatureValid(using: $0) }
        changedEvents = Set(batch.events.lazy.filter { !$0.isIncluded(in: batch.statement, using: SHA256.self) }.map(\.index))
        self.certificates = certificates.certificates(for: batch.statement.header)
        revokedSinceSeconds = certificates.revokedSinceSeconds(batch.statement.header)
        receiptsNeeded = trustFile.content.quorum.receiptsNeeded
        (receipts, refusedReceipts) = Self.judge(batch, trustFile: trustFile)
        counted = Self.count(receipts, revokedSinceSeconds: revokedSinceSeconds)
    }

    /// Notes which events batches before it show already; `shown` is their gateway's leaf hashes so far.
    func noteCarried(_ shown: inout Set<Digest>) {
        var own: Set<Digest> = []
        // An event whose proof fails is not this batch's, so it takes no other's place.
        for event in events where !changedEvents.contains(event.index) {
            let leaf = MerkleTree<SHA256>.leafHash(of: event.event.bytes)
            own.insert(leaf)
            if shown.contains(leaf) { carriedEvents.insert(event.index) }
        }
        shown.formUnion(own)
    }

    private static func judge(_ batch: Evidence.Batch, trustFile: TrustFile) -> ([Receipt], Findings) {
        var receipts: [Receipt] = []
        var refused = Findings()
        for (number, bytes) in batch.receipts.enumerated() {
            do throws(FormatError) {
                let unverified = try UnverifiedReceipt(parsing: bytes)
                do throws(VerificationError) {
                    receipts.append(
                        try unverified.verified(
                            for: batch.statement, trustFile: trustFile, verifier: CryptoVerifier.self, using: SHA256.self))
                } catch {
                    refused.add("receipt \(number + 1), said to be of \(unverified.header.node.node), does not count: \(error.words)")
                }
            } catch {
                refused.add("receipt \(number + 1) does not count: malformed, \(error.words)")
            }
        }
        return (receipts, refused)
    }

    /// One receipt a node, from before the key was revoked; of several the earliest.
    private static func count(_ receipts: [Receipt], revokedSinceSeconds: Int64?) -> [Receipt] {
        var counted: [Receipt] = []
        for receipt in receipts {
            if let revokedSinceSeconds, Int64(clamping: receipt.header.issuedAtSeconds) >= revokedSinceSeconds { continue }
            guard let known = counted.firstIndex(where: { $0.node == receipt.node }) else {
                counted.append(receipt)
                continue
            }
            if receipt.header.issuedAtSeconds < counted[known].header.issuedAtSeconds { counted[known] = receipt }
        }
        return counted
    }

    /// `acme.gw-1 epoch 00c0ffee00c0ffee, 5–7`.
    var name: String {
        "\(header.gateway.gatewayID) epoch \(header.epoch), \(Self.range(header.first, header.next))"
    }

    static func range(_ first: UInt64, _ next: UInt64) -> String {
        next > first + 1 ? "\(first) to \(next - 1)" : "\(first)"
    }

    var report: EvidenceReport.Batch {
        EvidenceReport.Batch(
            gateway: header.gateway, epoch: header.epoch, first: header.first, next: header.next, events: countedEvents,
            countedReceipts: counted, latestReceiptSeconds: counted.map(\.header.issuedAtSeconds).max(), hasQuorum: hasQuorum,
            revokedSinceSeconds: revokedSinceSeconds)
    }
}
