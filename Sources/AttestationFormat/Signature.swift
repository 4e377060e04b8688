public import MerkleTree

/// An ES256 signature in the one form that section 1 accepts: 64 bytes r||s, 0 < r < n, 0 < s ≤ n/2.
///
/// For every valid (r, s) the pair (r, n - s) is valid too; without the last rule a stranger could make a second valid
/// copy of any message.
public struct Signature: Hashable, Sendable {
    /// Bytes in every signature.
    public static let byteCount = 64

    public let r: Digest
    public let s: Digest

    /// Takes 64 bytes r||s.
    ///
    /// - Throws: `signatureLength`, `signatureRange` or `signatureHighS`, at offset 0.
    public init(validating bytes: [UInt8]) throws(FormatError) {
        try self.init(validating: bytes, range: 0..<bytes.count)
    }

    /// Takes the 64 bytes r||s of a range of `bytes`.
    init(validating bytes: [UInt8], range: Range<Int>) throws(FormatError) {
        guard range.count == Signature.byteCount,
            let r = Digest(reading: bytes.span, at: range.lowerBound),
            let s = Digest(reading: bytes.span, at: range.lowerBound + Digest.byteCount)
        else { throw FormatError(.signatureLength, at: range.lowerBound) }
        let rNumber = UInt256(r)
        let sNumber = UInt256(s)
        guard !r.isZero, !s.isZero, rNumber < .groupOrder, sNumber < .groupOrder else {
            throw FormatError(.signatureRange, at: range.lowerBound)
        }
        guard sNumber <= .halfGroupOrder else { throw FormatError(.signatureHighS, at: range.lowerBound) }
        self.r = r
        self.s = s
    }

    /// Takes 64 bytes r||s from a signer that does not care for the lower s, and replaces a higher s by n - s.
    ///
    /// For one's own signatures only: a received signature with a higher s is refused, never mended.
    ///
    /// - Throws: `signatureLength` or `signatureRange`.
    public init(normalizing bytes: [UInt8]) throws(FormatError) {
        guard bytes.count == Signature.byteCount, let s = Digest(reading: bytes.span, at: Digest.byteCount) else {
            throw FormatError(.signatureLength, at: 0)
        }
        let sNumber = UInt256(s)
        guard sNumber < .groupOrder else { throw FormatError(.signatureRange, at: 0) }
        var lowered = Array(bytes[0..<Digest.byteCount])
        if sNumber <= .halfGroupOrder {
            s.append(to: &lowered)
        } else {
            UInt256.groupOrder.subtracting(sNumber).append(to: &lowered)
        }
        try self.init(validating: lowered)
    }

    /// r||s, 64 bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Signature.byteCount)
        r.append(to: &bytes)
        s.append(to: &bytes)
        return bytes
    }
}
