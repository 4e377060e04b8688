public import MerkleTree

/// What a node signs beside the root of its ledger: the protected header of a receipt (section 5).
public struct ReceiptHeader: Hashable, Sendable {
    /// typ of a receipt.
    public static let type: UTF8Text = "vnd.harborseal.receipt"

    /// kid of the node's key.
    public let keyID: Digest
    /// iss.
    public let node: NodeName
    /// sub: the statement's.
    public let subject: UTF8Text
    /// iat, seconds since 1970-01-01Z by the node's clock.
    public let issuedAtSeconds: UInt64
    /// Number of leaves of the ledger, which RFC 9942 alone does not sign.
    public let treeSize: UInt64
    /// Origin of the ledger.
    public let origin: UTF8Text
    /// Number of the batch's events whose bytes the node has durably stored.
    public let held: UInt64

    public init(
        keyID: Digest, node: NodeName, subject: UTF8Text, issuedAtSeconds: UInt64, treeSize: UInt64, held: UInt64
    ) {
        self.keyID = keyID
        self.node = node
        self.subject = subject
        self.issuedAtSeconds = issuedAtSeconds
        self.treeSize = treeSize
        origin = node.origin
        self.held = held
    }

    /// Takes the labels of a protected header; all are mandatory.
    init(_ header: ProtectedHeader) throws(FormatError) {
        try header.require(type: ReceiptHeader.type)
        try header.requireMerkleTree()
        keyID = try header.requireKeyID()
        guard let node = NodeName(issuer: try header.require(header.issuer, 15)) else {
            throw FormatError(.name, at: header.offset)
        }
        self.node = node
        subject = try header.require(header.subject, 15)
        issuedAtSeconds = try header.require(header.issuedAtSeconds, 15)
        treeSize = try header.require(header.treeSize, -70005)
        origin = try header.require(header.origin, -70006)
        held = try header.require(header.held, -70007)
    }

    /// The protected header's map, encoded.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter(reserving: 288)
        writer.beginMap(8)
        writer.writeAlgorithm()
        writer.write(UInt64(4))
        writer.write(keyID)
        writer.writeClaims(issuer: node.issuer, subject: subject, issuedAtSeconds: issuedAtSeconds)
        writer.write(UInt64(16))
        writer.write(ReceiptHeader.type)
        writer.write(UInt64(395))
        writer.write(UInt64(1))
        writer.write(Int64(-70005))
        writer.write(treeSize)
        writer.write(Int64(-70006))
        writer.write(origin)
        writer.write(Int64(-70007))
        writer.write(held)
        return writer.bytes
    }
}

/// A receipt that is well formed and not yet believed (section 5).
public struct UnverifiedReceipt: Sendable {
    /// The receipt as received.
    public let bytes: [UInt8]
    public let header: ReceiptHeader
    public let proof: InclusionProof
    public let signature: Signature
    let message: COSESign1

    /// Parses a receipt of at most 4,096 bytes with all its labels.
    ///
    /// - Throws: ``FormatError``; in evidence such a receipt is listed and does not count.
    public init(parsing bytes: [UInt8]) throws(FormatError) {
        message = try COSESign1(parsing: bytes, limit: Limits.receiptByteCount)
        header = try ReceiptHeader(message.header)
        guard message.payloadRange == nil else {
            throw FormatError(.unexpectedValue, at: message.unprotectedRange.upperBound)
        }
        proof = try InclusionProof(unprotectedOf: message)
        signature = message.signature
        self.bytes = bytes
    }

    /// The Sig_structure that a node's key signs.
    public static func bytesToSign(header: ReceiptHeader, root: Digest) -> [UInt8] {
        COSESign1.bytesToSign(protectedHeader: header.encoded()[...], payload: root.bytes[...])
    }

    /// Encodes a receipt from its parts.
    ///
    /// - Parameters:
    ///   - index: place of the statement in the ledger.
    ///   - path: its inclusion path at `header.treeSize` leaves.
    ///   - signature: over ``bytesToSign(header:root:)``.
    public static func encode(header: ReceiptHeader, index: UInt64, path: [Digest], signature: Signature) -> [UInt8] {
        COSESign1.encode(
            protectedHeader: header.encoded()[...],
            proof: InclusionProof(size: header.treeSize, index: index, path: path), payload: nil, signature: signature)
    }
}

/// A receipt that passed section 5's list: a node of the trust file has this statement in its ledger.
///
/// Made by ``UnverifiedReceipt/verified(for:trustFile:verifier:using:)`` only.
public struct Receipt: Sendable {
    /// The receipt as received.
    public let bytes: [UInt8]
    public let header: ReceiptHeader
    /// Place of the statement in the ledger.
    public let index: UInt64
    /// Root of the ledger at ``ReceiptHeader/treeSize`` leaves: two receipts of one origin and size must have the same.
    public let root: Digest

    /// The node that signed it.
    public var node: NodeName { header.node }
    /// Number of the batch's events whose bytes the node has durably stored.
    public var held: UInt64 { header.held }
}
