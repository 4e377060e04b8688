import AllianceTrust
import AttestationFormat
import GRDB
import MerkleTree

/// What a firm's registry and the alliance's have with each other.
extension StoreComparer {
    /// Table `firm_codes`.
    mutating func compareFirmCodes() throws {
        var rest = facts.firmCodes
        for (firm, stored) in try transaction.firmCodes() {
            guard let told = rest.removeValue(forKey: firm) else {
                comparison.note(nil, "the store has a code of firm \(firm), and no row tells of one in force")
                continue
            }
            comparison.compare(stored.hash.auditMark, told.mark, told.row, "the mark of the code of firm \(firm)")
            comparison.compare(stored.madeSeconds, told.madeSeconds, told.row, "the time of the code of firm \(firm)")
            comparison.compare(stored.madeBy, told.madeBy, told.row, "who made the code of firm \(firm)")
        }
        for (firm, told) in rest { comparison.note(told.row, "it tells of a code of firm \(firm), which the store does not have") }
    }

    /// Table `link_reports`, and what certificates say of their revocation where no list here does.
    mutating func compareLinkReports() throws {
        let hasList = try transaction.list(issuer: registry.issuers.link.keyID) != nil
        var rest = facts.linkReports
        let rows = try transaction.rows(
            """
            SELECT link_reports.*, serial, gateway, certificates.revoked, certificates.revoked_since FROM link_reports
            LEFT JOIN certificates ON certificates.id = certificate LEFT JOIN devices ON devices.id = certificates.device
            """)
        for row in rows {
            let serial = Self.hex(row.bytes("serial") ?? [])
            guard let told = rest.removeValue(forKey: serial) else {
                comparison.note(nil, "the store has a report of the link certificate \(serial), and no row tells of it")
                continue
            }
            let what = "of the report of the link certificate \(serial)"
            comparison.compare(row["gateway"] as String?, told.gatewayID, told.row, "the gateway \(what)")
            comparison.compare(UTCText.text(seconds: row["since"] as Int64), told.since, told.row, "the time that it goes back to, \(what)")
            comparison.compare(row["reason"] as String, told.reason, told.row, "the reason \(what)")
            comparison.compare(row["made"] as Int64, told.madeSeconds, told.row, "the time \(what)")
            comparison.compare(row["taken"] as Int64?, told.takenSeconds, told.row, "when the alliance's registry took it, \(what)")
            guard !hasList else { continue }
            comparison.compare(row["revoked_since"] as Int64?, row["since"] as Int64, told.row, "since when the link certificate \(serial) is revoked")
            comparison.compare(row["revoked"] as Int64?, told.firstSeconds, told.row, "the time of the revocation of the link certificate \(serial)")
        }
        for (serial, told) in rest { comparison.note(told.row, "it tells of a report of the link certificate \(serial), which the store does not have") }
        guard registry.settings.linkSource != nil else { return }
        for (_, certificate, revocation) in try transaction.unreportedLinks(issuer: registry.issuers.link.keyID) {
            comparison.note(nil, "the link certificate \(Self.hex(revocation.serialNumber)), number \(certificate) of the store, is \(revocation.reason.rawValue) there, and the alliance's registry is not told so")
        }
    }
}
