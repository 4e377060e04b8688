public import AllianceTrust
public import AttestationFormat

/// What the owner of a node decides; Firmware-Config/node.conf has each with its reason.
public struct NodeSettings: Sendable {
    /// This node's name in the trust file.
    public var name: NodeName
    /// Signs receipts, and nothing else.
    public var key: AllianceSigningKey
    /// Milliseconds that entries are gathered before they come under a new root.
    public var integrateMilliseconds: Int
    /// Messages a second of one gateway in the long run; 0: no limit.
    public var messagesPerSecond: Int
    /// Messages of one gateway at once.
    public var messageBurst: Int
    /// New registrations a minute of one firm in the long run, and as many revocations; 0: no limit.
    public var firmEntriesPerMinute: Int
    /// Those of one firm at once.
    public var firmEntryBurst: Int

    public init(
        name: NodeName, key: AllianceSigningKey, integrateMilliseconds: Int = 200, messagesPerSecond: Int = 50,
        messageBurst: Int = 2_000, firmEntriesPerMinute: Int = 60, firmEntryBurst: Int = 5_000
    ) {
        self.name = name
        self.key = key
        self.integrateMilliseconds = integrateMilliseconds
        self.messagesPerSecond = messagesPerSecond
        self.messageBurst = messageBurst
        self.firmEntriesPerMinute = firmEntriesPerMinute
        self.firmEntryBurst = firmEntryBurst
    }
}

/// Wall-clock time, seconds and milliseconds since 1970: for iat, certificates and rates, never for order.
public struct NodeClock: Sendable {
    private let milliseconds: @Sendable () -> Int64

    public init(_ milliseconds: @escaping @Sendable () -> Int64) {
        self.milliseconds = milliseconds
    }

    public var nowMilliseconds: Int64 { milliseconds() }
    public var nowSeconds: Int64 { milliseconds() / 1_000 }
}
