import AllianceTrust
import AttestationFormat
import MerkleTree

extension Registry {
    static let reasonLimit = 200

    /// Revokes a device: its code and its renewals end, its certificates are on the lists, and the ledgers are told. Again with an earlier
    /// `sinceSeconds` moves it back; later is refused, since what nodes and verifiers know cannot be taken back.
    ///
    /// Where the firm's list is full, or its issuing key's token is away, everything else is done all the same: ``Device/isSealRevocationOpen`` says
    /// so, and the same call again tries the rest.
    ///
    /// - Parameters:
    ///   - generation: an earlier device of the name; nil: the one in force.
    ///   - sinceSeconds: from when on nothing of its seal key counts.
    ///   - reason: for the audit table, at most 200 characters.
    /// - Throws: ``RegistryError`` with code `unknownDevice`, `state` (revoked already, since then or earlier), `argument` (`sinceSeconds` lies
    ///   ahead) or `unknownFirm` (the key that issued is not configured).
    public func revoke(
        _ gatewayID: String, generation: Int? = nil, sinceSeconds: Int64, reason: String, by requester: Requester, nowSeconds: Int64
    ) throws -> Device {
        let name = try? named(gatewayID)
        return try evenWithoutToken { away in
            try perform(.revoke, on: name, by: requester, nowSeconds: nowSeconds) { transaction in
                let device = try stored(named(gatewayID), generation: generation, in: transaction)
                let detail = try revoke(device, sinceSeconds: sinceSeconds, reason: reason, tokenAway: away, nowSeconds: nowSeconds, in: transaction)
                return (try shown(transaction.device(id: device.id), in: transaction), detail)
            }
        }
    }

    /// Runs `body`, and once more without the firm's list where that cannot be signed now: what is stolen must not go on connecting for that.
    private func evenWithoutToken<Value>(_ body: (_ away: RegistryError?) throws -> Value) throws -> Value {
        do {
            return try body(nil)
        } catch let error as RegistryError where error.code == .keyAway {
            return try body(error)
        }
    }

    /// Registers new keys under the name of a device: a new device, with a new code, takes the name over.
    ///
    /// A retired device goes on until the new one has its link certificate; from then on its link certificates are revoked.
    ///
    /// - Throws: ``RegistryError`` with code `unknownDevice`, `unknownFirm`, `firmRetired`, `state` (it has never enrolled) or `argument`.
    public func replace(_ gatewayID: String, oldKey: OldKey, by requester: Requester, nowSeconds: Int64) throws -> AddedDevice {
        try evenWithoutToken { try replace(gatewayID, oldKey: oldKey, tokenAway: $0, by: requester, nowSeconds: nowSeconds) }
    }

    private func replace(
        _ gatewayID: String, oldKey: OldKey, tokenAway: RegistryError?, by requester: Requester, nowSeconds: Int64
    ) throws -> AddedDevice {
        let name = try? named(gatewayID)
        return try perform(.replace, on: name, by: requester, nowSeconds: nowSeconds) { transaction in
            let old = try stored(named(gatewayID), in: transaction)
            try checkMember(old.gatewayID.firm, nowSeconds: nowSeconds)
            var policy = try policy(of: old.gatewayID.firm, nowSeconds: nowSeconds, in: transaction)
            if old.code.awaitsApproval { policy.needsSecondPerson = true }
            guard try old.revokedSinceSeconds != nil || !transaction.certificates(of: old.id).isEmpty else {
                throw RegistryError(
                    .state, "\(old.gatewayID) has not enrolled yet", nextStep: "harborseal device code \(old.gatewayID) makes a new code")
            }
            var detail = "the seal key of generation \(old.generation) is retired"
            if case .revoke(let since, let reason) = oldKey {
                detail = try revoke(old, sinceSeconds: since, reason: reason, tokenAway: tokenAway, nowSeconds: nowSeconds, in: transaction)
            }
            let id = try succeed(old, by: requester, nowSeconds: nowSeconds, in: transaction)
            let added = try newCode(for: old.gatewayID, id: id, policy: policy, by: requester, nowSeconds: nowSeconds, in: transaction)
            return (added, "generation \(old.generation + 1), \(added.auditWords); \(detail)")
        }
    }

    /// Lets a gateway that its firm's own registry enrols get link certificates for new keys under its name, also after ``revoke(_:generation:sinceSeconds:reason:by:nowSeconds:)``:
    /// a new device, without a code. One that is not revoked goes on until the new one has its link certificate.
    ///
    /// - Throws: ``RegistryError`` with code `unknownDevice`, `firmRetired`, `state` (it enrols here) or `argument`.
    public func replaceFirmDevice(_ gatewayID: String, oldKey: OldKey, by requester: Requester, nowSeconds: Int64) throws -> Device {
        let name = try? named(gatewayID)
        return try perform(.replace, on: name, by: requester, nowSeconds: nowSeconds) { transaction in
            let old = try stored(named(gatewayID), in: transaction)
            guard try enrolsElsewhere(old, in: transaction) else {
                throw RegistryError(.state, "\(old.gatewayID) enrols here, with a code", nextStep: "harborseal device replace \(old.gatewayID) makes one")
            }
            try checkMember(old.gatewayID.firm, nowSeconds: nowSeconds)
            var detail = "the link certificates of generation \(old.generation) hold until it has one"
            if old.revokedSinceSeconds != nil { detail = "generation \(old.generation) stays revoked" }
            if case .revoke(let since, let reason) = oldKey {
                detail = try revoke(old, sinceSeconds: since, reason: reason, tokenAway: nil, nowSeconds: nowSeconds, in: transaction)
            }
            let id = try succeed(old, by: requester, nowSeconds: nowSeconds, in: transaction)
            try transaction.settleState(of: id)
            return (try shown(transaction.device(id: id), in: transaction), "generation \(old.generation + 1), \(AuditedFacts.firmDeviceWords); \(detail)")
        }
    }

