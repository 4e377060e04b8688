import Foundation
import GRDB
import MerkleTree

/// One transaction on a SQLite store. The statements are compiled once a connection.
public struct SQLiteTransaction: NodeTransaction {
    let database: Database

    init(_ database: Database) {
        self.database = database
    }

    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
    }

    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(database.cachedStatement(sql: sql), arguments: arguments)
    }

    func integers(_ sql: String, _ arguments: StatementArguments = []) throws -> [Int64] {
        try Int64.fetchAll(database.cachedStatement(sql: sql), arguments: arguments)
    }

    func integer(_ sql: String, _ arguments: StatementArguments = []) throws -> Int64? {
        try Int64.fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
    }

    func blob(_ sql: String, _ arguments: StatementArguments = []) throws -> Data? {
        try Data.fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
    }

    func digest(_ sql: String, _ arguments: StatementArguments = []) throws -> Digest? {
        guard let data = try blob(sql, arguments) else { return nil }
        return try Self.digest(data)
    }

    var insertedRow: Int64 { database.lastInsertedRowID }

    static func digest(_ data: Data?) throws -> Digest {
        guard let data, let digest = Digest(data) else {
            throw NodeError(.damagedStore, "a hash in the store is not 32 bytes long; run SQLite's integrity_check on it")
        }
        return digest
    }

    /// A sequence as SQLite keeps it; the format allows none above 2^63 - 1.
    static func stored(_ sequence: UInt64) throws -> Int64 {
        guard let value = Int64(exactly: sequence) else {
            throw NodeError(.damagedStore, "a sequence above 2^63 - 1 reached the store")
        }
        return value
    }

    static func sequence(_ value: Int64?) throws -> UInt64 {
        guard let value, let sequence = UInt64(exactly: value) else {
            throw NodeError(.damagedStore, "a sequence in the store is negative or missing")
        }
        return sequence
    }
}
