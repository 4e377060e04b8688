public import MerkleTree

/// A proof that one event is in a signed batch, readable by any RFC 9942 verifier (section 4).
///
/// Made from a statement without the gateway: an attached and a detached payload have the same Sig_structure.
public struct EventProof: Sendable {
    /// The proof as received or as made, tag included.
    public let bytes: [UInt8]
    public let header: BatchHeader
    public let proof: InclusionProof
    public let signature: Signature
    private let message: COSESign1

    /// Parses an event-proof of at most 4,096 bytes, and demands that the signed count is the proof's size and the index below it.
    ///
    /// - Throws: ``FormatError`` for whatever sections 1, 2 and 4 do not allow.
    public init(parsing bytes: [UInt8]) throws(FormatError) {
        message = try COSESign1(parsing: bytes, limit: Limits.receiptByteCount)
        header = try BatchHeader(message.header)
        guard message.payloadRange == nil else {
            throw FormatError(.unexpectedValue, at: message.unprotectedRange.upperBound)
        }
        proof = try InclusionProof(unprotectedOf: message)
        guard proof.size == UInt64(header.count), proof.index < proof.size else {
            throw FormatError(.unexpectedValue, at: message.unprotectedRange.lowerBound)
        }
        signature = message.signature
        self.bytes = bytes
    }

    /// Encodes the proof of the event at `index` of a statement's batch.
    ///
    /// - Parameter path: its inclusion path in the batch's tree; empty for a batch of one.
    public static func encode(statement: Statement, index: Int, path: [Digest]) -> [UInt8] {
        COSESign1.encode(
            protectedHeader: statement.encodedHeader,
            proof: InclusionProof(size: UInt64(statement.header.count), index: UInt64(index), path: path),
            payload: nil, signature: statement.signature)
    }

    /// Sequence of the proven event in its epoch.
    public var sequence: UInt64 { header.first + proof.index }

    /// Verifies that these event bytes stand at the proof's place, under this key.
    ///
    /// - Throws: ``VerificationError``: `path` or `signature`.
    public func verify<Hash: HashFunction>(
        eventBytes: [UInt8], verifier: borrowing some SignatureVerifier, using hash: Hash.Type
    ) throws(VerificationError) {
        let leafHash = MerkleTree<Hash>.leafHash(of: eventBytes)
        guard let root = proof.root(leafHash: leafHash, using: hash) else { throw .path }
        guard verifier.isValid(signature, for: message.bytesToVerify(detachedPayload: root.bytes)) else {
            throw .signature
        }
    }
}
