internal import CMbedTLSShims
public import AttestationFormat
internal import MerkleTree

/// ES256 verification (ECDSA with P-256 and SHA-256, RFC 9053 section 2.1) for one public key.
///
/// One verification takes about 1 ms on a server core with mbedTLS 2.28, the first of a key and a refused one 3 ms. Not for use from two threads at once.
public final class P256Verifier: SignatureVerifier {
    private let handle: OpaquePointer

    /// Nil if the point is not on the curve, or if memory is short.
    public init?(publicKey: PublicKey) {
        let made = publicKey.x.withUnsafeBytes { x in
            publicKey.y.withUnsafeBytes { y in
                hs_p256_verifier_new(
                    x.baseAddress?.assumingMemoryBound(to: UInt8.self), y.baseAddress?.assumingMemoryBound(to: UInt8.self))
            }
        }
        guard let made else { return nil }
        handle = made
    }

    deinit {
        hs_p256_verifier_free(handle)
    }

    /// Whether a signature in the strict form of wire-format.md, section 1 (low s) is this key's over `message`.
    public func isValid(_ signature: Signature, for message: [UInt8]) -> Bool {
        isValid(rawSignature: signature.bytes, for: message)
    }

    /// Whether 64 bytes r||s (IEEE P1363) are this key's signature over `message`, be s low or high.
    ///
    /// For conformance tests and foreign signatures; messages of this project go through ``Signature``, which refuses a
    /// high s. Any other length is refused.
    public func isValid(rawSignature: [UInt8], for message: [UInt8]) -> Bool {
        guard rawSignature.count == 2 * Digest.byteCount,
            let r = Digest(reading: rawSignature.span), let s = Digest(reading: rawSignature.span, at: Digest.byteCount)
        else { return false }
        return isValid(r: r, s: s, digest: SHA256.hash(message.span))
    }

    func isValid(r: Digest, s: Digest, digest: Digest) -> Bool {
        digest.withUnsafeBytes { digest in
            r.withUnsafeBytes { r in
                s.withUnsafeBytes { s in
                    hs_p256_verify(handle, digest.start, r.start, s.start)
                }
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The first byte's address, as C functions of bytes want it.
    var start: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}

extension UnsafeMutableRawBufferPointer {
    /// The first byte's address, as C functions of bytes want it.
    var start: UnsafeMutablePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}
