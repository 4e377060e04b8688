public import MerkleTree

/// A P-256 public key: the two coordinates, 32 bytes each.
///
/// Whether the point lies on the curve is for the ``SignatureVerifier`` to say.
public struct PublicKey: Hashable, Sendable {
    public let x: Digest
    public let y: Digest

    public init(x: Digest, y: Digest) {
        self.x = x
        self.y = y
    }

    /// Takes an uncompressed point of SEC 1: 04, x, y; nil for anything else.
    public init?(uncompressedPoint bytes: [UInt8]) {
        guard bytes.count == 65, bytes[0] == 4,
            let x = Digest(reading: bytes.span, at: 1), let y = Digest(reading: bytes.span, at: 33)
        else { return nil }
        self.init(x: x, y: y)
    }

    /// 04, x, y: 65 bytes (SEC 1).
    public var uncompressedPoint: [UInt8] {
        var bytes: [UInt8] = [4]
        bytes.reserveCapacity(65)
        x.append(to: &bytes)
        y.append(to: &bytes)
        return bytes
    }

    /// Key id of section 2: the RFC 9679 SHA-256 thumbprint, SHA-256 of the COSE_Key of the required members alone.
    public func keyID<Hash: HashFunction>(using hash: Hash.Type) -> Digest {
        var writer = CBORWriter(reserving: 75)
        write(to: &writer)
        return Hash.hash(writer.bytes)
    }

    /// Writes the COSE_Key `{1: 2, -1: 1, -2: x, -3: y}` (RFC 9053, section 7.1): EC2, P-256.
    public func write(to writer: inout CBORWriter) {
        writer.beginMap(4)
        writer.write(UInt64(1))
        writer.write(UInt64(2))
        writer.write(Int64(-1))
        writer.write(UInt64(1))
        writer.write(Int64(-2))
        writer.write(x)
        writer.write(Int64(-3))
        writer.write(y)
    }

    /// Reads a COSE_Key of type EC2 on P-256 with both coordinates in full. Other members (kid, alg, key_ops) are ignored.
    ///
    /// - Parameter depth: how many arrays and maps are open around the key.
    /// - Throws: ``FormatError`` for any other key.
    public init(reading reader: inout CBORReader, depth: Int) throws(FormatError) {
        let start = reader.position
        var type: CBORInteger?
        var curve: CBORInteger?
        var x: Digest?
        var y: Digest?
        var map = try LabelledMap(from: &reader, depth: depth)
        while let label = try map.nextLabel(from: &reader) {
            switch label {
            case 1: type = try reader.readInteger()
            case -1: curve = try reader.readInteger()
            case -2: x = try reader.readDigest()
            case -3: y = try reader.readDigest()
            default: try map.skipValue(from: &reader)
            }
        }
        guard type == .unsigned(2), curve == .unsigned(1), let x, let y else {
            throw FormatError(.publicKey, at: start)
        }
        self.init(x: x, y: y)
    }
}
