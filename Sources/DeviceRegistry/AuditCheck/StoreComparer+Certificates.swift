import AllianceTrust
import AttestationFormat
import GRDB
import MerkleTree

extension StoreComparer {
    /// Table `certificates`.
    mutating func compareCertificates() throws {
        let rows = try transaction.rows("SELECT * FROM certificates ORDER BY id")
        for (index, row) in rows.enumerated() {
            let serial = Self.hex(row.bytes("serial") ?? [])
            guard index < facts.certificates.count else {
                comparison.note(nil, "the store has the certificate \(serial), and no row tells of its issue")
                continue
            }
            let told = facts.certificates[index]
            guard told.serial == serial else {
                comparison.note(told.row, "it tells of the \(told.label.rawValue) certificate \(told.serial), and the store has \(serial) in its place")
                continue
            }
            comparison.compare(row["id"] as Int64, Int64(index + 1), told.row, "the place of the certificate \(serial)")
            try compare(row, told)
        }
        for told in facts.certificates.dropFirst(rows.count) {
            comparison.note(told.row, "it tells of the \(told.label.rawValue) certificate \(told.serial), which the store does not have")
        }
    }

    private mutating func compare(_ row: Row, _ told: AuditedFacts.Certificate) throws {
        let what = "of the certificate \(told.serial)"
        comparison.compare(row["label"] as String, told.label.rawValue, told.row, "the kind \(what)")
        comparison.compare(row["issued"] as Int64, told.atSeconds, told.row, "the time of the issue \(what)")
        comparison.compare(UTCText.text(seconds: row["ends"] as Int64), told.ends, told.row, "the end \(what)")
        let (keyID, issuer) = (try RegistryTransaction.digest(row["key_id"]), try RegistryTransaction.digest(row["issuer"]))
        if let key = told.keyID { comparison.compare(Self.hex(keyID), key, told.row, "the key \(what)") }
        let device = names[row["device"]]
        comparison.compare(device?.gatewayID, told.gatewayID, told.row, "the device \(what)")
        if let generation = told.generation { comparison.compare(device?.generation, generation, told.row, "the number of the device \(what)") }
        compareSigned(row, issuer, keyID, gateway: told.gatewayID, told.row, what)
        note(revoked: row, issuer, told.serial, mayHaveLeft: told.label == .link)
        guard told.label == .seal else { return }
        comparison.registrationCount += 1
        seals[told.serial] = Seal(
            row: told.row, device: row["device"], issuer: issuer, issuedSeconds: row["issued"], revokedSinceSeconds: row["revoked_since"], isByHand: false)
    }

    /// What the certificate itself says, and that its issuing key signed it.
    private mutating func compareSigned(_ row: Row, _ issuer: Digest, _ keyID: Digest, gateway: String, _ number: Int64, _ what: String) {
        let der = row.bytes("der") ?? []
        guard let facts = CertificateFacts(der: der) else { return comparison.note(number, "it tells of a certificate which cannot be read in the store: the bytes \(what)") }
        if facts.fingerprint.bytes != row.bytes("hash") { comparison.note(number, "it tells of a certificate whose hash in the store is another: \(what)") }
        comparison.compare(row.bytes("serial"), facts.serialNumber, number, "the serial number \(what)")
        comparison.compare(row["ends"] as Int64, facts.validUntilSeconds, number, "the end, as it says itself, \(what)")
        comparison.compare(Self.hex(keyID), facts.keyID.map { Self.hex($0) }, number, "the key, as it says itself, \(what)")
        let subject = "hs:\(registry.settings.alliance)/\(gateway)"
        if !facts.names.contains(subject) { comparison.note(number, "it tells of a certificate for \(gateway), and that of the store is for another: \(what)") }
        if let known = registry.issuers.all[issuer] {
            let isRole = (known.firm == nil) == ((row["label"] as String) == CertificateLabel.link.rawValue)
            if !isRole || !known.authority.hasIssued(der) { comparison.note(number, "it tells of a certificate which the issuing key that the store names did not sign: \(what)") }
        } else if registry.issuers.all.values.contains(where: { $0.authority.hasIssued(der) }) {
            comparison.note(number, "it tells of a certificate whose issuing key in the store is another than its own: \(what)")
        } else {
            comparison.unverifiedCount += 1
        }
    }

    /// Notes for the lists whether a certificate is revoked.
    private mutating func note(revoked row: Row, _ issuer: Digest, _ serial: String, mayHaveLeft: Bool) {
        switch (row["revoked"] as Int64?, row["revoked_since"] as Int64?) {
        case (nil, nil): return
        case (let revokedSeconds?, let since?):
            revoked[issuer, default: [:]][serial] = Revoked(since: since, revoked: revokedSeconds, mayHaveLeft: mayHaveLeft, endsSeconds: row["ends"])
        default: comparison.note(nil, "the certificate \(serial) is revoked in the store and is not: since when, or the time of it, is missing")
        }
    }

    /// Table `hand_certificates`.
    mutating func compareHandCertificates() throws {
        let rows = try transaction.rows("SELECT * FROM hand_certificates ORDER BY id")
        for (index, row) in rows.enumerated() {
            let serial = Self.hex(row.bytes("serial") ?? [])
            guard index < facts.handCertificates.count, facts.handCertificates[index].serial == serial else {
                comparison.note(nil, "the store has revoked the certificate \(serial), made by hand, and no row says so")
                continue
            }
            let told = facts.handCertificates[index]
            let (number, what) = (told.revocation.row, "of the certificate \(serial)")
            comparison.revocationCount += 1
            comparison.compare(row["id"] as Int64, Int64(index + 1), number, "the place \(what)")
            comparison.compare(row["gateway"] as String, told.gatewayID, number, "the gateway \(what)")
            comparison.compare(row["label"] as String, told.label.rawValue, number, "the kind \(what)")
            comparison.compare(UTCText.text(seconds: row["revoked_since"] as Int64), told.revocation.since, number, "the time that the revocation goes back to \(what)")
            comparison.compare(row["revoked"] as Int64, told.revocation.firstSeconds, number, "the time of the revocation \(what)")
            comparison.compare(row["reason"] as String, told.revocation.reason, number, "the reason of the revocation \(what)")
            let issuer = try RegistryTransaction.digest(row["issuer"])
            compareSigned(row, issuer, try RegistryTransaction.digest(row["key_id"]), gateway: told.gatewayID, number, what)
            note(revoked: row, issuer, serial, mayHaveLeft: told.label == .link)
            guard told.label == .seal else { continue }
            seals[serial] = Seal(row: number, device: 0, issuer: issuer, issuedSeconds: 0, revokedSinceSeconds: row["revoked_since"], isByHand: true)
        }
        for told in facts.handCertificates.dropFirst(rows.count) {
            comparison.note(told.revocation.row, "it tells of the revocation of the certificate \(told.serial), which the store does not have")
        }
    }
}
