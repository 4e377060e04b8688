import GRDB
import MerkleTree

extension Registry {
    /// Rows that are read at once while the table is gone through.
    static let pageCount = 1_000

    /// Rows in the order of their numbers, from `number` on.
    ///
    /// - Parameter gatewayID: only rows about this device.
    public func audit(from number: Int64 = 1, gatewayID: String? = nil, limit: Int = 1_000) throws -> [AuditEntry] {
        try store.read { try $0.audit(from: number, gatewayID: gatewayID, limit: limit) }
    }

    /// The end of the table, to be noted down outside the registry.
    public func auditHead() throws -> AuditHead {
        try store.read { try $0.auditHead() }
    }

    /// Rows that say until when the clock has run: a command with a slow one has written the last of them.
    private static let clockRowCount: Int64 = 200

    /// The latest time of the newest rows, by the clocks of their time, in seconds since 1970; nil: there is none.
    public func newestAuditSeconds() throws -> Int64? {
        try store.read { transaction in try transaction.integer("SELECT max(at) FROM audit WHERE number > ?", [transaction.auditHead().count - Self.clockRowCount]) }
    }

    /// Goes through the whole table: each row must have the next number, and fit the one before.
    ///
    /// Who can write the file can write a whole new chain. That the end is still the one that was noted down is what shows it: give it as
    /// `noted`.
    ///
    /// - Parameter noted: an end of the table at an earlier time.
    public func checkAudit(noted: AuditHead? = nil) throws -> AuditCheck {
        try store.read { try checkAudit(noted: noted, in: $0) }
    }

    func checkAudit(noted: AuditHead? = nil, in transaction: RegistryTransaction) throws -> AuditCheck {
        if let (_, column) = try transaction.mistyped(in: ["audit"]) {
            let row = try transaction.integer("SELECT min(number) FROM audit WHERE typeof(\(column)) <> (SELECT lower(type) FROM pragma_table_info('audit') WHERE name = '\(column)') AND \(column) IS NOT NULL")
            return .broken(atNumber: row ?? 1, reason: "the row is not what was written: its \(column) is of another type")
        }
        let actions = AuditAction.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        if let row = try transaction.integer("SELECT min(number) FROM audit WHERE action NOT IN (\(actions)) OR length(hash) <> 32") {
            return .broken(atNumber: row, reason: "the row is not what was written: its action is not known, or its hash is not 32 bytes long")
        }
        var head = AuditHead(count: 0, hash: Digest())
        while true {
            let page = try transaction.audit(from: head.count + 1, gatewayID: nil, limit: Self.pageCount)
            for entry in page {
                guard entry.number == head.count + 1 else {
                    return .broken(atNumber: head.count + 1, reason: "the row is missing")
                }
                guard entry.expectedHash(after: head.hash) == entry.hash else {
                    return .broken(atNumber: entry.number, reason: "the row is not what was written, or does not follow the one before")
                }
                head = AuditHead(count: entry.number, hash: entry.hash)
                if let noted, noted.count == head.count, noted.hash != head.hash {
                    return .broken(atNumber: head.count, reason: "the row is another one than was noted down")
                }
            }
            guard page.count == Self.pageCount else { break }
        }
        if let noted, noted.count > head.count {
            return .broken(atNumber: head.count + 1, reason: "\(noted.count - head.count) rows that were noted down are missing")
        }
        return .intact(head)
    }
}
