internal import AllianceTrust
internal import AttestationFormat
internal import Foundation
internal import SealToken

/// A thread with a ``TokenSigner``: it starts the helper, asks it, and brings it back after a failure while nobody asks.
///
/// One thread for the helper's whole life, since the kernel ends a helper with the thread that started it, and a pool's threads come and go. Whoever
/// asks waits for an answer; where enough do so already, it is told at once. While the token is known to be away nobody waits.
final class TokenThread: Sendable {
    /// Questions that wait, the one under way among them: each holds a thread of its asker's pool.
    private static let queueLimit = 4
    /// How often an idle token in trouble is looked after.
    private static let lookSeconds = 0.1

    private final class Question {
        let message: [UInt8]?
        let isThere = DispatchSemaphore(value: 0)
        var outcome: Result<Signature?, TokenError>?

        init(_ message: [UInt8]?) { self.message = message }
    }

    /// What askers and the thread share, under `condition`.
    private final class Desk {
        let condition = NSCondition()
        var questions: [Question] = []
        var count = 0
        var isClosed = false
        var hasEnded = false
        var found: TokenSigner.Found?
    }

    private nonisolated(unsafe) let desk = Desk()

    init(_ uri: TokenURI, expecting publicKey: PublicKey?, isNew: Bool, patienceMilliseconds: UInt64, program: UTF8Text) {
        let desk = desk
        nonisolated(unsafe) let shared = desk
        let thread = Thread {
            // Made here: it is this thread's alone.
            let signer = TokenSigner(
                uri, expecting: publicKey, order: isNew ? TokenSigner.makesKey : TokenSigner.findsKey, program: program,
                patienceMilliseconds: patienceMilliseconds)
            Self.work(signer, shared)
        }
        thread.name = "token"
        thread.start()
    }

    /// The token, once it was found.
    var found: TokenSigner.Found? { desk.condition.withLock { desk.found } }

    /// Waits until the token is open, and for a signature where there is a message.
    ///
    /// - Returns: nil without a message.
    func ask(_ message: [UInt8]?) throws(TokenError) -> Signature? {
        let question = Question(message)
        let isTaken = desk.condition.withLock {
            guard desk.count < Self.queueLimit, !desk.isClosed else { return false }
            desk.count += 1
            desk.questions.append(question)
            desk.condition.signal()
            return true
        }
        guard isTaken else { throw TokenError(.failed, at: "the token", "\(Self.queueLimit) signatures wait for it already") }
        question.isThere.wait()
        guard let outcome = question.outcome else { throw TokenError(.helperEnded, at: "the token") }
        return try outcome.get()
    }

    /// Ends the helper at its own pace, so that it logs out.
    func close() {
        desk.condition.withLock {
            desk.isClosed = true
            desk.condition.signal()
            let end = Date(timeIntervalSinceNow: 1)
            while !desk.hasEnded, desk.condition.wait(until: end) {}
        }
    }

    // MARK: - The thread

    private static func work(_ signer: TokenSigner, _ desk: Desk) {
        while let question = next(desk, isTroubled: signer.failure != nil && !signer.isStopped) {
            guard let question else {
                look(after: signer)
                continue
            }
            question.outcome = Result { () throws(TokenError) in try answer(question, signer) }
            let found = signer.found
            desk.condition.withLock {
                desk.count -= 1
                desk.found = found
            }
            question.isThere.signal()
        }
        signer.stop()
        desk.condition.withLock {
            desk.hasEnded = true
            desk.condition.broadcast()
        }
    }

    /// The next question; `.some(nil)` when there is none and the token wants looking after, nil when it is over.
    private static func next(_ desk: Desk, isTroubled: Bool) -> Question?? {
        desk.condition.withLock {
            while desk.questions.isEmpty, !desk.isClosed {
                if !isTroubled { desk.condition.wait() } else if !desk.condition.wait(until: Date(timeIntervalSinceNow: lookSeconds)) { return .some(nil) }
            }
            return desk.questions.isEmpty ? nil : .some(desk.questions.removeFirst())
        }
    }

    private static func answer(_ question: Question, _ signer: TokenSigner) throws(TokenError) -> Signature? {
        look(after: signer)
        if let failure = signer.failure { throw failure }
        guard let message = question.message else {
            try signer.wait { signer.isReady }
            return nil
        }
        signer.begin(message, nowMilliseconds: TokenSigner.nowMilliseconds)
        var signature: Signature?
        try signer.wait {
            signature = signer.finish()
            return signature != nil
        }
        return signature
    }

    private static func look(after signer: TokenSigner) { signer.advance(isReadable: true, nowMilliseconds: TokenSigner.nowMilliseconds) }
}
