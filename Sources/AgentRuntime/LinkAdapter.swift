internal import AttestationFormat
internal import DeviceCrypto
internal import GatewayAgent
internal import MQTTLink

/// Joins the broker link to the state machine's port. Without a configured broker it is always down.
final class LinkAdapter: LinkPort {
    let link: BrokerLink?
    private let batchTopic: [UInt8]
    private let helloTopic: [UInt8]
    let statusTopic: [UInt8]
    /// The loop's monotonic clock, set once a turn.
    var nowMilliseconds: Int64 = 0
    /// What this broker said so far to what was handed to it.
    private(set) var answers = BrokerAnswers()

    init(_ link: BrokerLink?, gatewayID: GatewayID) {
        self.link = link
        batchTopic = Topic(gatewayID, .batch, using: SHA256.self).text.bytes
        helloTopic = Topic(gatewayID, .hello, using: SHA256.self).text.bytes
        statusTopic = Topic(gatewayID, .status, using: SHA256.self).text.bytes
    }

    var canPublish: Bool { (link?.freeWindow ?? 0) > 0 }

    func publish(_ payload: [UInt8], on topic: LinkTopic) -> Bool {
        guard let link else { return false }
        do throws(LinkError) {
            let messageID = try link.publish(
                topic: topic == .batch ? batchTopic : helloTopic, payload: payload, contentType: "application/cbor",
                nowMilliseconds: nowMilliseconds)
            answers.handedOver(messageID, on: topic)
            return true
        } catch {
            if error.code == .payloadTooLarge { answers.tooLarge(byteCount: payload.count) }
            return false
        }
    }

    /// A connection began: what another broker said, or the same one before, means nothing now.
    func connected() { answers = BrokerAnswers() }

    func acknowledged(_ messageID: UInt16, reasonCode: UInt8) { answers.acknowledged(messageID, reasonCode: reasonCode) }

    func subscriptionRefused(reasonCode: UInt8) { answers.subscriptionRefused(reasonCode: reasonCode) }

    /// The retained status for people and dashboards; never trusted.
    func publishStatus(_ json: [UInt8]) {
        guard let link, link.freeWindow > 0 else { return }
        _ = try? link.publish(
            topic: statusTopic, payload: json, isRetained: true, contentType: "application/json",
            nowMilliseconds: nowMilliseconds)
    }
}
