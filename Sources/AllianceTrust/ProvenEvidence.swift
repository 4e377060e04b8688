public import AttestationFormat
internal import MerkleTree

/// What of one node's answer is proven by a trust file, each part by itself.
///
/// A node may be hostile, and whoever joins the answers of several must not let one spoil what the others gave: a statement that its
/// key did not sign, or an event that was changed, fails the whole file. What remains here are statements with a valid
/// signature and a certificate that holds for their key and issuer, events that stand under those, receipts that count (one a
/// node), the certificates that were needed and revocation lists with a valid signature.
public struct ProvenEvidence: Sendable {
    /// nil when no batch could be proven.
    public let evidence: Evidence?
    /// Most sentences in ``refusals``: more than a person reads.
    static let refusalLimit = 32

    /// What was left out and why, a sentence each, at most 32. Words of a stranger's certificates stand in them: show them escaped.
    public let refusals: [String]

    /// - Parameters:
    ///   - page: an evidence file as a node gave it.
    ///   - trustFile: verified; its alliance is the only one of which anything is taken.
    public init(of page: Evidence, trustFile: TrustFile) async {
        guard page.alliance == trustFile.content.alliance else {
            evidence = nil
            refusals = ["evidence of alliance \(page.alliance), and the trust file is \(trustFile.content.alliance)'s"]
            return
        }
        let certificates = await EvidenceCertificates(page, trustFile: trustFile)
        var proven = Proven(certificates: certificates)
        for (number, entry) in page.entries.enumerated() {
            proven.take(JudgedEntry(entry, number: number, trustFile: trustFile, certificates: certificates))
        }
        refusals = proven.allRefusals(unusedCertificateCount: Set(page.sealCertificates).count - proven.sealCertificates.count)
        guard !proven.entries.isEmpty else {
            evidence = nil
            return
        }
        var evidence = Evidence(
            alliance: page.alliance, entries: proven.entries,
            sealCertificates: proven.sealCertificates.sorted { $0.lexicographicallyPrecedes($1) })
        evidence.revocationLists = certificates.verifiedRevocationLists
        self.evidence = evidence
    }
}

/// Gathers the proven part of a page, entry by entry.
private struct Proven {
    let certificates: EvidenceCertificates
    var entries: [Evidence.Entry] = []
    var sealCertificates: Set<[UInt8]> = []
    var refusals = Findings()
    /// A run left out means something after the batch that it follows, and nothing elsewhere.
    private var isAfterBatch = false

    init(certificates: EvidenceCertificates) {
        self.certificates = certificates
    }

    func allRefusals(unusedCertificateCount: Int) -> [String] {
        let lists = certificates.listRefusals.all.map { "a revocation list: \($0)" }
        let unused = unusedCertificateCount > 0 ? ["\(unusedCertificateCount) certificates that hold for none of its statements"] : []
        return Array((unused + lists + refusals.all).prefix(ProvenEvidence.refusalLimit))
    }

    mutating func take(_ judged: JudgedEntry) {
        guard let batch = judged.batch else {
            if isAfterBatch { entries.append(judged.entry) }
            isAfterBatch = false
            return
        }
        isAfterBatch = false
        guard batch.isSignatureValid == true else {
            refusals.add("\(batch.name): the statement's signature is not that of a key that is enclosed with its certificate")
            return
        }
        guard !batch.certificates.isEmpty else {
            refusals.add("\(batch.name): \(certificates.refusal(for: batch.header))")
            return
        }
        for index in batch.changedEvents.sorted() {
            refusals.add("\(batch.name): the event at index \(index) is not the one that was signed")
        }
        for refused in batch.refusedReceipts.all { refusals.add("\(batch.name): \(refused)") }
        isAfterBatch = true
        for certificate in batch.certificates { sealCertificates.insert(certificate.der) }
        entries.append(
            .batch(
                Evidence.Batch(
                    statement: batch.statement, events: batch.events.filter { !batch.changedEvents.contains($0.index) },
                    receipts: batch.counted.map(\.bytes))))
    }
}
