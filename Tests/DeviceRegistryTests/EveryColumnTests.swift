import AllianceTrust
import AttestationFormat
@testable import DeviceRegistry
import Foundation
import GRDB
import RegistryTesting
import Testing

/// Who changes one value of the store with another program is found out, whichever it is.
@Suite("Every column of the store under an auditor's eyes") struct EveryColumnTests {
    let store: AuditedStore
    let firm: AuditedFirm

    init() throws {
        store = try AuditedStore()
        firm = try AuditedFirm()
    }

    /// Whose store: the alliance's registry, or a firm's own.
    enum Side: CaseIterable { case alliance, firm }

    private func registry(_ side: Side) -> Registry { side == .alliance ? store.registry : firm.registry }

    /// What nothing else in the store tells, and why.
    static let untold = [
        "codes.tries_left": "wrong codes beyond an address's share, and beyond an hour's limit of rows, are written down and not counted, or the other way about",
        "deliveries.tries": "how often a statement was sent: no row tells of a failed try",
        "deliveries.next_try": "when a statement is sent again follows from nothing that is kept",
        "deliveries.answer": "what a node said last while it has given no receipt; of a refusal the row has it",
    ]

    /// Of `deliveries.answer`, the ones that no row tells.
    private static let exempt = ["deliveries.answer": "state IN ('due', 'withdrawn')"]

    private struct Undone: Error {}

    /// What a change is found by; nil: by nothing. The change is undone.
    private func found(_ sql: [String], _ side: Side) throws -> String? {
        let registry = registry(side)
        var reason: String?
        do {
            _ = try registry.store.write { transaction in
                try transaction.run("PRAGMA defer_foreign_keys = ON")
                for name in ["audit_update", "audit_delete", "audit_insert"] { try transaction.run("DROP TRIGGER \(name)") }
                for statement in sql { try transaction.database.execute(sql: statement) }
                switch try registry.checkAudit(in: transaction) {
                case .broken(let number, let words): reason = "row \(number): \(words)"
                case .intact: reason = try registry.compareAudit(trustFiles: store.trustFiles, in: transaction).fault.map { "\($0.row.map { "\($0)" } ?? "-") \($0.reason)" }
                }
                throw Undone()
            }
        } catch is Undone {}
        return reason
    }

    @Test("what has happened fits, and was all of it")
    func whole() throws {
        #expect(try store.registry.checkAudit() == .intact(store.registry.auditHead()))
        let comparison = try store.registry.compareAudit(trustFiles: store.trustFiles)
        #expect(comparison == AuditComparison(registrationCount: 3, revocationCount: 5, receiptCount: 2, unverifiedCount: 0, fault: nil), "\(comparison)")
        for table in RegistryTransaction.tables {
            #expect(try store.registry.store.read { try $0.integer("SELECT count(*) FROM \(table)") } ?? 0 > 0, "nothing is in \(table)")
        }
        #expect(try firm.stage.fault() == nil)
        for table in ["devices", "codes", "certificates", "lists", "link_reports"] {
            #expect(try firm.registry.store.read { try $0.integer("SELECT count(*) FROM \(table)") } ?? 0 > 0, "nothing is in the firm's \(table)")
        }
        let tables = try store.registry.store.read { try $0.rows("SELECT name FROM sqlite_schema WHERE type = 'table'").map { $0["name"] as String } }
        #expect(Set(tables) == Set(RegistryTransaction.tables), "a table that nobody compares")
    }

    /// Other values for a column: of its kind, of another kind, and none.
    private static func changes(_ type: String, _ column: String) -> [String] {
        switch type {
        case "integer": ["\(column) + 1", "1 - \(column)", "\(column) + 100000", "'x'", "NULL", "coalesce(\(column), 7)"]
        case "text": ["\(column) || 'x'", "'alice'", "'refused'", "'due'", "'link'", "'enrolled'", "NULL", "x'00'", "coalesce(\(column), 'x')"]
        default: ["substr(\(column), 1, length(\(column)) - 1) || char(0)", "CAST(substr(\(column), 1, length(\(column)) - 1) || x'5a' AS BLOB)", "randomblob(32)", "NULL", "coalesce(\(column), x'00')"]
        }
    }

