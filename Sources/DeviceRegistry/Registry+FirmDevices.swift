import AllianceTrust
import AttestationFormat
import MerkleTree
import Synchronization

/// What firms' own registries ask of the alliance's.
extension Registry {
    /// A link certificate for a device of a firm whose registry knows the firm's code. No try is counted: 128 bits are not guessed, and a code that a
    /// stranger can lock would keep every gateway of the firm from renewing.
    func enrol(
        _ label: CertificateLabel, _ name: GatewayID, firmCode text: String, _ known: StoredFirmCode, _ judged: Result<CertificateRequest, any Error>,
        by requester: Requester, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> Result<IssuedCertificate, RegistryError> {
        guard known.isRight(text, of: name.firm) else {
            try refuse(Self.wrongCode, .enrol, on: transaction.device(name)?.gatewayID, by: requester, nowSeconds: nowSeconds, in: transaction)
            return .failure(Self.wrongCode)
        }
        let firm = Self.requester(of: name.firm, requester)
        return try attempt(.enrol, on: name, by: firm, nowSeconds: nowSeconds, in: transaction) {
            try checkMember(name.firm, nowSeconds: nowSeconds)
            guard label == .link else {
                throw RegistryError(
                    .firmRegistry, "the code of firm \(name.firm) is for link certificates alone: the firm's own registry issues its seal certificates",
                    nextStep: "ask that registry for it")
            }
            let request = try judged.get()
            try request.check(for: gatewayName(name))
            let device = try transaction.device(name) ?? newFirmDevice(name, known, by: firm, nowSeconds: nowSeconds, in: transaction)
            guard device.revokedSinceSeconds == nil else {
                throw RegistryError(
                    .deviceRevoked, "\(name) is revoked at the alliance's registry",
                    nextStep: "ask the alliance why: harborseal device replace \(name) at its registry lets the gateway get certificates for new keys")
            }
            let (issued, detail) = try certificate(label, of: device, request, nowSeconds: nowSeconds, in: transaction)
            return (issued, detail + AuditedFacts.firmWords)
        }
    }

    /// - Throws: ``RegistryError`` with code `tooManyTries`: as many names as a firm may have in a day are new already. A new code counts anew, so that
    ///   names that a thief thought of do not stand before the firm's own.
    private func newFirmDevice(
        _ name: GatewayID, _ code: StoredFirmCode, by firm: Requester, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> StoredDevice {
        let day = nowSeconds - 86_399
        let from = code.madeSeconds <= nowSeconds ? max(day, code.madeSeconds) : day
        let count = try transaction.newDeviceCount(of: name.firm, addedIn: from...(nowSeconds + 86_400))
        guard count < Self.newFirmDevicesPerDayLimit else {
            throw RegistryError(
                .tooManyTries, "firm \(name.firm) has had certificates for \(count) new gateways in a day, and \(name) would be one more",
                nextStep: "try again tomorrow; if they are not the firm's: harborseal registry firm-code \(name.firm) at the alliance's registry ends the code")
        }
        return try addFirmDevice(name, by: firm, nowSeconds: nowSeconds, in: transaction)
    }

    /// A device that its firm's own registry enrols: it has no code here.
    func addFirmDevice(
        _ name: GatewayID, by requester: Requester, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> StoredDevice {
        let id = try transaction.addDevice(name, generation: 1, note: "", by: requester.name, nowSeconds: nowSeconds)
        try transaction.settleState(of: id)
        try transaction.audit(.add, on: name, AuditedFacts.firmDeviceWords, by: requester, nowSeconds: nowSeconds)
        return try transaction.device(id: id)
    }

    /// Names of a firm that may be new in a day: two fleets of 1,000, each enrolled in a morning. Whoever has the firm's code thinks of names without end, each
    /// is a device, a key, a certificate and two rows of the audit table, and none of them ever goes.
    static let newFirmDevicesPerDayLimit: Int64 = 2_000

    /// Whoever knows a firm's code is its registry, whatever gateway it asks for.
    private static func requester(of firm: Name, _ requester: Requester) -> Requester {
        Requester("firm \(firm)", address: requester.address)
    }

    /// A device of a firm that runs its own registry renews there: what that one has revoked must not renew here.
    func checkRenewsHere(_ device: StoredDevice, in transaction: RegistryTransaction) throws {
        guard try !device.hasCode || firmCode(of: device.gatewayID.firm, in: transaction) != nil else { return }
        throw RegistryError(
            .firmRegistry, "firm \(device.gatewayID.firm) runs a registry of its own, and its gateways renew there",
            nextStep: "set the firm's registry as the gateway's")
    }

    /// What a firm's registry has revoked of one of its devices: it comes on the link CA's list. Again, or later than known, changes nothing. A firm that has
    /// left the alliance is heard, too.
    ///
    /// - Parameters:
    ///   - gatewayID: HTTP Basic's user, `<firm>.<device>`.
    ///   - code: HTTP Basic's password, the firm's code.
    ///   - body: as ``LinkReport/body`` writes it.
    /// - Returns: serial numbers of certificates that the link CA has not issued to that device, as far as this store and the report can tell. All others
    ///   are taken.
    /// - Throws: ``RegistryError`` with code `wrongCode` or `requestForm`; `listBehind`: it is stored, and not published yet.
    @discardableResult
    public func takeLinkReport(_ body: [UInt8], of gatewayID: String, code: String, by requester: Requester, nowSeconds: Int64) throws -> [[UInt8]] {
        let unknown = try store.write { transaction -> Result<[[UInt8]], RegistryError> in
            guard let name = GatewayID(UTF8Text(gatewayID)), let known = try firmCode(of: name.firm, in: transaction), known.isRight(code, of: name.firm) else {
                try refuse(Self.wrongCode, .enrol, on: nil, by: requester, nowSeconds: nowSeconds, in: transaction)
                return .failure(Self.wrongCode)
            }
            let firm = Self.requester(of: name.firm, requester)
            do {
                let unknown = try transaction.savepoint {
                    let report = try LinkReport(of: name, body: body)
                    let taken = try report.revocations.map { try take($0, in: report, by: firm, nowSeconds: nowSeconds, in: transaction) }
                    if taken.contains(.new) { try makeList(of: issuers.link.keyID, nowSeconds: nowSeconds, in: transaction) }
                    return zip(report.revocations, taken).compactMap { $1 == .unknown ? $0.serialNumber : nil }
                }
                if !unknown.isEmpty { try refuse(Self.notIssued(unknown, to: name), .enrol, on: name, by: firm, nowSeconds: nowSeconds, in: transaction) }
                return .success(unknown)
            } catch let error as RegistryError where error.isRefusal {
                // As many in an hour are written down as of enrolments: it may be sent again and again.
                try refuse(error, .enrol, on: name, by: firm, nowSeconds: nowSeconds, in: transaction)
                return .failure(error)
            }
        }.get()
        // The store knows it, as it must before it can publish its own list again; brokers do not, and the firm goes on asking until they do.
        guard kept.withLock({ $0[issuers.link.keyID] == nil }) else { throw Self.listBehind }
        return unknown
    }

    private static func notIssued(_ serials: [[UInt8]], to name: GatewayID) -> RegistryError {
        RegistryError(
            .foreignName,
            "the firm's registry tells of link certificates that were not issued to \(name): \(serials.map { Hexadecimal.text(of: $0).string }.joined(separator: " "))")
    }

    private static let listBehind = RegistryError(
        .listBehind, "the revocation is stored, and not published yet: the published list of link certificates revokes what this registry's store does not know",
        nextStep: "its operator finds in its log what that is; nothing is lost meanwhile")

    private enum Taken {
        /// The list changes by it.
        case new
        case known
        case unknown
    }

    private func take(
        _ revocation: LinkRevocation, in report: LinkReport, by firm: Requester, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> Taken {
        let name = report.gatewayID
        guard let known = try transaction.linkCertificate(serialNumber: revocation.serialNumber, issuer: issuers.link.keyID, of: name) else {
            return try takeForgotten(revocation, in: report, by: firm, nowSeconds: nowSeconds, in: transaction)
        }
        let before = try transaction.linkReport(of: known.id)
        // A clock that is ahead of this one revokes from now on; what it says later on is no later than that.
        let since = min(revocation.sinceSeconds, nowSeconds, before?.revocation.sinceSeconds ?? .max)
        let reason = before?.revocation.reason == .revoked ? LinkRevocation.Reason.revoked : revocation.reason
        let next = LinkRevocation(serialNumber: revocation.serialNumber, sinceSeconds: since, reason: reason)
        guard next != before?.revocation else { return .known }
        try transaction.revokeCertificate(known.id, sinceSeconds: since, nowSeconds: nowSeconds)
        try transaction.setLinkReport(StoredLinkReport(certificate: known.id, revocation: next, madeSeconds: nowSeconds, takenSeconds: nowSeconds))
        try transaction.audit(.revoke, on: name, LinkReportWords.heard.detail(of: next), by: firm, nowSeconds: nowSeconds)
        return .new
    }

    /// A certificate of the link CA's that this store does not have: the firm's registry had the CA's key once, or this one was restored from a backup.
    /// Brokers take it all the same, so it comes on the list as one that was made by hand.
    private func takeForgotten(
        _ revocation: LinkRevocation, in report: LinkReport, by firm: Requester, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> Taken {
        let (name, issuer) = (report.gatewayID, issuers.link)
        guard let certificate = report.certificates[revocation.serialNumber], let facts = CertificateFacts(der: certificate.der), let keyID = facts.keyID,
            facts.serialNumber == revocation.serialNumber, !facts.isAuthority, facts.names == [gatewayName(name).issuer.string],
            issuer.authority.hasIssued(certificate.der), try !transaction.hasIssued(serialNumber: revocation.serialNumber, issuer: issuer.keyID)
        else { return .unknown }
        // Nobody takes one that has ended.
        guard facts.validUntilSeconds > nowSeconds else { return .known }
        let since = min(revocation.sinceSeconds, nowSeconds)
        let before = try transaction.handCertificate(serialNumber: revocation.serialNumber, issuer: issuer.keyID)
        guard since < before?.revoked.revokedSinceSeconds ?? .max else { return .known }
        let revoked = HandCertificate(
            label: .link, certificate: certificate, keyID: keyID, serialNumber: revocation.serialNumber, revokedSinceSeconds: since)
        if try transaction.device(name) == nil { _ = try addFirmDevice(name, by: firm, nowSeconds: nowSeconds, in: transaction) }
        let reason = "as the firm's registry says, \(revocation.reason.rawValue)"
        try transaction.revokeByHand(revoked, of: name, issuer: issuer.keyID, facts, reason: reason, nowSeconds: nowSeconds)
        try transaction.audit(.revoke, on: name, "\(revoked.auditWords), since \(UTCText.text(seconds: since)): \(reason)", by: firm, nowSeconds: nowSeconds)
        return .new
    }
}
