public import AttestationFormat
import MerkleTree

/// What decides how an event is batched, shared and, when space runs out, kept.
public struct EventTraits: Sendable {
    /// Its kind's number; `nil` for a firm's own text kind.
    public var kind: UInt64?
    /// Its batch closes at the end of this turn of the loop.
    public var isPriority: Bool
    public var importance: EventImportance

    public init(kind: UInt64?, isPriority: Bool = false, importance: EventImportance = .normal) {
        self.kind = kind
        self.isPriority = isPriority
        self.importance = importance
    }
}

/// The gateway's policy: what is batched, signed, published, believed and freed. It does no I/O of its own and has
/// no clock: ports act, and the loop hands down the time.
///
/// Hot path: ``record(_:_:origin:at:)``. Everything else happens in ``advance(to:)`` and ``receive(_:from:at:)``.
public final class Gateway<Platform: GatewayPlatform> {
    public typealias Hash = Platform.Hash
    public typealias Verifier = Platform.Verifier

    public let identity: GatewayIdentity
    public internal(set) var policy: GatewayPolicy
    let journal: Platform.Journal
    let link: Platform.Link
    let signer: Platform.Signer
    let trustStore: Platform.Trust
    var salts: Platform.Salts

    /// The trust file in force; `nil` when none is configured, and then no receipt counts.
    public internal(set) var trust: TrustFile?
    public internal(set) var nodes: NodeTable
    public internal(set) var counters = GatewayCounters()
    public internal(set) var concerns = Concerns()

    // Signing
    var builder: BatchBuilder<Hash>
    var pace = SigningPace()
    var gate: StartGate
    var sealing: Sealing?
    var ownVerifier: Verifier?
    /// When a failed signature or a failed journal call is tried again.
    var retryAtMilliseconds: UInt64 = 0

    // Publishing
    var window: UnreceiptedWindow
    /// Receipts of an earlier run: each counts when its batch enters the window.
    var storedReceipts: [StoredReceipt]
    var oldestResend: ResendSchedule
    /// When to ask who is there, counted from the latest receipt. Its own clock: repetitions of the oldest batch that a node's
    /// refusal brings forward must not put the question off for ever.
    var overdueHello: ResendSchedule
    var hello: HelloPolicy
    var catchUp = CatchUp()
    /// First sequence of the next batch that was not published since this epoch or process began.
    var publishCursor: UInt64
    /// The message of the batch signed last, so that the ordinary way never reads the journal.
    var freshMessage: FreshMessage?
    var isConnected = false
    /// Where the batches end that were signed before the link came up: they go out at the catch-up rate. What is signed since
    /// and had to wait for a full window is the ordinary stream, and as fast as the broker takes it.
    var outageBacklogEnd: UInt64 = 0
    /// When the next batch of that backlog may be read and published.
    var backlogAllowedMilliseconds: UInt64 = 0
    var lastReceiptMilliseconds: UInt64

    // Epochs and the agent's own events
    var epochs: EpochPolicy
    var control: ControlState

    /// - Parameters:
    ///   - journal: recovered and open.
    ///   - trust: the trust file that the holder trusts already.
    ///   - why: what began this run, for the first event.
    public init(
        identity: GatewayIdentity, policy: GatewayPolicy, trust: TrustFile?, facts: AgentFacts, at now: Moment,
        journal: Platform.Journal, link: Platform.Link, signer: Platform.Signer, trustStore: Platform.Trust,
        salts: Platform.Salts
    ) {
        self.identity = identity
        self.policy = policy
        self.journal = journal
        self.link = link
        self.signer = signer
        self.trustStore = trustStore
        self.salts = salts
        self.trust = trust
        ownVerifier = Verifier(publicKey: identity.publicKey)
        nodes = NodeTable(receiptTimeoutMilliseconds: policy.receiptTimeoutMilliseconds)
        nodes.adopt(names: trust?.nodeNames ?? [])
        builder = BatchBuilder(first: journal.signedEnd)
        gate = StartGate(neededAnswerCount: trust?.receiptsNeededCount ?? 1, hasBroker: policy.hasBroker, at: now)
        window = UnreceiptedWindow(batchCapacity: policy.unreceiptedBatchCount, byteCapacity: policy.unreceiptedByteCount)
        storedReceipts = journal.takeStoredReceipts()
        oldestResend = ResendSchedule(firstMilliseconds: policy.receiptTimeoutMilliseconds)
        overdueHello = ResendSchedule(firstMilliseconds: policy.receiptTimeoutMilliseconds)
        hello = HelloPolicy(receiptTimeoutMilliseconds: policy.receiptTimeoutMilliseconds)
        publishCursor = journal.quorumEnd
        lastReceiptMilliseconds = now.monotonicMilliseconds
        epochs = EpochPolicy(isFresh: journal.signedEnd == 0 && journal.latestStatement == nil)
        control = ControlState(facts: facts, at: now)
        openForNewKey()
    }

    /// How many nodes' receipts a batch needs.
    public var receiptsNeededCount: Int { trust?.receiptsNeededCount ?? Int.max }

    // MARK: - Events in

