internal import AttestationFormat
public import SmallFiles

/// Why a key in a token could not be found, made or used: what happened, in which token and slot, and what to do.
public final class TokenError: Error, Equatable, Sendable {
    /// The stable codes.
    public enum Code: Equatable, Sendable {
        /// No library lies at the module's path, or the loader refuses it.
        case libraryMissing
        /// No library of the module's name was found.
        case moduleNotFound
        /// The library is no PKCS#11 module of version 2.
        case notModule
        /// The module does not start.
        case moduleFailed
        /// No token fits the URI.
        case noToken
        /// More than one token fits it.
        case severalTokens(count: Int)
        /// The token was taken out.
        case absent
        /// The token wants a PIN and the URI names no source of it.
        case noPINSource
        /// The PIN's file cannot be read.
        case pinFile(FileError)
        /// The PIN's file may be read by others, or belongs to another user.
        case pinFileOpen
        /// The environment has no such variable.
        case pinNotSet
        /// No PIN stands there, or one of more than 128 bytes or with control characters.
        case pinMalformed
        /// The token refused the PIN.
        case pinWrong
        /// The next wrong PIN locks the token; it was not tried.
        case pinLastTry
        case pinLocked
        /// The PIN has expired or was never set.
        case pinUnusable
        case keyMissing
        case severalKeys(count: Int)
        case keyNotP256
        /// A key that fits is there already; `make-key` makes no second one.
        case keyExists
        /// The token made a key that it gives out.
        case keyCanLeave
        /// The URI does not say how the new key is to be called.
        case keyNameless
        /// The token shows no public key beside the private one.
        case noPublicKey
        /// A signature did not verify with the key's public part.
        case signatureNotVerified
        case sessionLost
        case readOnly
        case full
        case unable
        case noMemory
        /// The token or its module failed otherwise.
        case failed
        /// The helper process could not be started.
        case helperNotStarted(errno: Int32)
        /// It ended without an answer.
        case helperEnded
        /// It gave no answer in time, and was ended.
        case helperLate
        /// The key in the token is not the one that the seal certificate is for.
        case otherKey
        /// A helper said so: the place is what happened and where, the detail the step.
        case reported(Kind)
    }

    /// What the one who asked must tell apart.
    public enum Kind: UInt8, Equatable, Sendable {
        case other
        /// The PIN, its source or what keeps it from being tried.
        case pin
        /// Trying again by itself could lock the token.
        case needsPerson
        case keyMissing
    }

    /// What is wrong.
    public let code: Code
    /// Token and slot, or the module, as people name them.
    public let place: String
    /// Further words: the loader's, what there is instead, or the PKCS#11 code.
    public let detail: String

    public init(_ code: Code, at place: String, _ detail: String = "") {
        self.code = code
        self.place = place
        self.detail = detail
    }

    public static func == (one: TokenError, other: TokenError) -> Bool {
        one.code == other.code && one.place == other.place && one.detail == other.detail
    }

    public var kind: Kind {
        switch code {
        case .reported(let kind): kind
        case .pinWrong, .pinLastTry, .pinLocked, .pinUnusable: .needsPerson
        case .noPINSource, .pinFile, .pinFileOpen, .pinNotSet, .pinMalformed: .pin
        case .keyMissing: .keyMissing
        default: .other
        }
    }

    /// Whether trying again by itself could lock the token: only a person may start it anew.
    public var needsPerson: Bool { kind == .needsPerson }

    /// Whether it is about the PIN.
    public var concernsPIN: Bool { kind == .pin || kind == .needsPerson }

    /// What happened, where, and one step.
    public var message: String {
        let step = step
        return step.isEmpty ? told : told + ": " + step
    }

    /// What happened, and where.
    public var told: String {
        if case .reported = code { return place }
        return place.isEmpty ? happened : place + ": " + happened
    }

    /// What a helper reports: behind the last `|` stands the step, which may be empty.
    var report: String { told + "|" + step }

    /// What a helper said.
    convenience init(_ kind: Kind, reporting words: [UInt8]) {
        let bytes = UTF8Text.ofStranger(String(decoding: words, as: UTF8.self)).bytes
        let end = bytes.lastIndex(of: UInt8(ascii: "|")) ?? bytes.count
        self.init(.reported(kind), at: String(decoding: bytes[..<end], as: UTF8.self), String(decoding: bytes[end...].dropFirst(), as: UTF8.self))
    }
}

