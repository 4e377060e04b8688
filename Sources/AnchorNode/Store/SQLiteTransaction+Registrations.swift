import Foundation
import GRDB
public import MerkleTree

extension SQLiteTransaction {
    /// Seconds that a receipt may be older than the checkpoint that it is under, and a checkpoint's clock behind the one before.
    private static var clockSlackSeconds: Int64 { 3_600 }

    public func appendRegistration(_ bytes: [UInt8], hash: Digest, payload: Digest) throws -> Int64 {
        let leaf = try entryCount()
        try run("INSERT INTO entries(leaf, hash, held, bytes) VALUES (?, ?, 0, ?)", [leaf, hash.data, Data(bytes)])
        try run("INSERT INTO registrations(leaf, payload) VALUES (?, ?)", [leaf, payload.data])
        try run("INSERT INTO owed(leaf) VALUES (?)", [leaf])
        return leaf
    }

    public func registration(_ leaf: Int64) throws -> [UInt8]? {
        try blob("SELECT bytes FROM entries JOIN registrations USING (leaf) WHERE leaf = ?", [leaf]).map { [UInt8]($0) }
    }

    public func registration(ofPayload hash: Digest) throws -> Digest? {
        try digest("SELECT hash FROM entries JOIN registrations USING (leaf) WHERE payload = ? ORDER BY leaf LIMIT 1", [hash.data])
    }

    public func firstReceipts(
        of signer: SignerID, aroundOrAfterSeconds seconds: Int64
    ) throws -> [(leaf: Int64, receipt: [UInt8])] {
        // A statement's first receipt is not older than the first checkpoint that covers it.
        let covered = try integer(
            "SELECT max(size) FROM checkpoints WHERE made < ?", [max(seconds, 0) - Self.clockSlackSeconds])
        return try rows(
            """
            SELECT leaf, coalesce(receipts.first, receipts.bytes) AS receipt FROM entries JOIN receipts USING (leaf)
            WHERE signer = ? AND leaf >= ? ORDER BY leaf
            """, [signer.rawValue, covered ?? 0]
        ).map { ($0["leaf"], [UInt8]($0["receipt"] as Data)) }
    }

    public func setLate(_ leaf: Int64, of signer: SignerID) throws {
        try run("INSERT OR IGNORE INTO late(leaf, signer) VALUES (?, ?)", [leaf, signer.rawValue])
    }

    public func lateCount() throws -> Int {
        Int(try integer("SELECT count(*) FROM late") ?? 0)
    }

    public func lateCount(of signer: SignerID) throws -> Int {
        Int(try integer("SELECT count(*) FROM late WHERE signer = ?", [signer.rawValue]) ?? 0)
    }

    public func markedSigners() throws -> [(issuer: String, conflictCount: Int)] {
        try rows(
            """
            SELECT issuer, (SELECT count(*) FROM conflicts WHERE signer = signers.id) AS count FROM signers
            WHERE marked != 0 ORDER BY issuer
            """
        ).map { ($0["issuer"], $0["count"]) }
    }

    public func setOwner(keyID: Digest) throws {
        try run("UPDATE owner SET key_id = ? WHERE id = 1", [keyID.data])
    }
}
