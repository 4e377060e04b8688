import AllianceTrust
import AttestationFormat
import MerkleTree

extension Registry {
    /// Issues a certificate, all of whose names are the registry's, and stores it with what follows from it.
    func issue(
        _ label: CertificateLabel, to device: StoredDevice, _ request: CertificateRequest, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> (IssuedCertificate, detail: String) {
        let keyID = request.publicKey.keyID(using: SHA256.self)
        try checkRole(of: keyID, is: StoredKey(device: device.id, label: label), in: transaction)
        let issuer = try issuers.issuer(of: label, firm: device.gatewayID.firm)
        let lifetime = try issuer.lifetime(nowSeconds: nowSeconds, days: label == .seal ? settings.sealDays : settings.linkDays)
        let certificate: CertificateBytes
        if label == .link, let source = settings.linkSource {
            certificate = try linkCertificate(of: device, request, from: source, nowSeconds: nowSeconds)
            if let known = try knownCertificate(certificate, of: device, from: source, in: transaction) {
                return (known, "\(AuditedFacts.againWords)\(known.words), of key \(Hexadecimal.text(of: keyID.bytes)), as the alliance's registry has it")
            }
        } else {
            certificate = try sign(label, for: gatewayName(device.gatewayID), request.publicKey, issuer: issuer, lifetime: lifetime)
        }
        guard let facts = CertificateFacts(der: certificate.der) else {
            throw RegistryError(.damagedStore, "a certificate just made cannot be parsed: the program or the machine is damaged")
        }
        let issued = IssuedCertificate(
            label: label, certificate: certificate, keyID: keyID, serialNumber: facts.serialNumber, issuedSeconds: nowSeconds,
            endsSeconds: facts.validUntilSeconds, revokedSinceSeconds: nil)
        try transaction.addCertificate(issued, of: device.id, issuer: issuer.keyID)
        switch label {
        case .seal: try tellLedgers(of: issued, device: device, issuer: issuer, nowSeconds: nowSeconds, in: transaction)
        case .link: try takeOver(from: device, nowSeconds: nowSeconds, in: transaction)
        }
        return (issued, "\(issued.words), of key \(Hexadecimal.text(of: keyID.bytes)), generation \(device.generation)")
    }

    /// One key, one role, one device (wire-format.md, section 1).
    private func checkRole(of keyID: Digest, is role: StoredKey, in transaction: RegistryTransaction) throws {
        let known = try transaction.key(keyID)
        let isRevoked = try transaction.isRevokedByHand(keyID)
        guard known == nil || known == role, !isRevoked, !issuers.keyIDs.contains(keyID) else {
            throw RegistryError(
                .keyInUse, "this key is certified already, for something else than a \(role.label.rawValue) certificate of this device",
                nextStep: "make a new key")
        }
    }

    private func sign(
        _ label: CertificateLabel, for gateway: GatewayName, _ publicKey: PublicKey, issuer: Issuer, lifetime: CertificateLifetime
    ) throws -> CertificateBytes {
        let (firm, gatewayID) = (gateway.firm.text.string, gateway.gatewayID.text.string)
        switch label {
        case .seal:
            return try issuer.authority.issueSeal(
                firm: firm, gatewayID: gatewayID, issuer: gateway.issuer.string, publicKey: publicKey, lifetime: lifetime)
        case .link:
            return try issuer.authority.issueLink(
                organisation: firm, commonName: gatewayID, issuer: gateway.issuer.string, publicKey: publicKey, lifetime: lifetime)
        }
    }

    private func tellLedgers(
        of issued: IssuedCertificate, device: StoredDevice, issuer: Issuer, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws {
        let statement = try statements.registration(
            certificate: issued.certificate.der, of: gatewayName(device.gatewayID), issuedSeconds: nowSeconds, signer: issuer.authority.key)
        try transaction.addStatement(statement, .registration, device: device.id, nowSeconds: nowSeconds)
    }

    /// With its first link certificate a device takes the name over: those that had it before connect no longer.
    private func takeOver(from device: StoredDevice, nowSeconds: Int64, in transaction: RegistryTransaction) throws {
        guard device.generation > 1, !device.isReplaced else { return }
        for earlier in try transaction.earlierDevices(device.gatewayID) {
            let issuers = try transaction.revokeCertificates(of: earlier.id, label: .link, sinceSeconds: nowSeconds, nowSeconds: nowSeconds)
            for issuer in issuers { try makeList(of: issuer, nowSeconds: nowSeconds, in: transaction) }
        }
    }
}
