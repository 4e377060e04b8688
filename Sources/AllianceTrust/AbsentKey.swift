internal import AttestationFormat
internal import MerkleTree

extension CertificateAuthority {
    /// An authority whose key somebody else has: tells what that key has signed, and signs nothing.
    ///
    /// - Throws: ``TrustError`` when the certificate cannot be parsed, or is not of a P-256 key.
    public init(withoutKey certificate: CertificateBytes) throws {
        guard let publicKey = certificate.publicKey else {
            throw TrustError(.certificateForm, "the issuing certificate is none of a P-256 key")
        }
        try self.init(certificate: certificate, key: AllianceSigningKey(outside: AbsentKey(publicKey)))
    }

    /// Whether it signs nothing here.
    public var hasNoKey: Bool { key.outsideSigner is AbsentKey }
}

/// The key that is not here, and never will be.
private final class AbsentKey: OutsideSigner {
    let publicKey: PublicKey

    init(_ publicKey: PublicKey) {
        self.publicKey = publicKey
    }

    func sign(_ message: [UInt8]) throws -> Signature {
        throw TrustError(.argument, "this key is somebody else's, and signs nothing here")
    }
}
