/// Verifies ES256 (ECDSA on P-256 with SHA-256) under one public key: mbedTLS on gateways, swift-crypto on nodes.
public protocol SignatureVerifier {
    /// Takes a key; nil when the point is not on the curve.
    init?(publicKey: PublicKey)

    /// Whether the signature is that of SHA-256(`message`) under this key.
    ///
    /// - Parameter message: the bytes before hashing, for COSE the Sig_structure.
    func isValid(_ signature: Signature, for message: [UInt8]) -> Bool
}
