internal import SwiftASN1
internal import X509

extension CertificateAuthority {
    /// Whether this key signed a certificate that names this authority; its time is not asked.
    public func hasIssued(_ der: [UInt8]) -> Bool {
        guard let certificate = try? Certificate(derEncoded: der) else { return false }
        return certificate.issuer == parsed.subject && parsed.publicKey.isValidSignature(certificate.signature, for: certificate)
    }

    /// Whether this key signed a revocation list that names this authority.
    public func hasSigned(_ list: UnverifiedRevocationList) -> Bool {
        list.verified(by: IssuingAuthority(parsed, firm: "")) != nil
    }
}

extension RevocationListNumber {
    /// The number as registries count; nil for one that is larger.
    public var value: Int64? {
        guard bytes.count < 8 || bytes.count == 8 && bytes[0] < 0x80 else { return nil }
        return bytes.reduce(0) { $0 << 8 | Int64($1) }
    }
}
