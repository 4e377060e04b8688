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
        let notes = certificates.listRefusals.all.map { "a revocation list is not used: \($0)" } + certificates.forgottenWords
            + certificates.unusedWords
        // A revocation that a list here makes is said whatever else there is to say.
        let revoked = revokedWords(batches).map { ["by a revocation list in this evidence: \($0)"] } ?? []
        if let first = faults.first { return .init(.certified, .failed, first, details: faults.rest + revoked + notes) }
        if let first = unjudged.first { return .init(.certified, .notJudged, first, details: unjudged.rest + revoked + notes) }
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
            guard let since = batch.revokedSinceSeconds else {
                return .unjudged("without a receipt that counts there is no time at which to judge the certificate")
            }
            guard !batch.receipts.isEmpty else {
                return .unjudged("the key is revoked since \(UTCText.text(seconds: since)), and without a receipt nobody knows whether this is from before")
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
        let revoked = revokedWords(batches)
        let keys = oneOfEachKey(batches)
        let isJudged = keys.allSatisfy { certificates.hasRevocationList(for: $0.certificates) }
        guard isJudged else {
            let others = revoked.map { "\($0)\(stillCount); for the rest " } ?? ""
            return trustFile.content.revocationListURLs.isEmpty
                ? ("\(others)revocation is not published by this alliance", true)
                : ("\(others)revocation is not judged: the alliance publishes lists and none is enclosed for each issuer", false)
        }
        let dates = keys.compactMap { certificates.newestRevocationListSeconds(for: $0.certificates) }
        let asOf = dates.min().map { " as of \(UTCText.text(seconds: $0))" } ?? ""
        guard let revoked else { return ("not revoked\(asOf)", true) }
        let isAll = keys.allSatisfy { $0.revokedSinceSeconds != nil }
        return (revoked + stillCount + (isAll ? "" : "; the others not revoked\(asOf)"), true)
    }

    private static let stillCount = ", the receipts that count are from before"

    /// Keys that a list in the evidence revokes, of statements from before, too; nil: none. Gateways are named where there are several keys.
    private static func revokedWords(_ batches: [JudgedBatch]) -> String? {
        let keys = oneOfEachKey(batches)
        let revoked = keys.compactMap { batch in batch.revokedSinceSeconds.map { (gateway: batch.header.gateway.gatewayID, since: $0) } }
        guard !revoked.isEmpty else { return nil }
        let words = revoked.prefix(shownKeyCount).map { gateway, since in
            (keys.count > 1 ? "\(gateway) " : "") + "revoked since \(UTCText.text(seconds: since))"
        }
        return words.joined(separator: ", ") + (revoked.count > shownKeyCount ? " and \(revoked.count - shownKeyCount) more" : "")
    }

    /// The first batch of each key: certificates and revocation are the same for the others.
    private static func oneOfEachKey(_ batches: [JudgedBatch]) -> [JudgedBatch] {
        var seen: Set<BatchKey> = []
        return batches.filter { seen.insert(BatchKey(gateway: $0.header.gateway, keyID: $0.header.keyID)).inserted }
    }

    private struct BatchKey: Hashable {
        let gateway: GatewayName
        let keyID: Digest
    }

    /// Revoked keys that a sentence names.
    private static let shownKeyCount = 8
}
