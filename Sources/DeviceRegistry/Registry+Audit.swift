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

    /// Goes through the whole table: each row must have the next number, and fit the one before.
    ///
    /// Who can write the file can write a whole new chain. That the end is still the one that was noted down is what shows it: give it as
    /// `noted`.
    ///
    /// - Parameter noted: an end of the table at an earlier time.
    public func checkAudit(noted: AuditHead? = nil) throws -> AuditCheck {
        try store.read { transaction in
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
}
