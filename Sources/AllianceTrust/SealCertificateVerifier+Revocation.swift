public import AttestationFormat
public import MerkleTree

extension SealCertificateVerifier {
    /// Takes a revocation list, if one of the trust file's issuing certificates signed it.
    ///
    /// Lists are kept beside each other and what any of them revokes stays revoked: an older list cannot undo a newer one.
    ///
    /// - Returns: the list.
    /// - Throws: ``TrustError`` with code `revocationList`.
    @discardableResult
    public mutating func insert(revocationList der: [UInt8]) throws -> RevocationList {
        let verified = try verify(revocationList: der)
        var known = revocations[verified.issuingKeyID, default: []]
        if known.count >= Self.revocationListsPerIssuerLimit { known = Self.merged(known) }
        known.append(verified)
        revocations[verified.issuingKeyID] = known
        remember(verified)
        return verified
    }

    /// Checks that one of the trust file's issuing certificates signed a revocation list, and keeps nothing.
    ///
    /// - Throws: ``TrustError`` with code `revocationList`.
    public func verify(revocationList der: [UInt8]) throws -> RevocationList {
        let list = try UnverifiedRevocationList(der: der)
        for authority in issuing {
            if let verified = list.verified(by: authority) { return verified }
        }
        throw TrustError(.revocationList, "no issuing certificate of the trust file signed the revocation list")
    }

    /// Keeps this list in place of those that the same issuing key signed before: a node holds the newest, and of the others what they revoke.
    public mutating func replace(revocationList list: RevocationList) {
        revocations[list.issuingKeyID] = [list]
        remember(list)
    }

    /// Notes what a list revokes, which no later list takes back, without keeping the list.
    public mutating func remember(_ list: RevocationList) {
        for entry in list.list.entries {
            remember(serialNumber: entry.serialNumber, sinceSeconds: entry.sinceSeconds, issuingKeyID: list.issuingKeyID)
        }
    }

    /// Notes that an issuing key has revoked a serial number; of several times the earliest counts.
    public mutating func remember(serialNumber: [UInt8], sinceSeconds: Int64, issuingKeyID: Digest) {
        let known = revokedSince[issuingKeyID]?[serialNumber] ?? .max
        if sinceSeconds < known { revokedSince[issuingKeyID, default: [:]][serialNumber] = sinceSeconds }
    }

    /// Lists kept for one issuing certificate before those that add nothing are dropped.
    static var revocationListsPerIssuerLimit: Int { 16 }

    /// The lists that matter when there are many: each that revokes something that the newer ones do not.
    private static func merged(_ lists: [RevocationList]) -> [RevocationList] {
        var kept: [RevocationList] = []
        for list in lists.sorted(by: { $0.list.thisUpdateSeconds > $1.list.thisUpdateSeconds }) {
            let adds = list.list.entries.contains { entry in
                !kept.contains { ($0.sinceSeconds(serialNumber: entry.serialNumber) ?? .max) <= entry.sinceSeconds }
            }
            if kept.isEmpty || adds { kept.append(list) }
        }
        return kept
    }

    /// The lists kept of the issuing key of a seal certificate.
    public func revocationLists(for certificate: SealCertificate) -> [RevocationList] {
        revocations[certificate.issuingKeyID, default: []]
    }

    /// A key that some list revokes.
    public struct RevokedKey: Hashable, Sendable {
        public let keyID: Digest
        /// `hs:<alliance>/<firm>.<device>`.
        public let issuer: UTF8Text
        /// Seconds since 1970.
        public let sinceSeconds: Int64
    }

    /// Every key with a kept certificate that some list revokes.
    public var revokedKeys: [RevokedKey] {
        guard !revokedSince.isEmpty else { return [] }
        return certificates.compactMap { identity, known in
            revocation(of: known).map { RevokedKey(keyID: identity.keyID, issuer: identity.issuer, sinceSeconds: $0.1) }
        }
    }

    /// The earliest revocation among the certificates of one key: revocation is of the key, not of one certificate of it.
    func revocation(of known: [SealCertificate]) -> (SealCertificate, Int64)? {
        var earliest: (SealCertificate, Int64)?
        for certificate in known {
            guard let since = revokedSince[certificate.issuingKeyID]?[certificate.serialNumber] else { continue }
            if let (_, known) = earliest, known <= since { continue }
            earliest = (certificate, since)
        }
        return earliest
    }
}
