public import AttestationFormat

extension Concerns {
    /// Why the trust file that a node sent last is not taken, in words; the one in force stays.
    public var trustFileRefusalWords: String? { trustFileRefusal?.trustFileWords.description }
}

extension VerificationError {
    /// What is wrong with a trust file, in words for who looks after a gateway.
    public var trustFileWords: StaticString {
        switch self {
        case .version: "it is older than the one in force"
        case .pinnedHash: "it is another file of the version in force"
        case .alliance: "it is another alliance's"
        case .rootKey: "it is signed under another root"
        case .noMajority: "the receipts needed are no majority"
        case .keyTwice: "two of its nodes have one key"
        case .nameTwice: "two of its nodes or firms have one name"
        default: "its signature is not the alliance's"
        }
    }
}

extension TrustFile {
    /// How many nodes' receipts a batch needs (section 9, quorum).
    var receiptsNeededCount: Int { Int(clamping: content.quorum.receiptsNeeded) }

    /// The names of all nodes, retired ones too.
    var nodeNames: [UTF8Text] {
        var names: [UTF8Text] = []
        for node in content.nodes { names.append(node.name.text) }
        return names
    }
}
