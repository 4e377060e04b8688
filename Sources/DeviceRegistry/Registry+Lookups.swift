import AttestationFormat

extension Registry {
    /// Most rows of the audit table in a device's detail.
    private static let shownAuditLimit = 200

    /// Devices by name: those in force, and with `includingReplaced` also those whose name another one has taken over.
    public func devices(firm: String? = nil, state: DeviceState? = nil, includingReplaced: Bool = false) throws -> [Device] {
        try store.read { transaction in
            let all = includingReplaced || state == .replaced
            return try transaction.devices(firm: firm, state: state, includingReplaced: all).map { try shown($0, in: transaction) }
        }
    }

    /// All that is known of a name.
    ///
    /// - Parameter generation: an earlier device of the name; nil: the one in force.
    /// - Throws: ``RegistryError`` with code `unknownDevice`.
    public func device(_ gatewayID: String, generation: Int? = nil) throws -> DeviceDetail {
        try store.read { transaction in
            let device = try stored(named(gatewayID), generation: generation, in: transaction)
            return DeviceDetail(
                device: try shown(device, in: transaction),
                earlier: try transaction.earlierDevices(device.gatewayID).map { try shown($0, in: transaction) },
                certificates: try transaction.certificates(of: device.id).map(\.issued),
                handCertificates: try transaction.handCertificates(of: device.gatewayID).map(\.revoked),
                deliveries: try transaction.deliveries(of: device.id),
                audit: try transaction.newestAudit(of: device.gatewayID, limit: Self.shownAuditLimit))
        }
    }

    /// Whether a registered gateway enrols at its firm's own registry now; false: here, or nowhere that is known here.
    public func enrolsElsewhere(_ gatewayID: String) throws -> Bool {
        try store.read { transaction in
            guard let name = try? named(gatewayID), let device = try transaction.device(name) else { return false }
            return try enrolsElsewhere(device, in: transaction)
        }
    }

    func enrolsElsewhere(_ device: StoredDevice, in transaction: RegistryTransaction) throws -> Bool {
        let firm = device.gatewayID.firm
        return try !issuers.hasFirm(firm) && (!device.hasCode || transaction.firmCode(firm) != nil)
    }

    func shown(_ device: StoredDevice, in transaction: RegistryTransaction) throws -> Device {
        Device(
            gatewayID: device.gatewayID, generation: device.generation, state: device.state, note: device.note,
            addedSeconds: device.addedSeconds, addedBy: device.addedBy, approvedBy: device.code.approvedBy,
            revokedSinceSeconds: device.revokedSinceSeconds, isSealRevocationOpen: try hasOpenSeal(device, in: transaction),
            isLinkRevocationOpen: try transaction.hasOpenLinkReport(device.id), isOfFirmRegistry: !device.hasCode,
            codeExpiresSeconds: device.code.expiresSeconds, triesLeft: device.code.triesLeft,
            codeUses: CertificateLabel.allCases.filter { device.code.keyID($0) != nil },
            sealKeyID: try transaction.newestCertificate(of: device.id, label: .seal)?.issued.keyID,
            hasSealRevokedByHand: try transaction.handCertificates(of: device.gatewayID).contains { $0.revoked.label == .seal },
            linkEndsSeconds: try transaction.newestCertificate(of: device.id, label: .link)?.issued.endsSeconds)
    }
}
