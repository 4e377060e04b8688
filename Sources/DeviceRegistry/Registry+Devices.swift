import AllianceTrust
import AttestationFormat
import MerkleTree

extension Registry {
    /// Adds devices in one transaction, each with a code. One that is refused does not stop the others, unless `allOrNone`.
    ///
    /// - Parameter othersRefused: how many belong to them that were refused before; with `allOrNone` none is added then, and what else would
    ///   be refused is told.
    /// - Returns: one result for each device, in their order; a refusal has code `name`, `unknownFirm`, `firmRetired`, `deviceExists` or `argument`. With
    ///   `allOrNone` and a refusal among them nothing was added, and the good ones are refused with code `state`.
    public func add(
        _ devices: [NewDevice], allOrNone: Bool = false, othersRefused: Int = 0, by requester: Requester, nowSeconds: Int64
    ) throws -> [Result<AddedDevice, RegistryError>] {
        try store.write { transaction in
            do {
                return try transaction.savepoint {
                    let results = try devices.map { try add($0, by: requester, nowSeconds: nowSeconds, in: transaction) }
                    if allOrNone && (othersRefused > 0 || results.contains(where: \.isRefused)) { throw UndoneImport(results: results) }
                    return results
                }
            } catch let undone as UndoneImport {
                let count = undone.results.count(where: \.isRefused) + othersRefused
                try transaction.audit(
                    .add, on: nil, outcome: RegistryError.Code.state.rawValue,
                    "\(devices.count + othersRefused) devices at once, all or none: none was added, since \(count) would be refused", by: requester,
                    nowSeconds: nowSeconds)
                return undone.results.map { $0.isRefused ? $0 : .failure(UndoneImport.refusal) }
            }
        }
    }

    /// Adds one device.
    ///
    /// - Throws: ``RegistryError`` with code `name`, `unknownFirm`, `firmRetired`, `deviceExists` or `argument`.
    public func add(_ device: NewDevice, by requester: Requester, nowSeconds: Int64) throws -> AddedDevice {
        try store.write { try add(device, by: requester, nowSeconds: nowSeconds, in: $0) }.get()
    }

