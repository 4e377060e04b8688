public import AttestationFormat
public import SmallFiles

/// Why a key, a signature or a certificate could not be used.
public final class DeviceCryptoError: Error, Equatable, Sendable {
    /// The stable codes.
    public enum Code: Equatable, Sendable {
        /// The file could not be read or written.
        case file(FileError)
        /// The key's file may be read or written by others than its owner; the payload is its mode.
        case keyReadableByOthers(permissions: UInt32)
        /// The key's file belongs to another user, who could read or change it whatever its mode; the payload is that user's id.
        case keyOwnedByAnother(user: UInt32)
        /// Not a private key in PEM, damaged, cut short, or locked by a password.
        case keyMalformed
        /// A private key of another kind or curve than P-256.
        case keyNotP256
        /// The public part in the file does not belong to the private part.
        case keyMismatch
        /// Too little memory.
        case noMemory
        /// The kernel gave no random bytes.
        case noRandom
        /// The signature could not be made.
        case signingFailed
        /// A signature was made and did not verify: a fault in memory or processor. It was not given out.
        case signatureNotVerified
        /// `finish` was called without `begin`, or `begin` twice.
        case signerOutOfOrder
        /// No certificate in PEM or DER.
        case certificateMalformed(offset: Int)
        /// The certificate's key is not on P-256.
        case certificateNotP256
    }

    /// What is wrong.
    public let code: Code
    /// The file concerned, where there is one.
    public let path: UTF8Text?

    public init(_ code: Code, path: UTF8Text? = nil) {
        self.code = code
        self.path = path
    }

    public static func == (one: DeviceCryptoError, other: DeviceCryptoError) -> Bool { one.code == other.code && one.path == other.path }

    /// What happened, where, and what to do, for people.
    public var message: String {
        if case .file(let error) = code { return error.message }
        guard let path else { return reason }
        return "\(path.string): \(reason)"
    }

    /// What happened and what to do, without the place.
    public var reason: String { explanation(path?.string ?? "FILE") }

    private func explanation(_ path: String) -> String {
        switch code {
        case .file(let error):
            return error.reason
        case .keyReadableByOthers(let permissions):
            return "the private key may be read or changed by others (mode \(octal(permissions))); mend it with: "
                + "chmod 600 \(path)"
        case .keyOwnedByAnother(let user):
            return "the private key belongs to user \(user), who can read and change it; mend it, as the user who runs this "
                + "program, with: chown \(SmallFile.effectiveUser) \(path)"
        case .keyMalformed:
            return "no readable private key in PEM: the file is damaged, cut short or locked by a password; "
                + "restore it, or enrol the device again"
        case .keyNotP256:
            return "the private key is not on curve P-256 (prime256v1); make one with: "
                + "openssl ecparam -name prime256v1 -genkey -noout -out \(path)"
        case .keyMismatch:
            return "the public part does not belong to the private part: the file is damaged; restore it"
        case .noMemory:
            return "not enough memory for a cryptographic operation"
        case .noRandom:
            return "the kernel gave no random bytes; check that getrandom is allowed for this process"
        case .signingFailed:
            return "the signature could not be made"
        case .signatureNotVerified:
            return "a fresh signature did not verify and was thrown away; test this machine's memory"
        case .signerOutOfOrder:
            return "the signer was asked out of order; this is a defect of the program"
        case .certificateMalformed(let offset):
            return "no readable certificate in PEM or DER (at byte \(offset))"
        case .certificateNotP256:
            return "the certificate's public key is not on curve P-256: harborseal device issue makes one that is"
        }
    }

    private func octal(_ permissions: UInt32) -> String {
        "0" + String(permissions, radix: 8)
    }
}
