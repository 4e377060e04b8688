public import MerkleTree

/// What a gateway signs beside the root of a batch: `batch-header` of section 4.
public struct BatchHeader: Hashable, Sendable {
    /// typ of a batch.
    public static let type: UTF8Text = "vnd.harborseal.batch"

    /// kid: RFC 9679 thumbprint of the seal key.
    public let keyID: Digest
    /// iss, and with ``epoch`` sub.
    public let gateway: GatewayName
    public let epoch: Epoch
    /// iat, seconds since 1970-01-01Z by the gateway's clock; a hint, never the time that counts.
    public let issuedAtSeconds: UInt64
    /// Sequence of the first event.
    public let first: UInt64
    /// Number of events, 1 to 1,024.
    public let count: Int
    /// SHA-256 of the previous statement's bytes; zeros when none is known.
    public let previous: Digest

    /// - Throws: `limitExceeded` for a count of 0 or above 1,024, `sequenceOverflow` when first + count exceeds 2^63 - 1; both at offset 0.
    public init(
        keyID: Digest, gateway: GatewayName, epoch: Epoch, issuedAtSeconds: UInt64, first: UInt64, count: Int,
        previous: Digest
    ) throws(FormatError) {
        guard (1...Limits.batchEventCount).contains(count) else { throw FormatError(.limitExceeded, at: 0) }
        guard first <= Limits.sequenceEnd - UInt64(count) else { throw FormatError(.sequenceOverflow, at: 0) }
        self.keyID = keyID
        self.gateway = gateway
        self.epoch = epoch
        self.issuedAtSeconds = issuedAtSeconds
        self.first = first
        self.count = count
        self.previous = previous
    }

    /// Sequence after the last event: first + count, at most 2^63 - 1.
    public var next: UInt64 { first + UInt64(count) }

    /// sub: issuer, `/journal/`, epoch.
    public var subject: UTF8Text { gateway.subject(in: epoch) }

    /// Takes the labels of a protected header.
    init(_ header: ProtectedHeader) throws(FormatError) {
        try header.require(type: BatchHeader.type)
        try header.require(contentType: 42)
        try header.requireMerkleTree()
        let issuer = try header.require(header.issuer, 15)
        guard let gateway = GatewayName(issuer: issuer) else { throw FormatError(.name, at: header.offset) }
        let epoch = try BatchHeader.epoch(ofSubject: try header.require(header.subject, 15), gateway, at: header.offset)
        let claimedCount = try header.require(header.count, -70002)
        guard let count = Int(exactly: claimedCount) else { throw FormatError(.limitExceeded, at: header.offset) }
        do throws(FormatError) {
            try self.init(
                keyID: try header.requireKeyID(), gateway: gateway, epoch: epoch,
                issuedAtSeconds: try header.require(header.issuedAtSeconds, 15),
                first: try header.require(header.first, -70001), count: count,
                previous: try header.require(header.previous, -70003))
        } catch {
            throw FormatError(error.code, at: header.offset)
        }
    }

    /// The epoch at the end of a subject that must be this gateway's.
    private static func epoch(
        ofSubject subject: UTF8Text, _ gateway: GatewayName, at offset: Int
    ) throws(FormatError) -> Epoch {
        let prefix = gateway.issuer + "/journal/"
        guard subject.hasPrefix(prefix), let epoch = Epoch(textBytes: subject.bytes.dropFirst(prefix.byteCount)) else {
            throw FormatError(.name, at: offset)
        }
        return epoch
    }

    /// The protected header's map, encoded: what stands inside the protected bstr.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter(reserving: 288)
        writer.beginMap(9)
        writer.writeAlgorithm()
        writer.write(UInt64(3))
        writer.write(UInt64(42))
        writer.write(UInt64(4))
        writer.write(keyID)
        writer.writeClaims(issuer: gateway.issuer, subject: subject, issuedAtSeconds: issuedAtSeconds)
        writer.write(UInt64(16))
        writer.write(BatchHeader.type)
        writer.write(UInt64(395))
        writer.write(UInt64(1))
        writer.write(Int64(-70001))
        writer.write(first)
        writer.write(Int64(-70002))
        writer.write(UInt64(count))
        writer.write(Int64(-70003))
        writer.write(previous)
        return writer.bytes
    }
}

extension CBORWriter {
    /// `1: -7`, ES256.
    mutating func writeAlgorithm() {
        write(UInt64(1))
        write(Int64(-7))
    }

    /// `15: {1: iss, 2: sub, 6: iat}`, the CWT claims of RFC 9597.
    mutating func writeClaims(issuer: UTF8Text, subject: UTF8Text, issuedAtSeconds: UInt64) {
        write(UInt64(15))
        beginMap(3)
        write(UInt64(1))
        write(issuer)
        write(UInt64(2))
        write(subject)
        write(UInt64(6))
        write(issuedAtSeconds)
    }
}
