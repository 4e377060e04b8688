import AllianceTrust
import AttestationFormat
import Foundation
import GRDB

/// The store: SQLite through GRDB, write-ahead log, one writer at a time over all processes, readers beside it.
///
/// `synchronous = FULL`: with GRDB's own setting for the write-ahead log (NORMAL) a power cut takes back commits, and a certificate would be
/// on a gateway that its registry does not know.
final class RegistryStore: Sendable {
    /// HTTP reads beside the writer.
    private static let readerCount = 2
    /// How long one process waits for another's transaction, in seconds. An import of 1,000 devices takes less than one.
    private static let busySeconds = 10.0

    let pool: DatabasePool
    let path: String

    /// Opens the store, or creates it.
    ///
    /// - Parameter mayCreate: where there is none it is made. Otherwise nothing is written to what has no tables.
    init(path: String, alliance: Name, mayCreate: Bool) throws {
        self.path = path
        if mayCreate { try Self.makeFile(path) } else { try Self.checkPresence(path) }
        let configuration = Self.configuration()
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                // After opening: GRDB sets NORMAL when it switches to the write-ahead log, so an earlier FULL is lost.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
                    throw RegistryError(
                        .damagedStore, "\(path): SQLite does not take synchronous = FULL", nextStep: "use another build of SQLite")
                }
            }
            // Only a new store is written to: a list is not kept waiting by an import in another process.
            if try pool.read(RegistrySchema.found) == 0 {
                guard mayCreate else { throw Self.withoutTables(path) }
                try pool.write { try RegistrySchema.create(in: $0, alliance: alliance) }
                // From the first moment on the tables do not stand in the log alone.
                try checkpoint()
            }
            try pool.read { try RegistrySchema.check($0, path: path, alliance: alliance) }
            if try pool.read(RegistrySchema.found) < RegistrySchema.version { try pool.write { try RegistrySchema.migrate(in: $0) } }
        } catch {
            throw Self.words(for: error, path: path)
        }
    }

    /// Runs `body` in one transaction; durable on return, nothing changed when it throws. Where a key in a token has to sign, `body` runs once more
    /// for each such signature: no transaction is open while the token works.
    func write<Value>(_ body: (RegistryTransaction) throws -> Value) throws -> Value {
        do {
            return try SigningDesk.settle { desk in
                try pool.write { database in try desk.hold { try body(RegistryTransaction(database)) } }
            }
        } catch {
            throw Self.words(for: error, path: path)
        }
    }

    /// Runs `body` on one consistent state, beside the writer.
    func read<Value>(_ body: (RegistryTransaction) throws -> Value) throws -> Value {
        do {
            return try pool.read { try body(RegistryTransaction($0)) }
        } catch {
            throw Self.words(for: error, path: path)
        }
    }

    /// The file is made with mode 0600 before SQLite sees it, since its log files take over the mode.
    private static func makeFile(_ path: String) throws {
        guard !DurableFile.exists(path) else { return }
        do {
            try DurableFile.write([], to: path, mode: 0o600, replacing: false)
        } catch let error as TrustError {
            guard DurableFile.exists(path) else { throw RegistryError(.storeFailed, error.message, nextStep: error.nextStep) }
        }
    }

    static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.maximumReaderCount = readerCount
        configuration.busyMode = .timeout(busySeconds)
        configuration.label = "harborseal.registry"
        return configuration
    }

    /// A passive checkpoint: a reader keeps its pages in the log, and is not waited for.
    func checkpoint() throws {
        do {
            _ = try pool.writeWithoutTransaction { try $0.checkpoint(.passive) }
        } catch let error as DatabaseError where [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode) {
            // Another process does it.
            return
        } catch {
            throw Self.words(for: error, path: path)
        }
    }

    /// The readers go first: the last connection to close moves the log into the file, and one that only reads cannot. GRDB closes the writer before them.
    func close() throws {
        do {
            pool.releaseMemory()
            try pool.close()
        } catch {
            throw Self.words(for: error, path: path)
        }
    }

    /// SQLite's errors in words; all others as they are.
    static func words(for error: any Error, path: String) -> any Error {
        if let error = error as? TrustError, [.token, .tokenPIN].contains(error.code) {
            return RegistryError(.keyAway, error.message, nextStep: error.nextStep)
        }
        guard let error = error as? DatabaseError else { return error }
        let said = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return RegistryError(
                .storeBusy, "\(path) is being written to by another process for \(Int(busySeconds)) s", nextStep: "try again when it is done")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return RegistryError(.damagedStore, "\(path) is damaged: \(said)", nextStep: "restore it from a backup")
        case .SQLITE_FULL:
            return RegistryError(.storeFailed, "the disk of \(path) is full; nothing was changed", nextStep: "free space on it")
        default:
            return RegistryError(
                .storeFailed, "\(path) cannot be used: \(said); nothing was changed", nextStep: "look at its disk, folder and permissions")
        }
    }
}