    @Test("one value changed, in any row: it is found, or SQLite itself refuses it", arguments: RegistryTransaction.tables, Side.allCases)
    func changed(_ table: String, _ side: Side) throws {
        let columns = try registry(side).store.read { transaction in
            try transaction.rows("SELECT name, lower(type) AS type FROM pragma_table_info('\(table)')").map { ($0["name"] as String, $0["type"] as String) }
        }
        #expect(!columns.isEmpty)
        for (column, type) in columns {
            var count = 0
            for value in Self.changes(type, column) {
                for place in try places(in: table, column, value, side) {
                    let sql = "UPDATE \(table) SET \(column) = \(value) WHERE \(place)"
                    do {
                        let reason = try found([sql], side)
                        count += 1
                        let isUntold = try reason != nil || isExempt("\(table).\(column)", place, in: table, side)
                        #expect(isUntold, "\(sql)")
                    } catch let error as RegistryError where [.storeFailed, .storeBusy].contains(error.code) {
                        // A constraint: it cannot be changed so.
                        continue
                    }
                }
            }
            #expect(count > 0 || side == .firm || (table == "owner" && column == "id"), "\(table).\(column) was never changed")
        }
    }

    private func isExempt(_ name: String, _ place: String, in table: String, _ side: Side) throws -> Bool {
        guard Self.untold[name] != nil else { return false }
        guard let exempt = Self.exempt[name] else { return true }
        return try registry(side).store.read { try $0.integer("SELECT count(*) FROM \(table) WHERE \(place) AND \(exempt)") } == 1
    }

    /// The first, a middle and the last row whose value would become another.
    private func places(in table: String, _ column: String, _ value: String, _ side: Side) throws -> [String] {
        let keys = ["deliveries": ["node", "statement"], "keys": ["key_id"], "lists": ["issuer"], "nodes": ["name"], "policies": ["firm"], "firm_codes": ["firm"]][table] ?? ["rowid"]
        return try registry(side).store.read { transaction in
            let quoted = keys.map { "quote(\($0))" }.joined(separator: " || '|' || ")
            let rows = try transaction.rows("SELECT \(quoted) AS place FROM \(table) WHERE \(value) IS NOT \(column) ORDER BY \(keys.joined(separator: ", "))")
                .map { $0["place"] as String }
            let chosen = Set([0, rows.count / 2, rows.count - 1].filter { rows.indices.contains($0) }).sorted()
            return chosen.map { index in
                zip(keys, rows[index].split(separator: "|")).map { "\($0) = \($1)" }.joined(separator: " AND ")
            }
        }
    }

    @Test("a row taken away, or put in twice, is found", arguments: RegistryTransaction.tables, Side.allCases)
    func taken(_ table: String, _ side: Side) throws {
        let count = try registry(side).store.read { try $0.integer("SELECT count(*) FROM \(table)") } ?? 0
        for offset in Set([0, count / 2, count - 1]) where (0..<count).contains(offset) {
            let key = ["deliveries": "(node, statement)", "keys": "key_id", "lists": "issuer", "nodes": "name", "policies": "firm", "firm_codes": "firm"][table] ?? "rowid"
            let columns = key.filter { !"()".contains($0) }
            do {
                let sql = "DELETE FROM \(table) WHERE \(key) IN (SELECT \(columns) FROM \(table) ORDER BY \(columns) LIMIT 1 OFFSET \(offset))"
                let reason = try found([sql], side)
                // The end of the table is what a noted hash is for.
                #expect(reason != nil || (table == "audit" && offset == count - 1), "\(sql)")
            } catch let error as RegistryError where error.code == .storeFailed {
                continue
            }
        }
    }
}
