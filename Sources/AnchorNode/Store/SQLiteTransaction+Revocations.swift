public import AllianceTrust
import Foundation
import GRDB
public import MerkleTree

extension SQLiteTransaction {
    /// Lists of one issuing key that are kept beside its newest, the newest of them: each revokes what later ones left out. 16 MiB, and beside those
    /// the lists that revoke a certificate that came, which evidence needs; what the others revoke stays known without them.
    private static var earlierListLimit: Int { 256 }

    public func newestRevocationList(issuingKeyID: Digest) throws -> (number: RevocationListNumber, hash: Digest)? {
        guard let row = try row("SELECT number, hash FROM held_lists WHERE issuer = ? AND newest", [issuingKeyID.data]) else { return nil }
        guard let number = RevocationListNumber(bytes: [UInt8](row["number"] as Data)) else {
            throw NodeError(.damagedStore, "a revocation list's number in the store is none; run SQLite's integrity_check on it")
        }
        return (number, try Self.digest(row["hash"]))
    }

    public func addRevocationList(_ list: ShownList, isNewest: Bool) throws {
        if isNewest { try run("UPDATE held_lists SET newest = 0 WHERE issuer = ? AND newest", [list.issuingKeyID.data]) }
        try run(
            "INSERT OR REPLACE INTO held_lists(hash, issuer, firm, number, der, newest) VALUES (?, ?, ?, ?, ?, ?)",
            [list.hash.data, list.issuingKeyID.data, list.firm, Data(list.number.bytes), Data(list.der), isNewest])
    }

    public func pruneRevocationLists(issuingKeyID: Digest) throws {
        try run(
            """
            DELETE FROM held_lists WHERE issuer = ? AND NOT newest AND NOT EXISTS (SELECT 1 FROM revocations WHERE list = held_lists.hash)
            """, [issuingKeyID.data])
        try run(
            """
            DELETE FROM held_lists WHERE hash IN (
                SELECT hash FROM held_lists WHERE issuer = ? AND NOT newest ORDER BY length(number) DESC, number DESC LIMIT -1 OFFSET ?)
            AND NOT EXISTS (
                SELECT 1 FROM revocations JOIN certificates ON certificates.serial = revocations.serial WHERE revocations.list = held_lists.hash)
            """, [issuingKeyID.data, Self.earlierListLimit])
    }

    public func knowsCertificate(serialNumber: [UInt8]) throws -> Bool {
        try integer("SELECT 1 FROM certificates WHERE serial = ? LIMIT 1", [Data(serialNumber)]) != nil
    }

    public func revocationLists(firm: String?) throws -> [[UInt8]] {
        try rows("SELECT der FROM held_lists WHERE newest AND firm = coalesce(?, firm) ORDER BY issuer", [firm])
            .map { [UInt8]($0["der"] as Data) }
    }

    public func revocationList(hash: Digest) throws -> [UInt8]? {
        try blob("SELECT der FROM held_lists WHERE hash = ?", [hash.data]).map { [UInt8]($0) }
    }

    public func revocations(issuingKeyID: Digest?) throws -> [HeldRevocation] {
        guard let issuingKeyID else { return try rows("SELECT * FROM revocations").map { try Self.revocation($0) } }
        return try rows("SELECT * FROM revocations WHERE issuer = ?", [issuingKeyID.data]).map { try Self.revocation($0) }
    }

    public func setRevocation(_ revocation: HeldRevocation) throws {
        try run(
            "INSERT OR REPLACE INTO revocations(issuer, serial, since, list) VALUES (?, ?, ?, ?)",
            [revocation.issuingKeyID.data, Data(revocation.serialNumber), revocation.sinceSeconds, revocation.list.data])
    }

    public func forgottenRevocations(firm: String) throws -> [HeldRevocation] {
        try rows(
            """
            SELECT revocations.* FROM held_lists JOIN revocations ON revocations.list = held_lists.hash WHERE firm = ? AND NOT newest
            ORDER BY length(number) DESC, number DESC
            """, [firm]
        ).map { try Self.revocation($0) }
    }

    private static func revocation(_ row: Row) throws -> HeldRevocation {
        HeldRevocation(
            issuingKeyID: try digest(row["issuer"]), serialNumber: [UInt8](row["serial"] as Data), sinceSeconds: row["since"],
            list: try digest(row["list"]))
    }
}
