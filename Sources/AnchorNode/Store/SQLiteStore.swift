import Foundation
import GRDB
public import MerkleTree

/// The store on one machine: SQLite through GRDB, write-ahead log, one writer, readers beside it.
///
/// `synchronous = FULL`: with GRDB's own setting for the write-ahead log (NORMAL) a power cut takes back commits that
/// receipts have already been sent for.
public final class SQLiteStore: NodeStore {
    /// HTTP reads beside the writer; each reader has a page cache of its own.
    private static let readerCount = 4
    /// Page cache of one connection, KiB. Five connections stay far below the node's budget of 150 MB.
    private static let cacheKibibytes = 16_384

    private let pool: DatabasePool

    /// Opens or creates the store.
    ///
    /// - Parameters:
    ///   - path: the database file; its folder must exist.
    ///   - origin: `<alliance>/<node>`; a store made for another one is refused.
    ///   - keyID: of the node's receipt key; a store that another key has signed for is refused.
    ///   - formerKeyIDs: of keys that the node had before, by the trust file that it is about to be offered; which one the store
    ///     belongs to changes only when that file has been verified.
    public init(path: String, origin: String, keyID: Digest, formerKeyIDs: Set<Digest> = []) throws {
        var configuration = Configuration()
        configuration.maximumReaderCount = Self.readerCount
        configuration.busyMode = .timeout(5)
        configuration.label = "harborseal.store"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA cache_size = -\(Self.cacheKibibytes)")
        }
        pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { database in
            // After opening: GRDB sets NORMAL when it switches to the write-ahead log, so an earlier FULL is lost.
            try database.execute(sql: "PRAGMA synchronous = FULL")
            guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
                throw NodeError(.damagedStore, "\(path): SQLite does not take synchronous = FULL; use another build of it")
            }
        }
        try SQLiteSchema.prepare(pool, path: path, origin: origin, keyID: keyID, formerKeyIDs: formerKeyIDs)
    }

    public func write<Result>(_ body: (SQLiteTransaction) throws -> Result) throws -> Result {
        try pool.write { try body(SQLiteTransaction($0)) }
    }

    public func read<Result>(_ body: (SQLiteTransaction) throws -> Result) throws -> Result {
        try pool.read { try body(SQLiteTransaction($0)) }
    }

    /// Moves the write-ahead log into the database file and closes it.
    public func close() throws {
        try pool.close()
    }
}