extension TokenError {
    /// What happened, and the step that mends it; `^` is a count, an errno or this user.
    private var form: StaticString {
        switch code {
        case .libraryMissing: "the PKCS#11 library cannot be loaded|install its package, or correct module-path in [seal] key"
        case .moduleNotFound: "no PKCS#11 library of this name was found|install its package, or give module-path instead of module-name"
        case .notModule: "this library is no PKCS#11 module of version 2|name the module that came with the token"
        case .moduleFailed: "the PKCS#11 library does not start|check that its device is there, and that user ^ may open it and the library's own files"
        case .noToken: "no token fits [seal] key|insert the token, or correct the names: harborseal-agent token list shows what is there"
        case .severalTokens: "^ tokens fit [seal] key|add serial= or slot-id= of the right one: harborseal-agent token list shows them"
        case .absent: "the token is not there any more|insert it again; nothing is lost meanwhile"
        case .noPINSource: "the token wants a PIN|write it into a file of mode 0600, and add ?pin-source=file:PATH (behind a ? already there: &) to [seal] key"
        case .pinFile: "the file with the PIN cannot be read|write it there, readable for user ^ alone"
        case .pinFileOpen: "the file with the PIN is not this user's alone|chmod 600 it, and chown it to user ^"
        case .pinNotSet: "the environment has no PIN|set the variable that pin-source names"
        case .pinMalformed: "no usable PIN stands there|write it alone on one line, 1 to 128 printable characters"
        case .pinWrong:
            "the token refused the PIN|correct it, then restart harborseal-agent if it runs: it tries a PIN once a start, since a few wrong ones lock the token"
        case .pinLastTry: "one more wrong PIN locks the token, so it was not tried|make sure of the PIN, then try it with harborseal-agent token login"
        case .pinLocked:
            "the token is locked after too many wrong PINs|its security officer sets a new PIN, for example with pkcs11-tool --login-type so --init-pin"
        case .pinUnusable: "the token's user PIN is not set or has expired|set it with the token's own tool, for example pkcs11-tool --init-pin"
        case .keyMissing: "no private key fits [seal] key|make it with harborseal-agent token make-key, or correct object= and id="
        case .severalKeys: "^ private keys fit [seal] key|add object= or id= of the right one: harborseal-agent token list shows them"
        case .keyNotP256: "the key is not on curve P-256|make one that is, under another name, with harborseal-agent token make-key"
        case .keyExists: "a key of this name is there already|use it, or give object= or id= another value for a new one"
        case .keyCanLeave: "the token made a key whose bytes can leave it|remove it, and use a token that keeps keys"
        case .keyNameless: "the new key has no name|add object= to [seal] key, for example object=seal"
        case .noPublicKey: "the token shows no public key with the same id|make key pairs with harborseal-agent token make-key, or import the public part"
        case .signatureNotVerified:
            "a signature did not verify with the public key beside the private one and was thrown away|check that both keys of this name are one pair"
        case .sessionLost: "the session with the token was lost|"
        case .readOnly: "the token is write-protected|make the key on a token that can be written"
        case .full: "the token has no room|remove what it no longer needs"
        case .unable: "the token does not do ECDSA on P-256 with this key|use a token and a key that do: harborseal-agent token list shows both"
        case .noMemory: "not enough memory for the token's module|"
        case .failed: "the token or its module failed|check the device; it is tried again"
        case .helperNotStarted: "the helper process cannot be started (error ^)|free memory or processes; it is tried again"
        case .helperEnded: "the token's library ended its helper process without an answer|check the device; if it goes on, look for a newer library of the token's maker"
        case .helperLate: "the token did not answer in time, and its helper was ended|check the device, then try again; a running agent does so by itself"
        case .reported: ""
        case .otherKey: "the key in the token is not the one of the seal certificate|correct [seal] key, or put the certificate of this very key there"
        }
    }

    private var number: Int64 {
        switch code {
        case .severalTokens(let count), .severalKeys(let count): Int64(count)
        case .helperNotStarted(let errno): Int64(errno)
        default: Int64(SmallFile.effectiveUser)
        }
    }

    /// What happened, without the place.
    public var happened: String {
        let words = MessageForm.filled(form, number: number)
        return detail.isEmpty ? words : words + " (" + detail + ")"
    }

    /// One step that mends it; empty where it is tried again by itself.
    public var step: String {
        if case .reported = code { return detail }
        return MessageForm.filled(form, isStep: true, number: number)
    }
}
