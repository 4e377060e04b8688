public import AllianceTrust
import AttestationFormat
public import MerkleTree

/// A certificate that an issuing key made beside the registry (`harborseal device issue`), and that is revoked.
public struct HandCertificate: Equatable, Sendable {
    public let label: CertificateLabel
    public let certificate: CertificateBytes
    public let keyID: Digest
    /// Content bytes of the serial number.
    public let serialNumber: [UInt8]
    /// From when on it does not count, in seconds since 1970.
    public let revokedSinceSeconds: Int64
}

extension Registry {
    /// Revokes a certificate that one of the registry's issuing keys, or the link CA, has made beside it: it comes on that key's list, and of a seal
    /// certificate the ledgers are told. The device itself stays as it is. Again with an earlier `sinceSeconds` moves it back.
    ///
    /// - Parameters:
    ///   - gatewayID: whose it must be; a registered device, or one of a firm whose key is elsewhere, for a link certificate: then it is registered by this.
    ///   - der: the certificate.
    /// A key that the registry has certified, too, is revoked with its device first: revocation is of the key, so the device does not go on.
    ///
    /// - Throws: ``RegistryError`` with code `certificate` (it is none, a CA's, another issuer's or gateway's, or a link certificate that has ended),
    ///   `state` (revoked already, the registry made it, or the device that has its key is not revoked), `unknownDevice`, `argument` (`sinceSeconds` lies ahead) or `listFull`.
    public func revokeCertificate(
        _ der: [UInt8], of gatewayID: String, sinceSeconds: Int64, reason: String, by requester: Requester, nowSeconds: Int64
    ) throws -> HandCertificate {
        let name = try? named(gatewayID)
        return try perform(.revoke, on: name, by: requester, nowSeconds: nowSeconds) { transaction in
            let id = try named(gatewayID)
            if !issuers.hasFirm(id.firm), try transaction.device(id) == nil {
                // Its firm's registry may never have asked for it here, and names the link CA's registry as the place. The certificate proves the name.
                _ = try checked(der, of: id, nowSeconds: nowSeconds)
                _ = try addFirmDevice(id, by: requester, nowSeconds: nowSeconds, in: transaction)
            }
            let device = try stored(id, in: transaction)
            let (facts, issuer) = try checked(der, of: id, nowSeconds: nowSeconds)
            guard let keyID = facts.keyID else { throw Self.refused("its key is none of P-256", "name the file that device issue wrote") }
            let revoked = HandCertificate(
                label: issuer.firm == nil ? .link : .seal, certificate: CertificateBytes(der: der), keyID: keyID, serialNumber: facts.serialNumber,
                revokedSinceSeconds: sinceSeconds)
            try check(revoked, by: issuer, of: device, nowSeconds: nowSeconds, in: transaction)
            let shownReason = PrintableText.line(reason, limit: Self.reasonLimit)
            try transaction.revokeByHand(revoked, of: device.gatewayID, issuer: issuer.keyID, facts, reason: shownReason, nowSeconds: nowSeconds)
            let list = try makeList(of: issuer.keyID, isGrowing: true, nowSeconds: nowSeconds, in: transaction)
            if issuer.firm != nil { try tellLedgers(of: list, by: issuer.keyID, device: device, nowSeconds: nowSeconds, in: transaction) }
            return (revoked, "\(revoked.auditWords), since \(UTCText.text(seconds: sinceSeconds)): \(shownReason)")
        }
    }

    /// What is wrong with the file, before anything else is asked of it; nothing is written down.
    ///
    /// - Returns: what the certificate says.
    /// - Throws: ``RegistryError`` with code `certificate`, `unknownDevice`.
    public func checkCertificate(_ der: [UInt8], of gatewayID: String, nowSeconds: Int64) throws -> (label: CertificateLabel, facts: CertificateFacts) {
        let (facts, issuer) = try checked(der, of: named(gatewayID), nowSeconds: nowSeconds)
        return (issuer.firm == nil ? .link : .seal, facts)
    }

