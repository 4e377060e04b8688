internal import CMbedTLSShims
public import MerkleTree

/// SHA-256 (FIPS 180-4) by mbedTLS. Nothing is allocated: the context is on the stack, the digest is written in place.
public enum SHA256: HashFunction {
    /// The hash of `bytes`.
    public static func hash(_ bytes: Span<UInt8>) -> Digest {
        Digest(filledBy: { target in
            bytes.withUnsafeBufferPointer { source in
                finish(hs_sha256(source.baseAddress, source.count, byteAddress(target)))
            }
        })
    }

    /// The hash of one byte followed by `bytes` (RFC 9162, 2.1.1: leaves).
    public static func hash(prefix: UInt8, _ bytes: Span<UInt8>) -> Digest {
        Digest(filledBy: { target in
            bytes.withUnsafeBufferPointer { source in
                finish(hs_sha256_prefixed(prefix, source.baseAddress, source.count, byteAddress(target)))
            }
        })
    }

    /// The hash of one byte followed by two digests (RFC 9162, 2.1.1: inner nodes).
    public static func hash(prefix: UInt8, _ left: Digest, _ right: Digest) -> Digest {
        var pair = (left, right)
        return Digest(filledBy: { target in
            withUnsafeBytes(of: &pair) { source in
                let start = source.baseAddress?.assumingMemoryBound(to: UInt8.self)
                finish(hs_sha256_prefixed(prefix, start, source.count, byteAddress(target)))
            }
        })
    }

    private static func byteAddress(_ buffer: UnsafeMutableRawBufferPointer) -> UnsafeMutablePointer<UInt8>? {
        buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }

    /// mbedTLS's SHA-256 fails only where a hardware driver does. Going on with a wrong hash would sign a lie.
    private static func finish(_ done: Bool) {
        precondition(done, "SHA-256 failed in mbedTLS: the hardware hash driver reports an error")
    }
}
