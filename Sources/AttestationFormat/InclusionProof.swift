public import MerkleTree

/// An RFC 9162 inclusion proof as RFC 9942 carries it: `bstr .cbor [size, index, [* hash]]`.
public struct InclusionProof: Hashable, Sendable {
    /// Number of leaves of the tree.
    public let size: UInt64
    /// Place of the leaf, from 0.
    public let index: UInt64
    /// Sibling digests from the leaf upwards, at most 64.
    public let path: [Digest]

    public init(size: UInt64, index: UInt64, path: [Digest]) {
        self.size = size
        self.index = index
        self.path = path
    }

    /// Root that the proof leads to; nil when index, size and path do not fit together.
    public func root<Hash: HashFunction>(leafHash: Digest, using hash: Hash.Type) -> Digest? {
        MerkleTree<Hash>.root(fromInclusionPath: path, leafHash: leafHash, index: index, size: size)
    }

    /// Reads the content of the proof's byte string.
    init(reading reader: CBORReader) throws(FormatError) {
        var reader = reader
        try reader.readArray(3)
        size = try reader.readUnsigned()
        index = try reader.readUnsigned()
        path = try reader.readPath()
        try reader.finish()
    }

    /// Reads the one proof of an unprotected map that must be `{396: {-1: [bstr]}}` and nothing else (sections 4 and 5).
    init(unprotectedOf message: COSESign1) throws(FormatError) {
        var reader = CBORReader(message.bytes, range: message.unprotectedRange)
        let start = reader.position
        do throws(FormatError) {
            guard try reader.readMap() == 1 else { throw FormatError(.unprotectedHeader, at: start) }
            try reader.readUnsigned(396)
            guard try reader.readMap() == 1, try reader.readSigned() == -1 else {
                throw FormatError(.unprotectedHeader, at: start)
            }
            try reader.readArray(1)
        } catch {
            throw FormatError(.unprotectedHeader, at: error.offset)
        }
        try self.init(reading: reader.nested(try reader.readByteString()))
    }

    /// Writes the unprotected map that holds this proof alone.
    func writeUnprotected(to writer: inout CBORWriter) {
        var inner = CBORWriter(reserving: 24 + 34 * path.count)
        inner.beginArray(3)
        inner.write(size)
        inner.write(index)
        inner.write(path: path)
        writer.beginMap(1)
        writer.write(UInt64(396))
        writer.beginMap(1)
        writer.write(Int64(-1))
        writer.beginArray(1)
        writer.write(inner.bytes)
    }
}

extension CBORReader {
    /// Reads `[* hash]` of at most 64 hashes.
    mutating func readPath() throws(FormatError) -> [Digest] {
        let start = position
        let count = try readArray()
        guard count <= Limits.pathHashCount else { throw FormatError(.limitExceeded, at: start) }
        var path: [Digest] = []
        path.reserveCapacity(count)
        for _ in 0..<count { path.append(try readDigest()) }
        return path
    }
}

extension CBORWriter {
    /// Writes `[* hash]`.
    mutating func write(path: [Digest]) {
        beginArray(path.count)
        for digest in path { write(digest) }
    }
}
