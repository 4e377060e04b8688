import AllianceTrust
import AttestationFormat
import Foundation
import GRDB
import MerkleTree

/// A certificate with the device that it was issued to.
struct StoredCertificate {
    let device: Int64
    /// Key id of the issuing key.
    let issuer: Digest
    let issued: IssuedCertificate
}

/// The role of a known key.
struct StoredKey: Equatable {
    let device: Int64
    let label: CertificateLabel
}

/// A revocation list as it is published.
struct StoredList {
    let number: Int64
    let madeSeconds: Int64
    let nextSeconds: Int64
    let der: [UInt8]
}

extension RegistryTransaction {
    func key(_ keyID: Digest) throws -> StoredKey? {
        guard let row = try row("SELECT device, label FROM keys WHERE key_id = ?", [keyID.data]) else { return nil }
        return StoredKey(device: row["device"], label: try Self.label(row))
    }

    func addCertificate(_ certificate: IssuedCertificate, of device: Int64, issuer: Digest) throws {
        try run(
            "INSERT OR IGNORE INTO keys(key_id, device, label) VALUES (?, ?, ?)",
            [certificate.keyID.data, device, certificate.label.rawValue])
        try run(
            """
            INSERT INTO certificates(hash, device, label, key_id, issuer, serial, issued, ends, der) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                SHA256.hash(certificate.certificate.der).data, device, certificate.label.rawValue, certificate.keyID.data, issuer.data,
                Data(certificate.serialNumber), certificate.issuedSeconds, certificate.endsSeconds, Data(certificate.certificate.der),
            ])
        try settleState(of: device)
    }

    func certificate(hash: Digest) throws -> StoredCertificate? {
        try row("SELECT * FROM certificates WHERE hash = ?", [hash.data]).map { try Self.certificate($0) }
    }

    /// Newest first.
    func certificates(of device: Int64) throws -> [StoredCertificate] {
        try rows("SELECT * FROM certificates WHERE device = ? ORDER BY id DESC", [device]).map { try Self.certificate($0) }
    }

    /// Of all devices, oldest first.
    func allCertificates() throws -> [StoredCertificate] {
        try rows("SELECT * FROM certificates ORDER BY id").map { try Self.certificate($0) }
    }

    func newestCertificate(of device: Int64, label: CertificateLabel, keyID: Digest? = nil) throws -> StoredCertificate? {
        try row(
            "SELECT * FROM certificates WHERE device = ?1 AND label = ?2 AND (?3 IS NULL OR key_id = ?3) ORDER BY id DESC LIMIT 1",
            [device, label.rawValue, keyID?.data]
        ).map { try Self.certificate($0) }
    }

    func certificateCount(of device: Int64, label: CertificateLabel, issuedIn seconds: ClosedRange<Int64>) throws -> Int64 {
        try integer(
            "SELECT count(*) FROM certificates WHERE device = ? AND label = ? AND issued BETWEEN ? AND ?",
            [device, label.rawValue, seconds.lowerBound, seconds.upperBound]) ?? 0
    }

    /// The key ids of those who issued certificates of a device.
    func issuers(of device: Int64, label: CertificateLabel) throws -> [Digest] {
        try rows("SELECT issuer FROM certificates WHERE device = ? AND label = ? GROUP BY issuer ORDER BY min(id)", [device, label.rawValue])
            .map { try Self.digest($0["issuer"]) }
    }

    /// Whether a revoked device has a seal certificate that is not on its list since then.
    func hasUnlistedSeal(_ device: Int64, revokedSinceSeconds: Int64) throws -> Bool {
        try integer(
            "SELECT EXISTS (SELECT 1 FROM certificates WHERE device = ?1 AND label = 'seal' AND coalesce(revoked_since, ?2 + 1) > ?2)",
            [device, revokedSinceSeconds]) == 1
    }

    /// How many certificates are on the list of an issuing key.
    func revokedCount(issuer: Digest) throws -> Int {
        Int(
            try integer(
                """
                SELECT (SELECT count(*) FROM certificates WHERE issuer = ?1 AND revoked IS NOT NULL)
                    + (SELECT count(*) FROM hand_certificates WHERE issuer = ?1)
                """, [issuer.data]) ?? 0)
    }

    /// Revoked devices with a seal certificate of this issuing key that is not on its list since then.
    func unlistedDeviceCount(issuer: Digest) throws -> Int {
        Int(
            try integer(
                """
                SELECT count(*) FROM devices WHERE revoked_since IS NOT NULL
                    AND EXISTS (SELECT 1 FROM certificates AS seal WHERE device = devices.id AND label = 'seal' AND issuer = ?
                        AND coalesce(seal.revoked_since, devices.revoked_since + 1) > devices.revoked_since)
                """, [issuer.data]) ?? 0)
    }

    /// Revokes the certificates of a device; those that are revoked already move to an earlier second, and never to a later one.
    ///
    /// - Parameters:
    ///   - keyID: the key whose certificates stay as they are; nil: none.
    ///   - issuer: the key id of the issuing key whose certificates alone change; nil: all.
    /// - Returns: the key ids of the issuers whose lists change.
    func revokeCertificates(
        of device: Int64, label: CertificateLabel, butOfKey keyID: Digest? = nil, by issuer: Digest? = nil, sinceSeconds: Int64, nowSeconds: Int64
    ) throws -> [Digest] {
        let changes = """
            device = ?1 AND label = ?2 AND (revoked_since IS NULL OR revoked_since > ?3) AND key_id IS NOT ?4 AND issuer = coalesce(?5, issuer)
            """
        let arguments: StatementArguments = [device, label.rawValue, sinceSeconds, keyID?.data, issuer?.data]
        let issuers = try rows("SELECT DISTINCT issuer FROM certificates WHERE \(changes)", arguments).map { try Self.digest($0["issuer"]) }
        try run(
            "UPDATE certificates SET revoked = coalesce(revoked, ?6), revoked_since = ?3 WHERE \(changes)",
            [device, label.rawValue, sinceSeconds, keyID?.data, issuer?.data, nowSeconds])
        return issuers
    }

    /// What the list of an issuing key holds: everything revoked that ends after `endingAfterSeconds`. A link certificate of a device that nobody
    /// revoked has ended because the name was enrolled once more.
    func revokedEntries(issuer: Digest, endingAfterSeconds: Int64) throws -> [UnverifiedRevocationList.Entry] {
        try rows(
            """
            SELECT serial, revoked, revoked_since, 0 AS place, id,
                label = 'link' AND (SELECT devices.revoked_since FROM devices WHERE devices.id = certificates.device) IS NULL
                    AND NOT EXISTS (SELECT 1 FROM link_reports WHERE certificate = certificates.id AND reason = 'revoked') AS superseded
                FROM certificates WHERE issuer = ?1 AND revoked IS NOT NULL AND ends > ?2
            UNION ALL SELECT serial, revoked, revoked_since, 1, id, 0 FROM hand_certificates WHERE issuer = ?1 AND ends > ?2 ORDER BY revoked, place, id
            """, [issuer.data, endingAfterSeconds]
        ).map {
            UnverifiedRevocationList.Entry(
                serialNumber: $0.bytes("serial") ?? [], sinceSeconds: $0["revoked_since"], revokedSeconds: $0["revoked"],
                isSuperseded: $0["superseded"])
        }
    }

    func list(issuer: Digest) throws -> StoredList? {
        try row("SELECT number, made, next, der FROM lists WHERE issuer = ?", [issuer.data]).map {
            StoredList(number: $0["number"], madeSeconds: $0["made"], nextSeconds: $0["next"], der: $0.bytes("der") ?? [])
        }
    }

    func setList(_ list: StoredList, issuer: Digest) throws {
        try run(
            "INSERT OR REPLACE INTO lists(issuer, number, made, next, der) VALUES (?, ?, ?, ?, ?)",
            [issuer.data, list.number, list.madeSeconds, list.nextSeconds, Data(list.der)])
    }

    private static func certificate(_ row: Row) throws -> StoredCertificate {
        StoredCertificate(
            device: row["device"], issuer: try digest(row["issuer"]),
            issued: IssuedCertificate(
                label: try label(row), certificate: CertificateBytes(der: row.bytes("der") ?? []), keyID: try digest(row["key_id"]),
                serialNumber: row.bytes("serial") ?? [], issuedSeconds: row["issued"], endsSeconds: row["ends"],
                revokedSinceSeconds: row["revoked_since"]))
    }

    private static func label(_ row: Row) throws -> CertificateLabel {
        guard let label = CertificateLabel(rawValue: row["label"]) else { throw damaged("a key in the store has no role") }
        return label
    }
}
