import AllianceTrust
import Foundation
import GRDB

extension RegistryStore {
    /// Where `user_version` stands in a database's file (SQLite's file format, section 1.3), big endian.
    private static let versionBytes = 60..<64

    /// - Throws: ``RegistryError`` with code `noStore`, or `damagedStore` where the file is there and its tables are not.
    static func checkPresence(_ path: String) throws {
        guard DurableFile.exists(path) else {
            throw RegistryError(
                .noStore, "\(path): there is no registry store here",
                nextStep: "correct [registry] data, or put a backup back with harborseal registry restore FILE; only a registry that never ran begins with harborseal "
                    + "registry serve --new-store")
        }
        guard let header = try? header(path) else { return }
        guard header.count < versionBytes.upperBound || header[versionBytes].allSatisfy({ $0 == 0 }) else { return }
        guard try !hasTablesInLog(path) else { return }
        throw withoutTables(path)
    }

    static func withoutTables(_ path: String) -> RegistryError {
        RegistryError(
            .damagedStore, "\(path) has no tables: what it held stood in \(path)-wal, which is gone or damaged; nothing was changed",
            nextStep: "move both files away and keep them, then harborseal registry restore FILE with the last backup")
    }

    private static func header(_ path: String) throws -> [UInt8] {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        return [UInt8](try handle.read(upToCount: versionBytes.upperBound) ?? Data())
    }

    /// A connection that only reads leaves a damaged log as it is; one that writes throws it away when it closes.
    private static func hasTablesInLog(_ path: String) throws -> Bool {
        let log = try? FileManager.default.attributesOfItem(atPath: path + "-wal")
        guard (log?[.size] as? NSNumber)?.intValue ?? 0 > 0 else { return false }
        var configuration = Self.configuration()
        configuration.readonly = true
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.read(RegistrySchema.found) != 0
        } catch {
            throw words(for: error, path: path)
        }
    }
}
