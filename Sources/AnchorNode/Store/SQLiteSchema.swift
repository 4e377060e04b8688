import AllianceTrust
import AttestationFormat
import Foundation
import GRDB
import MerkleTree

/// The tables, and who they belong to.
enum SQLiteSchema {
    /// Raised with every change of the tables; an older program refuses a newer store.
    static let version = 4

    /// - Parameter formerKeyIDs: keys that this node signed with before the one it has now, as the trust file offered says.
    static func prepare(_ pool: DatabasePool, path: String, origin: String, keyID: Digest, formerKeyIDs: Set<Digest>) throws {
        try pool.write { database in
            let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            guard found <= version else {
                throw NodeError(.newerStore, "\(path): written by a newer version (schema \(found)); install that version")
            }
            if found == 0 { try database.execute(sql: tables) }
            if found < 2 { try database.execute(sql: owedTable) }
            if found < 3 { try database.execute(sql: registrationTables) }
            if found < 4 {
                try database.execute(sql: revocationTables)
                try SQLiteTransaction(database).fillRevocations()
            }
            if found < version { try database.execute(sql: "PRAGMA user_version = \(version)") }
            if found == 0 {
                try database.execute(
                    sql: "INSERT INTO owner(id, origin, key_id) VALUES (1, ?, ?)", arguments: [origin, keyID.data])
            }
            // A start with a wrong name or key leaves a store without an entry: nothing was signed, so it is nobody's yet.
            try database.execute(
                sql: "UPDATE owner SET origin = ?, key_id = ? WHERE id = 1 AND NOT EXISTS (SELECT 1 FROM entries)",
                arguments: [origin, keyID.data])
            let owner = try Row.fetchOne(database, sql: "SELECT origin, key_id FROM owner WHERE id = 1")
            guard let owner, owner["origin"] == origin, let ownerKeyID = Digest(owner["key_id"] as Data),
                try ownerKeyID == keyID || formerKeyIDs.contains(ownerKeyID) || isRotated(database, from: ownerKeyID, to: keyID)
            else {
                throw NodeError(
                    .foreignStore,
                    "\(path): made for \(owner?["origin"] ?? "nobody") or for another receipt key; "
                        + "a ledger keeps its name, and its key but for one that harborseal alliance rotate-node-key made: "
                        + "use a new store, or the old key")
            }
        }
    }

    /// Whether the trust file in force, which this node verified when it took it, has both keys for one node.
    private static func isRotated(_ database: Database, from former: Digest, to keyID: Digest) throws -> Bool {
        guard let bytes = try SQLiteTransaction(database).trustFile(), let file = try? UnverifiedTrustFile(parsing: bytes) else { return false }
        return file.content.nodes.contains { node in
            let keyIDs = node.keys.map { $0.publicKey.keyID(using: SHA256.self) }
            return keyIDs.contains(former) && keyIDs.contains(keyID)
        }
    }

    // entries:   one row a leaf; `leaf` is the ledger index, given in the order of the ingest transactions.
    // nodes:     the hashes of complete subtrees by their place in post-order, which only ever grows at the end.
    // epochs:    `holes` is pairs of start and end, 16 bytes each.
    // openings:  the first statement of an epoch by the end that it names; an end that is not in `entries` is awaited.
    private static let tables = """
        CREATE TABLE owner(id INTEGER PRIMARY KEY CHECK (id = 1), origin TEXT NOT NULL, key_id BLOB NOT NULL);
        CREATE TABLE signers(
            id INTEGER PRIMARY KEY, key_id BLOB NOT NULL, issuer TEXT NOT NULL,
            marked INTEGER NOT NULL DEFAULT 0, newest INTEGER, UNIQUE(issuer, key_id));
        CREATE TABLE certificates(
            id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, signer INTEGER NOT NULL REFERENCES signers(id), der BLOB NOT NULL);
        CREATE INDEX certificates_signer ON certificates(signer);
        CREATE TABLE entries(
            leaf INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, signer INTEGER REFERENCES signers(id), epoch BLOB,
            first INTEGER, count INTEGER, previous BLOB, issued INTEGER, held INTEGER NOT NULL, bytes BLOB NOT NULL);
        CREATE UNIQUE INDEX entries_sequence ON entries(signer, epoch, first) WHERE signer IS NOT NULL;
        CREATE TABLE events(leaf INTEGER PRIMARY KEY REFERENCES entries(leaf), items BLOB NOT NULL);
        CREATE TABLE subjects(
            subject TEXT NOT NULL, leaf INTEGER NOT NULL, PRIMARY KEY(subject, leaf)) WITHOUT ROWID;
        CREATE TABLE epochs(
            signer INTEGER NOT NULL, epoch BLOB NOT NULL, next INTEGER NOT NULL, tail BLOB NOT NULL, holes BLOB NOT NULL,
            PRIMARY KEY(signer, epoch)) WITHOUT ROWID;
        CREATE TABLE openings(
            signer INTEGER NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(signer, previous)) WITHOUT ROWID;
        CREATE TABLE conflicts(
            hash BLOB PRIMARY KEY, signer INTEGER NOT NULL, rival BLOB NOT NULL, seen INTEGER NOT NULL, bytes BLOB NOT NULL);
        CREATE INDEX conflicts_signer ON conflicts(signer);
        CREATE TABLE nodes(place INTEGER PRIMARY KEY, hash BLOB NOT NULL);
        CREATE TABLE checkpoints(size INTEGER PRIMARY KEY, root BLOB NOT NULL, made INTEGER NOT NULL);
        CREATE TABLE receipts(leaf INTEGER PRIMARY KEY, held INTEGER NOT NULL, bytes BLOB NOT NULL);
        CREATE TABLE trust_files(version INTEGER PRIMARY KEY, leaf INTEGER NOT NULL UNIQUE);
        """

