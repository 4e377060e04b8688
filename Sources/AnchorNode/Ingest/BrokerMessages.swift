/// A message as a broker delivered it: topic and payload are a stranger's bytes.
public struct BrokerMessage: Sendable {
    /// Which of the configured brokers; answers go back there.
    public let broker: Int
    public let topic: [UInt8]
    public let payload: [UInt8]

    public init(broker: Int, topic: [UInt8], payload: [UInt8]) {
        self.broker = broker
        self.topic = topic
        self.payload = payload
    }
}

/// An answer to a gateway.
public struct OutboundReply: Sendable {
    /// Where the gateway was last heard; nil: at every broker.
    public let broker: Int?
    public let topic: [UInt8]
    public let payload: [UInt8]
}

/// Wakes the ingest task: many calls become one turn.
struct WakeUp: Sendable {
    let turns: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (turns, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func callAsFunction() { continuation.yield() }
    func finish() { continuation.finish() }
}
