public import AttestationFormat
internal import Crypto
internal import Foundation
internal import SwiftASN1
internal import X509

/// A certificate as it is stored and sent: its DER bytes.
public struct CertificateBytes: Hashable, Sendable {
    /// DER (X.690), as signed.
    public let der: [UInt8]

    public init(der: [UInt8]) {
        self.der = der
    }

    /// Reads PEM (RFC 7468) or DER.
    ///
    /// - Throws: ``TrustError`` with code `certificateForm`.
    public init(pemOrDER bytes: [UInt8], path: String = "certificate") throws {
        if bytes.first == 0x30 {
            der = bytes
            return
        }
        do {
            der = try PEMDocument(pemString: String(decoding: bytes, as: UTF8.self)).derBytes
        } catch {
            throw TrustError(.certificateForm, "\(path) is neither PEM nor DER of a certificate")
        }
    }

    /// Whose certificate it is; nil of one that cannot be parsed, or of a key that is not on P-256.
    public var publicKey: AttestationFormat.PublicKey? {
        (try? Certificate(derEncoded: der)).flatMap { IssuingAuthority.publicKey(of: $0) }
    }

    /// The same bytes as PEM, with one line feed at the end.
    public var pem: String {
        PEMDocument(type: "CERTIFICATE", derBytes: der).pemString + "\n"
    }
}

/// How long a certificate lives, in seconds since 1970-01-01Z.
public struct CertificateLifetime: Equatable, Sendable {
    public var notBeforeSeconds: Int64
    public var notAfterSeconds: Int64

    public init(notBeforeSeconds: Int64, notAfterSeconds: Int64) {
        self.notBeforeSeconds = notBeforeSeconds
        self.notAfterSeconds = notAfterSeconds
    }

    /// From five minutes before `nowSeconds`, so that a peer whose clock is a little slow accepts it at once.
    public static func starting(at nowSeconds: Int64, days: Int) -> CertificateLifetime {
        CertificateLifetime(notBeforeSeconds: nowSeconds - 300, notAfterSeconds: nowSeconds + Int64(days) * 86_400)
    }
}

/// A key with the certificate that lets it issue others: the root, a firm's issuing key, or the link CA.
public struct CertificateAuthority: Sendable {
    /// The authority's own certificate.
    public let certificate: CertificateBytes
    /// The key that signs.
    public let key: AllianceSigningKey
    let parsed: Certificate

    /// Joins a certificate and its key.
    ///
    /// - Throws: ``TrustError`` when the certificate cannot be parsed or is another key's.
    public init(certificate: CertificateBytes, key: AllianceSigningKey) throws {
        self.certificate = certificate
        self.key = key
        do {
            parsed = try Certificate(derEncoded: certificate.der)
        } catch {
            throw TrustError(.certificateForm, "the issuing certificate cannot be parsed: \(DERFault.words(error))")
        }
        guard parsed.publicKey == key.publicKeyForCertificates else {
            throw TrustError(.key, "the issuing certificate and the issuing key do not belong together")
        }
    }

    /// A new alliance's root: self-signed, subject `O=<alliance>, CN=root`.
    public static func root(
        alliance: String, key: AllianceSigningKey, lifetime: CertificateLifetime
    ) throws -> CertificateAuthority {
        try selfSigned(
            subject: CertificateNames.name(organisation: alliance, common: "root"), pathLength: 1, key: key,
            lifetime: lifetime)
    }

    /// A new alliance's link CA: self-signed, not under the root (wire-format.md, section 8).
    public static func linkAuthority(
        alliance: String, key: AllianceSigningKey, lifetime: CertificateLifetime
    ) throws -> CertificateAuthority {
        try selfSigned(
            subject: CertificateNames.name(organisation: alliance, common: "link CA"), pathLength: 0, key: key,
            lifetime: lifetime)
    }

    /// A firm's issuing certificate under this root: path length 0, critical name constraint to `O=<firm>`.
    public func issueFirmAuthority(
        firm: String, key: AllianceSigningKey, lifetime: CertificateLifetime
    ) throws -> CertificateAuthority {
        let extensions = try Self.authorityExtensions(pathLength: 0, key: key.publicKeyForCertificates, issuer: parsed.publicKey)
        var all = extensions
        try all.append(Certificate.Extension(CertificateNames.constraint(to: firm), critical: true))
        let certificate = try sign(
            subject: CertificateNames.name(organisation: firm, common: "\(firm) issuing"),
            key: key.publicKeyForCertificates, lifetime: lifetime, extensions: all)
        return try CertificateAuthority(certificate: certificate, key: key)
    }

    private static func selfSigned(
        subject: DistinguishedName, pathLength: Int, key: AllianceSigningKey, lifetime: CertificateLifetime
    ) throws -> CertificateAuthority {
        let publicKey = key.publicKeyForCertificates
        let certificate = try make(
            subject: subject, issuer: subject, key: publicKey, signer: key, lifetime: lifetime,
            extensions: authorityExtensions(pathLength: pathLength, key: publicKey, issuer: publicKey))
        return try CertificateAuthority(certificate: certificate, key: key)
    }

    private static func authorityExtensions(
        pathLength: Int, key: Certificate.PublicKey, issuer: Certificate.PublicKey
    ) throws -> Certificate.Extensions {
        try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: pathLength))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            SubjectKeyIdentifier(keyIdentifier: keyIdentifier(of: key))
            AuthorityKeyIdentifier(keyIdentifier: keyIdentifier(of: issuer))
        }
    }

    /// RFC 5280, 4.2.1.2, method 1: the SHA-1 of the key's bit string, an identifier and no security matter.
    static func keyIdentifier(of key: Certificate.PublicKey) -> ArraySlice<UInt8> {
        guard let point = P256.Signing.PublicKey(key)?.x963Representation else {
            return Array(Insecure.SHA1.hash(data: key.subjectPublicKeyInfoBytes))[...]
        }
        return Array(Insecure.SHA1.hash(data: point))[...]
    }

    func sign(
        subject: DistinguishedName, key: Certificate.PublicKey, lifetime: CertificateLifetime, extensions: Certificate.Extensions
    ) throws -> CertificateBytes {
        try Self.make(
            subject: subject, issuer: parsed.subject, key: key, signer: self.key, lifetime: lifetime, extensions: extensions)
    }

    /// 158 random bits in 20 bytes, as many as RFC 5280, section 4.1.2.2, allows: a set first bit would take one more in DER.
    private static func serialNumber() -> Certificate.SerialNumber {
        Certificate.SerialNumber(bytes: SigningDesk.current?.serialNumber(randomSerialNumber) ?? randomSerialNumber())
    }

    private static func randomSerialNumber() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes = (0..<20).map { _ in UInt8.random(in: 0...255, using: &generator) }
        bytes[0] = bytes[0] & 0x3F | 0x40
        return bytes
    }

    private static func make(
        subject: DistinguishedName, issuer: DistinguishedName, key: Certificate.PublicKey, signer: AllianceSigningKey,
        lifetime: CertificateLifetime, extensions: Certificate.Extensions
    ) throws -> CertificateBytes {
        let certificate = try Certificate(
            version: .v3, serialNumber: serialNumber(), publicKey: key,
            notValidBefore: Date(timeIntervalSince1970: Double(lifetime.notBeforeSeconds)),
            notValidAfter: Date(timeIntervalSince1970: Double(lifetime.notAfterSeconds)),
            issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: signer.privateKeyForCertificates)
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return CertificateBytes(der: serializer.serializedBytes)
    }
}
