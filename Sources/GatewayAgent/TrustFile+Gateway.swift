import AttestationFormat

extension Concerns {
    /// Why the trust file that a node sent last is not taken, in words; the one in force stays.
    public var trustFileRefusalWords: String? {
        guard let trustFileRefusal else { return nil }
        switch trustFileRefusal {
        case .version: return "it is older than the one in force"
        case .alliance: return "it is another alliance's"
        case .rootKey: return "it is under another root than the one in force"
        case .noMajority: return "the receipts needed are no majority"
        case .keyTwice: return "two of its nodes have one key"
        case .nameTwice: return "two of its nodes or firms have one name"
        default: return "its signature is not the alliance's"
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
