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
        /// A revocation list that is no newer than the one held, and revokes nothing that is not known.
        case stale
        /// This firm has brought more than its share; later.
        case limited
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
            let verified = try await trust.verifier.verify(statement, atSeconds: clock.nowSeconds)
            // The same certificate or list under another signature says nothing new: the first entry stands for both.
            if let known = try store.read({ try $0.registration(ofPayload: SHA256.hash(statement.payload)) }) { return (known, false) }
            try admit(statement.header)
            switch verified {
            case .certificate(let certificate): try register(certificate, by: statement, id: id)
            case .revocationList(let list): try take(list, by: statement, id: id)
            }
        } catch let error as TrustError {
            throw refused(.rejected, error.message)
        }
        return (id, true)
    }

    /// A firm's registrations have one bucket and its revocations another: a fleet that enrols holds no revocation up. Only what its key
    /// signed takes from them, so that nobody empties another's.
    private func admit(_ header: RegistrationHeader) throws {
        let kind = EntryKind(firm: header.firm, kind: header.kind)
        guard entryLimiter.admit(kind, nowMilliseconds: clock.nowMilliseconds) != .allowed else { return }
        metrics.add(.entriesLimited)
        throw refused(
            .limited, "firm \(header.firm) brings more than \(settings.firmEntriesPerMinute) new entries a minute: send this again later")
    }

    /// The newest receipt of an entry; nil while it has none.
    public func receipt(ofEntry id: Digest) throws -> [UInt8]? {
        try store.read { transaction in
            try transaction.entry(hash: id).flatMap { try transaction.receipt($0.leaf)?.bytes }
        }
    }

    func refused(_ code: EntryRefusal.Code, _ reason: String) -> EntryRefusal {
        metrics.add(.entriesRefused)
        logger.info("entry refused", metadata: ["why": "\(reason)"])
        return EntryRefusal(code, reason)
    }

    private func register(_ certificate: SealCertificate, by statement: RegistrationStatement, id: Digest) throws {
        try trust.verifier.requireRoom(for: certificate)
        try store.write { transaction in
            _ = try transaction.appendRegistration(statement.bytes, hash: id, payload: SHA256.hash(statement.payload))
            let signer = try transaction.addSigner(keyID: certificate.keyID, issuer: certificate.issuer)
            try transaction.addCertificate(certificate.der, hash: SHA256.hash(certificate.der), of: signer)
        }
        trust.insert(certificate)
        isLateUnknown = true
        metrics.add(.registrations)
        logger.notice("gateway registered", metadata: ["gateway": "\(certificate.gatewayID)"])
    }
}

/// Whose entries of which kind share a bucket.
struct EntryKind: Hashable {
    let firm: Name
    let kind: RegistrationHeader.Kind
}
