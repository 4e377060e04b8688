public import AttestationFormat
internal import CTokenShims
internal import DeviceCrypto
internal import MerkleTree

/// A P-256 private key in a token, with a session that is logged in: signs as ``SigningKey`` does, in low-s form, and gives out no signature
/// that did not verify with the public part. Each call may take as long as the token likes, and the library may do anything to its process: only a
/// ``TokenHelper`` has one. The agent's loop has ``TokenSigner`` instead, a command ``TokenSession``.
public final class TokenKey {
    private let module: TokenModule
    /// The place in the module's table of found keys.
    private let index: Int
    private let verifier: P256Verifier
    public let publicKey: PublicKey
    /// The slot and the token in it.
    public let slot: TokenModule.Slot
    /// As people name it.
    public let place: String

    /// Finds the one key that a URI means.
    ///
    /// - Parameters:
    ///   - isTriedAnyway: log in even if one more wrong PIN locks the token: a person asks for it.
    /// - Throws: ``TokenError``; `keyMissing` when there is none.
    public convenience init(_ uri: TokenURI, isTriedAnyway: Bool = false) throws(TokenError) {
        let module = try TokenModule(uri)
        let slotIndex = try module.logIn(uri, writable: false, isTriedAnyway: isTriedAnyway)
        try self.init(module, slotIndex, uri)
    }

    private init(_ module: TokenModule, _ slotIndex: Int, _ uri: TokenURI) throws(TokenError) {
        let slot = module.slots[slotIndex]
        let place = uri.words(of: slot)
        let count = try module.find(uri, isPrivate: true)
        let fitting = (0..<count).filter { hs_token_key_is_p256(module.handle, $0) }
        guard count > 0 else { throw TokenError(.keyMissing, at: place) }
        guard let index = fitting.first else { throw TokenError(.keyNotP256, at: place) }
        guard fitting.count == 1 else { throw TokenError(.severalKeys(count: fitting.count), at: place) }
        guard let publicKey = module.publicKey(index), let verifier = P256Verifier(publicKey: publicKey) else {
            throw TokenError(.noPublicKey, at: place)
        }
        self.module = module
        self.index = index
        self.publicKey = publicKey
        self.verifier = verifier
        self.slot = slot
        self.place = place
    }

    /// Makes the key that a URI names: P-256, in the token, signing only, not extractable.
    ///
    /// - Throws: `keyExists` when one is there, `keyNameless` when the URI has no `object`.
    public static func make(_ uri: TokenURI) throws(TokenError) -> TokenKey {
        let module = try TokenModule(uri)
        let slotIndex = try module.logIn(uri, writable: true, isTriedAnyway: false)
        let place = uri.words(of: module.slots[slotIndex])
        guard let label = uri.object else { throw TokenError(.keyNameless, at: place) }
        guard try module.find(uri, isPrivate: true) == 0 else { throw TokenError(.keyExists, at: place) }
        // Public and private key belong together by their id: without one in the URI it is drawn, as RFC 7512 URIs of others may need it.
        var id = uri.id ?? []
        if uri.id == nil {
            do throws(DeviceCryptoError) { id = try SecureRandom.bytes(count: 8) } catch { throw TokenError(.noMemory, at: place) }
        }
        let result = label.bytes.withUnsafeBufferPointer { label in
            id.withUnsafeBufferPointer { id in
                hs_token_generate(module.handle, label.baseAddress, label.count, id.baseAddress, id.count)
            }
        }
        try module.check(result, at: place)
        let key = try TokenKey(module, slotIndex, uri)
        // What it was asked for and what it made are two things.
        guard !hs_token_key_can_leave(module.handle, key.index), hs_token_key_read(module.handle, key.index) != HS_TOKEN_OK else {
            throw TokenError(.keyCanLeave, at: place)
        }
        return key
    }

    /// Signs a message: ES256, verified, s made low.
    public func sign(_ message: [UInt8]) throws(TokenError) -> Signature {
        let raw = try sign(digest: SHA256.hash(message.span))
        guard let signature = TokenKey.judged(raw, message, verifier) else { throw TokenError(.signatureNotVerified, at: place) }
        return signature
    }

    /// r||s over a digest as the token gave it: neither verified nor normal.
    func sign(digest: Digest) throws(TokenError) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Signature.byteCount)
        let result = signature.withUnsafeMutableBufferPointer { out in
            digest.withUnsafeBytes { digest in
                hs_token_sign(
                    module.handle, index, digest.baseAddress?.assumingMemoryBound(to: UInt8.self), out.baseAddress,
                    out.baseAddress.map { $0 + Digest.byteCount })
            }
        }
        try module.check(result, at: place)
        return signature
    }

    /// What a token gave, with the lower s; nil if it is not the key's signature over the message.
    static func judged(_ raw: [UInt8], _ message: [UInt8], _ verifier: P256Verifier) -> Signature? {
        do throws(FormatError) {
            let signature = try Signature(normalizing: raw)
            return verifier.isValid(signature, for: message) ? signature : nil
        } catch {
            return nil
        }
    }
}

extension TokenModule {
    /// Opens a session with the token that a URI means, and logs in if the token wants it. Returns the slot's place.
    func logIn(_ uri: TokenURI, writable: Bool, isTriedAnyway: Bool) throws(TokenError) -> Int {
        let index = try slot(for: uri)
        let slot = slots[index]
        let place = slot.words
        try check(hs_token_open(handle, index, writable), at: place)
        guard slot.wantsPIN else { return index }
        guard !slot.isLocked else { throw TokenError(.pinLocked, at: place) }
        guard let source = uri.pinSource else { throw TokenError(.noPINSource, at: place) }
        guard !slot.isLastTry || isTriedAnyway else { throw TokenError(.pinLastTry, at: place, "PIN of \(source.words)") }
        let pin = try TokenPIN(source)
        let result = pin.use { hs_token_login(handle, $0, $1) }
        if result == HS_TOKEN_PIN_WRONG { throw TokenError(.pinWrong, at: place, "of \(source.words)") }
        try check(result, at: place)
        return index
    }

    /// Finds the keys that a URI names: how many.
    func find(_ uri: TokenURI, isPrivate: Bool) throws(TokenError) -> Int {
        var count = 0
        let label = uri.object?.bytes ?? []
        let id = uri.id ?? []
        let result = label.withUnsafeBufferPointer { label in
            id.withUnsafeBufferPointer { id in
                hs_token_find(
                    handle, isPrivate, uri.object == nil ? nil : label.baseAddress, label.count, uri.id == nil ? nil : id.baseAddress,
                    id.count, &count)
            }
        }
        try check(result, at: path.string)
        return count
    }

    /// The public part of a found key.
    func publicKey(_ index: Int) -> PublicKey? {
        var point = [UInt8](repeating: 4, count: 65)
        let result = point.withUnsafeMutableBufferPointer { out in
            hs_token_key_public(handle, index, out.baseAddress.map { $0 + 1 }, out.baseAddress.map { $0 + 33 })
        }
        return result == HS_TOKEN_OK ? PublicKey(uncompressedPoint: point) : nil
    }
}

extension TokenURI {
    /// The key and where it is, for messages.
    func words(of slot: TokenModule.Slot) -> String {
        if let object { return "key \"\(object.string)\" of \(slot.words)" }
        return "key\(id.map { " " + TokenURI.hexadecimal($0).string } ?? "") of \(slot.words)"
    }
}
