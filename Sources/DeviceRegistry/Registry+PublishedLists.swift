import AllianceTrust
import AttestationFormat
import GRDB
import MerkleTree
import Synchronization

/// What a list says that was published, and that the store does not know: it was restored from a backup before that list, or is another one.
public struct LostRevocations: Equatable, Sendable {
    /// Serial numbers in hex, with the gateway where the store has the certificate, unrevoked.
    public let certificates: [String]
}

extension Registry {
    /// Holds a list that was published against the store, before the store's own goes in its place. What it revokes stays revoked: a list that names what the
    /// store does not know stays published, here and by ``linkRevocationList()`` and ``revocationLists(firm:)``; where the store knows all of it, and the list
    /// has a higher number, the store's is made anew above it.
    ///
    /// - Parameter der: a revocation list; one that no issuing key of this registry signed says nothing.
    /// - Returns: what the store does not know; nil: it knows all.
    public func judge(published der: [UInt8], nowSeconds: Int64) throws -> LostRevocations? {
        guard let list = try? UnverifiedRevocationList(der: der), let issuer = issuers.all.values.first(where: { $0.authority.hasSigned(list) }) else { return nil }
        let lost = try store.read { transaction in
            try list.entries.compactMap { try transaction.lostRevocation($0.serialNumber, issuer: issuer.keyID) }
        }
        guard lost.isEmpty else {
            kept.withLock { $0[issuer.keyID] = der }
            return LostRevocations(certificates: lost)
        }
        kept.withLock { $0[issuer.keyID] = nil }
        guard let number = list.number?.value, number < .max else { return nil }
        let isBehind = try store.read { transaction in try transaction.list(issuer: issuer.keyID).map { $0.number < number } ?? true }
        guard isBehind else { return nil }
        _ = try store.write { transaction in
            try makeList(of: issuer.keyID, above: number, nowSeconds: nowSeconds, in: transaction)
        }
        return nil
    }

    /// The list of an issuing key that everybody gets.
    func publishedList(of keyID: Digest, in transaction: RegistryTransaction) throws -> [UInt8]? {
        try kept.withLock { $0[keyID] } ?? transaction.list(issuer: keyID)?.der
    }
}

extension RegistryTransaction {
    /// nil: the store has it as revoked.
    fileprivate func lostRevocation(_ serialNumber: [UInt8], issuer: Digest) throws -> String? {
        guard try handCertificate(serialNumber: serialNumber, issuer: issuer) == nil else { return nil }
        let row = try row(
            "SELECT gateway, certificates.revoked AS revoked FROM certificates JOIN devices ON devices.id = device WHERE issuer = ? AND serial = ?",
            [issuer.data, serialNumber.data])
        guard (row?["revoked"] as Int64?) == nil else { return nil }
        let serial = Hexadecimal.text(of: serialNumber).string
        return row.map { "\(serial) of \($0["gateway"] as String)" } ?? serial
    }
}
