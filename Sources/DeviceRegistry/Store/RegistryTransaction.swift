import AttestationFormat
import Foundation
import GRDB
import MerkleTree

/// One transaction on the store. The statements are compiled once a connection.
struct RegistryTransaction {
    let database: Database

    init(_ database: Database) {
        self.database = database
    }

    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
    }

    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(database.cachedStatement(sql: sql), arguments: arguments)
    }

    func integer(_ sql: String, _ arguments: StatementArguments = []) throws -> Int64? {
        try Int64.fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
    }

    var insertedRow: Int64 { database.lastInsertedRowID }

    /// How many rows the last statement changed.
    var changedRowCount: Int { database.changesCount }

    /// Runs `body`; what it throws undoes what it did, and the transaction goes on.
    func savepoint<Value>(_ body: () throws -> Value) throws -> Value {
        var result: Value?
        try database.inSavepoint {
            result = try body()
            return .commit
        }
        guard let result else { throw RegistryError(.storeFailed, "a savepoint ended without its result") }
        return result
    }

    static func digest(_ data: Data?) throws -> Digest {
        guard let data, let digest = Digest([UInt8](data)) else {
            throw damaged("a hash in the store is not 32 bytes long")
        }
        return digest
    }

    static func damaged(_ message: String) -> RegistryError {
        RegistryError(.damagedStore, message, nextStep: "run SQLite's integrity_check on registry.sqlite, or restore it from a backup")
    }
}

extension Digest {
    var data: Data { Data(bytes) }
}

extension [UInt8] {
    var data: Data { Data(self) }
}

extension Row {
    func bytes(_ column: String) -> [UInt8]? {
        (self[column] as Data?).map { [UInt8]($0) }
    }
}
