import AttestationFormat
import DeviceCrypto
import GatewayAgent
import LogisticsEvents
import MerkleTree

/// The platform of the tests: real hash, real signatures, and a world in memory.
enum TestPlatform: GatewayPlatform {
    typealias Hash = SHA256
    typealias Verifier = P256Verifier
    typealias Journal = MemoryJournal
    typealias Link = MemoryLink
    typealias Signer = TestSigner
    typealias Trust = MemoryTrust
    typealias Salts = OnesAsSalts
}

/// Salts that can be recognised.
struct OnesAsSalts: SaltSource {
    mutating func salt(byteCount: Int) -> [UInt8] { [UInt8](repeating: 1, count: byteCount) }
}

/// A journal that forgets what was not synced when asked to, and keeps what every epoch signed.
final class MemoryJournal: JournalPort {
    var epoch = Epoch(1)
    var former: [Epoch] = []
    var events: [[UInt8]] = []
    var statements: [StoredStatement] = []
    var receipts: [(first: UInt64, bytes: [UInt8])] = []
    var quorumEnd: UInt64 = 0
    var oldestHeld: UInt64 = 0
    var latestStatementHash = Digest()
    var durableEventCount = 0
    var durableStatementCount = 0
    var failure: JournalProblem?
    var readFailure: JournalProblem?
    var epochReasons: [EpochReason] = []
    var closedBecause: EpochReason?
    private var numbers: [UInt64: UInt64] = [:]

    var nextSequence: UInt64 { UInt64(events.count) }
    var signedEnd: UInt64 { statements.last?.end ?? 0 }
    var latestStatement: [UInt8]? { statements.last?.bytes }
    func isFormer(_ epoch: Epoch) -> Bool { former.contains(epoch) }

    func append(event: [UInt8], importance: EventImportance, origin: EventOrigin?) throws(JournalProblem) -> AppendOutcome {
        if let failure { throw failure }
        if let origin, let sequence = numbers[origin.number] { return .repeated(epoch: epoch, sequence: sequence) }
        events.append(event)
        if let origin { numbers[origin.number] = nextSequence - 1 }
        return .stored(sequence: nextSequence - 1)
    }

    func append(statement: [UInt8], first: UInt64, count: UInt64) throws(JournalProblem) {
        if let failure { throw failure }
        precondition(first == signedEnd, "a statement must continue the chain")
        statements.append(StoredStatement(bytes: statement, first: first, count: count))
        latestStatementHash = SHA256.hash(statement)
    }

    func append(receipt: [UInt8], first: UInt64) throws(JournalProblem) {
        if let failure { throw failure }
        receipts.append((first, receipt))
    }

    func append(mark end: UInt64) throws(JournalProblem) {
        if let failure { throw failure }
        quorumEnd = end
    }

    func sync() throws(JournalProblem) {
        if let failure { throw failure }
        durableEventCount = events.count
        durableStatementCount = statements.count
    }

    func gapsDeclared() {}

    func takeStoredReceipts() -> [StoredReceipt] {
        receipts.filter { $0.first >= quorumEnd }.map { StoredReceipt(first: $0.first, bytes: $0.bytes) }
    }

    func statement(atOrAfter first: UInt64) throws(JournalProblem) -> StoredStatement? {
        statements.first { $0.first >= first }
    }

    func readEvents(from first: UInt64, count: UInt64, _ body: ([UInt8]) -> Bool) throws(JournalProblem) {
        if let readFailure { throw readFailure }
        guard first >= oldestHeld, first + count <= nextSequence else { throw .damaged }
        for sequence in first..<(first + count) where !body(events[Int(sequence)]) { return }
    }

    func beginEpoch(because reason: EpochReason, previous: Digest?) throws(JournalProblem) {
        if let failure { throw failure }
        former.append(epoch)
        epoch = Epoch(epoch.value + 1_000)
        events = Array(events[Int(quorumEnd)...])
        statements = []
        quorumEnd = 0
        oldestHeld = 0
        if let previous { latestStatementHash = previous }
        epochReasons.append(reason)
        closedBecause = nil
    }
}

/// A link that keeps what it was given.
final class MemoryLink: LinkPort {
    var canPublish = true
    var batches: [[UInt8]] = []
    var hellos: [[UInt8]] = []

    func publish(_ payload: [UInt8], on topic: LinkTopic) -> Bool {
        guard canPublish else { return false }
        switch topic {
        case .batch: batches.append(payload)
        case .hello: hellos.append(payload)
        }
        return true
    }

    /// Everything published since the last call.
    func takeBatches() -> [BatchMessage] {
        defer { batches = [] }
        return batches.compactMap { try? BatchMessage(parsing: $0) }
    }
}

/// The real key; `isSlow` keeps the answer back, as a token does.
final class TestSigner: SignerPort {
    let key: SigningKey
    var isSlow = false
    var failsNext = false
    var signedMessages: [[UInt8]] = []
    var blockedMicroseconds: UInt64 = 0
    private var message: [UInt8] = []

    init(_ key: SigningKey) { self.key = key }

    func begin(_ message: [UInt8]) { self.message = message }

    func finish() -> SigningProgress {
        if isSlow { return .pending }
        if failsNext {
            failsNext = false
            return .failed(code: 1)
        }
        guard let signature = try? key.sign(message) else { return .failed(code: 2) }
        signedMessages.append(message)
        return .finished(signature, blockedMicroseconds: blockedMicroseconds)
    }
}

final class MemoryTrust: TrustPort {
    var rootKey: PublicKey?
    var stored: [[UInt8]] = []
    var refuses = false

    func rootKey(ofCertificate certificate: [UInt8]) -> PublicKey? { rootKey }

    func replaceTrustFile(with bytes: [UInt8]) -> Bool {
        if refuses { return false }
        stored.append(bytes)
        return true
    }
}
