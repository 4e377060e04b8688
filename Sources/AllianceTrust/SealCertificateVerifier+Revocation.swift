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
        remember(list.list.entries.map { ($0.serialNumber, $0.sinceSeconds) }, issuingKeyID: list.issuingKeyID)
    }

    /// Notes that an issuing key has revoked these serial numbers; of several times the earliest counts.
    public mutating func remember(_ revocations: [(serialNumber: [UInt8], sinceSeconds: Int64)], issuingKeyID: Digest) {
        var isNew = false
        for (serialNumber, sinceSeconds) in revocations where sinceSeconds < revokedSince[issuingKeyID]?[serialNumber] ?? .max {
            revokedSince[issuingKeyID, default: [:]][serialNumber] = sinceSeconds
            isNew = true
        }
        guard isNew else { return }
        // Once for all that is new: a list has hundreds of entries, a node tens of thousands of certificates.
        for (identity, known) in certificates {
            for certificate in known where certificate.issuingKeyID == issuingKeyID { noteRevocation(of: certificate, identity) }
        }
    }

    /// Where a list names this certificate its key is revoked, and stays so: revocation is of the key, not of one certificate of it.
    mutating func noteRevocation(of certificate: SealCertificate, _ identity: Identity) {
        guard let since = revokedSince[certificate.issuingKeyID]?[certificate.serialNumber] else { return }
        revokedKeySince[identity] = min(since, revokedKeySince[identity] ?? .max)
    }

    /// Since when a key is revoked, seconds since 1970; nil: no list says so.
    public func revokedSinceSeconds(keyID: Digest, issuer: UTF8Text) -> Int64? {
        revokedKeySince[Identity(keyID: keyID, issuer: issuer)]
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
        revokedKeySince.map { RevokedKey(keyID: $0.keyID, issuer: $0.issuer, sinceSeconds: $1) }
    }
}
