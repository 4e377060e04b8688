public import MerkleTree

/// A firm's word about a gateway's key, for the ledgers: a seal certificate that it issued, or its revocation list (section 5).
///
/// A SCITT Signed Statement (RFC 9943), as ``Statement`` is. Well formed once it exists; whether the signature is an issuing key's of
/// the alliance, and whether the payload is what that key issued, is for whoever holds the trust file.
public struct RegistrationStatement: Sendable {
    /// The statement as received or as made, tag included: the leaf of ledgers.
    public let bytes: [UInt8]
    public let header: RegistrationHeader
    /// The certificate or revocation list, DER.
    public let payload: [UInt8]
    public let signature: Signature
    private let protectedRange: Range<Int>

    /// Parses a statement of at most 65,536 bytes.
    ///
    /// - Throws: ``FormatError`` for whatever sections 1, 2 and 5 do not allow.
    public init(parsing bytes: [UInt8]) throws(FormatError) {
        let message = try COSESign1(parsing: bytes, limit: Limits.registrationByteCount)
        header = try RegistrationHeader(message.header, contentType: RegistrationStatement.contentType(of: message))
        try message.requireEmptyUnprotected()
        guard let payload = message.payload, !payload.isEmpty else {
            throw FormatError(.unexpectedValue, at: message.unprotectedRange.upperBound)
        }
        self.payload = payload
        self.bytes = bytes
        signature = message.signature
        protectedRange = message.protectedRange
    }

    /// Joins a header, a payload and the signature over ``bytesToSign(header:payload:)``.
    ///
    /// - Throws: ``FormatError``: `limitExceeded` when the whole is larger than 65,536 bytes, `unexpectedValue` for an empty payload.
    public init(header: RegistrationHeader, payload: [UInt8], signature: Signature) throws(FormatError) {
        try self.init(
            parsing: COSESign1.encode(
                protectedHeader: header.encoded()[...], proof: nil, payload: payload[...], signature: signature))
    }

    /// The Sig_structure that the firm's issuing key signs.
    public static func bytesToSign(header: RegistrationHeader, payload: [UInt8]) -> [UInt8] {
        COSESign1.bytesToSign(protectedHeader: header.encoded()[...], payload: payload[...])
    }

    /// Whether the signature, over the header's bytes as they were received, is that of this key.
    public func isSignatureValid(using verifier: borrowing some SignatureVerifier) -> Bool {
        verifier.isValid(
            signature, for: COSESign1.bytesToSign(protectedHeader: bytes[protectedRange], payload: payload[...]))
    }

    /// SHA-256 of the bytes: the id of a ledger's entry.
    public func hash<Hash: HashFunction>(using hash: Hash.Type) -> Digest {
        Hash.hash(bytes)
    }

    /// Hash of this statement as a leaf of a ledger (section 5).
    public func leafHash<Hash: HashFunction>(using hash: Hash.Type) -> Digest {
        MerkleTree<Hash>.leafHash(of: bytes)
    }

    /// Label 3 as text. The messages of gateways and nodes have numbers there, and their reader passes a text.
    private static func contentType(of message: COSESign1) throws(FormatError) -> UTF8Text? {
        var reader = CBORReader(message.bytes, range: message.protectedRange)
        var map = try LabelledMap(from: &reader, depth: 0)
        var contentType: UTF8Text?
        while let label = try map.nextLabel(from: &reader) {
            if label == 3, try reader.peekMajorType() == .textString {
                contentType = try reader.readText()
            } else {
                try map.skipValue(from: &reader)
            }
        }
        return contentType
    }
}

extension RegistrationStatement: Hashable {
    public static func == (left: RegistrationStatement, right: RegistrationStatement) -> Bool { left.bytes == right.bytes }
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
