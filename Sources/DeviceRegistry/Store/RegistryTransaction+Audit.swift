import AllianceTrust
import AttestationFormat
import GRDB
import MerkleTree

extension RegistryTransaction {
    func auditHead() throws -> AuditHead {
        guard let row = try row("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1") else {
            return AuditHead(count: 0, hash: Digest())
        }
        return AuditHead(count: row["number"], hash: try Self.digest(row["hash"]))
    }

    /// Appends a row.
    func audit(
        _ action: AuditAction, on gatewayID: GatewayID?, outcome: String = AuditEntry.ok, _ detail: String, by requester: Requester,
        nowSeconds: Int64
    ) throws {
        let head = try auditHead()
        let gateway = gatewayID?.text.string
        let hash = AuditEntry.hash(
            after: head.hash, number: head.count + 1, atSeconds: nowSeconds, who: requester.name, address: requester.address,
            action: action.rawValue, gatewayID: gateway, outcome: outcome, detail: detail)
        try run(
            "INSERT INTO audit(number, at, who, address, action, gateway, outcome, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                head.count + 1, nowSeconds, requester.name, requester.address, action.rawValue, gateway, outcome, detail, hash.data,
            ])
    }

    /// Ascending by number.
    func audit(from number: Int64, gatewayID: String?, limit: Int) throws -> [AuditEntry] {
        try rows(
            "SELECT * FROM audit WHERE number >= ?1 AND (?2 IS NULL OR gateway = ?2) ORDER BY number LIMIT ?3", [number, gatewayID, limit]
        ).map { try Self.entry($0) }
    }

    func newestAudit(of gatewayID: GatewayID, limit: Int) throws -> [AuditEntry] {
        try rows("SELECT * FROM audit WHERE gateway = ? ORDER BY number DESC LIMIT ?", [gatewayID.text.string, limit])
            .map { try Self.entry($0) }
    }

    /// The account from which the code in force was asked for; nil: none is written down.
    func asker(of gatewayID: GatewayID) throws -> LocalAccount? {
        let row = try row(
            """
            SELECT address FROM audit WHERE gateway = ? AND outcome = 'ok' AND action IN ('add', 'reissue', 'replace')
            ORDER BY number DESC LIMIT 1
            """, [gatewayID.text.string])
        return row.flatMap { $0["address"] as String? }.flatMap { LocalAccount($0) }
    }

    /// How many refusals of devices' requests were written down at a time; `limit` at most.
    func refusalCount(of gatewayID: GatewayID?, in seconds: ClosedRange<Int64>, limit: Int) throws -> Int64 {
        try integer(
            """
            SELECT count(*) FROM (SELECT 1 FROM audit
                WHERE gateway IS ? AND outcome <> 'ok' AND action IN ('enrol', 'renew') AND at BETWEEN ? AND ? LIMIT ?)
            """, [gatewayID?.text.string, seconds.lowerBound, seconds.upperBound, limit]) ?? 0
    }

    private static func entry(_ row: Row) throws -> AuditEntry {
        guard let action = AuditAction(rawValue: row["action"]) else { throw damaged("row \(row["number"] as Int64) of the audit table has an action that is not known: \(PrintableText.line(row["action"], limit: 40))") }
        return AuditEntry(
            number: row["number"], atSeconds: row["at"], who: row["who"], address: row["address"], action: action,
            gatewayID: row["gateway"], outcome: row["outcome"], detail: row["detail"], hash: try digest(row["hash"]))
    }
}

extension AuditEntry {
    /// The outcome of what was done.
    static let ok = "ok"

    /// SHA-256 over the deterministic CBOR array of the row before's hash and this row's columns.
    static func hash(
        after previous: Digest, number: Int64, atSeconds: Int64, who: String, address: String?, action: String, gatewayID: String?,
        outcome: String, detail: String
    ) -> Digest {
        var writer = CBORWriter(reserving: 256)
        writer.beginArray(9)
        writer.write(previous)
        writer.write(number)
        writer.write(atSeconds)
        writer.write(UTF8Text(who))
        for text in [address, action, gatewayID, outcome, detail] {
            if let text { writer.write(UTF8Text(text)) } else { writer.writeNull() }
        }
        return SHA256.hash(writer.bytes)
    }

    /// The hash that the row must have behind `previous`.
    func expectedHash(after previous: Digest) -> Digest {
        Self.hash(
            after: previous, number: number, atSeconds: atSeconds, who: who, address: address, action: action.rawValue,
            gatewayID: gatewayID, outcome: outcome, detail: detail)
    }
}