    // owed: statements without a receipt, or whose receipt says less than is held by now. Found by going through the ledger once;
    // kept by every transaction from then on, so that a start need not.
    private static let owedTable = """
        CREATE TABLE owed(leaf INTEGER PRIMARY KEY);
        INSERT INTO owed SELECT entries.leaf FROM entries LEFT JOIN receipts ON receipts.leaf = entries.leaf
            WHERE signer IS NOT NULL AND (receipts.leaf IS NULL OR receipts.held < entries.held);
        """

    // registrations:     which entries are registrations and revocations of firms.
    // revocation_lists:  the newest list of each issuing key; `held_lists` from schema 4 on.
    // late:              statements whose first receipt is not from before their key's revocation.
    // receipts.first:    the first receipt of a statement that has a newer one: the time that counts is the earliest.
    private static let registrationTables = """
        CREATE TABLE registrations(leaf INTEGER PRIMARY KEY REFERENCES entries(leaf));
        CREATE TABLE revocation_lists(issuer BLOB PRIMARY KEY, firm TEXT NOT NULL, number BLOB NOT NULL, der BLOB NOT NULL);
        CREATE INDEX revocation_lists_firm ON revocation_lists(firm);
        CREATE TABLE late(leaf INTEGER PRIMARY KEY REFERENCES entries(leaf), signer INTEGER NOT NULL);
        ALTER TABLE receipts ADD COLUMN first BLOB;
        """

    // registrations.payload: SHA-256 of the certificate or list.
    // held_lists:            the newest list of each issuing key, and those before it that revoke what it leaves out; `hash` is SHA-256 of what was signed.
    // certificates.serial:   the serial number's content bytes.
    // revocations:           what an issuing key ever revoked: the earliest time, and the newest list that says so.
    private static let revocationTables = """
        ALTER TABLE certificates ADD COLUMN serial BLOB;
        CREATE INDEX certificates_serial ON certificates(serial);
        ALTER TABLE registrations ADD COLUMN payload BLOB;
        CREATE INDEX registrations_payload ON registrations(payload);
        CREATE TABLE held_lists(
            hash BLOB PRIMARY KEY, issuer BLOB NOT NULL, firm TEXT NOT NULL, number BLOB NOT NULL, der BLOB NOT NULL, newest INTEGER NOT NULL);
        CREATE UNIQUE INDEX held_lists_newest ON held_lists(issuer) WHERE newest;
        CREATE INDEX held_lists_firm ON held_lists(firm);
        CREATE TABLE revocations(
            issuer BLOB NOT NULL, serial BLOB NOT NULL, since INTEGER NOT NULL, list BLOB NOT NULL, PRIMARY KEY(issuer, serial)) WITHOUT ROWID;
        CREATE INDEX revocations_list ON revocations(list);
        """
}

extension Digest {
    var data: Data { Data(bytes) }

    init?(_ data: Data) {
        self.init([UInt8](data))
    }
}
