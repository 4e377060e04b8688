public import MerkleTree

/// A statement over a batch: one signature for all its events (section 4), a SCITT Signed Statement (RFC 9943).
///
/// Well formed once it exists; whether the signature is the gateway's is for ``isSignatureValid(using:)``, and whose key it is for
/// the certificates.
public struct Statement: Sendable {
    /// The statement as received or as made, tag included: the leaf of ledgers.
    public let bytes: [UInt8]
    public let header: BatchHeader
    /// Root of the RFC 9162 tree over the events.
    public let root: Digest
    public let signature: Signature
    private let protectedRange: Range<Int>

    /// Parses a statement of at most 1,024 bytes.
    ///
    /// - Throws: ``FormatError`` for whatever sections 1, 2 and 4 do not allow.
    public init(parsing bytes: [UInt8]) throws(FormatError) {
        let message = try COSESign1(parsing: bytes, limit: Limits.statementByteCount)
        header = try BatchHeader(message.header)
        try message.requireEmptyUnprotected()
        guard let payloadRange = message.payloadRange, payloadRange.count == Digest.byteCount,
            let root = Digest(reading: bytes.span, at: payloadRange.lowerBound)
        else { throw FormatError(.unexpectedValue, at: message.payloadRange?.lowerBound ?? message.unprotectedRange.upperBound) }
        self.root = root
        self.bytes = bytes
        signature = message.signature
        protectedRange = message.protectedRange
    }

    /// Joins a header, a root and the signature over ``bytesToSign(header:root:)``.
    public init(header: BatchHeader, root: Digest, signature: Signature) {
        let encodedHeader = header.encoded()
        self.header = header
        self.root = root
        self.signature = signature
        bytes = COSESign1.encode(
            protectedHeader: encodedHeader[...], proof: nil, payload: root.bytes[...], signature: signature)
        // Tag, array head, and the head of a header of 24 to 255, or of 256 to 65,535 bytes.
        let start = 2 + (encodedHeader.count <= 0xFF ? 2 : 3)
        protectedRange = start..<(start + encodedHeader.count)
    }

    /// The Sig_structure that the gateway's seal key signs.
    public static func bytesToSign(header: BatchHeader, root: Digest) -> [UInt8] {
        COSESign1.bytesToSign(protectedHeader: header.encoded()[...], payload: root.bytes[...])
    }

    /// The Sig_structure over the header's bytes as they were received.
    public func bytesToVerify() -> [UInt8] {
        COSESign1.bytesToSign(protectedHeader: encodedHeader, payload: root.bytes[...])
    }

    /// The content of the protected bstr, as received.
    public var encodedHeader: ArraySlice<UInt8> { bytes[protectedRange] }

    /// Whether the signature is that of this key.
    public func isSignatureValid(using verifier: borrowing some SignatureVerifier) -> Bool {
        verifier.isValid(signature, for: bytesToVerify())
    }

    /// SHA-256 of the bytes: what the next statement names as `previous`, and the id of a ledger's entry.
    public func hash<Hash: HashFunction>(using hash: Hash.Type) -> Digest {
        Hash.hash(bytes)
    }

    /// Hash of this statement as a leaf of a ledger (section 5).
    public func leafHash<Hash: HashFunction>(using hash: Hash.Type) -> Digest {
        MerkleTree<Hash>.leafHash(of: bytes)
    }
}

extension Statement: Hashable {
    public static func == (left: Statement, right: Statement) -> Bool { left.bytes == right.bytes }
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
