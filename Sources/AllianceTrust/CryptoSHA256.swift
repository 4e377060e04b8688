internal import struct Crypto.SHA256
public import MerkleTree

/// SHA-256 (FIPS 180-4) by swift-crypto: the nodes' and verifiers' hash.
public enum SHA256: HashFunction {
    public static func hash(_ bytes: Span<UInt8>) -> Digest {
        var hasher = Crypto.SHA256()
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return finish(hasher)
    }

    public static func hash(prefix: UInt8, _ bytes: Span<UInt8>) -> Digest {
        var hasher = Crypto.SHA256()
        update(&hasher, with: prefix)
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return finish(hasher)
    }

    public static func hash(prefix: UInt8, _ left: Digest, _ right: Digest) -> Digest {
        var hasher = Crypto.SHA256()
        update(&hasher, with: prefix)
        left.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        right.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return finish(hasher)
    }

    private static func update(_ hasher: inout Crypto.SHA256, with byte: UInt8) {
        withUnsafeBytes(of: byte) { hasher.update(bufferPointer: $0) }
    }

    private static func finish(_ hasher: Crypto.SHA256) -> Digest {
        let result = hasher.finalize()
        return Digest { target in
            result.withUnsafeBytes { target.copyMemory(from: $0) }
        }
    }
}
