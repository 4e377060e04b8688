import AllianceTrust
public import AnchorNode
public import AttestationFormat
public import Foundation
public import Logging
import MerkleTree

/// A node with a store in a temporary folder and no broker: messages go in, replies come out.
public final class TestNode: EntryTaking {
    public let alliance: TestAlliance
    public let folder: URL
    public let store: SQLiteStore
    public let metrics = NodeMetrics()
    public let settings: NodeSettings
    public let core: NodeCore<SQLiteStore>

    /// - Parameters:
    ///   - folder: nil makes a new one; a former node's takes up its store.
    ///   - nowSeconds: the node's clock; nil: the alliance's time.
    ///   - logger: nil: nothing is written.
    public init(
        _ alliance: TestAlliance, settings: NodeSettings? = nil, folder: URL? = nil, nowSeconds: Int64? = nil, logger: Logger? = nil
    ) async throws {
        self.alliance = alliance
        let folder = try folder ?? Self.newFolder()
        self.folder = folder
        let settings = settings ?? alliance.settings()
        self.settings = settings
        store = try SQLiteStore(
            path: folder.appendingPathComponent("ledger.sqlite").path, origin: settings.name.origin.string,
            keyID: settings.key.keyID)
        let nowSeconds = nowSeconds ?? alliance.nowSeconds
        core = try await NodeCore(
            settings: settings, trustFile: alliance.trustFile.bytes, store: store, metrics: metrics,
            clock: NodeClock { nowSeconds * 1_000 }, logger: logger ?? Self.silentLogger)
    }

    public static var silentLogger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    public static func newFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("harborseal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// Closes the store; the folder stays, for a node that takes it up.
    public func close() throws { try store.close() }

    /// Closes the store and removes the folder.
    public func remove() throws {
        try store.close()
        try FileManager.default.removeItem(at: folder)
    }

    /// What the node answers at once.
    public func handle(_ messages: BrokerMessage...) async throws -> [Reply] {
        try await core.handle(messages).map { try Reply(parsing: $0.payload) }
    }

    /// What it answers with the next checkpoint.
    public func integrate() async throws -> [Reply] {
        try await core.integrate().map { try Reply(parsing: $0.payload) }
    }

    /// Takes an entry and brings it under a root, as the service does for those at its desk.
    public func submit(entry: [UInt8]) async throws -> SubmittedEntry {
        let (id, isNew) = try await core.take(entry: entry)
        _ = try await core.integrate()
        return SubmittedEntry(id: id, receipt: try await core.receipt(ofEntry: id), isNew: isNew)
    }

    /// Hands a batch in and returns its receipt, verified by the format's own verifier.
    ///
    /// - Parameter trustFile: nil: the one that the node began with.
    public func receipt(for batch: TestBatch, trustFile: TrustFile? = nil) async throws -> Receipt? {
        _ = try await handle(batch.message())
        return try await integrate().receipts(for: batch, trustFile: trustFile ?? alliance.trustFile).last
    }
}

extension [Reply] {
    /// The receipts of a batch that verify.
    public func receipts(for batch: TestBatch, trustFile: TrustFile) -> [Receipt] {
        compactMap { reply in
            guard case .receipt(_, let receipt) = reply else { return nil }
            return try? receipt.verified(
                for: batch.statement, trustFile: trustFile, verifier: CryptoVerifier.self, using: SHA256.self)
        }
    }

    /// The codes of the refusals.
    public var refusalCodes: [UInt64] {
        compactMap { if case .refusal(let refusal) = $0 { refusal.code.rawValue } else { nil } }
    }

    /// The statements of the positions; nil where the node has none.
    public var positions: [Statement?] {
        compactMap { if case .position(let statement) = $0 { .some(statement) } else { nil } }
    }
}
