/// Why something well formed is not believed. Each case is a stable code; what is malformed gives a ``FormatError``.
public enum VerificationError: Error, Equatable, Sendable {
    /// The signature is not that of the key.
    case signature
    /// The path does not lead from the leaf to a root of the proof's size.
    case path
    // Receipts (section 5).
    /// The trust file has no node with this key.
    case unknownKey
    /// The node's key was not in force at the receipt's iat.
    case keyNotInForce
    /// iss is not the name of the node whose key it is.
    case issuer
    /// sub is not the statement's.
    case subject
    /// The origin is not that of the node's ledger.
    case origin
    /// The signed tree size is not the proof's.
    case treeSize
    /// The proof's index is not below its size.
    case index
    // Trust files (section 9).
    /// kid is not the root key's.
    case rootKey
    /// Another alliance than that of the file already held.
    case alliance
    /// Not newer than the file already held.
    case version
    /// The receipts needed are not more than half of the nodes in force.
    case noMajority
    /// A key that stands twice.
    case keyTwice
    /// A node, firm or origin that stands twice.
    case nameTwice
    /// The hash is not the one that was pinned.
    case pinnedHash
}
