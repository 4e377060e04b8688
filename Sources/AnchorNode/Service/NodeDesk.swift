import AttestationFormat
public import MerkleTree
import Synchronization

/// An entry that a node has in its ledger.
public struct SubmittedEntry: Equatable, Sendable {
    /// SHA-256 of its bytes.
    public let id: Digest
    /// nil: it is not under a root yet.
    public let receipt: [UInt8]?
    /// It was not in the ledger before.
    public let isNew: Bool

    public init(id: Digest, receipt: [UInt8]?, isNew: Bool) {
        self.id = id
        self.receipt = receipt
        self.isNew = isNew
    }
}

/// Whoever takes registrations and revocations for a node.
public protocol EntryTaking: Sendable {
    /// Takes one, and answers when it is under a root.
    ///
    /// - Throws: ``EntryRefusal``, or what the store throws.
    func submit(entry: [UInt8]) async throws -> SubmittedEntry
}

/// Where a node takes what does not come by a broker: statements of firms, revocation lists, and trust files of other nodes.
///
/// Whoever brings something waits for the answer; the node's one task gives it, between two turns of ingest.
public final class NodeDesk: EntryTaking {
    /// Each at most 64 KiB: 4 MiB. An alliance registers a few gateways a minute at its busiest.
    private static let capacity = 64
    /// Of one firm, by what the entry says: half, so that the others find a place.
    private static let firmCapacity = 32
    /// Taken in one turn of ingest: their signatures take a few milliseconds.
    private static let countPerTurn = 16

    enum Request: Sendable {
        case entry([UInt8])
        case revocationList([UInt8])
        case trustFile([UInt8])

        fileprivate var claimedFirm: Name? {
            guard case .entry(let bytes) = self else { return nil }
            return (try? RegistrationStatement(parsing: bytes))?.header.firm
        }
    }

    enum Answer: Sendable {
        case entry(SubmittedEntry)
        /// Whether it changed anything.
        case taken(Bool)
    }

    struct Waiting: Sendable {
        let request: Request
        /// The firm that an entry says it is of.
        let firm: Name?
        let continuation: CheckedContinuation<Answer, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        var wake: (@Sendable () -> Void)?
        var isClosed = false
    }

    private let state = Mutex(State())

    public init() {}

    public func submit(entry: [UInt8]) async throws -> SubmittedEntry {
        guard case .entry(let submitted) = try await ask(.entry(entry)) else { throw EntryRefusal(.stopping, "the node gave no answer") }
        return submitted
    }

    /// Hands over a revocation list that was fetched.
    ///
    /// - Returns: whether it is newer than what the node had.
    public func submit(revocationList der: [UInt8]) async throws -> Bool {
        guard case .taken(let isNew) = try await ask(.revocationList(der)) else { return false }
        return isNew
    }

    /// Hands over a trust file that another node had.
    ///
    /// - Returns: whether it is in force now and was not before.
    public func submit(trustFile: [UInt8]) async throws -> Bool {
        guard case .taken(let isNew) = try await ask(.trustFile(trustFile)) else { return false }
        return isNew
    }

    private func ask(_ request: Request) async throws -> Answer {
        let firm = request.claimedFirm
        return try await withCheckedThrowingContinuation { continuation in
            let wake = state.withLock { state -> Result<(@Sendable () -> Void)?, EntryRefusal> in
                guard !state.isClosed else { return .failure(EntryRefusal(.stopping, "the node is stopping; ask again when it is back")) }
                guard state.waiting.count < Self.capacity else {
                    return .failure(EntryRefusal(.busy, "\(Self.capacity) wait already; ask again in a second"))
                }
                guard firm == nil || state.waiting.count(where: { $0.firm == firm }) < Self.firmCapacity else {
                    return .failure(EntryRefusal(.busy, "\(Self.firmCapacity) of this firm wait already; ask again in a second"))
                }
                state.waiting.append(Waiting(request: request, firm: firm, continuation: continuation))
                return .success(state.wake)
            }
            switch wake {
            case .success(let wake): wake?()
            case .failure(let refusal): continuation.resume(throwing: refusal)
            }
        }
    }

    // MARK: - The node's side

    /// Says how the node is told that somebody waits.
    func open(_ wake: @escaping @Sendable () -> Void) {
        state.withLock { $0.wake = wake }
    }

    /// How many wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Who is served in this turn.
    func takeTurn() -> [Waiting] {
        state.withLock { state in
            let turn = Array(state.waiting.prefix(Self.countPerTurn))
            state.waiting.removeFirst(turn.count)
            return turn
        }
    }

    /// Sends everybody away, and whoever comes later.
    func close() {
        let left = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiting in left { waiting.continuation.resume(throwing: EntryRefusal(.stopping, "the node is stopping; ask again when it is back")) }
    }
}
