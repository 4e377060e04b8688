public import AttestationFormat
internal import SwiftASN1
internal import X509

/// Signs trust files, and refuses those that would take away what receipts promise.
public enum TrustFileSigner {
    /// Signs a trust file with the root key and verifies what was signed.
    ///
    /// - Parameters:
    ///   - held: the file signed last; nil before the first.
    ///   - nowSeconds: iat.
    /// - Throws: ``TrustError`` with code `draft`, the reason and what to change.
    public static func sign(
        _ content: TrustContent, root: CertificateAuthority, held: TrustFile?, nowSeconds: UInt64
    ) throws -> TrustFile {
        guard content.rootCertificate == root.certificate.der else {
            throw TrustError(.draft, "the draft names another root certificate than the one whose key signs")
        }
        try check(content, nowSeconds: nowSeconds)
        if let held { try check(content, follows: held, nowSeconds: nowSeconds) }
        let signature = try root.key.sign(
            UnverifiedTrustFile.bytesToSign(content: content, keyID: root.key.keyID, issuedAtSeconds: nowSeconds))
        let bytes = UnverifiedTrustFile.encode(
            content: content, keyID: root.key.keyID, issuedAtSeconds: nowSeconds, signature: signature)
        guard let held else { return try TrustFileVerifier.verify(bytes) }
        return try TrustFileVerifier.verify(bytes, asUpdateOf: held)
    }

    /// The rules that need no earlier file.
    static func check(_ content: TrustContent, nowSeconds: UInt64) throws {
        do {
            try content.checkRules(issuedAtSeconds: nowSeconds)
        } catch .noMajority {
            let count = content.nodeCount(inForceAtSeconds: nowSeconds)
            throw TrustError(
                .draft,
                "\(content.quorum.receiptsNeeded) of \(count) nodes is no majority: two quorums would not need to share a node",
                nextStep: "harborseal alliance sign --quorum \(count / 2 + 1), or more")
        } catch {
            throw TrustError(.draft, "the draft is refused: \(error.words)")
        }
        let count = content.nodeCount(inForceAtSeconds: nowSeconds)
        guard content.quorum.receiptsNeeded <= UInt64(count) else {
            throw TrustError(
                .draft, "\(content.quorum.receiptsNeeded) receipts are needed and only \(count) nodes can give one",
                nextStep: "harborseal alliance add-node NAME, or sign --quorum \(count / 2 + 1)")
        }
        try checkCertificates(content)
    }

    /// Root, link CA and issuing certificates as wire-format.md, section 8 has them.
    private static func checkCertificates(_ content: TrustContent) throws {
        _ = try TrustFileVerifier.rootKey(of: content)
        let root = try SealCertificateVerifier.parse(content.rootCertificate, "the root certificate")
        do {
            try SealPolicy.checkCriticalExtensions(of: root, "root")
        } catch {
            throw TrustError(.draft, error.reason)
        }
        let link = try SealCertificateVerifier.parse(content.linkCertificate, "the link CA's certificate")
        guard link.issuer == link.subject, link.publicKey.isValidSignature(link.signature, for: link) else {
            throw TrustError(.draft, "the link CA's certificate is not self-signed")
        }
        guard link.publicKey != root.publicKey else { throw TrustError(.draft, "root and link CA have one key, and a key has one role") }
        for firm in content.firms {
            let name = firm.name.text.string
            for der in firm.issuingCertificates {
                let issuing = try SealCertificateVerifier.parse(der, "an issuing certificate of firm \(name)")
                guard issuing.issuer == root.subject, root.publicKey.isValidSignature(issuing.signature, for: issuing) else {
                    throw TrustError(.draft, "an issuing certificate of firm \(name) is not signed by the root")
                }
                do {
                    try SealPolicy(alliance: content.alliance.text.string, firmByIssuingCertificate: [:])
                        .checkIssuing(issuing, firm: name)
                } catch {
                    throw TrustError(.draft, error.reason)
                }
            }
        }
    }

