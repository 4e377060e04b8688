import AttestationFormat
public import MQTTLink

/// What every connection of a node has in common.
public enum NodeLink {
    /// Replies under way to the broker. A gateway's window of 10 would bound a busy node to 10 receipts a round trip.
    private static let publishWindow = 512
    /// Messages that the broker may have under way towards the node.
    private static let receiveMaximum: UInt16 = 512
    /// Inbound bytes of one connection beside the node's inbox: sixteen of the largest messages.
    private static let inboundByteCount: UInt32 = 4 << 20

    /// A gateway's back-off grows to five minutes, since thousands of them come back at once. An alliance has a handful of nodes,
    /// and every receipt waits for them.
    private static let lastBackoffMilliseconds: Int64 = 15_000

    /// The configuration with a node's subscriptions and windows.
    public static func prepared(_ configuration: LinkConfiguration) -> LinkConfiguration {
        var prepared = configuration
        prepared.subscriptions = TopicFilter.allGateways.map { Subscription(filter: $0.bytes) }
        prepared.publishWindow = publishWindow
        prepared.receiveMaximum = receiveMaximum
        prepared.inboundQueueByteCount = inboundByteCount
        prepared.timing.lastBackoffMilliseconds = lastBackoffMilliseconds
        return prepared
    }
}
