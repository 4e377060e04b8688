import AllianceTrust
import AttestationFormat
import GRDB

extension StoreComparer {
    /// A revocation takes every certificate that the device has with it; a seal certificate may be left open, which its row says.
    mutating func compareRevokedDevices() throws {
        let rows = try transaction.rows(
            """
            SELECT device, label, serial FROM certificates JOIN devices ON devices.id = device
            WHERE certificates.revoked IS NULL AND devices.revoked_since IS NOT NULL ORDER BY certificates.id
            """)
        for row in rows {
            guard let name = names[row["device"]], let revocation = facts.devices[name]?.revocation else { continue }
            let label: String = row["label"]
            guard label == CertificateLabel.link.rawValue || !revocation.reason.contains("; open: ") else { continue }
            comparison.note(
                revocation.row, "it tells that \(Self.words(name)) is revoked, whose \(label) certificate \(Self.hex(row.bytes("serial") ?? [])) is not revoked in the store")
        }
    }
}
