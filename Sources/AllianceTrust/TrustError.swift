/// Why something of the alliance's side was refused: a stable code to branch on, and what and where in words.
public struct TrustError: Error, Equatable, Sendable {
    /// The stable codes.
    public enum Code: String, Sendable, CaseIterable {
        /// A file cannot be written.
        case file
        /// A file cannot be read.
        case unreadable
        /// A file larger than what belongs there may be.
        case tooLarge
        /// A private key that others may read.
        case keyPermissions
        /// A private or public key that is not P-256, or not a key at all.
        case key
        /// A token, or its library, that does not have the key or does not sign.
        case token
        /// The PIN of a token: its source, or what the token said to it.
        case tokenPIN
        /// A certificate that cannot be parsed.
        case certificateForm
        /// A certificate that breaks a rule of wire-format.md, section 8.
        case certificateRule
        /// A certificate that no issuing certificate of the trust file signed.
        case certificateChain
        /// A registration or revocation that no issuing key of its firm signed, or that carries what that key did not issue.
        case registration
        /// A revocation list that cannot be parsed, or that no issuing certificate signed.
        case revocationList
        /// A trust file whose signature or rules of wire-format.md, section 9 fail.
        case trustFile
        /// A trust file that does not follow the one already held.
        case trustUpdate
        /// A draft of a trust file that must not be signed.
        case draft
        /// A name, address or number that does not belong where it was given.
        case argument
    }

    /// What to branch on.
    public let code: Code
    /// What is wrong and where, for people.
    public let message: String
    /// One step that mends it, where there is one.
    public let nextStep: String?

    public init(_ code: Code, _ message: String, nextStep: String? = nil) {
        self.code = code
        self.message = message
        self.nextStep = nextStep
    }
}

extension TrustError: CustomStringConvertible {
    public var description: String {
        guard let nextStep else { return message }
        return "\(message)\n  → \(nextStep)"
    }
}