    /// What a later file owes the earlier one: version, nothing deleted, and quorums that share a node.
    static func check(_ content: TrustContent, follows held: TrustFile, nowSeconds: UInt64) throws {
        guard content.alliance == held.content.alliance else {
            throw TrustError(.draft, "the file signed last is of alliance \(held.content.alliance)")
        }
        guard content.version > held.content.version else {
            throw TrustError(.draft, "version \(content.version) is not above \(held.content.version), the one signed last")
        }
        guard nowSeconds >= held.issuedAtSeconds else {
            throw TrustError(
                .draft, "the clock is before the file signed last", nextStep: "set this machine's clock, then sign again")
        }
        try checkNothingDeleted(content, held: held)
        try checkQuorumsShareANode(content, held: held, nowSeconds: nowSeconds)
    }

    private static func checkNothingDeleted(_ content: TrustContent, held: TrustFile) throws {
        for old in held.content.nodes {
            guard let new = content.nodes.first(where: { $0.name == old.name }) else {
                throw TrustError(
                    .draft, "node \(old.name) is gone, and its old receipts would be worth nothing",
                    nextStep: "retire it with harborseal alliance retire-node \(old.name); nodes are never deleted")
            }
            for key in old.keys {
                guard let kept = new.keys.first(where: { $0.publicKey == key.publicKey }), kept.fromSeconds == key.fromSeconds
                else { throw TrustError(.draft, "a key of node \(old.name) is gone or changed; keys are retired, never deleted") }
                try checkNotBackdated(kept.untilSeconds, old: key.untilSeconds, held: held, who: "a key of node \(old.name)")
            }
        }
        for old in held.content.firms {
            guard let new = content.firms.first(where: { $0.name == old.name }),
                old.issuingCertificates.allSatisfy(new.issuingCertificates.contains)
            else { throw TrustError(.draft, "firm \(old.name) or a certificate of it is gone; issuers are retired, never deleted") }
            try checkNotBackdated(new.untilSeconds, old: old.untilSeconds, held: held, who: "firm \(old.name)")
        }
    }

    /// An end that lies before the file signed last would take the worth from receipts that were good when they were given.
    private static func checkNotBackdated(_ new: UInt64?, old: UInt64?, held: TrustFile, who: String) throws {
        guard (new ?? .max) >= min(old ?? .max, held.issuedAtSeconds) else {
            throw TrustError(
                .draft, "the end of \(who) lies before the file signed last, and receipts given since then would be worth nothing",
                nextStep: "retire from now on; a gateway's key is revoked by its firm's revocation list")
        }
    }

    /// Refuses a change after which a batch could have a quorum by the old file, another one for the same sequence a quorum by
    /// the new file, and no node would have seen both.
    private static func checkQuorumsShareANode(_ content: TrustContent, held: TrustFile, nowSeconds: UInt64) throws {
        func names(_ content: TrustContent, _ seconds: UInt64) -> Set<UTF8Text> {
            Set(content.nodes.filter { node in
                node.keys.contains { key in key.untilSeconds.map { $0 > seconds } ?? true }
            }.map(\.name.text))
        }
        let old = names(held.content, held.issuedAtSeconds)
        let new = names(content, nowSeconds)
        let shared = UInt64(old.intersection(new).count)
        // Each quorum takes as many nodes as it can from those that the other does not have.
        let oldFromShared = subtracting(held.content.quorum.receiptsNeeded, UInt64(old.subtracting(new).count))
        let newFromShared = subtracting(content.quorum.receiptsNeeded, UInt64(new.subtracting(old).count))
        guard oldFromShared + newFromShared > shared else {
            throw TrustError(
                .draft,
                "after this change \(held.content.quorum.receiptsNeeded) of the old \(old.count) nodes and "
                    + "\(content.quorum.receiptsNeeded) of the new \(new.count) need not share a node",
                nextStep: "change one node at a time, and sign between the changes")
        }
    }

    private static func subtracting(_ left: UInt64, _ right: UInt64) -> UInt64 {
        left > right ? left - right : 0
    }
}
