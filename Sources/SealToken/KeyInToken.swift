public import AttestationFormat
internal import CTokenShims

/// A key as `harborseal-agent token list` shows it.
public final class KeyInToken: Sendable {
    public let label: UTF8Text
    public let id: UTF8Text
    /// Whether it is an EC key on P-256; others cannot be the seal key.
    public let isP256: Bool
    /// Whether its bytes may leave the token; nil of a public key, the private one being invisible without login.
    public let canLeave: Bool?
    public let publicKey: PublicKey?

    init(label: UTF8Text, id: UTF8Text, isP256: Bool, canLeave: Bool?, publicKey: PublicKey?) {
        self.label = label
        self.id = id
        self.isP256 = isP256
        self.canLeave = canLeave
        self.publicKey = publicKey
    }
}

/// What of a token can be told without changing anything in it.
public final class TokenLook {
    public let module: TokenModule
    /// The slot whose token fits, or why none does.
    public let slot: TokenModule.Slot?
    public let trouble: TokenError?
    /// Whether the PIN was tried and is right.
    public let isLoggedIn: Bool
    /// Private keys after a login, otherwise public ones, at most 32.
    public let keys: [KeyInToken]

    /// How a look treats the PIN.
    public enum Login {
        /// It is not tried: public keys are all that is seen.
        case never
        /// It is tried unless a wrong one was given before: looking must not lock a token.
        case ifSafe
        /// It is tried.
        case always
    }

    /// Looks at the token that a URI means.
    ///
    /// - Throws: ``TokenError`` only when the module cannot be used; what is wrong with the token is in ``trouble``.
    public init(_ uri: TokenURI, login: Login) throws(TokenError) {
        let module = try TokenModule(uri)
        self.module = module
        var slot: TokenModule.Slot?
        var keys: [KeyInToken] = []
        var isLoggedIn = false
        var trouble: TokenError?
        do throws(TokenError) {
            let index = try module.slot(for: uri)
            slot = module.slots[index]
            if Self.tries(login, module.slots[index], uri) {
                _ = try module.logIn(uri, writable: false, isTriedAnyway: true)
                isLoggedIn = true
            } else {
                try module.check(hs_token_open(module.handle, index, false), at: module.slots[index].words)
            }
            keys = try module.keys(arePrivate: isLoggedIn || !module.slots[index].wantsPIN)
        } catch {
            trouble = error
        }
        self.slot = slot
        self.keys = keys
        self.isLoggedIn = isLoggedIn
        self.trouble = trouble
    }

    private static func tries(_ login: Login, _ slot: TokenModule.Slot, _ uri: TokenURI) -> Bool {
        switch login {
        case .never: false
        case .ifSafe: slot.wantsPIN && uri.pinSource != nil && !slot.hadWrongPIN && !slot.isLastTry && !slot.isLocked
        case .always: slot.wantsPIN
        }
    }

    /// What the token says of its PIN without being asked to try it.
    public func pinTrouble(_ uri: TokenURI) -> TokenError? {
        guard let slot, slot.wantsPIN else { return nil }
        if slot.isLocked { return TokenError(.pinLocked, at: slot.words) }
        guard let source = uri.pinSource else { return TokenError(.noPINSource, at: slot.words) }
        return slot.isLastTry ? TokenError(.pinLastTry, at: slot.words, "PIN of \(source.words)") : nil
    }

    /// The keys that a URI names among those seen.
    public func keys(of uri: TokenURI) -> [KeyInToken] {
        keys.filter { key in
            (uri.object.map { $0 == key.label } ?? true) && (uri.id.map { TokenURI.hexadecimal($0) == key.id } ?? true)
        }
    }
}

extension TokenModule {
    /// All keys of the open session's token.
    fileprivate func keys(arePrivate: Bool) throws(TokenError) -> [KeyInToken] {
        var count = 0
        try check(hs_token_find(handle, arePrivate, nil, 0, nil, 0, &count), at: path.string)
        return (0..<count).map { index in
            KeyInToken(
                label: .ofStranger(String(decoding: name(index, hs_token_key_label), as: UTF8.self)),
                id: TokenURI.hexadecimal(name(index, hs_token_key_id)), isP256: hs_token_key_is_p256(handle, index),
                canLeave: arePrivate ? hs_token_key_can_leave(handle, index) : nil, publicKey: publicKey(index))
        }
    }

    private func name(_ index: Int, _ read: (OpaquePointer?, Int, UnsafeMutablePointer<UInt8>?) -> Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(HS_TOKEN_NAME_CAPACITY))
        let count = bytes.withUnsafeMutableBufferPointer { read(handle, index, $0.baseAddress) }
        return Array(bytes[..<min(count, bytes.count)])
    }
}
