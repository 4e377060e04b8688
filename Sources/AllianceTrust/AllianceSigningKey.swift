public import AttestationFormat
internal import enum Crypto.P256
public import MerkleTree
internal import X509

/// A private P-256 key of the alliance's side: root, issuing, link CA or a node's receipt key.
///
/// One key, one role (wire-format.md, section 1). The key stays inside; only signatures, certificates and its PEM leave.
public struct AllianceSigningKey: Sendable {
    let privateKey: P256.Signing.PrivateKey
    /// The public half.
    public let publicKey: PublicKey
    /// Key id (wire-format.md, section 2): the RFC 9679 thumbprint of the public half.
    public let keyID: Digest

    /// Makes a new random key.
    public init() throws {
        try self.init(P256.Signing.PrivateKey())
    }

    /// Reads PEM, PKCS#8 (`PRIVATE KEY`) or SEC 1 (`EC PRIVATE KEY`).
    ///
    /// - Parameter path: what to call the key in the error.
    /// - Throws: ``TrustError`` with code `key`.
    public init(pem: String, path: String = "key") throws {
        guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) else {
            throw TrustError(
                .key, "\(path) is not a P-256 private key in PEM",
                nextStep: "only P-256 is used: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256")
        }
        try self.init(key)
    }

    /// Reads a PEM file that nobody but its owner may read.
    ///
    /// - Throws: ``TrustError`` with code `unreadable`, `tooLarge`, `keyPermissions` or `key`.
    public init(file path: String) throws {
        let bytes = try DurableFile.read(path, byteLimit: 65_536)
        guard let mode = DurableFile.permissions(of: path), mode & 0o077 == 0 else {
            throw TrustError(.keyPermissions, "\(path) is a private key that others may read", nextStep: "chmod 600 \(path)")
        }
        try self.init(pem: String(decoding: bytes, as: UTF8.self), path: path)
    }

    private init(_ privateKey: P256.Signing.PrivateKey) throws {
        guard let publicKey = PublicKey(uncompressedPoint: Array(privateKey.publicKey.x963Representation)) else {
            throw TrustError(.key, "the key's public half is not an uncompressed point")
        }
        self.privateKey = privateKey
        self.publicKey = publicKey
        keyID = publicKey.keyID(using: SHA256.self)
    }

    /// The key as PEM (PKCS#8), which mbedTLS, OpenSSL and swift-crypto read.
    public var pem: String {
        privateKey.pemRepresentation + "\n"
    }

    /// Writes the key as a new file with mode 0600, durably; an existing file stays as it is.
    ///
    /// - Throws: ``TrustError`` with code `file`.
    public func write(to path: String) throws {
        try DurableFile.write(Array(pem.utf8), to: path, mode: 0o600, replacing: false)
    }

    /// ES256 over SHA-256(`message`), with s ≤ n/2, verified before it is returned.
    ///
    /// - Throws: ``TrustError`` with code `key` when the signature just made does not verify.
    public func sign(_ message: [UInt8]) throws -> Signature {
        let raw = try privateKey.signature(for: message)
        let signature = try Signature(normalizing: Array(raw.rawRepresentation))
        let check = try P256.Signing.ECDSASignature(rawRepresentation: signature.bytes)
        guard privateKey.publicKey.isValidSignature(check, for: message) else {
            throw TrustError(.key, "a signature just made does not verify: the key or the machine is damaged")
        }
        return signature
    }

    var publicKeyForCertificates: Certificate.PublicKey {
        Certificate.PublicKey(privateKey.publicKey)
    }
}
