import AllianceTrust
import AttestationFormat
import Foundation
import GRDB
import MerkleTree

/// A revoked certificate that the registry has not issued, as the store has it.
struct StoredHandCertificate {
    let id: Int64
    let gateway: String
    let hash: Digest
    let issuer: Digest
    let endsSeconds: Int64
    let revokedSeconds: Int64
    let reason: String
    let revoked: HandCertificate
}

extension RegistryTransaction {
    /// Whether a certificate of this key, by hand, was revoked.
    func isRevokedByHand(_ keyID: Digest) throws -> Bool {
        try integer("SELECT count(*) FROM hand_certificates WHERE key_id = ?", [keyID.data]) != 0
    }

    /// The registry's own with this serial number by this issuing key.
    func hasIssued(serialNumber: [UInt8], issuer: Digest) throws -> Bool {
        try integer("SELECT count(*) FROM certificates WHERE issuer = ? AND serial = ?", [issuer.data, Data(serialNumber)]) != 0
    }

    func handCertificate(serialNumber: [UInt8], issuer: Digest) throws -> StoredHandCertificate? {
        try row("SELECT * FROM hand_certificates WHERE issuer = ? AND serial = ?", [issuer.data, Data(serialNumber)]).map { try Self.handCertificate($0) }
    }

    /// Oldest first.
    ///
    /// - Parameter gatewayID: nil: of all.
    func handCertificates(of gatewayID: GatewayID? = nil) throws -> [StoredHandCertificate] {
        try rows("SELECT * FROM hand_certificates WHERE ?1 IS NULL OR gateway = ?1 ORDER BY id", [gatewayID?.text.string]).map { try Self.handCertificate($0) }
    }

    /// Revokes one, or moves one that is revoked to an earlier second.
    func revokeByHand(_ certificate: HandCertificate, of gatewayID: GatewayID, issuer: Digest, _ facts: CertificateFacts, reason: String, nowSeconds: Int64) throws {
        try run(
            """
            INSERT INTO hand_certificates(hash, gateway, label, key_id, issuer, serial, ends, revoked, revoked_since, reason, der)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            ON CONFLICT(issuer, serial) DO UPDATE SET revoked_since = ?9, reason = ?10
            """,
            [
                facts.fingerprint.data, gatewayID.text.string, certificate.label.rawValue, certificate.keyID.data, issuer.data,
                Data(certificate.serialNumber), facts.validUntilSeconds, nowSeconds, certificate.revokedSinceSeconds, reason,
                Data(certificate.certificate.der),
            ])
    }

    private static func handCertificate(_ row: Row) throws -> StoredHandCertificate {
        guard let label = CertificateLabel(rawValue: row["label"]) else { throw damaged("certificate \(row["id"] as Int64) of hand_certificates has no label") }
        return StoredHandCertificate(
            id: row["id"], gateway: row["gateway"], hash: try digest(row["hash"]), issuer: try digest(row["issuer"]), endsSeconds: row["ends"],
            revokedSeconds: row["revoked"], reason: row["reason"],
            revoked: HandCertificate(
                label: label, certificate: CertificateBytes(der: row.bytes("der") ?? []), keyID: try digest(row["key_id"]),
                serialNumber: row.bytes("serial") ?? [], revokedSinceSeconds: row["revoked_since"]))
    }
}
