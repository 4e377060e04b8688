import AllianceTrust
import Foundation
import GRDB

/// What a registry's store holds, to be told by.
public struct StoreSummary: Equatable, Sendable {
    /// Devices, those that were replaced among them.
    public let deviceCount: Int64
    public let certificateCount: Int64
    /// Certificates on the revocation lists.
    public let revokedCount: Int64
    public let head: AuditHead
    /// When the newest row of the audit table was written, in seconds since 1970; nil: there is none.
    public let newestRowSeconds: Int64?
    /// Firms with a code, which run registries of their own; by name.
    public let firms: [String]
}

extension Registry {
    public func summary() throws -> StoreSummary {
        try store.read { try Self.summary($0) }
    }

    private static func summary(_ transaction: RegistryTransaction) throws -> StoreSummary {
        func count(_ sql: String) throws -> Int64 { try transaction.integer("SELECT count(*) FROM \(sql)") ?? 0 }
        let head = try transaction.auditHead()
        return StoreSummary(
            deviceCount: try count("devices"), certificateCount: try count("certificates"),
            revokedCount: try count("certificates WHERE revoked IS NOT NULL") + count("hand_certificates"), head: head,
            newestRowSeconds: try transaction.audit(from: head.count, gatewayID: nil, limit: 1).last?.atSeconds,
            firms: try transaction.firmCodes().map(\.firm))
    }

    /// Writes the whole store, as it is at one moment, into one new file (mode 0600), while it is in use.
    ///
    /// - Returns: what the file holds.
    /// - Throws: ``RegistryError`` with code `state` where something is at `path` already, `storeFailed` or `damagedStore`.
    public func backup(to path: String) throws -> StoreSummary {
        try store.backup(to: path)
        var configuration = RegistryStore.configuration()
        configuration.readonly = true
        do {
            let copy = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? copy.close() }
            return try copy.read { try Self.summary(RegistryTransaction($0)) }
        } catch {
            throw RegistryStore.words(for: error, path: path)
        }
    }

    /// Puts a backup into a folder that has no store, once it is whole, of this alliance, and its audit table is what was written; that it was is a row there.
    ///
    /// - Parameter file: what ``backup(to:)`` wrote, or a copy of `registry.sqlite` with its `-wal` beside it.
    /// - Returns: what the backup held.
    /// - Throws: ``RegistryError`` with code `state` where there is a store, `noStore`, `foreignStore`, `newerStore`, `damagedStore` or `storeFailed`.
    public static func restore(
        _ file: String, into folder: String, settings: RegistrySettings, statements: any LedgerStatementMaker, by requester: Requester, nowSeconds: Int64
    ) throws -> StoreSummary {
        let target = storePath(folder)
        for path in [target] + RegistryStore.logs(of: target) { try RegistryStore.refuse(path) }
        guard DurableFile.exists(file) else {
            throw RegistryError(.noStore, "\(file): there is no file", nextStep: "name one that harborseal registry backup wrote")
        }
        let workshop = folder + "/restore.part"
        try? FileManager.default.removeItem(atPath: workshop)
        defer { try? FileManager.default.removeItem(atPath: workshop) }
        do {
            try DurableFile.makeDirectory(workshop, mode: 0o700)
            try DurableFile.copy(file, to: storePath(workshop))
            if DurableFile.exists(file + "-wal") { try DurableFile.copy(file + "-wal", to: storePath(workshop) + "-wal") }
        } catch let error as TrustError {
            throw RegistryError(.storeFailed, error.message, nextStep: error.nextStep)
        }
        let registry: Registry
        do {
            registry = try Registry(folder: workshop, settings: settings, statements: statements, mayCreate: false)
        } catch let error as RegistryError where error.code == .damagedStore {
            throw Self.unusable(file, "it has no tables, or is no database")
        }
        let summary: StoreSummary
        do {
            summary = try registry.takeOver(file, by: requester, nowSeconds: nowSeconds)
        } catch {
            try? registry.close()
            throw error
        }
        // One file again: what is put in its place has no log.
        try registry.close()
        do {
            try DurableFile.place(storePath(workshop), at: target)
        } catch let error as TrustError {
            throw RegistryError(.storeFailed, error.message, nextStep: error.nextStep)
        }
        return summary
    }

    /// Judges a backup, and writes down that it is put back.
    private func takeOver(_ file: String, by requester: Requester, nowSeconds: Int64) throws -> StoreSummary {
        do {
            try store.checkIntegrity()
            if case .broken(let number, let reason) = try checkAudit() { throw Self.unusable(file, "row \(number) of its audit table: \(reason)") }
        } catch let error as RegistryError where error.code == .damagedStore {
            throw Self.unusable(file, error.message)
        }
        let before = try summary()
        guard before.head.count > 0 else { throw Self.unusable(file, "its audit table is empty") }
        try store.write { transaction in
            try transaction.audit(
                .configure, on: nil, "restored from a backup that ends with row \(before.head.count): what happened after that is not here", by: requester,
                nowSeconds: nowSeconds)
        }
        return before
    }

    private static func unusable(_ file: String, _ why: String) -> RegistryError {
        RegistryError(.damagedStore, "\(file) is no backup to begin with: \(why)", nextStep: "use an earlier backup; nothing was put back")
    }
}
