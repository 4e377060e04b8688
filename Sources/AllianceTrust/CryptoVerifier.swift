public import AttestationFormat
internal import enum Crypto.P256

/// ES256 verification by swift-crypto, with the parsed key kept.
///
/// Parsing a point costs about as much as a tenth of a verification, so whoever verifies many messages of one key keeps
/// the verifier.
public struct CryptoVerifier: SignatureVerifier, Sendable {
    /// The key that signatures are verified under.
    public let publicKey: PublicKey
    private let key: P256.Signing.PublicKey

    public init?(publicKey: PublicKey) {
        guard let key = try? P256.Signing.PublicKey(x963Representation: publicKey.uncompressedPoint) else { return nil }
        self.publicKey = publicKey
        self.key = key
    }

    public func isValid(_ signature: Signature, for message: [UInt8]) -> Bool {
        guard let raw = try? P256.Signing.ECDSASignature(rawRepresentation: signature.bytes) else { return false }
        return key.isValidSignature(raw, for: message)
    }
}
