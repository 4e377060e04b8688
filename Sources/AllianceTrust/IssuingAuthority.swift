internal import AttestationFormat
internal import enum Crypto.P256
internal import MerkleTree
internal import X509

/// One issuing certificate of the trust file, as seal certificates, revocation lists and registrations are judged by it.
struct IssuingAuthority: Sendable {
    let certificate: Certificate
    /// The firm that the trust file lists it for.
    let firm: String
    /// Of its key; nil for a key that is not on P-256, which certifies nobody.
    let keyID: Digest?

    init(_ certificate: Certificate, firm: String) {
        self.certificate = certificate
        self.firm = firm
        keyID = Self.keyID(of: certificate)
    }

    /// Of a certificate's key; nil for one that is not on P-256.
    static func keyID(of certificate: Certificate) -> Digest? {
        publicKey(of: certificate)?.keyID(using: SHA256.self)
    }

    static func publicKey(of certificate: Certificate) -> AttestationFormat.PublicKey? {
        P256.Signing.PublicKey(certificate.publicKey)
            .flatMap { AttestationFormat.PublicKey(uncompressedPoint: Array($0.x963Representation)) }
    }
}
