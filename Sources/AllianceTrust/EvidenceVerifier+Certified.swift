internal import AttestationFormat
internal import MerkleTree

extension EvidenceVerifier {
    /// Chain, names, usage, validity and revocation.
    static func certifiedLine(
        _ batches: [JudgedBatch], evidence: Evidence, trustFile: TrustFile, certificates: EvidenceCertificates
    ) -> Verdict.Line {
        var faults = Findings()
        var unjudged = Findings()
        if evidence.alliance != trustFile.content.alliance {
            faults.add("evidence of alliance \(evidence.alliance), and the trust file is \(trustFile.content.alliance)'s")
        }
        var names: [String] = []
        for batch in batches {
            switch judgement(of: batch, trustFile: trustFile, certificates: certificates) {
            case .certified: break
            case .fault(let words): faults.add("\(batch.name): \(words)")
            case .unjudged(let words): unjudged.add("\(batch.name): \(words)")
            }
            let name = batch.header.gateway.gatewayID.text.string
            if names.last != name { names.append(name) }
        }
        let (revocation, isRevocationJudged) = revocationWords(batches, trustFile: trustFile, certificates: certificates)
        let notes = certificates.listRefusals.all.map { "a revocation list is not used: \($0)" }
        if let first = faults.first { return .init(.certified, .failed, first, details: faults.rest + notes) }
        if let first = unjudged.first { return .init(.certified, .notJudged, first, details: unjudged.rest + notes) }
        let whom = names.count <= 4 ? names.joined(separator: ", ") : "\(names.count) gateways"
        return .init(
            .certified, isRevocationJudged ? .passed : .notJudged, "\(whom) by the firm's certificate under the root; \(revocation)",
            details: notes)
    }

    private enum BatchCertification {
        case certified
        case fault(String)
        case unjudged(String)
    }

    private static func judgement(
        of batch: JudgedBatch, trustFile: TrustFile, certificates: EvidenceCertificates
    ) -> BatchCertification {
        guard batch.header.gateway.alliance == trustFile.content.alliance else {
            return .fault("the statement is of alliance \(batch.header.gateway.alliance)")
        }
        guard !batch.certificates.isEmpty else { return .fault(certificates.refusal(for: batch.header)) }
        // A batch shown by its statement alone needs only a certificate.
        guard batch.disclosesEvents else { return .certified }
        if batch.counted.isEmpty {
            guard let since = batch.revokedSinceSeconds, !batch.receipts.isEmpty else {
                return .unjudged("without a receipt that counts there is no time at which to judge the certificate")
            }
            return .fault("the key is revoked since \(UTCText.text(seconds: since)), and no receipt is from before")
        }
        let isValid = batch.counted.contains { receipt in
            let seconds = Int64(clamping: receipt.header.issuedAtSeconds)
            return batch.certificates.contains { $0.isValid(atSeconds: seconds) }
        }
        return isValid ? .certified : .fault(validityWords(batch))
    }

    private static func validityWords(_ batch: JudgedBatch) -> String {
        guard let certificate = batch.certificates.max(by: { $0.validUntilSeconds < $1.validUntilSeconds }),
            let receipt = batch.counted.map(\.header.issuedAtSeconds).min()
        else { return "no certificate was valid at the time of a counted receipt" }
        return "the certificate was valid from \(UTCText.text(seconds: certificate.validFromSeconds)) to "
            + "\(UTCText.text(seconds: certificate.validUntilSeconds)), and the receipts are from "
            + "\(UTCText.text(seconds: Int64(clamping: receipt))) on"
    }

    /// Whether revocation is judged, and the words for it (wire-format.md, section 10).
    private static func revocationWords(
        _ batches: [JudgedBatch], trustFile: TrustFile, certificates: EvidenceCertificates
    ) -> (String, Bool) {
        let isJudged = batches.allSatisfy { certificates.hasRevocationList(for: $0.certificates) }
        guard isJudged else {
            return trustFile.content.revocationListURLs.isEmpty
                ? ("revocation is not published by this alliance", true)
                : ("revocation is not judged: the alliance publishes lists and none is enclosed for each issuer", false)
        }
        let since = batches.compactMap(\.revokedSinceSeconds).min()
        let dates = batches.compactMap { certificates.newestRevocationListSeconds(for: $0.certificates) }
        let asOf = dates.min().map { " as of \(UTCText.text(seconds: $0))" } ?? ""
        guard let since else { return ("not revoked\(asOf)", true) }
        return ("revoked since \(UTCText.text(seconds: since)), the receipts that count are from before", true)
    }
}
