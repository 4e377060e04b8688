public import MerkleTree

/// What was done, or asked for.
public enum AuditAction: String, Sendable, CaseIterable {
    case add
    case approve
    case reissue
    case replace
    case revoke
    case enrol
    case renew
    case list
    case statement
    case configure
    case policy
    /// A code of a firm that runs its own registry.
    case firmCode = "firm-code"
}

/// A row of the audit table. Rows are never changed or taken away; each names the hash of the one before.
public struct AuditEntry: Equatable, Sendable {
    /// From 1, without gaps.
    public let number: Int64
    public let atSeconds: Int64
    /// An operator, a gateway id, or `registry` for what it does by itself.
    public let who: String
    /// Where it came from: an address, or the ``LocalAccount`` of a command on the registry's own machine.
    public let address: String?
    public let action: AuditAction
    /// `<firm>.<device>`, where it is about one that is registered.
    public let gatewayID: String?
    /// `ok`, or the code of the refusal (``RegistryError/Code``).
    public let outcome: String
    /// In words: the certificate's serial number, the reason of a revocation, what was wrong with a request. No secret.
    public let detail: String
    /// SHA-256 over the row before and everything above.
    public let hash: Digest
}

/// The end of the audit table. Who notes it down can later see that nothing before it was changed or taken away.
public struct AuditHead: Equatable, Sendable {
    /// How many rows there are.
    public let count: Int64
    /// Hash of the last row; zeros when there is none.
    public let hash: Digest

    public init(count: Int64, hash: Digest) {
        self.count = count
        self.hash = hash
    }
}

/// What going through the audit table gave.
public enum AuditCheck: Equatable, Sendable {
    /// Every row fits the one before.
    case intact(AuditHead)
    /// This row is not what was written, or one before it is missing.
    case broken(atNumber: Int64, reason: String)
}
