import AttestationFormat
import Foundation
import GRDB

extension RegistryTransaction {
    func nodes() throws -> [String] {
        try rows("SELECT name FROM nodes ORDER BY name").map { $0["name"] }
    }

    /// A new node gets every statement that there is.
    func addNode(_ name: String, nowSeconds: Int64) throws {
        try run("INSERT INTO nodes(name) VALUES (?)", [name])
        try run(
            """
            INSERT INTO deliveries(node, statement, state, tries, next_try) SELECT ?1, id, 'due', 0, ?2 FROM statements WHERE true
            ON CONFLICT DO UPDATE SET state = 'due', next_try = ?2 WHERE state = 'withdrawn'
            """, [name, nowSeconds])
    }

    func removeNode(_ name: String) throws {
        try run("DELETE FROM nodes WHERE name = ?", [name])
        try run("UPDATE deliveries SET state = 'withdrawn' WHERE node = ? AND state = 'due'", [name])
    }

    /// Puts a statement into the outbox of every node.
    func addStatement(_ bytes: [UInt8], _ kind: StatementKind, device: Int64, nowSeconds: Int64) throws {
        try run(
            "INSERT INTO statements(kind, device, made, bytes) VALUES (?, ?, ?, ?)", [kind.rawValue, device, nowSeconds, Data(bytes)])
        try run(
            "INSERT INTO deliveries(node, statement, state, tries, next_try) SELECT name, ?, 'due', 0, ? FROM nodes", [insertedRow, nowSeconds])
    }

    private static let selection = """
        SELECT deliveries.*, kind, gateway, made, bytes FROM deliveries
        JOIN statements ON statements.id = deliveries.statement JOIN devices ON devices.id = statements.device
        """

    /// For each node the first statements that it lacks, in this order: registrations of the device that the oldest revocation is about, that revocation
    /// once they are gone, all other registrations. Those whose time has come, of nodes where the first one's has; a time farther away than the longest
    /// pause was set by a clock that ran ahead.
    func dueDeliveries(nowSeconds: Int64, longestPauseSeconds: Int64, limit: Int) throws -> [StatementDelivery] {
        try rows(
            """
            WITH due AS (
                SELECT node, statement, next_try, kind, device FROM deliveries JOIN statements ON statements.id = statement WHERE state = 'due'),
            revoking AS (
                SELECT node, device, min(statement) AS revocation FROM due WHERE kind = 'revocation' GROUP BY node),
            ranked AS (
                SELECT due.*, CASE WHEN kind = 'revocation' THEN 1 WHEN due.device = revoking.device THEN 0 ELSE 2 END AS rank
                FROM due LEFT JOIN revoking ON revoking.node = due.node
                WHERE kind = 'registration' OR (statement = revocation AND NOT EXISTS (
                    SELECT 1 FROM due AS other WHERE other.node = due.node AND other.device = due.device AND other.kind = 'registration'))),
            placed AS (
                SELECT node AS target, statement AS sent, row_number() OVER line AS place, first_value(next_try) OVER line AS first_try
                FROM ranked WINDOW line AS (PARTITION BY node ORDER BY rank, statement))
            \(Self.selection) JOIN placed ON target = node AND sent = statement
            WHERE place <= ?1 AND first_try NOT BETWEEN ?2 AND ?3 AND next_try NOT BETWEEN ?2 AND ?3 ORDER BY node, place
            """, [limit, nowSeconds + 1, nowSeconds + longestPauseSeconds]
        ).map { try Self.delivery($0) }
    }

    /// In the order in which they were made.
    func statements(after id: Int64, limit: Int) throws -> [(id: Int64, bytes: [UInt8])] {
        try rows("SELECT id, bytes FROM statements WHERE id > ? ORDER BY id LIMIT ?", [id, limit]).map { ($0["id"], $0.bytes("bytes") ?? []) }
    }

    func delivery(_ statement: Int64, to node: String) throws -> StatementDelivery? {
        try row("\(Self.selection) WHERE node = ? AND statement = ?", [node, statement]).map { try Self.delivery($0) }
    }

    /// Newest statement first.
    func deliveries(of device: Int64) throws -> [StatementDelivery] {
        try rows("\(Self.selection) WHERE devices.id = ? ORDER BY statement DESC, node", [device]).map { try Self.delivery($0) }
    }

    func setDelivery(
        _ statement: Int64, to node: String, _ state: DeliveryState, nextTrySeconds: Int64, receipt: [UInt8]?, entry: [UInt8]?, answer: String?
    ) throws {
        try run(
            """
            UPDATE deliveries SET state = ?1, tries = tries + 1, next_try = ?2, receipt = coalesce(?3, receipt),
                entry = CASE WHEN ?3 IS NULL THEN entry ELSE ?4 END, answer = ?5
            WHERE node = ?6 AND statement = ?7
            """, [state.rawValue, nextTrySeconds, receipt.map { Data($0) }, entry.map { Data($0) }, answer, node, statement])
    }

    func postponeDelivery(_ statement: Int64, to node: String, nextTrySeconds: Int64, answer: String) throws {
        try run(
            "UPDATE deliveries SET next_try = ?, answer = ? WHERE node = ? AND statement = ? AND state = 'due'",
            [nextTrySeconds, answer, node, statement])
    }

    private static func delivery(_ row: Row) throws -> StatementDelivery {
        guard let gatewayID = GatewayID(UTF8Text(row["gateway"])), let node = Name(UTF8Text(row["node"])),
            let kind = StatementKind(rawValue: row["kind"]), let state = DeliveryState(rawValue: row["state"])
        else { throw damaged("a delivery in the store has no device, node or state") }
        return StatementDelivery(
            statementID: row["statement"], kind: kind, firm: gatewayID.firm, gatewayID: gatewayID, node: node, state: state,
            statement: row.bytes("bytes") ?? [], madeSeconds: row["made"], tries: row["tries"], nextTrySeconds: row["next_try"],
            receipt: row.bytes("receipt"), answer: row["answer"])
    }
}
