public import AttestationFormat
internal import enum Crypto.P256
internal import Foundation
public import MerkleTree
internal import SwiftASN1
internal import X509

/// Who may certify seal keys: the part of a trust file that certificates are judged by.
public struct SealIssuers: Sendable {
    /// One firm of the trust file.
    public struct Firm: Sendable {
        /// The firm's name, O of its certificates.
        public var name: String
        /// Its issuing certificates in DER, renewed ones beside ended ones.
        public var certificates: [[UInt8]]
        /// When the firm was retired, seconds since 1970; nil while it is a member.
        public var untilSeconds: Int64?

        public init(name: String, certificates: [[UInt8]], untilSeconds: Int64? = nil) {
            self.name = name
            self.certificates = certificates
            self.untilSeconds = untilSeconds
        }
    }

    /// The alliance's name.
    public var alliance: String
    /// The root certificate in DER.
    public var rootCertificate: [UInt8]
    /// The firms.
    public var firms: [Firm]

    public init(alliance: String, rootCertificate: [UInt8], firms: [Firm]) {
        self.alliance = alliance
        self.rootCertificate = rootCertificate
        self.firms = firms
    }
}

/// Answers for nodes and verifiers: is there a certificate for this key and issuer, and was it good at this time?
///
/// ``verify(_:)`` checks a certificate against the trust file, once; ``insert(_:)`` keeps it; ``judge(keyID:issuer:atSeconds:)``
/// is a look-up and cheap enough for every statement. A value: whoever owns it decides about concurrency.
public struct SealCertificateVerifier: Sendable {
    /// Certificates that a node takes for one key and issuer by one issuing key: a key that is renewed every day reaches it after years, and a
    /// new issuing key begins anew.
    public static let certificatesPerKeyLimit = 1_024

    struct Identity: Hashable {
        var keyID: Digest
        var issuer: UTF8Text
    }

    let policy: SealPolicy
    let root: Certificate
    let issuing: [IssuingAuthority]
    let untilSecondsByFirm: [String: Int64]
    var certificates: [Identity: [SealCertificate]] = [:]
    /// By the key id of the issuing key: an issuing certificate that is renewed for its key goes on with the same list.
    var revocations: [Digest: [RevocationList]] = [:]
    /// By the key id of the issuing key and the serial number: since when, by whichever list says the earliest. It only ever grows.
    var revokedSince: [Digest: [[UInt8]: Int64]] = [:]
    /// Since when a key is revoked, by whichever of its certificates' lists says the earliest. It only ever grows, whatever certificates come.
    var revokedKeySince: [Identity: Int64] = [:]

    /// Parses the trust file's certificates.
    ///
    /// - Throws: ``TrustError`` with code `certificateForm`.
    public init(issuers: SealIssuers) throws {
        root = try Self.parse(issuers.rootCertificate, "the trust file's root certificate")
        var issuing: [IssuingAuthority] = []
        var firmByIssuingCertificate: [[UInt8]: String] = [:]
        var untilSecondsByFirm: [String: Int64] = [:]
        for firm in issuers.firms {
            untilSecondsByFirm[firm.name] = firm.untilSeconds
            for der in firm.certificates {
                issuing.append(
                    IssuingAuthority(try Self.parse(der, "an issuing certificate of firm \(firm.name)"), firm: firm.name))
                firmByIssuingCertificate[der] = firm.name
            }
        }
        self.issuing = issuing
        self.untilSecondsByFirm = untilSecondsByFirm
        policy = SealPolicy(alliance: issuers.alliance, firmByIssuingCertificate: firmByIssuingCertificate)
    }

    /// Checks a certificate by every rule of wire-format.md, section 8 but time and revocation.
    ///
    /// - Throws: ``TrustError`` with code `certificateForm`, `certificateRule` or `certificateChain`, the reason in words.
    public func verify(_ der: [UInt8]) async throws -> SealCertificate {
        let leaf = try Self.parse(der, "the seal certificate")
        try checkCriticalExtensions(of: leaf, "seal")
        var verifier = Verifier(rootCertificates: CertificateStore([root])) { policy }
        switch await verifier.validate(leaf: leaf, intermediates: CertificateStore(issuing.map(\.certificate))) {
        case .validCertificate(let chain):
            return try accepted(Array(chain), der: der)
        case .couldNotValidate(let failures):
            guard let failure = failures.first else {
                try explainNoPath(for: leaf)
                throw TrustError(.certificateChain, "no issuing certificate of the trust file signed the seal certificate")
            }
            throw TrustError(.certificateRule, failure.policyFailureReason.description)
        }
    }

    /// Throws where the path was not gone because of what a certificate above the leaf says: such certificates are passed over in silence.
    private func explainNoPath(for leaf: Certificate) throws {
        let signers = issuing.filter { $0.certificate.publicKey.isValidSignature(leaf.signature, for: leaf) }
        guard !signers.isEmpty else { return }
        for signer in signers { try checkCriticalExtensions(of: signer.certificate, "issuing") }
        try checkCriticalExtensions(of: root, "root")
    }