    /// - Returns: the new device's number in the store.
    private func succeed(_ old: StoredDevice, by requester: Requester, nowSeconds: Int64, in transaction: RegistryTransaction) throws -> Int64 {
        // Only one device of a name may be in force, so the old one goes before the new one's number is known.
        try transaction.setReplaced(old.id, by: old.id)
        let id = try transaction.addDevice(
            old.gatewayID, generation: old.generation + 1, note: old.note, by: requester.name, nowSeconds: nowSeconds)
        try transaction.setReplaced(old.id, by: id)
        return id
    }

    /// - Returns: what the audit table says of it.
    private func revoke(
        _ device: StoredDevice, sinceSeconds: Int64, reason: String, tokenAway: RegistryError?, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> String {
        let since = UTCText.text(seconds: sinceSeconds)
        guard sinceSeconds >= 0, sinceSeconds <= nowSeconds else {
            throw RegistryError(.argument, "\(device.gatewayID) cannot be revoked since \(since), which lies ahead", nextStep: "give a time up to now")
        }
        let isOpen = try hasOpenSeal(device, in: transaction)
        if let known = device.revokedSinceSeconds, known < sinceSeconds || (known == sinceSeconds && !isOpen) {
            throw RegistryError(
                .state, "\(device.gatewayID) is revoked since \(UTCText.text(seconds: known)) already",
                nextStep: "only an earlier time can be given")
        }
        let shownReason = PrintableText.line(reason, limit: Self.reasonLimit)
        try transaction.setRevoked(device.id, sinceSeconds: sinceSeconds, reason: shownReason, nowSeconds: nowSeconds)
        let detail = "generation \(device.generation), since \(since): \(shownReason)"
        var issuers = try transaction.revokeCertificates(of: device.id, label: .link, sinceSeconds: sinceSeconds, nowSeconds: nowSeconds)
        // What the list holds as superseded is revoked from now on.
        if device.revokedSinceSeconds == nil {
            let known = try transaction.issuers(of: device.id, label: .link).filter { self.issuers.all[$0] != nil }
            issuers += known.filter { !issuers.contains($0) }
        }
        for issuer in issuers { try makeList(of: issuer, nowSeconds: nowSeconds, in: transaction) }
        let full = try tokenAway ?? revokeSeals(of: device, sinceSeconds: sinceSeconds, nowSeconds: nowSeconds, in: transaction)
        guard let full, try hasOpenSeal(transaction.device(id: device.id), in: transaction) else { return detail }
        return detail + "; open: \(full.message)"
    }

    /// Puts the seal certificates on the lists of their issuing keys, each list by itself: one that is full keeps none from another.
    ///
    /// - Returns: why a list does not take its certificates; nil: each does.
    private func revokeSeals(
        of device: StoredDevice, sinceSeconds: Int64, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> RegistryError? {
        var full: RegistryError?
        for issuer in try transaction.issuers(of: device.id, label: .seal) {
            do {
                try transaction.savepoint {
                    let changed = try transaction.revokeCertificates(
                        of: device.id, label: .seal, by: issuer, sinceSeconds: sinceSeconds, nowSeconds: nowSeconds)
                    guard !changed.isEmpty else { return }
                    let list = try makeList(of: issuer, isGrowing: true, nowSeconds: nowSeconds, in: transaction)
                    try tellLedgers(of: list, by: issuer, device: device, nowSeconds: nowSeconds, in: transaction)
                }
            } catch let error as RegistryError where error.code == .listFull {
                full = error
            }
        }
        return full
    }

    /// Whether one of its seal certificates is on no list. Revocation is of the key (wire-format.md, section 8), and nodes know its other
    /// certificates; evidence may show a verifier this one alone.
    func hasOpenSeal(_ device: StoredDevice, in transaction: RegistryTransaction) throws -> Bool {
        guard let since = device.revokedSinceSeconds else { return false }
        return try transaction.hasUnlistedSeal(device.id, revokedSinceSeconds: since)
    }

    func tellLedgers(
        of list: [UInt8], by issuer: Digest, device: StoredDevice, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws {
        let issuer = try listIssuer(issuer)
        let statement = try statements.revocation(
            list: list, firm: device.gatewayID.firm, alliance: settings.alliance, issuedSeconds: nowSeconds, signer: issuer.authority.key)
        try transaction.addStatement(statement, .revocation, device: device.id, nowSeconds: nowSeconds)
    }
}
