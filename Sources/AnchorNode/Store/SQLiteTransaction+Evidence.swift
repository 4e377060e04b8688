public import AttestationFormat
import Foundation
import GRDB
public import MerkleTree

extension SQLiteTransaction {
    public func leaves(
        subject: String, issued seconds: ClosedRange<Int64>, from leaf: Int64, limit: Int
    ) throws -> [Int64] {
        try integers(
            """
            SELECT leaf FROM subjects JOIN entries USING (leaf)
            WHERE subject = ? AND leaf >= ? AND issued BETWEEN ? AND ? ORDER BY leaf LIMIT ?
            """, [subject, leaf, seconds.lowerBound, seconds.upperBound, limit])
    }

    public func leaves(
        issuer: UTF8Text, issued seconds: ClosedRange<Int64>, from leaf: Int64, limit: Int
    ) throws -> [Int64] {
        try integers(
            """
            SELECT leaf FROM entries WHERE signer IN (SELECT id FROM signers WHERE issuer = ?)
            AND leaf >= ? AND issued BETWEEN ? AND ? ORDER BY leaf LIMIT ?
            """, [issuer.string, leaf, seconds.lowerBound, seconds.upperBound, limit])
    }

    public func record(_ leaf: Int64) throws -> EntryRecord? {
        let found = try row(
            """
            SELECT entries.leaf, signer, epoch, hash, entries.first, count, previous, entries.bytes, items,
                coalesce(receipts.first, receipts.bytes) AS receipt
            FROM entries LEFT JOIN events ON events.leaf = entries.leaf LEFT JOIN receipts ON receipts.leaf = entries.leaf
            WHERE entries.leaf = ? AND signer IS NOT NULL
            """, [leaf])
        return try found.map { row in
            EntryRecord(
                leaf: row["leaf"], signer: SignerID(row["signer"]), epoch: try Self.epoch(row["epoch"]),
                link: try Self.link(row), bytes: [UInt8](row["bytes"] as Data),
                events: (row["items"] as Data?).map { [UInt8]($0) }, receipt: (row["receipt"] as Data?).map { [UInt8]($0) })
        }
    }

    public func leaves(of epoch: Epoch, _ signer: SignerID, in range: SequenceRange, limit: Int) throws -> [Int64] {
        try integers(
            "SELECT leaf FROM entries WHERE signer = ? AND epoch = ? AND first >= ? AND first < ? ORDER BY first LIMIT ?",
            [signer.rawValue, Self.data(epoch), Self.stored(range.start), Self.stored(range.end), limit])
    }

    public func lastRecord(of epoch: Epoch, _ signer: SignerID, in range: SequenceRange) throws -> EntryRecord? {
        let leaf = try integer(
            "SELECT leaf FROM entries WHERE signer = ? AND epoch = ? AND first >= ? AND first < ? ORDER BY first DESC LIMIT 1",
            [signer.rawValue, Self.data(epoch), Self.stored(range.start), Self.stored(range.end)])
        return try leaf.flatMap(record)
    }

    public func epochs(of signer: SignerID) throws -> [(epoch: Epoch, leaf: Int64)] {
        // The loose scan over the index finds each epoch in one step, however many statements it has.
        try rows(
            """
            SELECT epochs.epoch AS epoch,
                (SELECT leaf FROM entries WHERE signer = epochs.signer AND epoch = epochs.epoch ORDER BY first LIMIT 1) AS leaf
            FROM epochs WHERE signer = ? ORDER BY leaf
            """, [signer.rawValue]
        ).map { (try Self.epoch($0["epoch"]), $0["leaf"]) }
    }

    public func epoch(ofStatement hash: Digest) throws -> Epoch? {
        guard let data = try blob("SELECT epoch FROM entries WHERE hash = ?", [hash.data]) else { return nil }
        return try Self.epoch(data)
    }
}
