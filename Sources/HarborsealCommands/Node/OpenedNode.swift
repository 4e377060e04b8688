internal import AllianceTrust
internal import AnchorNode
internal import AttestationFormat
internal import CPosixShims
internal import Logging

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
            store = try SQLiteStore(
                path: configuration.dataPath + "/ledger.sqlite", origin: settings.name.origin.string, keyID: settings.key.keyID)
            core = try await NodeCore(
                settings: settings, trustFile: try DurableFile.read(configuration.trustPath), store: store, metrics: metrics,
                clock: NodeClock { posix_realtime_milliseconds() }, logger: logger)
        } catch {
            lock.release()
            throw error
        }
    }

    /// Call it once, at the end.
    func close() {
        try? store.close()
        lock.release()
    }
}
