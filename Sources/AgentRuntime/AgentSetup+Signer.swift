internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import DeviceCrypto
internal import SealToken
internal import SmallFiles

extension AgentSetup {
    /// A token that is asked for its public key at the start, since no certificate tells it, gets this long.
    private static var tokenPatienceMilliseconds: UInt64 { 10_000 }

    /// The seal key, ready to sign or on its way: a token may be slow, absent or locked, and nothing but the first statement waits for it.
    static func signer(
        _ seal: AgentConfiguration.Seal, name: GatewayName
    ) throws(SetupError) -> (signer: SignerAdapter, publicKey: PublicKey) {
        switch seal.key {
        case .file(let path):
            let key = try sealKey(path)
            return (SignerAdapter(key), key.publicKey)
        case .token(let uri):
            // The certificate names the key, so that the gateway has its identity while the token is away.
            let certificate = try? UnverifiedCertificate.load(from: seal.certificateFile)
            let certified = certificate.flatMap { $0.subjectURI == name.issuer ? $0.publicKey : nil }
            let token = TokenSigner(uri, expecting: certified)
            var publicKey = certified
            if publicKey == nil { publicKey = try Self.publicKey(of: token) }
            guard let publicKey else {
                throw SetupError(
                    .noInput, "the seal key cannot be used: the token of \(uri.text.string) gave no answer within 10 s: check the device, or enrol first")
            }
            return (SignerAdapter(token), publicKey)
        }
    }

    /// Waits for a token's answer; nil when none came in time.
    private static func publicKey(of token: TokenSigner) throws(SetupError) -> PublicKey? {
        let start = UInt64(max(0, posix_boottime_milliseconds()))
        var now = start
        var isReadable = false
        while now &- start < tokenPatienceMilliseconds {
            token.advance(isReadable: isReadable, nowMilliseconds: now)
            if let found = token.found { return found.publicKey }
            if let trouble = token.trouble {
                throw SetupError(
                    token.isStopped ? .configuration : .noInput, "the seal key cannot be used: \(trouble)", needsPerson: token.isStopped)
            }
            var entry = posix_poll_entry(descriptor: token.descriptor, events: Int16(POSIX_POLL_IN), revents: 0)
            _ = posix_poll(&entry, 1, 100)
            isReadable = entry.revents != 0
            now = UInt64(max(0, posix_boottime_milliseconds()))
        }
        return nil
    }

    private static func sealKey(_ path: UTF8Text) throws(SetupError) -> SigningKey {
        do throws(DeviceCryptoError) {
            return try SigningKey.load(from: path)
        } catch {
            var code = ExitCode.noPermission
            if case .file(let cause) = error.code, cause.isNotFound { code = .noInput }
            throw SetupError(code, "the seal key cannot be used: \(error.message)")
        }
    }
}
