internal import AllianceTrust
internal import AnchorNode
internal import AttestationFormat
internal import CPosixShims
internal import Logging
internal import MerkleTree

/// A node's store, taken for this process alone, and the mind on top of it; without brokers.
struct OpenedNode {
    let store: SQLiteStore
    let metrics = NodeMetrics()
    let core: NodeCore<SQLiteStore>
    private let lock: StoreLock

    /// - Throws: `NodeError` when another process has the store, or the store contradicts itself; what reading the trust file throws.
    init(_ configuration: NodeConfiguration, settings: NodeSettings, logger: Logger) async throws {
        try DurableFile.makeDirectory(configuration.dataPath)
        lock = try StoreLock(folder: configuration.dataPath)
        do {
            let trustFile = try DurableFile.read(configuration.trustPath)
            store = try SQLiteStore(
                path: configuration.dataPath + "/ledger.sqlite", origin: settings.name.origin.string, keyID: settings.key.keyID,
                formerKeyIDs: Self.formerKeyIDs(settings, trustFile))
            core = try await NodeCore(
                settings: settings, trustFile: trustFile, store: store, metrics: metrics,
                clock: NodeClock { posix_realtime_milliseconds() }, logger: logger)
        } catch {
            lock.release()
            throw error
        }
    }

    /// The other keys that the trust file has for this node. That the file may be used is for the node's core to find out, which
    /// makes the ledger this key's only then.
    private static func formerKeyIDs(_ settings: NodeSettings, _ trustFile: [UInt8]) -> Set<Digest> {
        guard let file = try? TrustFileVerifier.verify(trustFile), file.content.alliance == settings.name.alliance,
            let node = file.content.nodes.first(where: { $0.name == settings.name.node })
        else { return [] }
        return Set(node.keys.map { $0.publicKey.keyID(using: SHA256.self) })
    }

    /// Call it once, at the end.
    func close() {
        try? store.close()
        lock.release()
    }
}
