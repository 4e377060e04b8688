public import AttestationFormat

/// What an operator should know now. Set when it happens, cleared when it ends; `status` puts it into words.
public struct Concerns: Sendable {
    /// The journal's latest failure, until a call succeeds.
    public internal(set) var journal: JournalProblem?
    /// The signer's latest failure, until a signature succeeds.
    public internal(set) var signingFailureCode: Int32?
    /// Why the latest epoch of this run was asked for.
    public internal(set) var epochReason: EpochReason?
    /// A newer trust file verified and could not be written.
    public internal(set) var trustFileNotStored = false
    /// Why the trust file that a node sent last is not taken, until one is. `version`, of an older one, only where there is nothing else.
    public internal(set) var trustFileRefusal: VerificationError?

    public init() {}
}
