public import AttestationFormat
internal import CPosixShims

/// What a command has of a token: a helper of its own does the work, and each answer is waited for, 30 s at most. A library that hangs, crashes
/// or ends its process ends the helper, and the command says so.
public final class TokenSession {
    private let signer: TokenSigner
    public let publicKey: PublicKey

    /// Finds the one key that a URI means, or makes it.
    ///
    /// - Parameter program: what is spawned as the helper.
    /// - Throws: ``TokenError``; its kind is `keyMissing` when there is none.
    public init(_ uri: TokenURI, isNew: Bool = false, program: UTF8Text = TokenSigner.ownProgram) throws(TokenError) {
        let signer = TokenSigner(uri, expecting: nil, order: isNew ? TokenMessage.makesKey : TokenMessage.findsKey, program: program)
        try signer.wait { signer.found != nil }
        guard let found = signer.found else { throw TokenError(.keyMissing, at: "") }
        self.signer = signer
        publicKey = found.publicKey
    }

    deinit { signer.stop() }

    /// Signs a message: ES256, verified, s made low.
    public func sign(_ message: [UInt8]) throws(TokenError) -> Signature {
        signer.begin(message, nowMilliseconds: TokenSigner.nowMilliseconds)
        var signature: Signature?
        try signer.wait {
            signature = signer.finish()
            return signature != nil
        }
        guard let signature else { throw TokenError(.signatureNotVerified, at: "") }
        return signature
    }

    /// Has a helper do an errand, by the number that `TokenHelper.run(errand:)` is given there.
    public static func answer(to errand: UInt8, about uri: TokenURI) throws(TokenError) -> TokenAnswer {
        let signer = TokenSigner(uri, expecting: nil, order: TokenMessage.firstErrand + errand)
        defer { signer.stop() }
        try signer.wait { signer.isDone }
        return signer.answer
    }
}

/// What came of an errand.
public struct TokenAnswer {
    /// Of 32 slots and 32 keys a report has a quarter of it.
    static let byteLimit = 65_536

    public var output: [UInt8]
    /// What is said beside it, at most 1,022 bytes.
    public var notes: [UInt8]
    /// An exit code.
    public var code: UInt8

    public init(output: [UInt8] = [], notes: [UInt8] = [], code: UInt8 = 0) {
        self.output = output
        self.notes = notes
        self.code = code
    }
}

extension TokenSigner {
    /// What a helper may be told to do: find the key that the URI means, or make it.
    public static var findsKey: UInt8 { TokenMessage.findsKey }
    public static var makesKey: UInt8 { TokenMessage.makesKey }

    public static var nowMilliseconds: UInt64 { UInt64(max(0, posix_boottime_milliseconds())) }

    /// Turns until something is there, or the time is over: for whoever may wait.
    ///
    /// - Throws: the first thing that keeps it from coming.
    public func wait(milliseconds: UInt64 = .max, until isThere: () -> Bool) throws(TokenError) {
        let start = Self.nowMilliseconds
        var isReadable = false
        while Self.nowMilliseconds &- start < milliseconds {
            advance(isReadable: isReadable, nowMilliseconds: Self.nowMilliseconds)
            if isThere() { return }
            if let failure { throw failure }
            var entry = posix_poll_entry(descriptor: descriptor, events: Int16(POSIX_POLL_IN), revents: 0)
            isReadable = posix_poll(&entry, 1, 100) > 0
        }
    }
}
