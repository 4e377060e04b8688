public import AttestationFormat
internal import MerkleTree

/// A P-256 private key that is not in this process, such as one in a token: its signatures take as long as they take, and may not come.
public protocol OutsideSigner: AnyObject, Sendable {
    /// The public half.
    var publicKey: PublicKey { get }

    /// ES256 over SHA-256(`message`), with s ≤ n/2, verified before it is returned.
    ///
    /// - Throws: ``TrustError`` with code `token` or `tokenPIN`: nothing was signed, and it may be asked again.
    func sign(_ message: [UInt8]) throws -> Signature
}

/// Keeps a transaction short that needs signatures of an ``OutsideSigner``: no store waits for a token while everybody else waits for the store.
///
/// The transaction is tried. Where it needs a signature that is not there yet, it is undone, the signature is made with nothing held, and it is tried
/// again with what there is. What is signed must come out the same each time, so serial numbers are drawn once and kept. Where something else has
/// changed the store meanwhile, other bytes are asked for, and those are signed: what is committed was signed as it stands.
public final class SigningDesk: @unchecked Sendable {
    // One call of `settle`, on one thread: nothing else has it.

    @TaskLocal static var current: SigningDesk?

    /// More than a transaction needs: a store that changes under every try must not keep a thread for ever.
    private static let tryLimit = 256

    private struct Wanted: Error {
        let signer: any OutsideSigner
        let message: [UInt8]
    }

    private struct Question: Error {
        let bytes: [UInt8]
        let ask: @Sendable () throws -> [UInt8]
    }

    private var signatures: [Digest: [[UInt8]: Signature]] = [:]
    private var answers: [[UInt8]: Result<[UInt8], any Error>] = [:]
    private var serialNumbers: [[UInt8]] = []
    private var drawnCount = 0

    /// Runs `attempt` until it needs no further signature. It calls ``hold(_:)`` within its transaction, and whatever that throws undoes it.
    public static func settle<Value>(_ attempt: (SigningDesk) throws -> Value) throws -> Value {
        let desk = SigningDesk()
        for _ in 0..<tryLimit {
            do {
                return try attempt(desk)
            } catch let wanted as Wanted {
                let signature = try wanted.signer.sign(wanted.message)
                desk.signatures[wanted.signer.keyID, default: [:]][wanted.message] = signature
            } catch let question as Question {
                // A refusal is an answer too: the transaction writes it down.
                desk.answers[question.bytes] = Result(catching: question.ask)
            }
        }
        throw TrustError(.token, "what is to be signed changed \(tryLimit) times while a token signed it", nextStep: "try again")
    }

    /// Within `body` an outside signer's signature is one that was made before, or the try ends.
    public func hold<Value>(_ body: () throws -> Value) throws -> Value {
        drawnCount = 0
        return try SigningDesk.$current.withValue(self, operation: body)
    }

    /// What somebody outside this process answers to a question, such as another registry: asked, as signatures are, with nothing held, and once.
    ///
    /// - Parameter question: tells this question from the others of the transaction.
    /// - Throws: what `ask` throws.
    public static func answer(to question: [UInt8], _ ask: @escaping @Sendable () throws -> [UInt8]) throws -> [UInt8] {
        guard let desk = current else { return try ask() }
        guard let answer = desk.answers[question] else { throw Question(bytes: question, ask: ask) }
        return try answer.get()
    }

    func signature(over message: [UInt8], by signer: any OutsideSigner) throws -> Signature {
        guard let signature = signatures[signer.keyID]?[message] else { throw Wanted(signer: signer, message: message) }
        return signature
    }

    /// The serial number that the try before had at this place, or a new one.
    func serialNumber(_ draw: () -> [UInt8]) -> [UInt8] {
        if drawnCount == serialNumbers.count { serialNumbers.append(draw()) }
        drawnCount += 1
        return serialNumbers[drawnCount - 1]
    }
}

extension OutsideSigner {
    fileprivate var keyID: Digest { publicKey.keyID(using: SHA256.self) }
}
