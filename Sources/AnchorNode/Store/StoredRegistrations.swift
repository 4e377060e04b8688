public import AllianceTrust
public import MerkleTree

/// What firms say of their gateways' keys, and whose ledger this is.
public protocol StoredRegistrations {
    /// Puts a registration or revocation into the ledger; its receipt is owed.
    ///
    /// - Parameter payload: SHA-256 of the certificate or list that it carries.
    func appendRegistration(_ bytes: [UInt8], hash: Digest, payload: Digest) throws -> Int64
    /// The id of the first entry that carries a certificate or list.
    func registration(ofPayload hash: Digest) throws -> Digest?
    /// The bytes of an entry that is a registration or revocation; nil for other entries.
    func registration(_ leaf: Int64) throws -> [UInt8]?

    /// Number and SHA-256 of the newest list of an issuing key.
    func newestRevocationList(issuingKeyID: Digest) throws -> (number: RevocationListNumber, hash: Digest)?
    /// Keeps a list; the newest takes the place of the one that was.
    func addRevocationList(_ list: ShownList, isNewest: Bool) throws
    /// Whether a certificate with this serial number came, whoever issued it.
    func knowsCertificate(serialNumber: [UInt8]) throws -> Bool
    /// Lets lists go that are not the newest of their key: those that no revocation is by, and beyond some hundreds those that revoke no
    /// certificate that there is.
    func pruneRevocationLists(issuingKeyID: Digest) throws
    /// The newest lists in DER; of one firm, or all.
    func revocationLists(firm: String?) throws -> [[UInt8]]
    /// A kept list in DER.
    func revocationList(hash: Digest) throws -> [UInt8]?

    /// What an issuing key has revoked; nil: every one.
    func revocations(issuingKeyID: Digest?) throws -> [HeldRevocation]
    /// Keeps a revocation in place of what was known of its serial number.
    func setRevocation(_ revocation: HeldRevocation) throws
    /// What a firm's issuing keys have revoked by a list that is not their newest, and their newest leaves out or times later.
    func forgottenRevocations(firm: String) throws -> [HeldRevocation]

    /// First receipts of a signer's statements that were made around or after a time, each with its place in the ledger.
    func firstReceipts(of signer: SignerID, aroundOrAfterSeconds seconds: Int64) throws -> [(leaf: Int64, receipt: [UInt8])]
    /// Notes that the receipt of a statement is not from before its key's revocation.
    func setLate(_ leaf: Int64, of signer: SignerID) throws
    func lateCount() throws -> Int
    func lateCount(of signer: SignerID) throws -> Int
    /// Signers that contradicted themselves, with how often.
    func markedSigners() throws -> [(issuer: String, conflictCount: Int)]

    /// The key that signs this ledger's receipts from now on.
    func setOwner(keyID: Digest) throws
}

extension StoredRegistrations {
    /// Takes a list into what its issuing key ever revoked.
    func take(_ list: ShownList) throws -> RevocationUnion.Judgement {
        let newest = try newestRevocationList(issuingKeyID: list.issuingKeyID)
        guard newest?.hash != list.hash else { return .held }
        var union = RevocationUnion(
            newest: newest.map { .init(number: $0.number, hash: $0.hash) }, try revocations(issuingKeyID: list.issuingKeyID))
        var (judgement, changed) = union.take(list)
        if judgement == .tooMany {
            // Whoever filled the table with numbers of no certificate holds up no revocation of one that there is.
            let real = try list.counting { try knowsCertificate(serialNumber: $0.serialNumber) }
            if !real.entries.isEmpty { (judgement, changed) = union.take(real, isBounded: false) }
        }
        switch judgement {
        case .held, .stale, .tooMany: return judgement
        case .newest: try addRevocationList(list, isNewest: true)
        case .older: try addRevocationList(list, isNewest: false)
        }
        for revocation in changed { try setRevocation(revocation) }
        try pruneRevocationLists(issuingKeyID: list.issuingKeyID)
        return judgement
    }
}