    /// Appends one event to the journal and to the open batch. It is durable after the journal's next sync, not before.
    /// - Parameters:
    ///   - event: the exact bytes that are hashed.
    ///   - traits: what decides how it is batched and shared.
    ///   - origin: its source's own number, if it has one.
    /// - Returns: its place, or that of the same number before.
    public func record(
        _ event: [UInt8], _ traits: EventTraits, origin: EventOrigin? = nil, at now: Moment
    ) throws(JournalProblem) -> AppendOutcome {
        let outcome: AppendOutcome
        do throws(JournalProblem) {
            outcome = try journal.append(event: event, importance: traits.importance, origin: origin)
        } catch {
            note(error)
            throw error
        }
        guard case .stored(let sequence) = outcome else { return outcome }
        counters.eventCount += 1
        counters.eventByteCount &+= UInt64(event.count)
        control.eventHappened(at: now)
        if sequence == builder.end, builder.hasRoom(forEventByteCount: event.count) {
            builder.add(
                event, hashOnly: policy.sharing.sharesHashOnly(kind: traits.kind), isPriority: traits.isPriority, at: now)
            if builder.isFull(policy) { sealIfDue(at: now) }
        }
        return outcome
    }

    /// A source offered events that the journal could not take: they are counted, and declared in a signed event.
    public func dropped(eventCount: UInt64, at now: Moment) {
        counters.droppedEventCount &+= eventCount
        control.dropped(eventCount: eventCount, at: now)
    }

    // MARK: - One turn

    /// Does everything that is due: the agent's own events, batches, signatures, publications, repetitions.
    public func advance(to now: Moment) {
        gate.advance(to: now)
        recordOwnEvents(at: now)
        beginEpochIfDue(at: now)
        fillBuilder(at: now)
        sealIfDue(at: now)
        finishSealing(at: now)
        publishIfDue(at: now)
    }
}

// MARK: - Timers

extension Gateway {
    /// When ``advance(to:)`` must be called at the latest, monotonic milliseconds; `nil`: nothing is planned.
    public func wakeMilliseconds(at now: Moment) -> UInt64? {
        var due = control.heartbeatMilliseconds
        if let gateWake = gate.wakeMilliseconds { due = min(due, gateWake) }
        if let epochWake = epochs.wakeMilliseconds { due = min(due, max(epochWake, gate.wakeMilliseconds ?? 0)) }
        if sealing != nil {
            due = min(due, max(retryAtMilliseconds, now.monotonicMilliseconds &+ signer.askAgainMilliseconds))
        } else if maySeal {
            // What waits in the journal beyond a batch that just closed is taken on the next turn.
            let isBehind = builder.isEmpty && builder.end < journal.nextSequence
            if let wake = isBehind ? now.monotonicMilliseconds : builder.wakeMilliseconds(policy, pace: pace) {
                due = min(due, max(retryAtMilliseconds, wake))
            }
        }
        return min(due, linkWakeMilliseconds ?? due)
    }

    /// The same for what needs the link. While the link takes nothing, its next acknowledgement wakes the loop.
    private var linkWakeMilliseconds: UInt64? {
        guard isConnected, link.canPublish else { return nil }
        var due = UInt64.max
        if !identity.certificates.isEmpty, let wake = hello.wakeMilliseconds { due = min(due, wake) }
        if !window.isEmpty, let wake = oldestResend.dueMilliseconds { due = min(due, wake) }
        if let wake = catchUp.wakeMilliseconds { due = min(due, wake) }
        if publishCursor < journal.signedEnd, window.hasRoom(forByteCount: freshMessage?.bytes.count ?? 512) {
            due = min(due, backlogAllowedMilliseconds)
        }
        if !window.isEmpty, let wake = overdueHello.dueMilliseconds { due = min(due, wake) }
        return due
    }
}

// MARK: - For status

extension Gateway {
    /// Events in the open batch.
    public var openEventCount: Int { builder.count }
    /// Batches published without a quorum.
    public var windowBatchCount: Int { window.count }
    /// How long the latest signature took, and the longest.
    public var signingMicroseconds: UInt64 { pace.latestMicroseconds }
    public var longestSigningMicroseconds: UInt64 { pace.longestMicroseconds }
    /// Since when the oldest batch has waited for its quorum, monotonic milliseconds: since its publication or the latest receipt.
    public var oldestUnreceiptedMilliseconds: UInt64? {
        window.oldest.map { max($0.firstPublishedAtMilliseconds, lastReceiptMilliseconds) }
    }

    /// Takes a changed policy: it holds for the next batch. Window and timeouts stay as they were at the start.
    public func adopt(_ changed: GatewayPolicy) {
        policy.batchEventCount = changed.batchEventCount
        policy.batchByteCount = changed.batchByteCount
        policy.batchIntervalMilliseconds = changed.batchIntervalMilliseconds
        policy.catchUpBatchesPerSecond = changed.catchUpBatchesPerSecond
        policy.sharing = changed.sharing
    }

    /// Damage that was met while running; it is declared like that of a start.
    public func declare(_ gaps: [GapFacts]) { control.add(gaps) }
}
