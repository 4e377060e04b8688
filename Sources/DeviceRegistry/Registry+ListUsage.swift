public import AttestationFormat
public import MerkleTree

/// How full the revocation list of one issuing key of a firm is. It only ever grows: seal certificates stay on it for ever.
public struct ListUsage: Equatable, Sendable {
    public let firm: Name
    public let issuingKeyID: Digest
    /// Whether new seal certificates are issued by this key.
    public let isInUse: Bool
    public let revokedCount: Int
    public let byteCount: Int
    /// What nodes and verifiers read, less what a statement needs.
    public let byteLimit: Int
    /// Revoked devices that did not fit.
    public let openDeviceCount: Int

    /// From here on somebody should give the firm a new issuing key: rolling it out to nodes and gateways takes time.
    public static let warningPercent = 80

    public var percent: Int { byteCount * 100 / byteLimit }
    public var needsAttention: Bool { percent >= Self.warningPercent || openDeviceCount > 0 }
}

extension Registry {
    /// How full the firms' lists are, in the order of the settings; without those that were never made.
    public func listUsage() throws -> [ListUsage] {
        try store.read { transaction in
            try issuers.inOrder(settings).compactMap { issuer in
                guard let firm = issuer.firm, let list = try transaction.list(issuer: issuer.keyID) else { return nil }
                return ListUsage(
                    firm: firm, issuingKeyID: issuer.keyID, isInUse: try issuers.issuer(of: .seal, firm: firm).keyID == issuer.keyID,
                    revokedCount: try transaction.revokedCount(issuer: issuer.keyID), byteCount: list.der.count, byteLimit: Self.firmListByteLimit,
                    openDeviceCount: try transaction.unlistedDeviceCount(issuer: issuer.keyID))
            }
        }
    }
}