    private func add(
        _ device: NewDevice, by requester: Requester, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> Result<AddedDevice, RegistryError> {
        let name = try? device.checkedName()
        return try attempt(.add, on: name, by: requester, nowSeconds: nowSeconds, in: transaction) {
            let name = try device.checkedName()
            let policy = try policy(of: name.firm, nowSeconds: nowSeconds, in: transaction)
            try checkMember(name.firm, nowSeconds: nowSeconds)
            guard try transaction.device(name) == nil else {
                throw RegistryError(
                    .deviceExists, "\(name) is registered already",
                    nextStep: "harborseal device code \(name) makes a new code, device replace \(name) takes new keys")
            }
            let id = try transaction.addDevice(name, generation: 1, note: device.checkedNote, by: requester.name, nowSeconds: nowSeconds)
            let added = try newCode(for: name, id: id, policy: policy, by: requester, nowSeconds: nowSeconds, in: transaction)
            let note = device.checkedNote
            return (added, added.auditWords + (note.isEmpty ? "" : "\(AuditedFacts.noteWords)\(note)"))
        }
    }

    /// Puts a new code in force.
    func newCode(
        for name: GatewayID, id: Int64, policy: FirmPolicy, by requester: Requester, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> AddedDevice {
        let code = EnrolmentCode()
        try transaction.setCode(code.hash(for: name), of: id, policy: policy, askedBy: requester.name, nowSeconds: nowSeconds)
        return AddedDevice(
            gatewayID: name, code: code, codeExpiresSeconds: nowSeconds + policy.codeLifetimeSeconds,
            needsApproval: policy.needsSecondPerson)
    }

    /// Approves a device whose firm asks for a second person; its code works from then on, as long as it would have.
    ///
    /// - Throws: ``RegistryError`` with code `unknownDevice`, `firmRetired`, `state` (nothing waits for an approval), `codeExpired` or `samePerson`.
    public func approve(_ gatewayID: String, by requester: Requester, nowSeconds: Int64) throws -> Device {
        let name = try? named(gatewayID)
        return try perform(.approve, on: name, by: requester, nowSeconds: nowSeconds) { transaction in
            let device = try stored(named(gatewayID), in: transaction)
            try checkMember(device.gatewayID.firm, nowSeconds: nowSeconds)
            guard device.state == .pendingApproval else {
                throw Self.notWaiting(device)
            }
            // Names are compared without case: what differs in that alone is one person's.
            guard requester.name.lowercased() != device.code.askedBy.lowercased() else {
                throw RegistryError(
                    .samePerson, "\(device.gatewayID) was asked for by \(device.code.askedBy), who cannot approve it too",
                    nextStep: "let another person approve it")
            }
            try checkAccount(of: requester, approving: device, in: transaction)
            try Self.checkTime(of: device, nowSeconds: nowSeconds)
            try transaction.approveCode(of: device.id, by: requester.name)
            return (try shown(transaction.device(id: device.id), in: transaction), "asked for by \(device.code.askedBy)")
        }
    }

    private static func notWaiting(_ device: StoredDevice) -> RegistryError {
        let name = device.gatewayID
        guard let approver = device.code.approvedBy, device.revokedSinceSeconds == nil else {
            let step = device.revokedSinceSeconds == nil ? "nothing is to be done: its code works without" : "harborseal device replace \(name) registers new keys under its name"
            return RegistryError(.state, "\(name) waits for no approval: it is \(device.state.rawValue)", nextStep: step)
        }
        let (words, step) =
            switch device.state {
            case .waiting: ("waits for its gateway", "the technician runs harborseal-agent enroll there again")
            case .partlyEnrolled: ("has one of its two certificates", "the technician runs harborseal-agent enroll there again")
            default: ("has enrolled since", "nothing is to be done: harborseal device show \(name) says what it has")
            }
        return RegistryError(.state, "\(name) was approved by \(approver) already, and \(words)", nextStep: step)
    }

    /// Whoever says another name is still the one who logged in. Where the operating system knows no person, the name is all there is.
    private func checkAccount(of requester: Requester, approving device: StoredDevice, in transaction: RegistryTransaction) throws {
        guard let why = LocalAccount.refusal(of: requester.account, asker: try transaction.asker(of: device.gatewayID)) else { return }
        throw RegistryError(
            .samePerson, "\(device.gatewayID) was asked for \(why)", nextStep: "let another person approve it, who has logged in with an account of their own")
    }

    /// Makes a new code for a device whose code was lost, locked, used or has expired; the old one is dead at once.
    ///
    /// Certificates stay. The code is good for a new link key, and for the seal key that is registered, if there is one: a new seal key needs
    /// ``replace(_:oldKey:by:nowSeconds:)``. Where the firm asks for a second person, the code needs approval as a new device does.
    ///
    /// - Throws: ``RegistryError`` with code `unknownDevice`, `unknownFirm`, `firmRetired` or `state` (it is revoked).
    public func reissue(_ gatewayID: String, by requester: Requester, nowSeconds: Int64) throws -> AddedDevice {
        let name = try? named(gatewayID)
        return try perform(.reissue, on: name, by: requester, nowSeconds: nowSeconds) { transaction in
            let device = try stored(named(gatewayID), in: transaction)
            try checkMember(device.gatewayID.firm, nowSeconds: nowSeconds)
            guard device.revokedSinceSeconds == nil else {
                throw RegistryError(
                    .state, "\(device.gatewayID) is revoked", nextStep: "harborseal device replace \(device.gatewayID) registers new keys under its name")
            }
            var policy = try policy(of: device.gatewayID.firm, nowSeconds: nowSeconds, in: transaction)
            // Who could not wait for the second person does not come round it by a new code.
            if device.code.awaitsApproval { policy.needsSecondPerson = true }
            let added = try newCode(
                for: device.gatewayID, id: device.id, policy: policy, by: requester, nowSeconds: nowSeconds, in: transaction)
            return (added, "a new \(added.auditWords); the one before is dead")
        }
    }
}

extension AddedDevice {
    /// What the audit table says of the code: until when it holds, by what its hash is known again, and whether it waits for a second person.
    var auditWords: String {
        "\(AuditedFacts.codeWords)\(UTCText.text(seconds: codeExpiresSeconds)), \(AuditedFacts.markWords)\(code.hash(for: gatewayID).auditMark)"
            + (needsApproval ? ", \(AuditedFacts.approvalWords)" : "")
    }
}

extension Digest {
    /// Of a code's hash: shows that the store still has the one that was made, and is no help in trying codes out.
    var auditMark: String { String(Hexadecimal.text(of: SHA256.hash(bytes).bytes).string.prefix(16)) }
}

extension Result where Failure == RegistryError {
    var isRefused: Bool { if case .failure = self { true } else { false } }
}

/// An import that was taken back because one of its devices is refused.
private struct UndoneImport: Error {
    let results: [Result<AddedDevice, RegistryError>]

    static let refusal = RegistryError(
        .state, "not added, since another device of this import is refused", nextStep: "mend that one, or add the good ones alone")
}
