internal import AttestationFormat
internal import enum Crypto.P256
internal import Foundation
internal import SwiftASN1
internal import X509

/// An outside key as swift-certificates signs certificates with it.
struct OutsideCertificateKey: CustomPrivateKey {
    let key: AllianceSigningKey

    static let defaultPEMDiscriminator = "PRIVATE KEY"

    var publicKey: Certificate.PublicKey { key.publicKeyForCertificates }
    var defaultSignatureAlgorithm: Certificate.SignatureAlgorithm { .ecdsaWithSHA256 }
    var supportedSignatureAlgorithms: [Certificate.SignatureAlgorithm] { [.ecdsaWithSHA256] }

    func signSynchronously(
        bytes: some DataProtocol, signatureAlgorithm: Certificate.SignatureAlgorithm
    ) throws -> Certificate.Signature {
        guard signatureAlgorithm == .ecdsaWithSHA256 else { throw TrustError(.key, "a P-256 key signs with SHA-256 alone") }
        return try Certificate.Signature(
            signatureAlgorithm: signatureAlgorithm, signatureBytes: ASN1BitString(bytes: key.signDER(Array(bytes))[...]))
    }

    /// It stays where it is.
    func serialize(into coder: inout DER.Serializer) throws { throw key.staysOutside }

    static func == (one: Self, other: Self) -> Bool { one.key.keyID == other.key.keyID }
    func hash(into hasher: inout Hasher) { hasher.combine(key.publicKey.uncompressedPoint) }
}
