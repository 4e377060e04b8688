public import MerkleTree

/// A trust file that is well formed and not yet believed (section 9).
public struct UnverifiedTrustFile: Sendable {
    /// typ of a trust file.
    public static let type: UTF8Text = "vnd.harborseal.trust"

    /// The file as received.
    public let bytes: [UInt8]
    /// What it claims.
    public let content: TrustContent
    /// kid of the key that is said to have signed it.
    public let keyID: Digest
    /// iat, seconds since 1970-01-01Z.
    public let issuedAtSeconds: UInt64
    let signature: Signature
    let message: COSESign1

    /// Parses a trust file of at most 65,536 bytes.
    ///
    /// - Throws: ``FormatError`` for whatever sections 1, 2 and 9 do not allow in form.
    public init(parsing bytes: [UInt8]) throws(FormatError) {
        message = try COSESign1(parsing: bytes, limit: Limits.trustFileByteCount)
        let header = message.header
        try header.require(type: UnverifiedTrustFile.type)
        try header.require(contentType: 60)
        try message.requireEmptyUnprotected()
        guard let payloadRange = message.payloadRange else {
            throw FormatError(.unexpectedValue, at: message.unprotectedRange.upperBound)
        }
        content = try TrustContent(reading: CBORReader(bytes, range: payloadRange))
        guard try header.require(header.issuer, 15) == "hs:" + content.alliance.text,
            try header.require(header.subject, 15) == "trust"
        else { throw FormatError(.name, at: header.offset) }
        keyID = try header.requireKeyID()
        issuedAtSeconds = try header.require(header.issuedAtSeconds, 15)
        signature = message.signature
        self.bytes = bytes
    }

    /// SHA-256 of the file: what a holder may pin.
    public func hash<Hash: HashFunction>(using hash: Hash.Type) -> Digest {
        Hash.hash(bytes)
    }
}

/// A trust file that its holder believes: signed by the root, with a quorum of which any two share a node.
///
/// Made by ``UnverifiedTrustFile/verified(rootKey:pinnedHash:verifier:using:)`` for a first file that came by a trusted way, and
/// by ``UnverifiedTrustFile/verified(asUpdateOf:rootKey:verifier:using:)`` for later ones.
public struct TrustFile: Sendable {
    /// The file as received: leaf 0 of ledgers, and what hands it on.
    public let bytes: [UInt8]
    public let content: TrustContent
    /// iat, seconds since 1970-01-01Z.
    public let issuedAtSeconds: UInt64
    /// Key of the file's own root certificate: the next update must verify under it.
    public let rootKey: PublicKey
    /// Every node key with its key id.
    let nodeKeys: [NodeKeyEntry]

    struct NodeKeyEntry: Sendable {
        let keyID: Digest
        /// Index into the content's nodes.
        let nodeIndex: Int
        let key: TrustContent.NodeKey
    }

    /// The node that a key id belongs to, with the key; nil when there is none.
    public func node(forKeyID keyID: Digest) -> (node: TrustContent.Node, key: TrustContent.NodeKey)? {
        nodeKeys.first { $0.keyID == keyID }.map { (content.nodes[$0.nodeIndex], $0.key) }
    }

    /// The firm of a name; nil when the alliance has none.
    public func firm(_ name: Name) -> TrustContent.Firm? {
        content.firms.first { $0.name == name }
    }

    /// Whether the file says that it is out of date; a verifier reports it, a gateway goes on and warns.
    public func isExpired(atSeconds seconds: UInt64) -> Bool {
        guard let notAfterSeconds = content.notAfterSeconds else { return false }
        return seconds > notAfterSeconds
    }
}
