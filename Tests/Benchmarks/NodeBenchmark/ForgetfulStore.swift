import AllianceTrust
import AnchorNode
import AttestationFormat
import MerkleTree

/// A store that keeps nothing but one number for each chain: to measure ingest without the disk.
final class ForgetfulStore: NodeStore, NodeTransaction, @unchecked Sendable {
    private struct Position: Hashable {
        let signer: SignerID
        let epoch: Epoch
    }

    private var signers: [Digest: SignerID] = [:]
    private var states: [Position: (EpochState, Digest)] = [:]
    private var count: Int64 = 0

    func write<Result>(_ body: (ForgetfulStore) throws -> Result) throws -> Result { try body(self) }
    func read<Result>(_ body: (ForgetfulStore) throws -> Result) throws -> Result { try body(self) }

    func signer(keyID: Digest, issuer: UTF8Text) -> SignerID? { signers[keyID] }
    func addSigner(keyID: Digest, issuer: UTF8Text) -> SignerID {
        if let known = signers[keyID] { return known }
        let signer = SignerID(Int64(signers.count))
        signers[keyID] = signer
        return signer
    }
    func signers(issuer: UTF8Text) -> [SignerID] { [] }
    func mark(_ signer: SignerID) {}
    func newest(of signer: SignerID) -> NewestStatement? { nil }
    func setNewest(_ leaf: Int64, of signer: SignerID) {}
    func epochState(_ epoch: Epoch, of signer: SignerID) -> EpochState? { states[Position(signer: signer, epoch: epoch)]?.0 }
    func tail(of epoch: Epoch, of signer: SignerID) -> Digest? { states[Position(signer: signer, epoch: epoch)]?.1 }
    func setEpochState(_ state: EpochState, tail: Digest, _ epoch: Epoch, of signer: SignerID) {
        states[Position(signer: signer, epoch: epoch)] = (state, tail)
    }
    func statement(_ epoch: Epoch, first: UInt64, of signer: SignerID) -> ChainLink? { nil }
    func statement(_ epoch: Epoch, endingAt end: UInt64, of signer: SignerID) -> ChainLink? { nil }
    func opening(after previous: Digest, of signer: SignerID) -> Digest? { nil }
    func addConflict(_ bytes: [UInt8], hash: Digest, with rival: Digest, of signer: SignerID, atMilliseconds: Int64) {}
    func conflictCount(of signer: SignerID) -> Int { 0 }
    func certificates(of signer: SignerID) -> [[UInt8]] { [] }
    func allCertificates() -> [[UInt8]] { [] }
    func addCertificate(_ der: [UInt8], hash: Digest, of signer: SignerID) {}

    func entry(hash: Digest) -> EntrySummary? { nil }
    func entryBytes(_ leaf: Int64) -> [UInt8]? { nil }
    func heldStatement(_ leaf: Int64) -> (statement: Statement, heldCount: Int)? { nil }
    func entryCount() -> Int64 { count }
    func append(_ entry: NewEntry) -> Int64 {
        count += 1
        return count - 1
    }
    func appendTrustFile(_ bytes: [UInt8], hash: Digest, version: UInt64) -> Int64 { 0 }
    func trustFile() -> [UInt8]? { nil }
    func events(_ leaf: Int64) -> [UInt8]? { nil }
    func setEvents(_ events: [UInt8], heldCount: Int, subjects: [String], of leaf: Int64) {}
    func node(level: Int, index: UInt64) -> Digest? { nil }
    func addNode(_ hash: Digest, level: Int, index: UInt64) {}
    func newestCheckpoint() -> Checkpoint? { nil }
    func addCheckpoint(_ checkpoint: Checkpoint) {}
    func receipt(_ leaf: Int64) -> StoredReceipt? { nil }
    func setReceipt(_ receipt: StoredReceipt, of leaf: Int64) {}
    func leavesWithoutReceipt(from leaf: Int64, below size: Int64, limit: Int) -> [Int64] { [] }

    func leaves(subject: String, issued seconds: ClosedRange<Int64>, from leaf: Int64, limit: Int) -> [Int64] { [] }
    func leaves(issuer: UTF8Text, issued seconds: ClosedRange<Int64>, from leaf: Int64, limit: Int) -> [Int64] { [] }
    func record(_ leaf: Int64) -> EntryRecord? { nil }
    func leaves(of epoch: Epoch, _ signer: SignerID, in range: SequenceRange, limit: Int) -> [Int64] { [] }
    func lastRecord(of epoch: Epoch, _ signer: SignerID, in range: SequenceRange) -> EntryRecord? { nil }
    func epochs(of signer: SignerID) -> [(epoch: Epoch, leaf: Int64)] { [] }
    func epoch(ofStatement hash: Digest) -> Epoch? { nil }
}

extension ForgetfulStore {
    func appendRegistration(_ bytes: [UInt8], hash: Digest, payload: Digest) -> Int64 { 0 }
    func registration(ofPayload hash: Digest) -> Digest? { nil }
    func registration(_ leaf: Int64) -> [UInt8]? { nil }
    func newestRevocationList(issuingKeyID: Digest) -> (number: RevocationListNumber, hash: Digest)? { nil }
    func addRevocationList(_ list: ShownList, isNewest: Bool) {}
    func knowsCertificate(serialNumber: [UInt8]) -> Bool { false }
    func pruneRevocationLists(issuingKeyID: Digest) {}
    func revocationLists(firm: String?) -> [[UInt8]] { [] }
    func revocationList(hash: Digest) -> [UInt8]? { nil }
    func revocations(issuingKeyID: Digest?) -> [HeldRevocation] { [] }
    func setRevocation(_ revocation: HeldRevocation) {}
    func forgottenRevocations(firm: String) -> [HeldRevocation] { [] }
    func firstReceipts(of signer: SignerID, aroundOrAfterSeconds seconds: Int64) -> [(leaf: Int64, receipt: [UInt8])] { [] }
    func setLate(_ leaf: Int64, of signer: SignerID) {}
    func lateCount() -> Int { 0 }
    func lateCount(of signer: SignerID) -> Int { 0 }
    func markedSigners() -> [(issuer: String, conflictCount: Int)] { [] }
    func setOwner(keyID: Digest) {}
}
