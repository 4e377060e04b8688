import AllianceTrust
import AttestationFormat
import Foundation
import GRDB
import MerkleTree

/// The code of a firm that runs its own registry, as a hash.
struct StoredFirmCode {
    let hash: Digest
    let madeSeconds: Int64
    let madeBy: String

    func isRight(_ text: String, of firm: Name) -> Bool {
        EnrolmentCode(text).map { $0.hash(forFirm: firm).equalsInConstantTime(hash) } ?? false
    }
}

/// A revoked link certificate in one of the two registries that know it.
struct StoredLinkReport {
    /// Its number in the store.
    let certificate: Int64
    let revocation: LinkRevocation
    let madeSeconds: Int64
    /// nil: the alliance's registry has not taken it.
    let takenSeconds: Int64?
}

extension RegistryTransaction {
    func firmCode(_ firm: Name) throws -> StoredFirmCode? {
        try row("SELECT * FROM firm_codes WHERE firm = ?", [firm.text.string]).map { try Self.firmCode($0) }
    }

    /// By the firm's name.
    func firmCodes() throws -> [(firm: String, code: StoredFirmCode)] {
        try rows("SELECT * FROM firm_codes ORDER BY firm").map { ($0["firm"], try Self.firmCode($0)) }
    }

    func setFirmCode(_ code: StoredFirmCode, of firm: Name) throws {
        try run(
            "INSERT OR REPLACE INTO firm_codes(firm, hash, made, made_by) VALUES (?, ?, ?, ?)",
            [firm.text.string, code.hash.data, code.madeSeconds, code.madeBy])
    }

    func removeFirmCode(of firm: Name) throws {
        try run("DELETE FROM firm_codes WHERE firm = ?", [firm.text.string])
    }

    /// How many names of a firm were new at a time.
    func newDeviceCount(of firm: Name, addedIn seconds: ClosedRange<Int64>) throws -> Int64 {
        try integer(
            "SELECT count(*) FROM devices WHERE firm = ? AND generation = 1 AND added BETWEEN ? AND ?",
            [firm.text.string, seconds.lowerBound, seconds.upperBound]) ?? 0
    }

    private static func firmCode(_ row: Row) throws -> StoredFirmCode {
        StoredFirmCode(hash: try digest(row["hash"]), madeSeconds: row["made"], madeBy: row["made_by"])
    }

    // MARK: - Reports

    /// The number of a link certificate of any device of a name.
    func linkCertificate(serialNumber: [UInt8], issuer: Digest, of gatewayID: GatewayID) throws -> (id: Int64, device: Int64)? {
        try row(
            """
            SELECT certificates.id, device FROM certificates JOIN devices ON devices.id = device
            WHERE issuer = ? AND serial = ? AND label = 'link' AND gateway = ?
            """, [issuer.data, Data(serialNumber), gatewayID.text.string]
        ).map { ($0["id"], $0["device"]) }
    }

    /// Moves to an earlier second, and never to a later one.
    func revokeCertificate(_ id: Int64, sinceSeconds: Int64, nowSeconds: Int64) throws {
        try run(
            "UPDATE certificates SET revoked = coalesce(revoked, ?3), revoked_since = min(coalesce(revoked_since, ?2), ?2) WHERE id = ?1",
            [id, sinceSeconds, nowSeconds])
    }

    func linkReport(of certificate: Int64) throws -> StoredLinkReport? {
        try row("SELECT link_reports.*, serial FROM link_reports JOIN certificates ON id = certificate WHERE certificate = ?", [certificate]).map {
            StoredLinkReport(certificate: certificate, revocation: try Self.revocation($0), madeSeconds: $0["made"], takenSeconds: $0["taken"])
        }
    }

    func setLinkReport(_ report: StoredLinkReport) throws {
        try run(
            "INSERT OR REPLACE INTO link_reports(certificate, since, reason, made, taken) VALUES (?, ?, ?, ?, ?)",
            [report.certificate, report.revocation.sinceSeconds, report.revocation.reason.rawValue, report.madeSeconds, report.takenSeconds])
    }

