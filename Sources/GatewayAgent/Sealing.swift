import AttestationFormat
import MerkleTree

/// A batch that closed and whose statement is being signed or made durable. It is there until its statement is durable: the same
/// bytes are tried again, and nothing else is signed meanwhile.
struct Sealing {
    let header: BatchHeader
    let root: Digest
    let count: UInt64
    let wholeCount: UInt64
    let items: [UInt8]
    let beganAtMilliseconds: UInt64
    /// The statement, once signed.
    var statement: Statement?

    var end: UInt64 { header.first &+ count }
}

/// The message of a batch that was signed in this process and not published yet.
struct FreshMessage {
    let batch: PublishedBatch
    let bytes: [UInt8]
}
