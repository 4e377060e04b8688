public import AttestationFormat
internal import enum Crypto.P256
public import MerkleTree
internal import X509

/// A private P-256 key of the alliance's side: root, issuing, link CA or a node's receipt key.
///
/// One key, one role (wire-format.md, section 1). The key stays inside; only signatures, certificates and its PEM leave; of one that is outside this
/// process, in a token, signatures and certificates alone.
public struct AllianceSigningKey: Sendable {
    private enum Place {
        case memory(P256.Signing.PrivateKey)
        case outside(any OutsideSigner)
    }

    private let place: Place
    private let verifier: P256.Signing.PublicKey
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
        place = .memory(privateKey)
        verifier = privateKey.publicKey
        self.publicKey = publicKey
        keyID = publicKey.keyID(using: SHA256.self)
    }

    /// A key that is not in this process.
    ///
    /// - Throws: ``TrustError`` with code `key` when its public half is no point of P-256.
    public init(outside signer: any OutsideSigner) throws {
        guard let point = try? P256.Signing.PublicKey(x963Representation: signer.publicKey.uncompressedPoint) else {
            throw TrustError(.key, "the key's public half is not a point of P-256")
        }
        place = .outside(signer)
        verifier = point
        publicKey = signer.publicKey
        keyID = publicKey.keyID(using: SHA256.self)
    }

    /// The key as PEM (PKCS#8), which mbedTLS, OpenSSL and swift-crypto read.
    ///
    /// - Throws: ``TrustError`` with code `argument` for a key that is outside.
    public var pem: String {
        get throws {
            guard case .memory(let privateKey) = place else { throw staysOutside }
            return privateKey.pemRepresentation + "\n"
        }
    }

    /// Who has the key; nil of one in this process.
    public var outsideSigner: (any OutsideSigner)? {
        guard case .outside(let signer) = place else { return nil }
        return signer
    }

    var staysOutside: TrustError { TrustError(.argument, "the key is not in this process, and stays where it is") }

    /// Writes the key as a new file with mode 0600, durably; an existing file stays as it is.
    ///
    /// - Throws: ``TrustError`` with code `file`, or `argument` for a key that is outside.
    public func write(to path: String) throws {
        try DurableFile.write(Array(pem.utf8), to: path, mode: 0o600, replacing: false)
    }

    /// ES256 over SHA-256(`message`), with s ≤ n/2, verified before it is returned.
    ///
    /// - Throws: ``TrustError`` with code `key` when the signature just made does not verify, or what an ``OutsideSigner`` throws.
    public func sign(_ message: [UInt8]) throws -> Signature {
        let signature: Signature
        switch place {
        case .memory(let key): signature = try Signature(normalizing: Array(key.signature(for: message).rawRepresentation))
        case .outside(let signer): signature = try SigningDesk.current?.signature(over: message, by: signer) ?? signer.sign(message)
        }
        let check = try P256.Signing.ECDSASignature(rawRepresentation: signature.bytes)
        guard verifier.isValidSignature(check, for: message) else {
            throw TrustError(.key, "a signature just made does not verify: the key or the machine is damaged")
        }
        return signature
    }

    /// The same in DER (RFC 3279, 2.2.3), as certificates and revocation lists have it.
    func signDER(_ message: [UInt8]) throws -> [UInt8] {
        try Array(P256.Signing.ECDSASignature(rawRepresentation: sign(message).bytes).derRepresentation)
    }

    var publicKeyForCertificates: Certificate.PublicKey {
        Certificate.PublicKey(verifier)
    }

    var privateKeyForCertificates: Certificate.PrivateKey {
        switch place {
        case .memory(let key): Certificate.PrivateKey(key)
        case .outside: Certificate.PrivateKey(OutsideCertificateKey(key: self))
        }
    }
}
