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

extension StoredRegistrations {
    /// An entry that is a registration or revocation, parsed.
    func storedRegistration(_ leaf: Int64) throws -> RegistrationStatement? {
        guard let bytes = try registration(leaf) else { return nil }
        guard let statement = try? RegistrationStatement(parsing: bytes) else {
            throw NodeError(.damagedStore, "entry \(leaf) is not the registration it should be; run SQLite's integrity_check on it")
        }
        return statement
    }
}
