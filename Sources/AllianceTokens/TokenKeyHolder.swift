public import AllianceTrust
public import AttestationFormat
internal import SealToken
internal import Synchronization

/// A key of the alliance in a token, named by a `pkcs11:` URI (RFC 7512): the root's, a firm's issuing key or the link CA's.
public final class TokenKeyHolder: OutsideSigner {
    /// As it was given.
    public let uri: String
    public let publicKey: PublicKey
    private let thread: TokenThread
    private let wasOpen = Atomic(false)
    /// Tokens whose PIN was refused, as ``token``: all keys of a token have one PIN, and a few wrong tries lock it.
    private static let refusedPINs = Mutex<Set<String>>([])

    /// Whether a text is meant as a token's URI, and not as a file's path.
    public static func isURI(_ text: String) -> Bool { TokenURI.isURI(UTF8Text(text)) }

    /// Finds the one key that the URI means, or makes it.
    ///
    /// - Parameters:
    ///   - isNew: make it in the token, where there must be none of that name.
    ///   - program: what is spawned as `PROGRAM token-helper`; nil: this program.
    /// - Throws: ``TrustError`` with code `token`, `tokenPIN`, or `argument` for a URI that is none.
    public init(opening uri: String, isNew: Bool = false, program: String? = nil) throws {
        self.uri = uri
        thread = TokenThread(
            try Self.parsed(uri), expecting: nil, isNew: isNew, patienceMilliseconds: Self.commandMilliseconds, program: Self.program(program))
        do {
            _ = try Self.ask(nil, thread, token: Self.token(of: uri))
        } catch {
            thread.close()
            throw TokenWords.error(error)
        }
        guard let found = thread.found else { throw TrustError(.token, "the token was there and has gone", nextStep: "try again") }
        publicKey = found.publicKey
    }

    /// The key that a certificate is for. The token is opened when a signature is asked for, and may be away until then.
    ///
    /// - Throws: ``TrustError`` with code `argument` for a URI that is none.
    public init(_ uri: String, of publicKey: PublicKey, program: String? = nil) throws {
        self.uri = uri
        self.publicKey = publicKey
        thread = TokenThread(
            try Self.parsed(uri), expecting: publicKey, isNew: false, patienceMilliseconds: Self.serverMilliseconds, program: Self.program(program))
    }

    deinit { thread.close() }

    /// What keeps the token from signing; nil when it is open, and has this very key. Waits for it.
    public func trouble() -> TrustError? {
        do throws(TokenError) {
            _ = try ask(nil)
            return nil
        } catch {
            // A mistake in a file, and nothing that mends itself.
            guard case .otherKey = error.code else { return TokenWords.error(error) }
            let told = TokenWords.error(error)
            return TrustError(.key, told.message, nextStep: told.nextStep)
        }
    }

    public func sign(_ message: [UInt8]) throws -> Signature {
        do throws(TokenError) {
            guard let signature = try ask(message) else { throw TokenError(.helperEnded, at: "the token") }
            return signature
        } catch {
            throw TokenWords.error(error)
        }
    }

    private func ask(_ message: [UInt8]?) throws(TokenError) -> Signature? {
        let signature = try Self.ask(message, thread, token: Self.token(of: uri), wasOpen: wasOpen.load(ordering: .relaxed))
        wasOpen.store(true, ordering: .relaxed)
        return signature
    }

    private static func ask(_ message: [UInt8]?, _ thread: TokenThread, token: String, wasOpen: Bool = false) throws(TokenError) -> Signature? {
        guard wasOpen || !refusedPINs.withLock({ $0.contains(token) }) else {
            throw TokenError(.pinWrong, at: "the token", "with another of its keys")
        }
        do throws(TokenError) {
            return try thread.ask(message)
        } catch {
            if error.needsPerson { _ = refusedPINs.withLock { $0.insert(token) } }
            throw error
        }
    }

    /// The URI without what names the key in the token.
    private static func token(of uri: String) -> String {
        let parts = uri.split(separator: "?", maxSplits: 1)
        let path = (parts.first ?? "").dropFirst("pkcs11:".count).split(separator: ";").filter { !$0.hasPrefix("object=") && !$0.hasPrefix("id=") }.sorted()
        return path.joined(separator: ";") + "?" + (parts.count > 1 ? parts[1] : "")
    }

    /// A person waits, and the slowest chip takes 5 s.
    private static let commandMilliseconds: UInt64 = 30_000
    /// A gateway waits, and tries again.
    private static let serverMilliseconds: UInt64 = 10_000

    private static func program(_ path: String?) -> UTF8Text { path.map { UTF8Text($0) } ?? TokenSigner.ownProgram }

    private static func parsed(_ text: String) throws -> TokenURI {
        let uri: TokenURI
        do throws(TokenURIError) {
            uri = try TokenURI(UTF8Text(text))
        } catch {
            throw TrustError(.argument, "this is no usable pkcs11 URI: \(error.reason)")
        }
        guard uri.modulePath != nil || uri.moduleName != nil else {
            throw TrustError(.argument, "the pkcs11 URI names no PKCS#11 library", nextStep: "add ?module-path= with its file, or ?module-name=")
        }
        return uri
    }
}
