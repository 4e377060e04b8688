public import AllianceTrust
public import MerkleTree

/// What firms say of their gateways' keys, and whose ledger this is.
public protocol StoredRegistrations {
    /// Puts a registration or revocation into the ledger; its receipt is owed.
    func appendRegistration(_ bytes: [UInt8], hash: Digest) throws -> Int64
    /// The bytes of an entry that is a registration or revocation; nil for other entries.
    func registration(_ leaf: Int64) throws -> [UInt8]?

    /// The number of the list that is kept of an issuing key.
    func revocationListNumber(issuingKeyID: Digest) throws -> RevocationListNumber?
    /// Keeps a list in place of the one before.
    func setRevocationList(_ list: RevocationList, number: RevocationListNumber) throws
    /// The kept lists in DER; of one firm, or all.
    func revocationLists(firm: String?) throws -> [[UInt8]]

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
