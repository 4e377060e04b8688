internal import CMbedTLSShims
public import AttestationFormat
internal import MerkleTree

/// A P-256 private key in software: signs deterministically (RFC 6979) with blinding, in low-s form. The signature is the same with
/// blinding and without it: no test can show that it takes place, only the call to mbedTLS can.
///
/// Each signature is verified with the public key before it is given out: a flipped bit in memory must not leave the
/// machine as a bad signature, nor give the key away. Not for use from two threads at once.
///
/// `begin` and `finish` are the signer as a port: a token that takes seconds answers `finish` with nil until it is done.
/// This key is done at once.
public final class SigningKey {
    let handle: OpaquePointer
    /// The public part.
    public let publicKey: PublicKey
    private let verifier: P256Verifier
    private var pending: Digest?

    /// Makes a fresh key. ``save(to:)`` makes it last.
    public static func generate() throws(DeviceCryptoError) -> SigningKey {
        var handle: OpaquePointer?
        let result = hs_p256_key_generate(&handle)
        return try SigningKey(result, handle)
    }

    /// Reads a key from PEM (SEC 1 or PKCS #8, without password).
    ///
    /// - Throws: `keyMalformed`, `keyNotP256`, `keyMismatch`.
    public convenience init(pem: [UInt8]) throws(DeviceCryptoError) { try self.init(pem: pem, judgedBy: nil) }

    /// - Parameter judge: what verifies the signatures, if it is not this key's own: to a test another key's is a faulty machine.
    convenience init(pem: [UInt8], judgedBy judge: P256Verifier?) throws(DeviceCryptoError) {
        // mbedTLS wants the terminating zero counted; a zero inside would hide what follows it.
        guard !pem.contains(0) else { throw DeviceCryptoError(.keyMalformed) }
        var text: [UInt8] = []
        text.reserveCapacity(pem.count + 1)
        text.append(contentsOf: pem)
        text.append(0)
        var handle: OpaquePointer?
        let result = text.withUnsafeMutableBufferPointer { buffer in
            let result = hs_p256_key_parse(buffer.baseAddress, buffer.count, &handle)
            hs_wipe(buffer.baseAddress, buffer.count)
            return result
        }
        try self.init(result, handle, judgedBy: judge)
    }

    private init(
        _ result: hs_p256_key_result, _ made: OpaquePointer?, judgedBy judge: P256Verifier? = nil
    ) throws(DeviceCryptoError) {
        guard result == HS_P256_KEY_OK, let made else { throw DeviceCryptoError(SigningKey.code(of: result)) }
        guard let publicKey = SigningKey.publicKey(of: made), let verifier = judge ?? P256Verifier(publicKey: publicKey) else {
            hs_p256_key_free(made)
            throw DeviceCryptoError(.noMemory)
        }
        handle = made
        self.publicKey = publicKey
        self.verifier = verifier
    }

    deinit {
        hs_p256_key_free(handle)
    }

    /// Takes the message to sign. Exactly one `finish` that gives a signature or throws must follow.
    public func begin(_ message: [UInt8]) throws(DeviceCryptoError) {
        guard pending == nil else { throw DeviceCryptoError(.signerOutOfOrder) }
        pending = SHA256.hash(message.span)
    }

    /// The signature over the message given to `begin`; nil would mean "not yet", which this key never says.
    ///
    /// - Throws: `signatureNotVerified` on a fault of the machine; the same message may be tried again.
    public func finish() throws(DeviceCryptoError) -> Signature? {
        guard let digest = pending else { throw DeviceCryptoError(.signerOutOfOrder) }
        pending = nil
        return try signature(over: digest)
    }

    /// Signs in one step: about 0.75 ms and a verification of 1 ms on a server core with mbedTLS 2.28.
    public func sign(_ message: [UInt8]) throws(DeviceCryptoError) -> Signature {
        try signature(over: SHA256.hash(message.span))
    }

    private func signature(over digest: Digest) throws(DeviceCryptoError) -> Signature {
        var done = false
        var s = Digest()
        let r = Digest(filledBy: { r in
            s = Digest(filledBy: { s in
                done = digest.withUnsafeBytes { hs_p256_sign(handle, $0.start, r.start, s.start) }
            })
        })
        guard done else { throw DeviceCryptoError(.signingFailed) }
        let signature: Signature
        do throws(FormatError) {
            signature = try Signature(normalizing: r.bytes + s.bytes)
        } catch {
            throw DeviceCryptoError(.signatureNotVerified)
        }
        guard verifier.isValid(r: signature.r, s: signature.s, digest: digest) else {
            throw DeviceCryptoError(.signatureNotVerified)
        }
        return signature
    }

    private static func publicKey(of handle: OpaquePointer) -> PublicKey? {
        var done = false
        var y = Digest()
        let x = Digest(filledBy: { x in
            y = Digest(filledBy: { y in done = hs_p256_key_public(handle, x.start, y.start) })
        })
        return done ? PublicKey(x: x, y: y) : nil
    }

    private static func code(of result: hs_p256_key_result) -> DeviceCryptoError.Code {
        switch result {
        case HS_P256_KEY_NOT_P256: .keyNotP256
        case HS_P256_KEY_MISMATCH: .keyMismatch
        case HS_P256_KEY_NO_MEMORY: .noMemory
        case HS_P256_KEY_NO_RANDOM: .noRandom
        default: .keyMalformed
        }
    }
}
