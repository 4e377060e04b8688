public import AttestationFormat
public import DeviceCrypto
public import SealToken

/// A key of the gateway's identity: the link's, always in a file, or the seal's, in a file or in a token, which may take seconds for each call.
public enum IdentityKey {
    case file(SigningKey)
    case token(TokenSession)

    public var publicKey: PublicKey {
        switch self {
        case .file(let key): key.publicKey
        case .token(let key): key.publicKey
        }
    }

    /// ES256 over SHA-256 of the message: verified, in low-s form.
    func sign(_ message: [UInt8]) throws(EnrolmentError) -> Signature {
        switch self {
        case .file(let key):
            do throws(DeviceCryptoError) { return try key.sign(message) } catch { throw .crypto(error) }
        case .token(let key):
            do throws(TokenError) { return try key.sign(message) } catch { throw .token(error) }
        }
    }
}
