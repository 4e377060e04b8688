internal import AttestationFormat
internal import CPosixShims
internal import DeviceCrypto
internal import GatewayAgent
internal import SealToken

/// Joins the seal key to the state machine's port, and measures how long it keeps the thread.
final class SignerAdapter: SignerPort {
    private enum Key {
        case software(SigningKey)
        case token(TokenSigner)
    }

    private let key: Key
    private var blockedNanoseconds: Int64 = 0
    private var beginFailure: Bool = false
    /// The loop's time, for the token's deadlines.
    var nowMilliseconds: UInt64 = 0

    init(_ key: SigningKey) { self.key = .software(key) }
    init(_ token: TokenSigner) { key = .token(token) }

    /// The token that signs; nil of a key in a file.
    var token: TokenSigner? {
        guard case .token(let token) = key else { return nil }
        return token
    }

    func begin(_ message: [UInt8]) {
        let start = posix_monotonic_nanoseconds()
        beginFailure = false
        switch key {
        case .software(let key):
            do throws(DeviceCryptoError) { try key.begin(message) } catch { beginFailure = true }
        case .token(let token): token.begin(message, nowMilliseconds: nowMilliseconds)
        }
        blockedNanoseconds = posix_monotonic_nanoseconds() &- start
    }

    func finish() -> SigningProgress {
        if beginFailure { return .failed(code: 1) }
        let start = posix_monotonic_nanoseconds()
        let signature: Signature?
        switch key {
        case .software(let key):
            do throws(DeviceCryptoError) { signature = try key.finish() } catch { return .failed(code: 2) }
        case .token(let token): signature = token.finish()
        }
        blockedNanoseconds &+= posix_monotonic_nanoseconds() &- start
        guard let signature else { return .pending }
        return .finished(signature, blockedMicroseconds: UInt64(max(0, blockedNanoseconds / 1_000)))
    }

    /// A token's helper wakes the loop by itself.
    var askAgainMilliseconds: UInt64 { token == nil ? 20 : 1_000 }

    /// Moves a token's helper on; what it answered is there for the next ``finish()``.
    func serve(isReadable: Bool, nowMilliseconds: UInt64) {
        self.nowMilliseconds = nowMilliseconds
        guard case .token(let token) = key else { return }
        let start = posix_monotonic_nanoseconds()
        token.advance(isReadable: isReadable, nowMilliseconds: nowMilliseconds)
        // Verifying a signature is most of it.
        blockedNanoseconds &+= posix_monotonic_nanoseconds() &- start
    }
}
