import AttestationFormat

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
