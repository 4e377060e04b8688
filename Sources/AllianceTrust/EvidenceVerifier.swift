public import AttestationFormat
public import MerkleTree

/// Judges evidence offline by a trust file: the whole verdict of wire-format.md, section 10.
///
/// Needs no network and no clock: what counts is when nodes gave their receipts.
public enum EvidenceVerifier {
    /// Judges an evidence file.
    ///
    /// - Parameters:
    ///   - evidence: the file's bytes.
    ///   - trustFile: the trust file's bytes, which came by a way that the caller trusts.
    ///   - pinnedHash: SHA-256 of the trust file, where the caller was given it.
    ///   - nowSeconds: for the trust file's `not-after` alone; nil leaves it unsaid.
    /// - Returns: the verdict, with what it was made from.
    public static func report(
        evidence: [UInt8], trustFile: [UInt8], pinnedHash: Digest? = nil, nowSeconds: UInt64? = nil
    ) async -> EvidenceReport {
        let trust: TrustFile
        do {
            trust = try TrustFileVerifier.verify(trustFile, pinnedHash: pinnedHash)
        } catch let error as FormatError {
            return EvidenceReport(verdict: Verdict(malformed: "the trust file is malformed: \(error.words)"))
        } catch {
            let reason = (error as? TrustError)?.message ?? "\(error)"
            let isOtherFile = pinnedHash.map { $0 != SHA256.hash(trustFile.span) } ?? false
            let details = isOtherFile ? ["of two versions, or a slip in one: ask whoever gave them; sha256sum shows the hash of a file"] : []
            return EvidenceReport(verdict: Verdict(lines: [.init(.trust, .failed, reason, details: details)]))
        }
        let parsed: Evidence
        do throws(FormatError) {
            parsed = try Evidence(parsing: evidence)
        } catch {
            return EvidenceReport(verdict: Verdict(malformed: "the evidence is malformed: \(error.words)"))
        }
        return await report(parsed, trustFile: trust, nowSeconds: nowSeconds)
    }

    /// Judges parsed evidence by a verified trust file.
    public static func report(
        _ evidence: Evidence, trustFile: TrustFile, nowSeconds: UInt64? = nil
    ) async -> EvidenceReport {
        let certificates = await EvidenceCertificates(evidence, trustFile: trustFile)
        let entries = evidence.entries.enumerated().map { number, entry in
            JudgedEntry(entry, number: number, trustFile: trustFile, certificates: certificates)
        }
        let batches = entries.compactMap(\.batch)
        var shown: [GatewayName: Set<Digest>] = [:]
        for batch in batches { batch.noteCarried(&shown[batch.header.gateway, default: []]) }
        let splitViews = splitViews(batches)
        let lines = [
            trustLine(trustFile, nowSeconds: nowSeconds),
            intactLine(batches),
            certifiedLine(batches, evidence: evidence, trustFile: trustFile, certificates: certificates),
            CompletenessCheck(entries).line,
            clockLine(batches),
            anchoredLine(batches, splitViews, evidence: evidence, trustFile: trustFile),
        ]
        return EvidenceReport(
            verdict: Verdict(lines: lines), evidence: evidence, trustFile: trustFile, batches: batches.map(\.report),
            splitViews: splitViews)
    }

    private static func trustLine(_ trustFile: TrustFile, nowSeconds: UInt64?) -> Verdict.Line {
        let content = trustFile.content
        let reason =
            "alliance \(content.alliance), version \(content.version): \(counted(content.firms.count, "firm")), \(counted(content.nodes.count, "node")), "
            + "receipts needed: \(content.quorum.receiptsNeeded)"
        if let nowSeconds, trustFile.isExpired(atSeconds: nowSeconds) {
            return .init(.trust, .information, reason + "; out of date by its own words: ask for a newer one")
        }
        return .init(.trust, .passed, reason)
    }
}
