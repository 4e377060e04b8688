public import AttestationFormat
internal import enum Crypto.P256
public import MerkleTree
internal import SwiftASN1
internal import X509

/// Verifies trust files by wire-format.md, section 9, with the root key read from the root certificate.
///
/// Bytes that are no trust file throw `FormatError`; a trust file that is refused throws ``TrustError`` with code
/// `trustFile` or `trustUpdate` and its own words for each rule.
public enum TrustFileVerifier {
    /// A first file, which came by a way that the holder trusts, or whose hash did.
    public static func verify(_ bytes: [UInt8], pinnedHash: Digest? = nil) throws -> TrustFile {
        let unverified = try UnverifiedTrustFile(parsing: bytes)
        let rootKey = try rootKey(of: unverified.content)
        do {
            return try unverified.verified(
                rootKey: rootKey, pinnedHash: pinnedHash, verifier: CryptoVerifier.self, using: SHA256.self)
        } catch {
            let words = words(for: error, content: unverified.content, at: unverified.issuedAtSeconds)
            guard case .pinnedHash = error, let pinnedHash else { throw TrustError(.trustFile, words) }
            throw TrustError(
                .trustFile,
                "\(words): it is \(Hexadecimal.text(of: SHA256.hash(bytes.span).bytes)), given was \(Hexadecimal.text(of: pinnedHash.bytes))")
        }
    }

    /// An update of the file held: verified under the held file's root key, same alliance, higher version.
    public static func verify(_ bytes: [UInt8], asUpdateOf held: TrustFile) throws -> TrustFile {
        let unverified = try UnverifiedTrustFile(parsing: bytes)
        let rootKey = try rootKey(of: unverified.content)
        do {
            return try unverified.verified(
                asUpdateOf: held, rootKey: rootKey, verifier: CryptoVerifier.self, using: SHA256.self)
        } catch {
            let words = updateWords(for: error, content: unverified.content, held: held.content)
                ?? words(for: error, content: unverified.content, at: unverified.issuedAtSeconds)
            throw TrustError(.trustUpdate, "the update of version \(held.content.version) is refused: \(words)")
        }
    }

    /// Whether these bytes are another file of the held one's alliance and version, by the same root key: two files under one number. The held one
    /// with other bytes for a signature is none.
    public static func isTwin(_ bytes: [UInt8], of held: [UInt8]) -> Bool {
        guard let other = try? verify(bytes), let held = try? verify(held) else { return false }
        guard other.rootKey == held.rootKey, other.content.alliance == held.content.alliance, other.content.version == held.content.version else { return false }
        return other.content != held.content || other.issuedAtSeconds != held.issuedAtSeconds
    }

    /// The key of the root certificate, which must be a self-signed CA's on P-256.
    static func rootKey(of content: TrustContent) throws -> PublicKey {
        let root: Certificate
        do {
            root = try Certificate(derEncoded: content.rootCertificate)
        } catch {
            throw TrustError(.trustFile, "the root certificate cannot be parsed: \(DERFault.words(error))")
        }
        guard let point = P256.Signing.PublicKey(root.publicKey),
            let key = PublicKey(uncompressedPoint: Array(point.x963Representation))
        else { throw TrustError(.trustFile, "the root certificate's key is not on P-256") }
        guard root.issuer == root.subject, root.publicKey.isValidSignature(root.signature, for: root) else {
            throw TrustError(.trustFile, "the root certificate is not signed by its own key")
        }
        guard case .isCertificateAuthority? = try? root.extensions.basicConstraints else {
            throw TrustError(.trustFile, "the root certificate is not a CA's")
        }
        return key
    }

    private static func words(for error: VerificationError, content: TrustContent, at seconds: UInt64) -> String {
        switch error {
        case .noMajority:
            "\(content.quorum.receiptsNeeded) of \(content.nodeCount(inForceAtSeconds: seconds)) nodes is no majority: "
                + "two quorums need not share a node"
        case .keyTwice: keyTwiceWords(content) ?? error.words
        default: error.words
        }
    }

    /// What only whoever holds a file can say of the next one; nil where the rule is about the new file alone.
    private static func updateWords(for error: VerificationError, content: TrustContent, held: TrustContent) -> String? {
        switch error {
        case .alliance: "it is alliance \(content.alliance)'s, and the file held is \(held.alliance)'s"
        case .version where content.version == held.version: "it is another version \(content.version) than the file held"
        case .version: "its version \(content.version) is older than \(held.version), that of the file held"
        case .rootKey: "it is not signed by the root key of the file held, so it is under another root"
        default: nil
        }
    }

    /// Which two nodes have one key: two nodes with one key are one.
    private static func keyTwiceWords(_ content: TrustContent) -> String? {
        var owners: [PublicKey: Name] = [:]
        for node in content.nodes {
            for key in node.keys {
                if let other = owners.updateValue(node.name, forKey: key.publicKey) {
                    return other == node.name
                        ? "node \(node.name) has one key twice" : "nodes \(other) and \(node.name) have one key, so they are one node"
                }
            }
        }
        return nil
    }
}

extension TrustFile {
    /// Who may certify seal keys by this file.
    public var sealIssuers: SealIssuers {
        SealIssuers(
            alliance: content.alliance.text.string, rootCertificate: content.rootCertificate,
            firms: content.firms.map { firm in
                SealIssuers.Firm(
                    name: firm.name.text.string, certificates: firm.issuingCertificates,
                    untilSeconds: firm.untilSeconds.map { Int64(clamping: $0) })
            })
    }
}

extension SealCertificateVerifier {
    /// Parses the certificates of a verified trust file.
    ///
    /// - Throws: ``TrustError`` with code `certificateForm`.
    public init(trustFile: TrustFile) throws {
        try self.init(issuers: trustFile.sealIssuers)
    }
}
