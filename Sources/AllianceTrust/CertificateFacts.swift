internal import AttestationFormat
internal import enum Crypto.P256
internal import Foundation
public import MerkleTree
internal import SwiftASN1
internal import X509

/// What a certificate says, for people; nothing is verified.
public struct CertificateFacts: Equatable, Sendable {
    /// `O=acme, CN=acme.gw-1`.
    public let subject: String
    public let issuer: String
    /// Whether subject and issuer are one name.
    public let isSelfIssued: Bool
    /// Seconds since 1970.
    public let validFromSeconds: Int64
    public let validUntilSeconds: Int64
    /// nil for a key that is not on P-256.
    public let keyID: Digest?
    /// `digital signature`, `certificate signing`, `document signing`, `server authentication`…
    public let usages: [String]
    /// URIs, DNS names and addresses that it is also for.
    public let names: [String]
    /// Whether it may issue certificates.
    public let isAuthority: Bool
    /// Content bytes of the serial number.
    public let serialNumber: [UInt8]
    /// SHA-256 of the DER.
    public let fingerprint: Digest

    /// nil: these bytes are no certificate.
    public init?(der: [UInt8]) {
        guard let certificate = try? Certificate(derEncoded: der) else { return nil }
        subject = CertificateSummary.name(certificate.subject)
        issuer = CertificateSummary.name(certificate.issuer)
        isSelfIssued = certificate.subject == certificate.issuer
        validFromSeconds = Int64(certificate.notValidBefore.timeIntervalSince1970)
        validUntilSeconds = Int64(certificate.notValidAfter.timeIntervalSince1970)
        keyID = P256.Signing.PublicKey(certificate.publicKey)
            .flatMap { PublicKey(uncompressedPoint: Array($0.x963Representation)) }?.keyID(using: SHA256.self)
        usages = Self.usages(of: certificate)
        names = Self.names(of: certificate)
        if case .isCertificateAuthority? = try? certificate.extensions.basicConstraints { isAuthority = true } else { isAuthority = false }
        serialNumber = Array(certificate.serialNumber.bytes)
        fingerprint = SHA256.hash(der)
    }

    private static func usages(of certificate: Certificate) -> [String] {
        var words: [String] = []
        if let usage = try? certificate.extensions.keyUsage {
            if usage.digitalSignature { words.append("digital signature") }
            if usage.keyCertSign { words.append("certificate signing") }
            if usage.cRLSign { words.append("revocation list signing") }
            if usage.keyEncipherment || usage.dataEncipherment || usage.keyAgreement { words.append("encryption") }
        }
        for usage in (try? certificate.extensions.extendedKeyUsage) ?? ExtendedKeyUsage() {
            switch usage {
            case .serverAuth: words.append("TLS server")
            case .clientAuth: words.append("TLS client")
            case ExtendedKeyUsage.Usage(oid: CertificateNames.documentSigning): words.append("document signing")
            default: words.append("\(usage)")
            }
        }
        return words
    }

    private static func names(of certificate: Certificate) -> [String] {
        guard let names = try? certificate.extensions.subjectAlternativeNames else { return [] }
        return names.map { name in
            switch name {
            case .uniformResourceIdentifier(let text), .dnsName(let text): text
            case .ipAddress(let address) where address.bytes.count == 4: address.bytes.map { "\($0)" }.joined(separator: ".")
            case .ipAddress(let address): Hexadecimal.text(of: Array(address.bytes)).string
            default: "\(name)"
            }
        }
    }
}

/// What PEM text holds (RFC 7468).
public enum PEMText {
    /// One block.
    public enum Block: Equatable, Sendable {
        case certificate(CertificateFacts)
        /// In words.
        case revocationList(String)
        /// The key id of a private or public key on P-256; nothing else of a private key leaves.
        case privateKey(Digest?)
        case publicKey(Digest?)
        /// Its label.
        case other(String)
    }

    /// Most text that is looked at: a thousand certificates.
    static let byteLimit = 1 << 20

    /// Whether the bytes begin as PEM does.
    public static func isLikely(_ bytes: [UInt8]) -> Bool { bytes.starts(with: Array("-----BEGIN ".utf8)) }

    /// nil: this is no PEM.
    public static func blocks(of bytes: [UInt8]) -> [Block]? {
        guard isLikely(bytes), bytes.count <= byteLimit, let text = String(validating: bytes, as: UTF8.self),
            let documents = try? PEMDocument.parseMultiple(pemString: text)
        else { return nil }
        return documents.map { block($0) }
    }

    private static func block(_ document: PEMDocument) -> Block {
        switch document.discriminator {
        case "CERTIFICATE":
            CertificateFacts(der: document.derBytes).map { .certificate($0) } ?? .other("CERTIFICATE that is none")
        case "X509 CRL": .revocationList(CertificateSummary.text(revocationList: document.derBytes))
        case "PUBLIC KEY":
            .publicKey(
                (try? P256.Signing.PublicKey(derRepresentation: document.derBytes))
                    .flatMap { PublicKey(uncompressedPoint: Array($0.x963Representation)) }?.keyID(using: SHA256.self))
        case let label where label.hasSuffix("PRIVATE KEY"): .privateKey(try? AllianceSigningKey(pem: document.pemString).keyID)
        case let label: .other(label)
        }
    }
}
