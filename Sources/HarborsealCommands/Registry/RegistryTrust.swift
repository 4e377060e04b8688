internal import AllianceTrust
internal import AttestationFormat
internal import MerkleTree
internal import Synchronization

/// The trust file that a registry serves and follows: who the nodes are, and where.
final class RegistryTrust: Sendable {
    /// A node that takes ledger statements.
    struct Node: Equatable {
        let name: Name
        let url: String
    }

    private let path: String
    /// Every file that was in force, by its hash: an enrolment text names the one that it was made under.
    private let folder: String
    private let held: Mutex<TrustFile>

    init(path: String, folder: String) throws {
        self.path = path
        self.folder = folder
        let file = try TrustFileInput.verified(path)
        held = Mutex(file)
        try DurableFile.makeDirectory(folder, mode: 0o700)
        try keep(file.bytes)
    }

    /// The file with this SHA-256 in hex; nil: there never was one.
    func bytes(sha256 hash: String) throws -> [UInt8]? {
        guard let digits = Hexadecimal.bytes(of: UTF8Text(hash)), digits.count == Digest.byteCount else { return nil }
        let path = place(hash)
        return DurableFile.exists(path) ? try DurableFile.read(path, byteLimit: Limits.trustFileByteCount) : nil
    }

    private func keep(_ bytes: [UInt8]) throws {
        let path = place(Hexadecimal.text(of: SHA256.hash(bytes).bytes).string)
        if !DurableFile.exists(path) { try DurableFile.write(bytes, to: path) }
    }

    private func place(_ hash: String) -> String { "\(folder)/\(hash).hstrust" }

    var file: TrustFile { held.withLock { $0 } }

    /// Takes a newer file, if one lies there.
    ///
    /// - Returns: whether one was taken.
    /// - Throws: what is wrong with it; the one held stays.
    func refresh() throws -> Bool {
        let bytes = try DurableFile.read(path, byteLimit: Limits.trustFileByteCount)
        return try held.withLock { held in
            guard bytes != held.bytes else { return false }
            let update = try TrustFileVerifier.verify(bytes, asUpdateOf: held)
            try keep(bytes)
            held = update
            return true
        }
    }

    /// When each firm that leaves, or has left, does, in seconds since 1970.
    static func firmEnds(of file: TrustFile) -> [Name: Int64] {
        Dictionary(file.content.firms.compactMap { firm in firm.untilSeconds.map { (firm.name, Int64(clamping: $0)) } }) { first, _ in first }
    }

    /// The nodes that have a URL, and a key in force at some time to come.
    static func nodes(of file: TrustFile) -> [Node] {
        file.content.nodes.compactMap { node in
            guard let url = node.url?.string, node.keys.contains(where: { $0.untilSeconds == nil }) else { return nil }
            return Node(name: node.name, url: url)
        }
    }
}
