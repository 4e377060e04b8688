import AllianceTrust
public import AttestationFormat
import GRDB
import MerkleTree

extension Registry {
    /// Holds the audit table against everything else in the store, and the tables themselves against those that this program makes: each value that a row tells of, that a certificate, list, statement or receipt has signed,
    /// or that follows from others, is as it says, and nothing is there that no row tells of.
    ///
    /// Whether the rows are those that were written is for ``checkAudit(noted:)``. What only one place holds is not found out: how often a statement was
    /// sent and what a node said last while it has given no receipt, and how many wrong codes a device has left.
    ///
    /// - Parameter trustFiles: the one in force and those before it, whose nodes' keys receipts are verified under.
    public func compareAudit(trustFiles: [TrustFile]) throws -> AuditComparison {
        try store.read { transaction in
            if let fault = try SchemaComparison.fault(transaction.database, alliance: settings.alliance) {
                var comparison = AuditComparison()
                comparison.note(nil, fault)
                return comparison
            }
            return try compareAudit(trustFiles: trustFiles, in: transaction)
        }
    }

    func compareAudit(trustFiles: [TrustFile], in transaction: RegistryTransaction) throws -> AuditComparison {
        if let (table, column) = try transaction.mistyped() {
            var comparison = AuditComparison()
            comparison.note(nil, "the column \(column) of the table \(table) has a value of another type than this program writes")
            return comparison
        }
        do {
            var comparer = StoreComparer(registry: self, transaction: transaction, facts: try auditedFacts(transaction), trustFiles: trustFiles)
            if let misplaced = comparer.facts.misplaced { comparer.comparison.note(misplaced.row, misplaced.reason) }
            try comparer.compareOwner()
            try comparer.compareDevices()
            try comparer.comparePolicies()
            try comparer.compareNodes()
            try comparer.compareCertificates()
            try comparer.compareRevokedDevices()
            try comparer.compareHandCertificates()
            try comparer.compareLists()
            try comparer.compareLinkReports()
            try comparer.compareFirmCodes()
            try comparer.compareStatements()
            return comparer.comparison
        } catch let error as RegistryError where error.code == .damagedStore {
            var comparison = AuditComparison()
            comparison.note(nil, error.message)
            return comparison
        }
    }

    private func auditedFacts(_ transaction: RegistryTransaction) throws -> AuditedFacts {
        var facts = AuditedFacts()
        var next: Int64 = 1
        while true {
            let page = try transaction.audit(from: next, gatewayID: nil, limit: Self.pageCount)
            for entry in page { facts.add(entry) }
            guard let last = page.last, page.count == Self.pageCount else { return facts }
            next = last.number + 1
        }
    }
}

/// Holds what rows tell against the store, table by table.
struct StoreComparer {
    let registry: Registry
    let transaction: RegistryTransaction
    let facts: AuditedFacts
    let trustFiles: [TrustFile]
    var comparison = AuditComparison()
    /// Devices by their number in the store.
    var names: [Int64: AuditedFacts.DeviceName] = [:]
    /// What is revoked by issuing key, for the lists: serial number in hex, and the entry.
    var revoked: [Digest: [String: Revoked]] = [:]
    /// Seal certificates that statements must tell of, by the serial number in hex.
    var seals: [String: Seal] = [:]

    struct Revoked: Equatable {
        let since: Int64
        let revoked: Int64
        /// It may have left the list: a link certificate that has ended.
        let mayHaveLeft: Bool
        let endsSeconds: Int64
    }

    struct Seal {
        let row: Int64
        let device: Int64
        let issuer: Digest
        let issuedSeconds: Int64
        let revokedSinceSeconds: Int64?
        /// Made beside the registry: no statement registers it.
        let isByHand: Bool
    }

    static func hex(_ bytes: [UInt8]) -> String { Hexadecimal.text(of: bytes).string }
    static func hex(_ digest: Digest) -> String { hex(digest.bytes) }

    mutating func compareOwner() throws {
        let owner = try transaction.row("SELECT alliance FROM owner WHERE id = 1")?["alliance"] as String?
        if owner != registry.settings.alliance.text.string { comparison.note(nil, "the store is of the alliance \(owner ?? "(none)")") }
        // Whoever edits with another program may leave what names nothing.
        for row in try transaction.rows("PRAGMA foreign_key_check") {
            comparison.note(nil, "a row of \(row[0] as String) names a row of \(row[2] as String) that is not there")
        }
    }

    mutating func comparePolicies() throws {
        var rest = facts.policies
        for (firm, stored) in try transaction.policies() {
            guard let (row, told) = rest.removeValue(forKey: firm) else {
                comparison.note(nil, "the store says whether firm \(firm) asks for a second person, and no row does")
                continue
            }
            let what = "of firm \(firm)"
            comparison.compare(stored.needsSecondPerson, told.needsSecondPerson, row, "whether a second person is asked for \(what)")
            comparison.compare(stored.setSeconds, told.setSeconds, row, "the time of the rule of a second person \(what)")
            comparison.compare(stored.setBy, told.setBy, row, "who set the rule of a second person \(what)")
            comparison.compare(stored.request?.askedSeconds, told.request?.askedSeconds, row, "the time at which it was to be switched off \(what)")
            comparison.compare(stored.request?.askedBy, told.request?.askedBy, row, "who wants no second person \(what)")
            comparison.compare(stored.request?.account, told.request?.account, row, "the account of who wants no second person \(what)")
        }
        for (firm, told) in rest { comparison.note(told.row, "it tells of the second person of firm \(firm), which the store does not have") }
        for row in try transaction.rows("SELECT firm FROM policies WHERE second_person NOT IN (0, 1)") {
            comparison.note(facts.policies[row["firm"]]?.row, "whether a second person is asked for of firm \(row["firm"] as String) is neither yes nor no in the store")
        }
        // Half of a wish is none for the program, and somebody has written it.
        for row in try transaction.rows("SELECT firm FROM policies WHERE asked IS NULL AND (asked_by IS NOT NULL OR asked_account IS NOT NULL)") {
            comparison.note(nil, "the store says who wants no second person of firm \(row["firm"] as String), and no row does")
        }
    }

    mutating func compareNodes() throws {
        let stored = try transaction.nodes()
        guard let (row, told) = facts.nodes else {
            if !stored.isEmpty { comparison.note(nil, "statements go to \(stored.joined(separator: ", ")), and no row says so") }
            return
        }
        comparison.compare(stored.joined(separator: ", "), told.joined(separator: ", "), row, "the list of nodes that get statements")
    }
}