    /// Revoked link certificates of which no report says what is true now: of a device that nobody revoked it is superseded.
    func unreportedLinks(issuer: Digest) throws -> [(gatewayID: GatewayID, certificate: Int64, revocation: LinkRevocation)] {
        try rows(
            """
            SELECT certificates.id, gateway, serial, certificates.revoked_since AS since,
                CASE WHEN devices.revoked_since IS NULL THEN 'superseded' ELSE 'revoked' END AS why
            FROM certificates JOIN devices ON devices.id = device LEFT JOIN link_reports ON certificate = certificates.id
            WHERE issuer = ? AND label = 'link' AND certificates.revoked IS NOT NULL
                AND (certificate IS NULL OR since <> certificates.revoked_since OR (link_reports.reason = 'superseded' AND devices.revoked_since IS NOT NULL))
            ORDER BY certificates.id
            """, [issuer.data]
        ).map { (try Self.gateway($0), $0["id"], try Self.revocation($0, reason: "why")) }
    }

    /// Gateways of which something is due, by the oldest that is.
    func dueLinkGateways() throws -> [GatewayID] {
        try rows(
            """
            SELECT gateway, min(link_reports.made) AS oldest FROM link_reports JOIN certificates ON certificates.id = certificate
            JOIN devices ON devices.id = device WHERE taken IS NULL GROUP BY gateway ORDER BY oldest, gateway
            """
        ).map { try Self.gateway($0) }
    }

    /// Gateways with a reported certificate that ends later than `seconds`, and that the alliance's registry has taken.
    func takenLinkGateways(endingAfterSeconds seconds: Int64) throws -> [GatewayID] {
        try rows(
            """
            SELECT DISTINCT gateway FROM link_reports JOIN certificates ON certificates.id = certificate
            JOIN devices ON devices.id = device WHERE taken IS NOT NULL AND ends > ? ORDER BY gateway
            """, [seconds]
        ).map { try Self.gateway($0) }
    }

    /// What is due of a gateway, oldest first, and what was taken and ends later than `seconds`.
    func linkReports(
        of gatewayID: GatewayID, orEndingAfterSeconds seconds: Int64
    ) throws -> [(revocation: LinkRevocation, certificate: CertificateBytes)] {
        try rows(
            """
            SELECT serial, der, link_reports.since, link_reports.reason FROM link_reports JOIN certificates ON certificates.id = certificate
            JOIN devices ON devices.id = device WHERE gateway = ? AND (taken IS NULL OR ends > ?) ORDER BY link_reports.made, certificate
            """, [gatewayID.text.string, seconds]
        ).map { (try Self.revocation($0), CertificateBytes(der: $0.bytes("der") ?? [])) }
    }

    /// - Returns: whether it was due, just so.
    func takeLinkReport(_ revocation: LinkRevocation, issuer: Digest, nowSeconds: Int64) throws -> Bool {
        try run(
            """
            UPDATE link_reports SET taken = ? WHERE taken IS NULL AND since = ? AND reason = ?
                AND certificate = (SELECT id FROM certificates WHERE issuer = ? AND serial = ?)
            """, [nowSeconds, revocation.sinceSeconds, revocation.reason.rawValue, issuer.data, Data(revocation.serialNumber)])
        return changedRowCount > 0
    }

    func hasOpenLinkReport(_ device: Int64) throws -> Bool {
        try integer("SELECT EXISTS (SELECT 1 FROM certificates JOIN link_reports ON certificate = id WHERE device = ? AND taken IS NULL)", [device]) == 1
    }

    private static func gateway(_ row: Row) throws -> GatewayID {
        guard let gatewayID = GatewayID(UTF8Text(row["gateway"])) else { throw damaged("a device in the store has no name") }
        return gatewayID
    }

    private static func revocation(_ row: Row, reason column: String = "reason") throws -> LinkRevocation {
        guard let reason = LinkRevocation.Reason(rawValue: row[column]), let since: Int64 = row["since"] else {
            throw damaged("a revoked link certificate in the store has no time or reason of it")
        }
        return LinkRevocation(serialNumber: row.bytes("serial") ?? [], sinceSeconds: since, reason: reason)
    }
}