    private func checkCriticalExtensions(of certificate: Certificate, _ name: String) throws {
        do {
            try SealPolicy.checkCriticalExtensions(of: certificate, name)
        } catch {
            throw TrustError(.certificateRule, error.reason)
        }
    }

    /// Keeps a certificate for ``judge(keyID:issuer:atSeconds:)``. One that is kept already changes nothing; none makes room for another: a list
    /// may revoke the key by any of them. Whoever takes certificates from strangers bounds them by ``requireRoom(for:)``.
    public mutating func insert(_ certificate: SealCertificate) {
        let identity = Identity(keyID: certificate.keyID, issuer: certificate.issuer)
        guard !contains(certificate.der, keyID: certificate.keyID, issuer: certificate.issuer) else { return }
        certificates[identity, default: []].append(certificate)
        noteRevocation(of: certificate, identity)
    }

    /// Refuses one more certificate of a key that has as many by this issuing key as anybody needs. One that a list revokes always has room: it
    /// revokes the key.
    ///
    /// - Throws: ``TrustError`` with code `certificateRule`.
    public func requireRoom(for certificate: SealCertificate) throws {
        guard revokedSince[certificate.issuingKeyID]?[certificate.serialNumber] == nil else { return }
        let count = certificates(keyID: certificate.keyID, issuer: certificate.issuer).count { $0.issuingKeyID == certificate.issuingKeyID }
        guard count >= Self.certificatesPerKeyLimit else { return }
        throw TrustError(
            .certificateRule,
            "the key of \(certificate.gatewayID) has \(count) certificates by this issuing key, and no more are taken: replace the key, or the issuing key")
    }

    /// Whether this very certificate is kept.
    public func contains(_ der: [UInt8], keyID: Digest, issuer: UTF8Text) -> Bool {
        certificates[Identity(keyID: keyID, issuer: issuer), default: []].contains { $0.der == der }
    }

    /// All certificates kept for a key and issuer.
    public func certificates(keyID: Digest, issuer: UTF8Text) -> [SealCertificate] {
        certificates[Identity(keyID: keyID, issuer: issuer), default: []]
    }

    /// Whether the key may sign for the issuer at a time, or the refusal that answers it.
    ///
    /// - Parameter seconds: seconds since 1970: now on a node, a receipt's iat in a verifier.
    public func judge(keyID: Digest, issuer: UTF8Text, atSeconds seconds: Int64) -> CertificateJudgement {
        let known = certificates(keyID: keyID, issuer: issuer)
        guard let newest = known.max(by: { $0.validUntilSeconds < $1.validUntilSeconds }) else { return .unknown }
        if let since = revokedSinceSeconds(keyID: keyID, issuer: issuer), seconds >= since {
            return .revoked(newest, sinceSeconds: since)
        }
        guard let valid = known.first(where: { $0.isValid(atSeconds: seconds) }) else { return .notValid(newest) }
        return .valid(valid)
    }

    static func parse(_ der: [UInt8], _ name: String) throws -> Certificate {
        do {
            return try Certificate(derEncoded: der)
        } catch {
            throw TrustError(.certificateForm, "\(name) cannot be parsed: \(DERFault.words(error))")
        }
    }

    private func accepted(_ chain: [Certificate], der: [UInt8]) throws -> SealCertificate {
        let leaf = chain[0]
        guard let point = P256.Signing.PublicKey(leaf.publicKey),
            let publicKey = PublicKey(uncompressedPoint: Array(point.x963Representation)),
            let verifier = CryptoVerifier(publicKey: publicKey),
            let firm = CertificateNames.organisation(of: leaf.subject),
            let gatewayID = CertificateNames.commonName(of: leaf.subject),
            let issuingKeyID = IssuingAuthority.keyID(of: chain[1])
        else { throw TrustError(.certificateRule, "the seal certificate's key or names cannot be read") }
        let from = chain.map { Int64($0.notValidBefore.timeIntervalSince1970) }.max() ?? 0
        var until = chain.map { Int64($0.notValidAfter.timeIntervalSince1970) }.min() ?? 0
        // A retired firm's certificates speak for what was receipted before it went.
        if let retired = untilSecondsByFirm[firm] { until = min(until, retired - 1) }
        return SealCertificate(
            der: der, keyID: publicKey.keyID(using: SHA256.self), verifier: verifier,
            issuer: UTF8Text("hs:\(policy.alliance)/\(gatewayID)"), firm: firm, gatewayID: gatewayID,
            serialNumber: Array(leaf.serialNumber.bytes), validFromSeconds: from, validUntilSeconds: until,
            issuingKeyID: issuingKeyID)
    }
}
