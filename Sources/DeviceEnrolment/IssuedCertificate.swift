public import AttestationFormat
internal import CPosixShims
public import DeviceCrypto

/// What a certificate must say before it is stored (wire-format.md, section 8).
public enum IssuedCertificate {
    /// - Parameters:
    ///   - issuers: certificates in DER, of which one's key must have signed it; nil where nobody knows them.
    ///   - alliance: nil when the gateway does not know it yet.
    ///   - time: a certificate that ended before it is no use; one that begins later may only mean that this clock is slow.
    /// - Throws: `foreignIssuer`, `foreignKey`, `foreignName`, `wrongUsage`, `outOfDate`, `crypto` for what is no certificate on P-256.
    public static func check(
        _ bytes: [UInt8], role: CertificateRole, issuers: [[UInt8]]?, gateway: GatewayID, alliance: Name?, key: PublicKey, time: BelievedTime
    ) throws(EnrolmentError) -> UnverifiedCertificate {
        let certificate: UnverifiedCertificate
        do throws(DeviceCryptoError) {
            certificate = try UnverifiedCertificate(der: bytes)
        } catch {
            throw .crypto(error)
        }
        guard certificate.publicKey == key else { throw EnrolmentError(.foreignKey) }
        let said = certificate.subjectURI ?? certificate.commonName ?? ""
        guard let name = certificate.subjectURI.flatMap({ GatewayName(issuer: $0) }), name.gatewayID == gateway,
            alliance == nil || name.alliance == alliance, certificate.commonName == gateway.text, certificate.organization == gateway.firm.text
        else { throw EnrolmentError(.foreignName, said.printable) }
        guard certificate.usages == role.usage else { throw EnrolmentError(.wrongUsage) }
        guard issuers == nil || isIssued(certificate, by: issuers ?? []) else {
            throw EnrolmentError(.foreignIssuer, role == .link ? "the alliance's link CA" : "an issuing key of its firm in the trust file")
        }
        guard certificate.notAfterSeconds > max(time.seconds, certificate.notBeforeSeconds) else {
            throw EnrolmentError(.outOfDate, UTF8Text(String(cString: posix_validity_words(certificate.notBeforeSeconds, certificate.notAfterSeconds))))
        }
        return certificate
    }

    /// Whether one of these certificates' keys signed it.
    public static func isIssued(_ certificate: UnverifiedCertificate, by issuers: [[UInt8]]) -> Bool {
        for issuer in issuers {
            if let issuer = try? UnverifiedCertificate(der: issuer), certificate.isSigned(by: issuer.publicKey) { return true }
        }
        return false
    }
}
