public import AttestationFormat

extension VerificationError {
    /// The rule that was broken, in words.
    public var words: String {
        switch self {
        case .signature: "the signature does not verify"
        case .path: "the proof does not lead from the leaf to a root"
        case .unknownKey: "the trust file has no node with this key"
        case .keyNotInForce: "the node's key was not in force at that time"
        case .issuer: "the issuer named is not the node whose key signed"
        case .subject: "it is for another subject"
        case .origin: "it is from another ledger than the node's"
        case .treeSize: "the signed tree size is not the proof's"
        case .index: "the proof's index is not below its size"
        case .rootKey: "it is not signed by the alliance's root key"
        case .alliance: "it is of another alliance"
        case .version: "its version is not higher than that of the file held"
        case .noMajority: "the receipts needed are not more than half of the nodes"
        case .keyTwice: "one key stands twice"
        case .nameTwice: "one name stands twice"
        case .pinnedHash: "its hash is not the one that was given"
        }
    }
}
