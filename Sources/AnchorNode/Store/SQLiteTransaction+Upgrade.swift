import AllianceTrust
import AttestationFormat
import Foundation
import GRDB
import MerkleTree

extension SQLiteTransaction {
    /// Fills the tables of schema 4 from what a ledger of schema 3 holds: the list that was kept of each issuing key, and every list that a statement in
    /// the ledger carries. So what a newer list had left out by then is revoked again.
    func fillRevocations() throws {
        for row in try rows("SELECT id, der FROM certificates") {
            let serial = CertificateFacts(der: [UInt8](row["der"] as Data))?.serialNumber
            try run("UPDATE certificates SET serial = ? WHERE id = ?", [serial.map { Data($0) }, row["id"] as Int64])
        }
        for leaf in try integers("SELECT leaf FROM registrations ORDER BY leaf") {
            guard let statement = try storedRegistration(leaf) else { continue }
            try run("UPDATE registrations SET payload = ? WHERE leaf = ?", [SHA256.hash(statement.payload).data, leaf])
            guard statement.header.kind == .revocation else { continue }
            try take(statement.payload, by: statement.header.keyID, of: statement.header.firm.text.string)
        }
        for row in try rows("SELECT issuer, firm, der FROM revocation_lists") {
            try take([UInt8](row["der"] as Data), by: Self.digest(row["issuer"]), of: row["firm"])
        }
        try run("DROP TABLE revocation_lists", [])
    }

    /// Lists in the store were verified when they came.
    private func take(_ der: [UInt8], by issuingKeyID: Digest, of firm: String) throws {
        guard let list = try? UnverifiedRevocationList(der: der),
            let shown = ShownList(list, issuingKeyID: issuingKeyID, firm: firm)
        else { throw NodeError(.damagedStore, "a revocation list in the store is none; run SQLite's integrity_check on it") }
        _ = try take(shown)
    }
}
