internal import GatewayAgent

/// What the broker of this connection said to batches, hellos and the subscription: for `status`, never a reason to free anything.
///
/// MQTT 5 gives reasons with the PUBACK; 3.1.1 says nothing, and only the missing receipts tell.
struct BrokerAnswers {
    /// MQTT 5, 3.4.2.1: taken, and nobody subscribes.
    private static let noSubscriberCode: UInt8 = 0x10
    /// MQTT 5: from here on a code is a refusal.
    private static let firstRefusalCode: UInt8 = 0x80
    /// Ids remembered: more than the link's window of ten messages ever has under way.
    private static let capacity = 16

    private var underWay: [(messageID: UInt16, topic: LinkTopic)] = []
    private var batchCode: UInt8 = 0
    private var helloCode: UInt8 = 0
    private var subscriptionCode: UInt8 = 0
    /// Bytes of the latest message that was larger than this broker takes, until it takes a batch again.
    private(set) var refusedByteCount: Int?

    /// Why the broker refuses batches or hellos; `nil` while it takes both.
    var refusalCode: UInt8? {
        if batchCode >= Self.firstRefusalCode { return batchCode }
        return helloCode >= Self.firstRefusalCode ? helloCode : nil
    }
    /// Why the broker refuses the subscription to replies.
    var subscriptionRefusalCode: UInt8? { subscriptionCode >= Self.firstRefusalCode ? subscriptionCode : nil }
    /// Whether the broker said of the latest batch that nobody subscribes to it.
    var hasNoSubscriber: Bool { batchCode == Self.noSubscriberCode }

    mutating func handedOver(_ messageID: UInt16, on topic: LinkTopic) {
        if underWay.count == Self.capacity { underWay.removeFirst() }
        underWay.append((messageID, topic))
        if topic == .batch { refusedByteCount = nil }
    }

    mutating func acknowledged(_ messageID: UInt16, reasonCode: UInt8) {
        guard let index = underWay.firstIndex(where: { $0.messageID == messageID }) else { return }
        switch underWay.remove(at: index).topic {
        case .batch: batchCode = reasonCode
        case .hello: helloCode = reasonCode
        }
    }

    mutating func subscriptionRefused(reasonCode: UInt8) { subscriptionCode = reasonCode }

    mutating func tooLarge(byteCount: Int) { refusedByteCount = byteCount }
}
