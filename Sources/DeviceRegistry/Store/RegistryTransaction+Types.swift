import GRDB

extension RegistryTransaction {
    static let tables = ["owner", "devices", "codes", "keys", "certificates", "hand_certificates", "lists", "nodes", "statements", "deliveries", "policies", "firm_codes", "link_reports", "audit"]

    /// A value of another type than its column's, which SQLite lets stand and readers stumble over: the table, and the column.
    ///
    /// - Parameter tables: those that are looked through.
    func mistyped(in tables: [String] = RegistryTransaction.tables) throws -> (table: String, column: String)? {
        for table in tables {
            for row in try rows("SELECT name, lower(type) AS type FROM pragma_table_info('\(table)')") {
                let (column, type) = (row["name"] as String, row["type"] as String)
                let strange = try integer("SELECT count(*) FROM \(table) WHERE typeof(\(column)) NOT IN ('\(type)', 'null')")
                guard strange == 0 else { return (table, column) }
            }
        }
        return nil
    }
}
