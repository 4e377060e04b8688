/// A node of one alliance: issuer of receipts and keeper of a ledger (section 2).
public struct NodeName: Hashable, Comparable, Sendable {
    public let alliance: Name
    public let node: Name

    public init(alliance: Name, node: Name) {
        self.alliance = alliance
        self.node = node
    }

    /// Parses an issuer URI `hs:<alliance>/node/<node>`; nil for anything else.
    public init?(issuer: UTF8Text) {
        let prefix: UTF8Text = "node/"
        guard let parts = splitIssuer(issuer.bytes[...]), parts.rest.starts(with: prefix.bytes),
            let node = Name(bytes: parts.rest.dropFirst(prefix.byteCount))
        else { return nil }
        self.init(alliance: parts.alliance, node: node)
    }

    /// `hs:<alliance>/node/<node>`: iss of receipts.
    public var issuer: UTF8Text { "hs:" + alliance.text + "/node/" + node.text }

    /// `<alliance>/<node>`: origin of the node's ledger.
    public var origin: UTF8Text { alliance.text + "/" + node.text }

    public static func < (left: NodeName, right: NodeName) -> Bool { left.issuer < right.issuer }
}

extension NodeName: CustomStringConvertible {
    public var description: String { issuer.string }
}
