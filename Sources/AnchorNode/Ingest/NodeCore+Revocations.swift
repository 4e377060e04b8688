import AllianceTrust
import AttestationFormat
import Logging
import MerkleTree

extension NodeCore {
    /// Takes a revocation list that was fetched: it is stored on return, and has its effect.
    ///
    /// - Returns: false when the list is the one that is held of that issuing key.
    /// - Throws: `TrustError` with code `revocationList`, also for a list that is behind the one held; or what the store throws.
    public func take(revocationList der: [UInt8]) throws -> Bool {
        let verified = try trust.verifier.verify(revocationList: der)
        let list = try shown(verified)
        let judgement = try store.write { try $0.take(list) }
        if judgement == .stale { throw TrustError(.revocationList, try staleWords(list)) }
        return try apply(verified, list, judgement)
    }

    /// Takes a list that a statement brings. It is in the ledger before it is applied; one that is behind the one held is not taken into either.
    func take(_ verified: RevocationList, by statement: RegistrationStatement, id: Digest) throws {
        let list = try shown(verified)
        let judgement = try store.write { transaction in
            let judgement = try transaction.take(list)
            if judgement != .stale && judgement != .tooMany {
                _ = try transaction.appendRegistration(statement.bytes, hash: id, payload: SHA256.hash(statement.payload))
            }
            return judgement
        }
        if judgement == .stale { throw refused(.stale, try staleWords(list)) }
        _ = try apply(verified, list, judgement)
        metrics.add(.revocations)
    }

    private func shown(_ list: RevocationList) throws -> ShownList {
        guard let shown = ShownList(list.list, issuingKeyID: list.issuingKeyID, firm: list.firm) else {
            throw TrustError(.revocationList, "the revocation list has no number (cRLNumber), so nobody can tell which is the newest")
        }
        return shown
    }

    /// Counts the refusal, too.
    private func staleWords(_ list: ShownList) throws -> String {
        metrics.add(.listsStale)
        let held = try store.read { try $0.newestRevocationList(issuingKeyID: list.issuingKeyID) }?.number
        guard let held, held != list.number else { return "stale list \(list.number), held \(list.number), which is another list of this number" }
        return "stale list \(list.number), held \(held)"
    }

    /// Lets a list that is stored have its effect.
    private func apply(_ verified: RevocationList, _ list: ShownList, _ judgement: RevocationUnion.Judgement) throws -> Bool {
        switch judgement {
        case .held, .stale: return false
        case .tooMany:
            throw TrustError(
                .revocationList, "with this list the issuing key would have revoked more than \(RevocationUnion.limit) certificates, by lists that forget")
        case .newest(let forgottenCount):
            trust.replace(verified)
            noteForgotten(forgottenCount, list, "a newer revocation list leaves out what the one before revoked, or gives it a later time; it stays revoked")
            logger.notice(
                "revocation list in force",
                metadata: ["firm": "\(list.firm)", "number": "\(list.number)", "revoked": "\(list.entries.count)"])
        case .older(let addedCount):
            trust.remember(verified)
            noteForgotten(addedCount, list, "an older revocation list revokes what the newer one leaves out; it is revoked")
        }
        isLateUnknown = true
        return true
    }

    private func noteForgotten(_ count: Int, _ list: ShownList, _ words: Logger.Message) {
        guard count > 0 else { return }
        metrics.add(.revocationsForgotten, count)
        logger.warning(words, metadata: ["firm": "\(list.firm)", "number": "\(list.number)", "revocations": "\(count)"])
    }

    // MARK: - What a revocation finds in the ledger

    /// Marks the statements of revoked keys whose first receipt is not from before the revocation: no verifier counts it.
    ///
    /// Called when no receipt of such a key can be under way any more: new statements of it are refused.
    func markLateStatements() throws {
        if areMarksUnknown && !isLateUnknown { try noteMarks() }
        guard isLateUnknown else { return }
        let revoked = trust.verifier.revokedKeys
        let found = try store.write { transaction in
            try revoked.map { key in (key, try Self.markLateStatements(of: key, in: transaction)) }
        }
        isLateUnknown = false
        for (key, count) in found where count > 0 {
            logger.warning(
                "statements of a revoked key lie after its revocation; verifiers do not count their receipts",
                metadata: ["gateway": "\(key.issuer)", "since": "\(UTCText.text(seconds: key.sinceSeconds))", "statements": "\(count)"])
        }
        try noteMarks()
    }

    /// How many are marked that were not.
    private static func markLateStatements(
        of key: SealCertificateVerifier.RevokedKey, in transaction: Store.Transaction
    ) throws -> Int {
        guard let signer = try transaction.signer(keyID: key.keyID, issuer: key.issuer) else { return 0 }
        let before = try transaction.lateCount(of: signer)
        for (leaf, bytes) in try transaction.firstReceipts(of: signer, aroundOrAfterSeconds: key.sinceSeconds) {
            guard let receipt = try? UnverifiedReceipt(parsing: bytes),
                Int64(clamping: receipt.header.issuedAtSeconds) >= key.sinceSeconds
            else { continue }
            try transaction.setLate(leaf, of: signer)
        }
        return try transaction.lateCount(of: signer) - before
    }

    /// Sets the gauges of what stays until an operator has dealt with it.
    func noteMarks() throws {
        areMarksUnknown = false
        let (late, marked) = try store.read { (try $0.lateCount(), try $0.markedSigners()) }
        metrics.set(.keysRevoked, trust.verifier.revokedKeys.count)
        metrics.set(.statementsLate, late)
        metrics.set(.gatewaysMarked, marked.count)
    }
}
