import AllianceTrust
import Foundation
import GRDB

extension RegistryStore {
    /// Copies the store as it is at one moment into one file (mode 0600) that needs no log beside it; who writes meanwhile is not kept waiting.
    ///
    /// - Throws: ``RegistryError`` with code `state` where something is at `target` already, `storeFailed` or `damagedStore`.
    func backup(to target: String) throws {
        try Self.refuse(target)
        let temporary = "\(target).\(ProcessInfo.processInfo.processIdentifier).part"
        defer { Self.remove(temporary) }
        do {
            try DurableFile.write([], to: temporary, mode: 0o600)
            let copy = try DatabaseQueue(path: temporary, configuration: Self.configuration())
            try pool.backup(to: copy)
            try copy.writeWithoutTransaction { database in
                // The copy of a store with a log is one with a log, until it is told otherwise.
                try database.execute(sql: "PRAGMA journal_mode = DELETE")
                try Self.checkIntegrity(database, path)
            }
            try copy.close()
            try DurableFile.place(temporary, at: target)
        } catch let error as TrustError {
            throw RegistryError(.storeFailed, error.message, nextStep: error.nextStep)
        } catch {
            throw Self.words(for: error, path: path)
        }
    }

    /// - Throws: ``RegistryError`` with code `damagedStore`.
    func checkIntegrity() throws {
        do {
            try pool.read { try Self.checkIntegrity($0, path) }
        } catch {
            throw Self.words(for: error, path: path)
        }
    }

    private static func checkIntegrity(_ database: Database, _ path: String) throws {
        let found = try String.fetchOne(database, sql: "PRAGMA integrity_check(1)") ?? "nothing"
        guard found == "ok" else {
            throw RegistryError(.damagedStore, "\(path) is damaged: \(found)", nextStep: "use an earlier backup")
        }
    }

    static func refuse(_ target: String) throws {
        guard !DurableFile.exists(target) else {
            throw RegistryError(.state, "\(target) is there already and is not overwritten", nextStep: "move it away, or choose another name")
        }
    }

    /// A store and its logs.
    static func remove(_ path: String) {
        for name in [path] + logs(of: path) { try? FileManager.default.removeItem(atPath: name) }
    }

    static func logs(of path: String) -> [String] { [path + "-wal", path + "-shm"] }
}
