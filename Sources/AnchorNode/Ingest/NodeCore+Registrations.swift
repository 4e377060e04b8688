import AllianceTrust
import AttestationFormat
import Logging
public import MerkleTree

/// Why a node does not take an entry that was brought to it.
public struct EntryRefusal: Error, Equatable, Sendable {
    /// Stable codes.
    public enum Code: String, Sendable {
        /// No registration and no revocation.
        case malformed
        /// One, and not by an issuing key of the alliance, or with something that this key did not issue.
        case rejected
        /// Too many wait; later.
        case busy
        /// The node is about to stop.
        case stopping
    }

    public let code: Code
    /// What is wrong, for people.
    public let reason: String

    public init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}

extension NodeCore {
    /// Takes a registration or revocation of a firm: it is durable in the ledger on return, and has its effect. Its receipt comes
    /// with ``integrate()``.
    ///
    /// - Returns: its id, and whether it is new here.
    /// - Throws: ``EntryRefusal``, or what the store throws.
    public func take(entry bytes: [UInt8]) async throws -> (id: Digest, isNew: Bool) {
        let statement: RegistrationStatement
        do throws(FormatError) {
            statement = try RegistrationStatement(parsing: bytes)
        } catch {
            throw refused(.malformed, "only registrations and revocations of firms are taken here: \(error.words)")
        }
        let id = statement.hash(using: SHA256.self)
        if try store.read({ try $0.entry(hash: id) }) != nil { return (id, false) }
        do {
            switch try await trust.verifier.verify(statement, atSeconds: clock.nowSeconds) {
            case .certificate(let certificate): try register(certificate, by: statement, id: id)
            case .revocationList(let list): _ = try take(list, by: statement)
            }
        } catch let error as TrustError {
            throw refused(.rejected, error.message)
        }
        return (id, true)
    }

    /// The newest receipt of an entry; nil while it has none.
    public func receipt(ofEntry id: Digest) throws -> [UInt8]? {
        try store.read { transaction in
            try transaction.entry(hash: id).flatMap { try transaction.receipt($0.leaf)?.bytes }
        }
    }

    private func refused(_ code: EntryRefusal.Code, _ reason: String) -> EntryRefusal {
        metrics.add(.entriesRefused)
        logger.info("entry refused", metadata: ["why": "\(reason)"])
        return EntryRefusal(code, reason)
    }

    private func register(_ certificate: SealCertificate, by statement: RegistrationStatement, id: Digest) throws {
        try store.write { transaction in
            _ = try transaction.appendRegistration(statement.bytes, hash: id)
            let signer = try transaction.addSigner(keyID: certificate.keyID, issuer: certificate.issuer)
            try transaction.addCertificate(certificate.der, hash: SHA256.hash(certificate.der), of: signer)
        }
        trust.insert(certificate)
        isLateUnknown = true
        metrics.add(.registrations)
        logger.notice("gateway registered", metadata: ["gateway": "\(certificate.gatewayID)"])
    }

    /// Takes a revocation list that was fetched: it is stored on return, and has its effect.
    ///
    /// - Returns: false when the list that is held of that issuing key is this one or a newer one.
    /// - Throws: `TrustError` with code `revocationList`, or what the store throws.
    public func take(revocationList der: [UInt8]) throws -> Bool {
        try take(trust.verifier.verify(revocationList: der), by: nil)
    }

    /// The newest by cRLNumber wins; an older one that a statement brings is recorded in the ledger, and changes nothing else.
    private func take(_ list: RevocationList, by statement: RegistrationStatement?) throws -> Bool {
        guard let number = list.list.number else {
            throw TrustError(.revocationList, "the revocation list has no number (cRLNumber), so nobody can tell which is the newest")
        }
        let isNewer = try store.write { transaction in
            if let statement { _ = try transaction.appendRegistration(statement.bytes, hash: statement.hash(using: SHA256.self)) }
            let held = try transaction.revocationListNumber(issuingKeyID: list.issuingKeyID)
            guard held.map({ $0 < number }) ?? true else { return false }
            try transaction.setRevocationList(list, number: number)
            return true
        }
        if statement != nil { metrics.add(.revocations) }
        guard isNewer else { return false }
        trust.replace(list)
        isLateUnknown = true
        logger.notice(
            "revocation list in force",
            metadata: ["firm": "\(list.firm)", "number": "\(number)", "revoked": "\(list.list.entries.count)"])
        return true
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
