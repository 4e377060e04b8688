import AttestationFormat
import GRDB

/// The tables, and which alliance they belong to.
enum RegistrySchema {
    /// Raised with every change of the tables; an older program refuses a newer store.
    static let version = 3

    /// Makes the tables unless they are there: of two processes that open a new store, the second one finds them.
    static func create(in database: Database, alliance: Name) throws {
        guard try found(in: database) == 0 else { return }
        try database.execute(sql: tables)
        try database.execute(sql: guards)
        try database.execute(sql: sinceVersion2)
        try database.execute(sql: sinceVersion3)
        try database.execute(sql: "INSERT INTO owner(id, alliance) VALUES (1, ?)", arguments: [alliance.text.string])
        try database.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Adds what an earlier version's tables lack, unless another process has done so: rows stay as they are.
    static func migrate(in database: Database) throws {
        let found = try found(in: database)
        guard (1..<version).contains(found) else { return }
        if found < 2 { try database.execute(sql: sinceVersion2) }
        try database.execute(sql: sinceVersion3)
        try database.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// The version of the tables; 0: there are none yet.
    static func found(in database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    }

    /// - Throws: ``RegistryError`` with code `newerStore` or `foreignStore`.
    static func check(_ database: Database, path: String, alliance: Name) throws {
        let found = try found(in: database)
        guard found <= version else {
            throw RegistryError(.newerStore, "\(path): written by a newer version (schema \(found))", nextStep: "install that version")
        }
        let owner = try String.fetchOne(database, sql: "SELECT alliance FROM owner WHERE id = 1")
        guard owner == alliance.text.string else {
            throw RegistryError(
                .foreignStore, "\(path): the registry of alliance \(owner ?? "(none)"), not of \(alliance)",
                nextStep: "name the folder of this alliance's registry")
        }
    }

    // devices:      one row a device; `replaced_by` is the device that took its name over, and only one of a name has none.
    // codes:        the code in force, as a hash; `link_key` and `seal_key` are the keys that it was used for; `approved_by` is NULL while a
    //               second person is waited for.
    // keys:         every key that was ever certified here, with its one role.
    // lists:        the newest revocation list of each issuing key.
    // statements:   what the ledgers are told; `deliveries` has a row for each node.
    private static let tables = """
        CREATE TABLE owner(id INTEGER PRIMARY KEY CHECK (id = 1), alliance TEXT NOT NULL);
        CREATE TABLE devices(
            id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, firm TEXT NOT NULL, generation INTEGER NOT NULL, state TEXT NOT NULL,
            note TEXT NOT NULL, added INTEGER NOT NULL, added_by TEXT NOT NULL, revoked INTEGER, revoked_since INTEGER, reason TEXT,
            replaced_by INTEGER REFERENCES devices(id), UNIQUE(gateway, generation));
        CREATE UNIQUE INDEX devices_in_force ON devices(gateway) WHERE replaced_by IS NULL;
        CREATE INDEX devices_firm ON devices(firm, state);
        CREATE TABLE codes(
            device INTEGER PRIMARY KEY REFERENCES devices(id), hash BLOB NOT NULL, made INTEGER NOT NULL, expires INTEGER NOT NULL,
            tries_left INTEGER NOT NULL CHECK (tries_left >= 0), asked_by TEXT NOT NULL, needs_approval INTEGER NOT NULL, approved_by TEXT,
            link_key BLOB, seal_key BLOB);
        CREATE TABLE keys(
            key_id BLOB PRIMARY KEY, device INTEGER NOT NULL REFERENCES devices(id), label TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE certificates(
            id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, device INTEGER NOT NULL REFERENCES devices(id), label TEXT NOT NULL,
            key_id BLOB NOT NULL REFERENCES keys(key_id), issuer BLOB NOT NULL, serial BLOB NOT NULL, issued INTEGER NOT NULL,
            ends INTEGER NOT NULL, revoked INTEGER, revoked_since INTEGER, der BLOB NOT NULL, UNIQUE(issuer, serial));
        CREATE INDEX certificates_device ON certificates(device, label);
        CREATE INDEX certificates_revoked ON certificates(issuer) WHERE revoked IS NOT NULL;
        CREATE TABLE lists(
            issuer BLOB PRIMARY KEY, number INTEGER NOT NULL, made INTEGER NOT NULL, next INTEGER NOT NULL, der BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE nodes(name TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE statements(
            id INTEGER PRIMARY KEY, kind TEXT NOT NULL, device INTEGER NOT NULL REFERENCES devices(id), made INTEGER NOT NULL, bytes BLOB NOT NULL);
        CREATE INDEX statements_device ON statements(device);
        CREATE TABLE deliveries(
            node TEXT NOT NULL, statement INTEGER NOT NULL REFERENCES statements(id), state TEXT NOT NULL, tries INTEGER NOT NULL,
            next_try INTEGER NOT NULL, receipt BLOB, answer TEXT, PRIMARY KEY(node, statement)) WITHOUT ROWID;
        CREATE INDEX deliveries_due ON deliveries(node, statement) WHERE state = 'due';
        CREATE INDEX deliveries_statement ON deliveries(statement);
        CREATE TABLE audit(
            number INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, address TEXT, action TEXT NOT NULL, gateway TEXT,
            outcome TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL);
        CREATE INDEX audit_gateway ON audit(gateway);
        CREATE INDEX audit_refusals ON audit(gateway, at) WHERE outcome <> 'ok' AND action IN ('enrol', 'renew');
        """

    // policies:             whether a firm asks for a second person; `asked` and what follows it: somebody wants it switched off, and another person has
    //                       to approve. No row: nothing was ever set, and the configuration decides.
    // hand_certificates:    revoked ones that `device issue` made: the registry has issued none of them, and its lists name them.
    // deliveries.entry:     the statement that the receipt is for, where the node had the same certificate or list in another one before.
    private static let sinceVersion2 = """
        CREATE TABLE policies(
            firm TEXT PRIMARY KEY, second_person INTEGER NOT NULL, at INTEGER NOT NULL, set_by TEXT NOT NULL, asked INTEGER, asked_by TEXT,
            asked_account TEXT) WITHOUT ROWID;
        CREATE TABLE hand_certificates(
            id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, gateway TEXT NOT NULL, label TEXT NOT NULL, key_id BLOB NOT NULL, issuer BLOB NOT NULL,
            serial BLOB NOT NULL, ends INTEGER NOT NULL, revoked INTEGER NOT NULL, revoked_since INTEGER NOT NULL, reason TEXT NOT NULL,
            der BLOB NOT NULL, UNIQUE(issuer, serial));
        CREATE INDEX hand_certificates_key ON hand_certificates(key_id);
        CREATE INDEX hand_certificates_gateway ON hand_certificates(gateway);
        ALTER TABLE deliveries ADD COLUMN entry BLOB;
        """

    // firm_codes:           of firms that run a registry of their own and get link certificates from this one. Their devices have a row in `devices` and
    //                       none in `codes`.
    // link_reports:         what a firm's registry tells the alliance's of a revoked link certificate, in both of them; `taken` is NULL while the
    //                       alliance's has not taken it.
    // codes_hash:           whose code it is, asked by the code alone: that takes as long for a name that is not registered.
    private static let sinceVersion3 = """
        CREATE TABLE firm_codes(
            firm TEXT PRIMARY KEY, hash BLOB NOT NULL, made INTEGER NOT NULL, made_by TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE link_reports(
            certificate INTEGER PRIMARY KEY REFERENCES certificates(id), since INTEGER NOT NULL, reason TEXT NOT NULL, made INTEGER NOT NULL,
            taken INTEGER);
        CREATE INDEX link_reports_due ON link_reports(certificate) WHERE taken IS NULL;
        CREATE INDEX IF NOT EXISTS codes_hash ON codes(hash);
        """

    // REPLACE deletes without a delete trigger, so a number that is not the next one is refused too.
    private static let guards = """
        CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit table is append only'); END;
        CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit table is append only'); END;
        CREATE TRIGGER audit_insert BEFORE INSERT ON audit WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM audit)
            BEGIN SELECT RAISE(ABORT, 'the audit table is append only'); END;
        """
}
