public import AttestationFormat
public import DeviceCrypto
internal import SealToken
public import SmallFiles

/// Why a gateway could not be enrolled, or its certificate not be renewed.
public final class EnrolmentError: Error, Equatable, Sendable {
    /// The stable codes.
    public enum Code: Equatable, Sendable {
        // What was typed.
        /// No enrolment text.
        case badText
        /// No code of 26 characters.
        case badCode
        /// No `https://HOST` or `https://HOST:PORT`.
        case badAddress
        // The way to the registry.
        case nameUnknown
        /// The payload is the system's errno.
        case unreachable(Int32)
        case noAnswer
        /// Closed before the answer was whole.
        case cutOff
        /// No TLS that this program speaks; the payload is an alert (negative) or mbedTLS's error.
        case noTLS(Int32)
        // The registry's identity.
        /// None of the registry's certificates has the hash of the enrolment text.
        case anchorUnknown
        case untrusted, otherName, expired, notYetValid, noServer
        // Its answers.
        /// This gateway's certificate is not accepted; the payload is the alert: 44 revoked, 45 expired.
        case identityRefused(UInt8)
        /// Somebody must approve first; ask again after so many seconds.
        case pending(Int)
        /// 401.
        case codeRefused
        /// 403: used up, expired, revoked, or another name; the detail says which.
        case forbidden
        /// 400.
        case requestRefused
        /// 403 for the seal key of a gateway that is enrolled, with a code.
        case otherIdentity
        /// 429: too many wrong codes; no time unlocks it.
        case codeLocked
        /// The link certificate ended because the name was enrolled with another key; the detail says when, or has the registry's words.
        case superseded
        /// 429; ask again after so many seconds, 0 if the registry names none.
        case tooManyTries(Int)
        /// 5xx.
        case unavailable(Int)
        /// Any other status.
        case unexpected(Int)
        /// No HTTP, or no certs-only message.
        case malformed
        case tooLarge
        /// Its trust file is not the one that was named, or another alliance's.
        case otherTrust
        /// The trust file that lies here, which the detail names, is none, or another alliance's.
        case heldTrust
        /// The gateway is enrolled elsewhere than the text says; the detail names what differs.
        case otherText
        // The certificate that it issued.
        case foreignIssuer, foreignKey, foreignName, wrongUsage, outOfDate
        /// A certificate of this gateway's, which the detail names, is on the registry's list.
        case sealRevoked, linkRevoked
        // This machine.
        /// One key would have both roles.
        case sameKey
        /// A key in a token was to be replaced, under the same name.
        case keyStays
        /// There is no link certificate to renew, or its key does not belong to it.
        case noIdentity
        /// Another enrolment or renewal is under way.
        case busy
        /// The agent runs with the keys that are to be replaced.
        case running
        /// A file, its medium, or its permissions; the detail has the path and the system's words.
        case file, fileMissing, noSpace
        /// Others may put files beside the keys; the detail has the path and what mends it.
        case openFolder
        /// A file of the enrolment cannot be made where it goes; the detail has its key in the configuration, its path and the system's words. The
        /// second is of the configuration's own part, whose folder is root's, the third of a medium that cannot be written, the fourth of a file
        /// that another user has where only its owner may put a new one in its place.
        case noPlace, noConfigurationPlace, readOnly, foreignFile
        /// A key or a certificate that cannot be used; the detail has the path and the reason.
        case crypto
        /// A token or the key in it; the detail names token and slot, the reason and the step. The payload: whether it is the PIN.
        case token(isPIN: Bool)
    }

    public let code: Code
    /// The host, the path, or the registry's own words, printable; may be empty.
    public let detail: UTF8Text

    public init(_ code: Code, _ detail: UTF8Text = "") {
        self.code = code
        self.detail = detail
    }

    public static func == (one: EnrolmentError, other: EnrolmentError) -> Bool { one.code == other.code && one.detail == other.detail }

    /// Whether the same request may well succeed later without anybody doing something here.
    public var isTemporary: Bool {
        switch code {
        case .nameUnknown, .unreachable, .noAnswer, .cutOff, .pending, .tooManyTries, .unavailable, .busy: true
        default: false
        }
    }

    /// Whether the registry refused a code, or what it was shown with: nothing was issued.
    public var isRefusal: Bool { code == .codeRefused || code == .forbidden || code == .codeLocked }

    // One text instead of the error that it came from: what is thrown through twenty functions is copied in each of them.
    @inline(never)
    public static func file(_ error: FileError) -> EnrolmentError {
        // A file of that size is another one than was meant: no right and no medium would help.
        let code: Code = error.code == .tooLarge ? .crypto : error.isNotFound ? .fileMissing : error.isNoSpace ? .noSpace : .file
        return EnrolmentError(code, UTF8Text(error.message))
    }

    @inline(never)
    public static func crypto(_ error: DeviceCryptoError) -> EnrolmentError {
        if case .file(let file) = error.code { return .file(file) }
        return EnrolmentError(.crypto, UTF8Text(error.message))
    }

    @inline(never)
    static func token(_ error: TokenError) -> EnrolmentError {
        EnrolmentError(.token(isPIN: error.concernsPIN), UTF8Text(error.message))
    }
}
