public import AttestationFormat
import LogisticsEvents
import MerkleTree

/// What the first event of a run says of it (`agent.started`).
public struct AgentFacts: Sendable {
    /// The kernel's boot id, as text.
    public var bootID: UTF8Text
    public var version: UTF8Text
    /// SHA-256 of the effective configuration, 32 bytes.
    public var configurationHash: [UInt8]
    /// `software`, `tpm2` or `secure_element`.
    public var keyClass: UTF8Text
    /// Whether this is the first run since the machine started.
    public var why: StartReason
    /// What the journal's recovery found missing.
    public var gaps: [GapFacts]

    public init(
        bootID: UTF8Text, version: UTF8Text, configurationHash: [UInt8], keyClass: UTF8Text, why: StartReason,
        gaps: [GapFacts] = []
    ) {
        self.bootID = bootID
        self.version = version
        self.configurationHash = configurationHash
        self.keyClass = keyClass
        self.why = why
        self.gaps = gaps
    }
}

/// Why `agent.started` is recorded.
public enum StartReason: Sendable {
    case boot, restart, newEpoch
    /// SIGHUP changed the configuration in force.
    case reload

    var text: UTF8Text {
        switch self {
        case .boot: "boot"
        case .restart: "restart"
        case .newEpoch: "new-epoch"
        case .reload: "reload"
        }
    }
}

/// One gap, as `gap.declared` names it.
public struct GapFacts: Sendable {
    /// What is missing, in words: `events`, `statement`, `receipt`.
    public var missing: UTF8Text
    /// How many; 0 when nobody knows.
    public var count: UInt64
    /// The first sequence that may be missing, in the epoch in which it was stored.
    public var fromSequence: UInt64
    /// The last one.
    public var toSequence: UInt64
    public var cause: UTF8Text

    public init(missing: UTF8Text, count: UInt64, fromSequence: UInt64, toSequence: UInt64, cause: UTF8Text) {
        self.missing = missing
        self.count = count
        self.fromSequence = fromSequence
        self.toSequence = toSequence
        self.cause = cause
    }
}

/// What the agent has to say itself, and when: start, gaps, drops, clock steps, checkpoints, heartbeats.
struct ControlState {
    struct Checkpoint {
        var node: UTF8Text
        var treeSize: UInt64
        var root: Digest
    }

    /// Most gaps kept for declaring; further ones are added to the last.
    static let gapCapacity = 32

    var facts: AgentFacts
    /// A start that is not recorded yet.
    var startToRecord: StartReason?
    var startCause: EpochReason?
    var gaps: [GapFacts]
    /// When the agent's own events are tried again after the journal could not take one, monotonic milliseconds.
    private(set) var retryAtMilliseconds: UInt64 = 0
    private(set) var undeclaredDropCount: UInt64 = 0
    private(set) var checkpoint: Checkpoint?
    private var checkpointAtMilliseconds: UInt64?
    private var lastEventMilliseconds: UInt64
    /// Wall minus monotonic, as of the last turn: a jump is a step of the wall clock.
    private var offsetMilliseconds: Int64
    /// The next ordinary event carries flag 3.
    private(set) var hasSteppedSinceLastEvent = false

    init(facts: AgentFacts, at now: Moment) {
        self.facts = facts
        startToRecord = facts.why
        gaps = Array(facts.gaps.prefix(Self.gapCapacity))
        lastEventMilliseconds = now.monotonicMilliseconds
        offsetMilliseconds = Self.offset(now)
    }

    private static func offset(_ now: Moment) -> Int64 {
        Int64(bitPattern: now.wallMilliseconds &- now.monotonicMilliseconds)
    }

    mutating func eventHappened(at now: Moment) {
        lastEventMilliseconds = now.monotonicMilliseconds
        hasSteppedSinceLastEvent = false
    }

    /// Further gaps to declare; beyond the capacity the last one stands for the rest.
    mutating func add(_ more: [GapFacts]) {
        for gap in more {
            if gaps.count < Self.gapCapacity { gaps.append(gap) } else { gaps[gaps.count - 1].count &+= gap.count }
        }
    }

    mutating func dropped(eventCount: UInt64, at now: Moment) { undeclaredDropCount &+= eventCount }

    mutating func dropsDeclared() { undeclaredDropCount = 0 }

    /// The journal could not take an event of the agent's own: once a second is often enough, a turn of the loop is not.
    mutating func postpone(at now: Moment) { retryAtMilliseconds = now.monotonicMilliseconds &+ 1_000 }

    /// The journal stores again.
    mutating func hurry() { retryAtMilliseconds = 0 }

    // MARK: - Clock

    /// The wall clock's time before its step, if it stepped by more than a second since the last turn.
    mutating func step(at now: Moment) -> UInt64? {
        let offset = Self.offset(now)
        let change = offset &- offsetMilliseconds
        guard change.magnitude > GatewayPolicy.clockStepMilliseconds else { return nil }
        let expected = UInt64(bitPattern: Int64(bitPattern: now.monotonicMilliseconds) &+ offsetMilliseconds)
        offsetMilliseconds = offset
        hasSteppedSinceLastEvent = true
        return expected
    }

    // MARK: - Checkpoint

    /// A verified receipt showed a ledger's root. The largest of each hour is kept.
    mutating func sawCheckpoint(node: UTF8Text, treeSize: UInt64, root: Digest) {
        checkpoint = Checkpoint(node: node, treeSize: treeSize, root: root)
    }

    /// The checkpoint to record now; it joins a batch that other events opened.
    mutating func checkpointDue(at now: Moment, batchIsOpen: Bool) -> Checkpoint? {
        guard batchIsOpen, let checkpoint else { return nil }
        if let last = checkpointAtMilliseconds, now.milliseconds(since: last) < GatewayPolicy.checkpointMilliseconds { return nil }
        self.checkpoint = nil
        checkpointAtMilliseconds = now.monotonicMilliseconds
        return checkpoint
    }

    // MARK: - Heartbeat

    func isHeartbeatDue(at now: Moment) -> Bool {
        now.milliseconds(since: lastEventMilliseconds) >= GatewayPolicy.heartbeatMilliseconds
    }

    var heartbeatMilliseconds: UInt64 { max(lastEventMilliseconds &+ GatewayPolicy.heartbeatMilliseconds, retryAtMilliseconds) }
}
