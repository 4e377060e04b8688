public import AttestationFormat
internal import MerkleTree

/// What a registration or revocation has been shown to carry.
public enum VerifiedRegistration: Sendable {
    /// A seal certificate that the issuing key signed which also signed the statement.
    case certificate(SealCertificate)
    /// A revocation list of that key.
    case revocationList(RevocationList)
}

extension SealCertificateVerifier {
    /// Checks a registration or revocation (wire-format.md, section 5): an issuing key of the trust file signed it, the firm of that
    /// key is the one that speaks, and the payload is what the same key issued.
    ///
    /// A firm that has left registers nobody any more; what it vouched for it may still take back.
    ///
    /// - Parameter seconds: seconds since 1970, now.
    /// - Throws: ``TrustError`` with code `registration`, `certificateForm`, `certificateRule`, `certificateChain` or `revocationList`.
    public func verify(_ statement: RegistrationStatement, atSeconds seconds: Int64) async throws -> VerifiedRegistration {
        let header = statement.header
        guard header.alliance.text.string == policy.alliance else {
            throw TrustError(.registration, "the statement is of alliance \(header.alliance), this one is \(policy.alliance)")
        }
        let authorities = issuing.filter { $0.keyID == header.keyID }
        guard let authority = authorities.first, let key = IssuingAuthority.publicKey(of: authority.certificate),
            let verifier = CryptoVerifier(publicKey: key)
        else { throw TrustError(.registration, "the trust file has no issuing key with the statement's key id") }
        guard authorities.contains(where: { $0.firm == header.firm.text.string }) else {
            throw TrustError(.registration, "the issuing key is firm \(authority.firm)'s, and the statement speaks for \(header.firm)")
        }
        guard statement.isSignatureValid(using: verifier) else {
            throw TrustError(.registration, "the statement's signature is not that of its issuing key")
        }
        switch header.kind {
        case .registration: return .certificate(try await verifiedCertificate(of: statement, atSeconds: seconds))
        case .revocation: return .revocationList(try verifiedList(of: statement))
        }
    }

    private func verifiedCertificate(
        of statement: RegistrationStatement, atSeconds seconds: Int64
    ) async throws -> SealCertificate {
        let header = statement.header
        if let until = untilSecondsByFirm[header.firm.text.string], seconds >= until {
            throw TrustError(.registration, "firm \(header.firm) left the alliance at \(UTCText.text(seconds: until))")
        }
        let certificate = try await verify(statement.payload)
        guard certificate.issuer == header.subject else {
            throw TrustError(.registration, "the certificate is \(certificate.issuer)'s, and the statement is about \(header.subject)")
        }
        guard certificate.issuingKeyID == header.keyID else {
            throw TrustError(.registration, "the certificate was issued by another key than the one that signed the statement")
        }
        return certificate
    }

    private func verifiedList(of statement: RegistrationStatement) throws -> RevocationList {
        let list = try verify(revocationList: statement.payload)
        guard list.issuingKeyID == statement.header.keyID else {
            throw TrustError(.registration, "the revocation list was signed by another key than the statement")
        }
        return list
    }
}

extension CertificateAuthority {
    /// Signs the registration of a seal certificate that this firm's issuing key issued.
    ///
    /// - Throws: ``TrustError`` with code `key`; `FormatError` for a certificate that is too large.
    public func registration(
        of certificate: CertificateBytes, for gateway: GatewayName, issuedAtSeconds: UInt64
    ) throws -> RegistrationStatement {
        try statement(
            RegistrationHeader(registering: gateway, keyID: key.keyID, issuedAtSeconds: issuedAtSeconds), payload: certificate.der)
    }

    /// Signs the statement over a revocation list that this firm's issuing key issued.
    ///
    /// - Throws: as ``registration(of:for:issuedAtSeconds:)``.
    public func revocation(
        list der: [UInt8], of firm: Name, in alliance: Name, issuedAtSeconds: UInt64
    ) throws -> RegistrationStatement {
        try statement(
            RegistrationHeader(revocationsOf: firm, in: alliance, keyID: key.keyID, issuedAtSeconds: issuedAtSeconds), payload: der)
    }

    private func statement(_ header: RegistrationHeader, payload: [UInt8]) throws -> RegistrationStatement {
        let signature = try key.sign(RegistrationStatement.bytesToSign(header: header, payload: payload))
        return try RegistrationStatement(header: header, payload: payload, signature: signature)
    }
}
