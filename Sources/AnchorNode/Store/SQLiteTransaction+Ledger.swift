public import AttestationFormat
import Foundation
import GRDB
public import MerkleTree

extension SQLiteTransaction {
    public func entry(hash: Digest) throws -> EntrySummary? {
        try row("SELECT leaf, signer, held FROM entries WHERE hash = ?", [hash.data]).map {
            EntrySummary(
                leaf: $0["leaf"], hash: hash, signer: ($0["signer"] as Int64?).map(SignerID.init), heldCount: $0["held"])
        }
    }

    public func entryBytes(_ leaf: Int64) throws -> [UInt8]? {
        try blob("SELECT bytes FROM entries WHERE leaf = ?", [leaf]).map { [UInt8]($0) }
    }

    public func heldStatement(_ leaf: Int64) throws -> (statement: AttestationFormat.Statement, heldCount: Int)? {
        let held = try integer("SELECT held FROM entries WHERE leaf = ? AND signer IS NOT NULL", [leaf])
        guard let held, let statement = try storedStatement(leaf) else { return nil }
        return (statement, Int(held))
    }

    public func entryCount() throws -> Int64 {
        (try integer("SELECT max(leaf) FROM entries") ?? -1) + 1
    }

    public func append(_ entry: NewEntry) throws -> Int64 {
        let leaf = try entryCount()
        let link = entry.link
        try run(
            """
            INSERT INTO entries(leaf, hash, signer, epoch, first, count, previous, issued, held, bytes)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                leaf, link.hash.data, entry.signer.rawValue, Self.data(entry.epoch), Self.stored(link.range.start),
                Self.stored(link.range.end &- link.range.start), link.previous.data, entry.issuedSeconds, entry.heldCount,
                Data(entry.bytes),
            ])
        try run("INSERT INTO owed(leaf) VALUES (?)", [leaf])
        if let events = entry.events { try setItems(events, subjects: entry.subjects, of: leaf) }
        if entry.isOpening && !link.previous.isZero {
            try run(
                "INSERT OR IGNORE INTO openings(signer, previous, hash) VALUES (?, ?, ?)",
                [entry.signer.rawValue, link.previous.data, link.hash.data])
        }
        return leaf
    }

    public func appendTrustFile(_ bytes: [UInt8], hash: Digest, version: UInt64) throws -> Int64 {
        let leaf = try entryCount()
        try run("INSERT INTO entries(leaf, hash, held, bytes) VALUES (?, ?, 0, ?)", [leaf, hash.data, Data(bytes)])
        try run("INSERT INTO trust_files(version, leaf) VALUES (?, ?)", [Self.stored(version), leaf])
        return leaf
    }

    public func trustFile() throws -> [UInt8]? {
        try blob(
            "SELECT bytes FROM entries WHERE leaf = (SELECT leaf FROM trust_files ORDER BY version DESC LIMIT 1)"
        ).map { [UInt8]($0) }
    }

    public func events(_ leaf: Int64) throws -> [UInt8]? {
        try blob("SELECT items FROM events WHERE leaf = ?", [leaf]).map { [UInt8]($0) }
    }

    public func setEvents(_ events: [UInt8], heldCount: Int, subjects: [String], of leaf: Int64) throws {
        try setItems(events, subjects: subjects, of: leaf)
        try run("UPDATE entries SET held = ? WHERE leaf = ?", [heldCount, leaf])
        try run("INSERT OR IGNORE INTO owed SELECT leaf FROM receipts WHERE leaf = ? AND held < ?", [leaf, heldCount])
    }

    private func setItems(_ items: [UInt8], subjects: [String], of leaf: Int64) throws {
        try run("INSERT OR REPLACE INTO events(leaf, items) VALUES (?, ?)", [leaf, Data(items)])
        for subject in subjects {
            try run("INSERT OR IGNORE INTO subjects(subject, leaf) VALUES (?, ?)", [subject, leaf])
        }
    }

    public func node(level: Int, index: UInt64) throws -> Digest? {
        try digest("SELECT hash FROM nodes WHERE place = ?", [Self.place(level: level, index: index)])
    }

    public func addNode(_ hash: Digest, level: Int, index: UInt64) throws {
        try run("INSERT INTO nodes(place, hash) VALUES (?, ?)", [Self.place(level: level, index: index), hash.data])
    }

    /// The place of a complete subtree's hash in post-order: after the hashes of all subtrees that were complete before it.
    ///
    /// Its last leaf is number l = (index + 1) · 2^level - 1. Before leaf l stand 2l - popcount(l) hashes, and `level` of
    /// those that leaf l completes come before this one.
    static func place(level: Int, index: UInt64) -> Int64 {
        let lastLeaf = ((index &+ 1) << UInt64(level)) &- 1
        return Int64(truncatingIfNeeded: 2 &* lastLeaf) - Int64(lastLeaf.nonzeroBitCount) + Int64(level)
    }

    public func newestCheckpoint() throws -> Checkpoint? {
        try row("SELECT size, root, made FROM checkpoints ORDER BY size DESC LIMIT 1")
            .map { Checkpoint(size: $0["size"], root: try Self.digest($0["root"]), madeSeconds: $0["made"]) }
    }

    public func addCheckpoint(_ checkpoint: Checkpoint) throws {
        try run(
            "INSERT INTO checkpoints(size, root, made) VALUES (?, ?, ?)",
            [checkpoint.size, checkpoint.root.data, checkpoint.madeSeconds])
    }

    public func receipt(_ leaf: Int64) throws -> StoredReceipt? {
        try row("SELECT held, bytes FROM receipts WHERE leaf = ?", [leaf])
            .map { StoredReceipt(heldCount: $0["held"], bytes: [UInt8]($0["bytes"] as Data)) }
    }

    public func setReceipt(_ receipt: StoredReceipt, of leaf: Int64) throws {
        try run(
            """
            INSERT INTO receipts(leaf, held, bytes) VALUES (?, ?, ?)
            ON CONFLICT(leaf) DO UPDATE SET first = coalesce(first, bytes), held = excluded.held, bytes = excluded.bytes
            """, [leaf, receipt.heldCount, Data(receipt.bytes)])
        try run("DELETE FROM owed WHERE leaf = ? AND (SELECT held FROM entries WHERE leaf = ?) <= ?", [leaf, leaf, receipt.heldCount])
    }

    public func leavesWithoutReceipt(from leaf: Int64, below size: Int64, limit: Int) throws -> [Int64] {
        try integers("SELECT leaf FROM owed WHERE leaf >= ? AND leaf < ? ORDER BY leaf LIMIT ?", [leaf, size, limit])
    }
}
