public import AttestationFormat
public import MerkleTree

/// A seal certificate that holds under a trust file: its chain, names, usage and key are checked, its time is not.
///
/// Only ``SealCertificateVerifier/verify(_:)`` makes one. Time and revocation are asked for each use, since a certificate
/// that has ended still speaks for what was receipted while it was valid (wire-format.md, section 8).
public struct SealCertificate: Sendable {
    /// The certificate as received.
    public let der: [UInt8]
    /// Key id of the seal key.
    public let keyID: Digest
    /// The seal key with its parsed form, ready to verify statements.
    public let verifier: CryptoVerifier
    /// The SAN URI: `hs:<alliance>/<firm>.<device>`.
    public let issuer: UTF8Text
    /// The firm, O of the subject.
    public let firm: String
    /// `<firm>.<device>`, CN of the subject.
    public let gatewayID: String
    /// The serial number's content bytes.
    public let serialNumber: [UInt8]
    /// First second in which seal, issuing and root certificate are all valid, since 1970.
    public let validFromSeconds: Int64
    /// Last second in which they are, and in which the firm had not been retired from the trust file.
    public let validUntilSeconds: Int64
    /// Key id of the firm's issuing key that signed this one; a revocation list of any certificate of that key is about it.
    public let issuingKeyID: Digest

    /// The seal key.
    public var publicKey: PublicKey { verifier.publicKey }

    /// Whether the whole path is valid in this second.
    public func isValid(atSeconds seconds: Int64) -> Bool {
        validFromSeconds <= seconds && seconds <= validUntilSeconds
    }
}

/// What is known of a gateway's seal key at one time.
public enum CertificateJudgement: Sendable {
    /// Some certificate of the key is valid and none is revoked.
    case valid(SealCertificate)
    /// No certificate of this key and issuer is known: refusal 1.
    case unknown
    /// Certificates are known, and none is valid at this time: refusal 2. The certificate is the one that was valid last.
    case notValid(SealCertificate)
    /// The key is revoked since this second, and the time is not before it: refusal 3.
    case revoked(SealCertificate, sinceSeconds: Int64)

    /// The refusal code of wire-format.md, section 6; nil when the certificate is good.
    public var refusalCode: UInt64? {
        switch self {
        case .valid: nil
        case .unknown: 1
        case .notValid: 2
        case .revoked: 3
        }
    }
}
