internal import AgentConfiguration
internal import AttestationFormat
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
        do throws(TokenError) {
            try token.wait(milliseconds: tokenPatienceMilliseconds) { token.found != nil }
        } catch {
            throw SetupError(
                token.isStopped ? .configuration : .noInput, "the seal key cannot be used: \(error.message)", needsPerson: token.isStopped)
        }
        return token.found?.publicKey
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
