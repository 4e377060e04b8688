public import AttestationFormat
public import MerkleTree

/// Who this gateway is: its name and its seal key. The key itself stays behind ``SignerPort``.
public struct GatewayIdentity: Sendable {
    public let name: GatewayName
    public let publicKey: PublicKey
    /// RFC 9679 thumbprint of the seal key.
    public let keyID: Digest
    /// Seal certificates, DER, which the hello carries; none while the device is not enrolled.
    public let certificates: [[UInt8]]

    public init<Hash: HashFunction>(
        name: GatewayName, publicKey: PublicKey, certificates: [[UInt8]], hashing: Hash.Type
    ) {
        self.name = name
        self.publicKey = publicKey
        self.certificates = certificates
        keyID = publicKey.keyID(using: hashing)
    }
}
