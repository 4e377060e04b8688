import AttestationFormat

extension StoredLedger {
    /// An entry that is a statement, parsed.
    func storedStatement(_ leaf: Int64) throws -> Statement? {
        guard let bytes = try entryBytes(leaf) else { return nil }
        guard let statement = try? Statement(parsing: bytes) else {
            throw NodeError(.damagedStore, "entry \(leaf) is not the statement it should be; run SQLite's integrity_check on it")
        }
        return statement
    }
}
