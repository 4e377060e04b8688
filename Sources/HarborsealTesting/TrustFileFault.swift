public import AttestationFormat

/// One way in which an update of a trust file is wrong (wire-format.md, section 9). Every holder refuses each of them, and says why:
/// the verifier's command, the node and the gateway. One table, so that none of them forgets one.
public enum TrustFileFault: String, CaseIterable, Sendable {
    case older
    case sameVersion
    case otherAlliance
    case changedByte
    case minorityQuorum
    case oneKeyForTwoNodes
    case oneNodeTwice
    case otherRoot

    /// What every holder's words for people have in them, and have for no other fault.
    public var words: [String] {
        switch self {
        case .older: ["older"]
        case .sameVersion: ["older", "another version", "another file of the version"]
        case .otherAlliance: ["alliance"]
        case .changedByte: ["signature"]
        case .minorityQuorum: ["majority"]
        case .oneKeyForTwoNodes: ["one key"]
        case .oneNodeTwice: ["one name", "stands twice"]
        case .otherRoot: ["another root"]
        }
    }

    /// Whether a message says it.
    public func isNamed(in message: String) -> Bool { words.contains { message.contains($0) } }

    /// Spoils the content of a good update of a file of version 2, before it is signed.
    public func spoil(_ content: inout TrustContent) {
        switch self {
        case .older: content.version = 1
        case .sameVersion: content.version = 2
        case .otherAlliance: rename(&content)
        case .minorityQuorum: content.quorum.receiptsNeeded = UInt64(content.nodes.count / 2)
        case .oneKeyForTwoNodes: content.nodes[1].keys = content.nodes[0].keys
        case .oneNodeTwice:
            content.nodes[1].name = content.nodes[0].name
            content.nodes[1].origin = content.nodes[0].origin
        case .changedByte, .otherRoot: break
        }
    }

    /// Whether another root signs it, under its own certificate.
    public var isOfOtherRoot: Bool { self == .otherRoot }

    /// Spoils the signed file.
    public func spoil(_ bytes: [UInt8]) -> [UInt8] {
        guard self == .changedByte, !bytes.isEmpty else { return bytes }
        // The end of the signature: everything before it says what it said.
        var changed = bytes
        changed[changed.count - 1] ^= 1
        return changed
    }

    private func rename(_ content: inout TrustContent) {
        guard let other = Name("elsewhere") else { return }
        content.alliance = other
        for index in content.nodes.indices {
            content.nodes[index].origin = NodeName(alliance: other, node: content.nodes[index].name).origin
        }
    }
}
