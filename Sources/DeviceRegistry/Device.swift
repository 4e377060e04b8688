public import AllianceTrust
public import AttestationFormat
public import MerkleTree

/// The two certificates of a device (wire-format.md, section 8), which are EST's labels.
public enum CertificateLabel: String, Sendable, CaseIterable {
    /// Signs evidence; issued by the firm.
    case seal
    /// TLS client; issued by the link CA.
    case link
}

/// How far a device has come.
public enum DeviceState: String, Sendable, CaseIterable {
    /// A second person has to approve it.
    case pendingApproval = "pending-approval"
    /// Its code waits for the gateway.
    case waiting
    /// One of its two certificates is issued.
    case partlyEnrolled = "partly-enrolled"
    /// Both certificates are issued.
    case enrolled
    case revoked
    /// Another device has taken over its name; its seal key is retired, and what it signed stays valid.
    case replaced
}

/// A device as a line of a list.
public struct Device: Equatable, Sendable {
    public let gatewayID: GatewayID
    /// 1 for the first device of this name, one more with each replacement.
    public let generation: Int
    public let state: DeviceState
    /// Free words of the operator: a serial number, a place.
    public let note: String
    public let addedSeconds: Int64
    public let addedBy: String
    /// Who approved it, where the firm's policy asked for it.
    public let approvedBy: String?
    /// From when on nothing of its seal key counts; nil: not revoked.
    public let revokedSinceSeconds: Int64?
    /// It is revoked, and a seal certificate of it is not on the list of the firm's issuing key, which is full or could not be signed: nodes and verifiers do not know.
    public let isSealRevocationOpen: Bool
    /// A link certificate of it is revoked, and the alliance's registry has not taken that yet: brokers do not know.
    public let isLinkRevocationOpen: Bool
    /// It enrols at its firm's own registry, which gets its link certificates from this one: it has no code and no seal certificate here.
    public let isOfFirmRegistry: Bool
    /// Of the code in force: until when it holds, in seconds since 1970.
    public let codeExpiresSeconds: Int64
    /// Wrong codes that are still allowed.
    public let triesLeft: Int
    /// The certificates that the code was used for: for each of them it takes no other key.
    public let codeUses: [CertificateLabel]
    /// Key id of its seal key.
    public let sealKeyID: Digest?
    /// A seal certificate of the name that `device issue` made is revoked.
    public let hasSealRevokedByHand: Bool
    /// When its newest link certificate ends, in seconds since 1970.
    public let linkEndsSeconds: Int64?
}

/// A certificate that the registry has issued.
public struct IssuedCertificate: Equatable, Sendable {
    public let label: CertificateLabel
    public let certificate: CertificateBytes
    /// Key id of the certified key.
    public let keyID: Digest
    /// Content bytes of the serial number.
    public let serialNumber: [UInt8]
    public let issuedSeconds: Int64
    /// Its last second of validity, since 1970.
    public let endsSeconds: Int64
    /// Set when it is revoked: from when on it does not count.
    public let revokedSinceSeconds: Int64?
}

/// A device with all that is known of it.
public struct DeviceDetail: Sendable {
    public let device: Device
    /// Devices that had the name before, newest first.
    public let earlier: [Device]
    /// Certificates of this device, newest first.
    public let certificates: [IssuedCertificate]
    /// Revoked ones of the name that `device issue` made, oldest first.
    public let handCertificates: [HandCertificate]
    /// Its ledger statements and how far they have come, newest first.
    public let deliveries: [StatementDelivery]
    /// What happened to the name, newest first; at most 200 rows.
    public let audit: [AuditEntry]
}

/// A device to be added.
public struct NewDevice: Equatable, Sendable {
    public var firm: String
    public var device: String
    /// At most 200 characters.
    public var note: String

    public init(firm: String, device: String, note: String = "") {
        self.firm = firm
        self.device = device
        self.note = note
    }
}

/// A device that was added or whose code was made anew, with the code, which is shown this once.
public struct AddedDevice: Sendable {
    public let gatewayID: GatewayID
    public let code: EnrolmentCode
    public let codeExpiresSeconds: Int64
    /// Whether a second person has to approve it first.
    public let needsApproval: Bool
}

/// What becomes of the old seal key when a device is replaced.
public enum OldKey: Equatable, Sendable {
    /// It signs nothing new once the new device has its link certificate; what it signed stays valid.
    case retire
    /// It was stolen or lost: nothing counts from this second on.
    case revoke(sinceSeconds: Int64, reason: String)
}
