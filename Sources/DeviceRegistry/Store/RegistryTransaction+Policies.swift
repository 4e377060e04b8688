import AttestationFormat
import GRDB

/// Whether a firm asks for a second person, as the store has it.
struct StoredPolicy: Equatable {
    /// Somebody wants it switched off.
    struct Request: Equatable {
        let askedSeconds: Int64
        let askedBy: String
        /// The address or account that the audit table has of it.
        let account: String?
    }

    var needsSecondPerson: Bool
    var setSeconds: Int64
    var setBy: String
    var request: Request?
}

extension RegistryTransaction {
    /// nil: nothing was ever set.
    func policy(of firm: Name) throws -> StoredPolicy? {
        try row("SELECT * FROM policies WHERE firm = ?", [firm.text.string]).map(Self.policy)
    }

    /// By the firm's name.
    func policies() throws -> [(firm: String, policy: StoredPolicy)] {
        try rows("SELECT * FROM policies ORDER BY firm").map { ($0["firm"], Self.policy($0)) }
    }

    func setPolicy(_ policy: StoredPolicy, of firm: Name) throws {
        try run(
            "INSERT OR REPLACE INTO policies(firm, second_person, at, set_by, asked, asked_by, asked_account) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                firm.text.string, policy.needsSecondPerson, policy.setSeconds, policy.setBy, policy.request?.askedSeconds, policy.request?.askedBy,
                policy.request?.account,
            ])
    }

    private static func policy(_ row: Row) -> StoredPolicy {
        let asked: Int64? = row["asked"]
        return StoredPolicy(
            needsSecondPerson: row["second_person"], setSeconds: row["at"], setBy: row["set_by"],
            request: asked.map { StoredPolicy.Request(askedSeconds: $0, askedBy: row["asked_by"] ?? "", account: row["asked_account"]) })
    }
}
