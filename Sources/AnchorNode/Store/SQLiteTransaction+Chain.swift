import AllianceTrust
public import AttestationFormat
import Foundation
import GRDB
public import MerkleTree

extension SQLiteTransaction {
    public func signer(keyID: Digest, issuer: UTF8Text) throws -> SignerID? {
        try integer("SELECT id FROM signers WHERE issuer = ? AND key_id = ?", [issuer.string, keyID.data]).map(SignerID.init)
    }

    public func addSigner(keyID: Digest, issuer: UTF8Text) throws -> SignerID {
        if let signer = try signer(keyID: keyID, issuer: issuer) { return signer }
        try run("INSERT INTO signers(key_id, issuer) VALUES (?, ?)", [keyID.data, issuer.string])
        return SignerID(insertedRow)
    }

    public func signers(issuer: UTF8Text) throws -> [SignerID] {
        try integers("SELECT id FROM signers WHERE issuer = ? ORDER BY newest", [issuer.string]).map(SignerID.init)
    }

    public func mark(_ signer: SignerID) throws {
        try run("UPDATE signers SET marked = 1 WHERE id = ?", [signer.rawValue])
    }

    public func newest(of signer: SignerID) throws -> NewestStatement? {
        let found = try row(
            "SELECT leaf, hash, epoch FROM entries WHERE leaf = (SELECT newest FROM signers WHERE id = ?)", [signer.rawValue])
        return try found.map {
            NewestStatement(leaf: $0["leaf"], hash: try Self.digest($0["hash"]), epoch: try Self.epoch($0["epoch"]))
        }
    }

    public func setNewest(_ leaf: Int64, of signer: SignerID) throws {
        try run("UPDATE signers SET newest = ? WHERE id = ?", [leaf, signer.rawValue])
    }

    public func epochState(_ epoch: Epoch, of signer: SignerID) throws -> EpochState? {
        let found = try row(
            "SELECT next, holes FROM epochs WHERE signer = ? AND epoch = ?", [signer.rawValue, Self.data(epoch)])
        return try found.map {
            EpochState(next: try Self.sequence($0["next"]), holes: try HoleList.decode($0["holes"]))
        }
    }

    public func tail(of epoch: Epoch, of signer: SignerID) throws -> Digest? {
        try digest("SELECT tail FROM epochs WHERE signer = ? AND epoch = ?", [signer.rawValue, Self.data(epoch)])
    }

    public func setEpochState(_ state: EpochState, tail: Digest, _ epoch: Epoch, of signer: SignerID) throws {
        try run(
            "INSERT OR REPLACE INTO epochs(signer, epoch, next, tail, holes) VALUES (?, ?, ?, ?, ?)",
            [signer.rawValue, Self.data(epoch), Self.stored(state.next), tail.data, HoleList.encode(state.holes)])
    }

    public func statement(_ epoch: Epoch, first: UInt64, of signer: SignerID) throws -> ChainLink? {
        try row(
            "SELECT hash, first, count, previous FROM entries WHERE signer = ? AND epoch = ? AND first = ?",
            [signer.rawValue, Self.data(epoch), Self.stored(first)]
        ).map(Self.link)
    }

    public func statement(_ epoch: Epoch, endingAt end: UInt64, of signer: SignerID) throws -> ChainLink? {
        let last = try row(
            """
            SELECT hash, first, count, previous FROM entries
            WHERE signer = ? AND epoch = ? AND first < ? ORDER BY first DESC LIMIT 1
            """, [signer.rawValue, Self.data(epoch), Self.stored(end)])
        guard let link = try last.map(Self.link), link.range.end == end else { return nil }
        return link
    }

    public func opening(after previous: Digest, of signer: SignerID) throws -> Digest? {
        try digest("SELECT hash FROM openings WHERE signer = ? AND previous = ?", [signer.rawValue, previous.data])
    }

    public func addConflict(
        _ bytes: [UInt8], hash: Digest, with rival: Digest, of signer: SignerID, atMilliseconds: Int64
    ) throws {
        try run(
            "INSERT OR IGNORE INTO conflicts(hash, signer, rival, seen, bytes) VALUES (?, ?, ?, ?, ?)",
            [hash.data, signer.rawValue, rival.data, atMilliseconds, Data(bytes)])
    }

    public func conflictCount(of signer: SignerID) throws -> Int {
        Int(try integer("SELECT count(*) FROM conflicts WHERE signer = ?", [signer.rawValue]) ?? 0)
    }

    public func certificates(of signer: SignerID) throws -> [[UInt8]] {
        try rows("SELECT der FROM certificates WHERE signer = ? ORDER BY id", [signer.rawValue])
            .map { [UInt8]($0["der"] as Data) }
    }

    public func allCertificates() throws -> [[UInt8]] {
        try rows("SELECT der FROM certificates ORDER BY id").map { [UInt8]($0["der"] as Data) }
    }

    public func addCertificate(_ der: [UInt8], hash: Digest, of signer: SignerID) throws {
        try run(
            "INSERT OR IGNORE INTO certificates(hash, signer, der, serial) VALUES (?, ?, ?, ?)",
            [hash.data, signer.rawValue, Data(der), CertificateFacts(der: der).map { Data($0.serialNumber) }])
    }

    static func data(_ epoch: Epoch) -> Data { Data(epoch.bytes) }

    static func epoch(_ data: Data?) throws -> Epoch {
        guard let data, let epoch = Epoch(bytes: [UInt8](data)) else {
            throw NodeError(.damagedStore, "an epoch in the store is not 8 bytes long; run SQLite's integrity_check on it")
        }
        return epoch
    }

    static func link(_ row: Row) throws -> ChainLink {
        let first = try sequence(row["first"])
        let count = try sequence(row["count"])
        return ChainLink(
            hash: try digest(row["hash"]), range: SequenceRange(start: first, end: first &+ count),
            previous: try digest(row["previous"]))
    }
}

/// Holes as the store keeps them: start and end, 8 bytes each, most significant byte first.
enum HoleList {
    private static let pairByteCount = 16

    static func encode(_ holes: [SequenceRange]) -> Data {
        var data = Data(capacity: holes.count * pairByteCount)
        for hole in holes {
            for value in [hole.start, hole.end] {
                withUnsafeBytes(of: value.bigEndian) { data.append(contentsOf: $0) }
            }
        }
        return data
    }

    static func decode(_ data: Data) throws -> [SequenceRange] {
        let bytes = [UInt8](data)
        guard bytes.count.isMultiple(of: pairByteCount) else {
            throw NodeError(.damagedStore, "a list of holes in the store is cut short; run SQLite's integrity_check on it")
        }
        func value(at offset: Int) -> UInt64 {
            bytes[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        return stride(from: 0, to: bytes.count, by: pairByteCount).map {
            SequenceRange(start: value(at: $0), end: value(at: $0 + 8))
        }
    }
}
