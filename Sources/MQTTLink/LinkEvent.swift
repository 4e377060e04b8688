/// The protocol version of a connection.
public enum MQTTVersion: UInt8, Sendable {
    case v3_1_1 = 4
    case v5 = 5
}

/// A message that the broker delivered. Broker and sender are strangers: these bytes prove nothing by themselves.
public struct InboundMessage: Sendable {
    public let topic: [UInt8]
    public let payload: [UInt8]
    public let qualityOfService: UInt8
    /// True for a retained message that was sent because of a new subscription.
    public let isRetained: Bool
}

/// What happened on the link, in order; taken with ``BrokerLink/nextEvent()``.
public enum LinkEvent: Sendable {
    /// The broker accepted us; subscriptions are on their way. `brokerIndex` counts in the configuration's list.
    case connected(brokerIndex: Int, version: MQTTVersion)
    /// An established connection ended. Nothing is known of messages without `.published`; publish them again.
    case disconnected(LinkCause)
    /// An attempt to connect failed; the link goes on trying by itself.
    case attemptFailed(LinkCause)
    /// The broker's PUBACK. It proves nothing and frees nothing (wire-format.md, section 7); `reasonCode` 0 is success,
    /// 16 means that nobody subscribes, 128 and above is a refusal (MQTT 5 only; 3.1.1 always says 0).
    case published(messageID: UInt16, reasonCode: UInt8)
    /// The broker granted a subscription (index in the configuration's list).
    case subscribed(index: Int)
    /// The broker refused a subscription: messages of that filter will not come.
    case subscriptionRefused(index: Int, reasonCode: UInt8)
    case message(InboundMessage)
}