    private func checked(_ der: [UInt8], of gatewayID: GatewayID, nowSeconds: Int64) throws -> (CertificateFacts, Issuer) {
        guard let facts = CertificateFacts(der: der) else {
            throw Self.refused("it is no certificate", "name the seal.crt or link.crt that device issue wrote")
        }
        guard !facts.isAuthority else {
            throw Self.refused("it is a CA's, \(PrintableText.line(facts.subject, limit: 100))", "name the gateway's own; a firm's issuing key ends with harborseal alliance sign")
        }
        guard let issuer = issuers.all.values.first(where: { $0.authority.hasIssued(der) }) else {
            throw Self.refused(
                "no issuing key of this registry made it: it names \(PrintableText.line(facts.issuer, limit: 100))",
                "revoke it where that key is, or name the key in registry.conf")
        }
        guard !issuers.isAlliances(issuer.keyID) else {
            throw Self.refused(
                "it is a link certificate, and the link CA is at \(settings.linkSource?.url ?? "the alliance's registry")",
                "have it revoked there: harborseal device revoke \(gatewayID) --certificate FILE")
        }
        let name = gatewayName(gatewayID)
        guard facts.names.contains(name.issuer.string), issuer.firm == nil || issuer.firm == gatewayID.firm else {
            let shown = PrintableText.line((facts.names.first ?? facts.subject), limit: 100)
            throw Self.refused("it is for \(shown), and not for \(name.issuer)", "name the gateway that it is for, or another file")
        }
        // What an ended seal certificate's key signed in its time counts on; an ended link certificate opens nothing.
        guard issuer.firm != nil || nowSeconds <= facts.validUntilSeconds else {
            throw Self.refused("it is a link certificate that ended at \(UTCText.text(seconds: facts.validUntilSeconds)), and nobody takes it any more", "nothing is to be done")
        }
        return (facts, issuer)
    }

    private func check(
        _ revoked: HandCertificate, by issuer: Issuer, of device: StoredDevice, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws {
        let name = device.gatewayID
        guard try !transaction.hasIssued(serialNumber: revoked.serialNumber, issuer: issuer.keyID) else {
            throw RegistryError(
                .state, "this registry made the certificate",
                nextStep: "revoke the device that has it: harborseal device revoke \(name), with --generation for an earlier one")
        }
        if let holder = try keyHolder(of: revoked, named: name, in: transaction), holder.revokedSinceSeconds == nil {
            throw RegistryError(
                .state, "this registry has certified its key, too, for device \(holder.generation) of \(name), which is not revoked",
                nextStep: "harborseal device revoke \(name) --generation \(holder.generation) --since TIME, then this again")
        }
        guard revoked.revokedSinceSeconds >= 0, revoked.revokedSinceSeconds <= nowSeconds else {
            throw RegistryError(
                .argument, "the certificate of \(name) cannot be revoked since \(UTCText.text(seconds: revoked.revokedSinceSeconds)), which lies ahead",
                nextStep: "give a time up to now")
        }
        let known = try transaction.handCertificate(serialNumber: revoked.serialNumber, issuer: issuer.keyID)
        if let since = known?.revoked.revokedSinceSeconds, since <= revoked.revokedSinceSeconds {
            throw RegistryError(
                .state, "the certificate of \(name) is revoked since \(UTCText.text(seconds: since)) already", nextStep: "only an earlier time can be given")
        }
    }

    /// The device of this name whose seal key the registry has certified, too.
    private func keyHolder(of revoked: HandCertificate, named name: GatewayID, in transaction: RegistryTransaction) throws -> StoredDevice? {
        guard revoked.label == .seal, let key = try transaction.key(revoked.keyID) else { return nil }
        let holder = try transaction.device(id: key.device)
        return holder.gatewayID == name ? holder : nil
    }

    private static func refused(_ words: String, _ nextStep: String) -> RegistryError {
        RegistryError(.certificate, "the certificate is not revoked: \(words)", nextStep: nextStep)
    }
}

extension HandCertificate {
    /// What the audit table calls it: `seal certificate 0a1b… by hand`.
    var auditWords: String { "\(label.rawValue) certificate \(Hexadecimal.text(of: serialNumber)) \(AuditedFacts.handWords)" }
}
