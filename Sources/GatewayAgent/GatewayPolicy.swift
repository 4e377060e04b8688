/// The numbers that decide when a batch closes, what may be outstanding and when something is said again.
/// Defaults are those of agent.conf; the configuration file changes them.
public struct GatewayPolicy: Sendable, Equatable {
    /// Events after which a batch closes (`batch-events`).
    public var batchEventCount = 64
    /// Bytes of its message after which a batch closes (`batch-bytes`).
    public var batchByteCount = 65_536
    /// Milliseconds after its first event at which a batch closes (`batch-interval`).
    public var batchIntervalMilliseconds: UInt64 = 1_000
    /// Batches published without a quorum (`unreceipted-window`).
    public var unreceiptedBatchCount = 64
    /// Bytes of messages published without a quorum.
    public var unreceiptedByteCount = 2_097_152
    /// Milliseconds without a receipt before the hello and the oldest batch are said again (`receipt-timeout`).
    public var receiptTimeoutMilliseconds: UInt64 = 30_000
    /// Whether a broker is configured: without one nothing waits for nodes.
    public var hasBroker = true
    /// Batches a second that catch-up may publish beside new ones (`catch-up-rate`).
    public var catchUpBatchesPerSecond = 50
    /// How each kind is shared with the nodes.
    public var sharing = SharingRule()

    public init() {}

    /// Most events one statement may cover (wire-format.md, section 1).
    public static let largestEventCount = 1_024
    /// Largest batch-message (wire-format.md, section 1).
    public static let largestMessageByteCount = 262_144
    /// Most bytes of a message that are not event items: array heads, version, a statement of at most 1,024 bytes.
    static let messageOverheadByteCount = 1_040
    /// How long a start waits for the nodes' answers before it signs.
    static let answerWaitMilliseconds: UInt64 = 10_000
    /// The longest pause between two publications of the oldest batch.
    static let longestResendMilliseconds: UInt64 = 3_600_000
    /// Heartbeats come this often when nothing else happens.
    static let heartbeatMilliseconds: UInt64 = 900_000
    /// `checkpoint.seen` comes at most this often.
    static let checkpointMilliseconds: UInt64 = 3_600_000
    /// A step of the wall clock above this becomes an event.
    static let clockStepMilliseconds: UInt64 = 1_000
}

/// Which kinds leave as leaf hashes only, their bytes staying with the owner (`share = events | hashes`).
public struct SharingRule: Sendable, Equatable {
    /// What holds for a kind that no exception names.
    public var hashesByDefault = false
    /// Kinds for which the opposite holds. Short: the configuration names them one by one.
    public var exceptions: [UInt64] = []

    public init(hashesByDefault: Bool = false, exceptions: [UInt64] = []) {
        self.hashesByDefault = hashesByDefault
        self.exceptions = exceptions
    }

    /// Whether any kind may leave as hashes.
    public var mayShareHashes: Bool { hashesByDefault || !exceptions.isEmpty }

    /// Whether events of this kind leave as hashes. `nil` stands for a firm's own text kind.
    public func sharesHashOnly(kind: UInt64?) -> Bool {
        guard !exceptions.isEmpty, let kind else { return hashesByDefault }
        return exceptions.contains(kind) != hashesByDefault
    }
}
