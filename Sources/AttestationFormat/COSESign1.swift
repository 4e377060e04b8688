/// A COSE_Sign1 message as section 1 accepts it: tagged, ES256, alg in the protected header, low s (RFC 9052, section 4.2).
///
/// Keeps the received bytes; what is verified is always them. Which labels, payload and unprotected map a message must
/// have is for the type of the message to say: ``Statement``, ``EventProof``, ``UnverifiedReceipt``, ``UnverifiedTrustFile``.
public struct COSESign1: Sendable {
    /// The message as it was received, tag included.
    public let bytes: [UInt8]
    public let header: ProtectedHeader
    public let signature: Signature
    /// Content of the protected bstr.
    let protectedRange: Range<Int>
    /// The unprotected map, head included.
    let unprotectedRange: Range<Int>
    /// Content of the payload; nil when it is detached.
    let payloadRange: Range<Int>?

    /// Parses one message.
    ///
    /// - Parameter limit: most bytes that are looked at.
    /// - Throws: ``FormatError`` for whatever sections 1 and RFC 9052 do not allow.
    public init(parsing bytes: [UInt8], limit: Int) throws(FormatError) {
        guard bytes.count <= limit else { throw FormatError(.limitExceeded, at: 0) }
        var reader = CBORReader(bytes)
        try reader.readSign1Tag()
        try reader.readArray(4)
        protectedRange = try reader.readByteString()
        header = try ProtectedHeader(reading: reader.nested(protectedRange))
        let unprotectedStart = reader.position
        var map = try LabelledMap(from: &reader, depth: 1)
        while try map.nextLabel(from: &reader) != nil { try map.skipValue(from: &reader) }
        unprotectedRange = unprotectedStart..<reader.position
        payloadRange = try reader.readNull() ? nil : reader.readByteString()
        signature = try Signature(validating: bytes, range: try reader.readByteString())
        try reader.finish()
        self.bytes = bytes
    }

    /// The content of the protected bstr, as received.
    public var encodedHeader: ArraySlice<UInt8> { bytes[protectedRange] }

    /// The attached payload.
    public var payload: [UInt8]? {
        payloadRange.map { Array(bytes[$0]) }
    }

    /// The bytes under the signature, for the attached payload or for a detached one that is given here.
    ///
    /// - Parameters:
    ///   - detachedPayload: looked at only when no payload is attached.
    ///   - externalData: `external_aad`, empty in all messages of this format.
    public func bytesToVerify(detachedPayload: [UInt8] = [], externalData: [UInt8] = []) -> [UInt8] {
        COSESign1.bytesToSign(
            protectedHeader: bytes[protectedRange],
            payload: payloadRange.map { bytes[$0] } ?? detachedPayload[...],
            externalData: externalData)
    }

    /// The encoded Sig_structure (RFC 9052, section 4.4): what ES256 hashes and signs.
    public static func bytesToSign(
        protectedHeader: ArraySlice<UInt8>, payload: ArraySlice<UInt8>, externalData: [UInt8] = []
    ) -> [UInt8] {
        // Heads of four items take at most 5 bytes each at the sizes of this format.
        var writer = CBORWriter(reserving: 32 + protectedHeader.count + payload.count + externalData.count)
        writer.beginArray(4)
        writer.write("Signature1" as UTF8Text)
        writer.write(protectedHeader)
        writer.write(externalData)
        writer.write(payload)
        return writer.bytes
    }

    /// Encodes a message from its parts.
    ///
    /// - Parameters:
    ///   - proof: the one inclusion proof of the unprotected map (RFC 9942); nil leaves the map empty.
    ///   - payload: nil when it is detached.
    static func encode(
        protectedHeader: ArraySlice<UInt8>, proof: InclusionProof?, payload: ArraySlice<UInt8>?, signature: Signature
    ) -> [UInt8] {
        var writer = CBORWriter(reserving: 96 + protectedHeader.count + (payload?.count ?? 0))
        writer.writeSign1Tag()
        writer.beginArray(4)
        writer.write(protectedHeader)
        if let proof { proof.writeUnprotected(to: &writer) } else { writer.beginMap(0) }
        if let payload { writer.write(payload) } else { writer.writeNull() }
        writer.write(signature.bytes)
        return writer.bytes
    }

    /// Demands an empty unprotected map.
    func requireEmptyUnprotected() throws(FormatError) {
        var reader = CBORReader(bytes, range: unprotectedRange)
        guard try reader.readMap() == 0 else {
            throw FormatError(.unprotectedHeader, at: unprotectedRange.lowerBound)
        }
    }
}
