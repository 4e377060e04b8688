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
    /// The latest refusal of the broker to take a message (MQTT 5 reason code), for `status`; 0 when none.
    var latestReasonCode: UInt8 = 0

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
            switch topic {
            case .batch:
                _ = try link.publish(
                    topic: batchTopic, payload: payload, contentType: "application/cbor", nowMilliseconds: nowMilliseconds)
            case .hello:
                _ = try link.publish(
                    topic: helloTopic, payload: payload, contentType: "application/cbor", nowMilliseconds: nowMilliseconds)
            }
            return true
        } catch {
            return false
        }
    }

    /// The retained status for people and dashboards; never trusted.
    func publishStatus(_ json: [UInt8]) {
        guard let link, link.freeWindow > 0 else { return }
        _ = try? link.publish(
            topic: statusTopic, payload: json, isRetained: true, contentType: "application/json",
            nowMilliseconds: nowMilliseconds)
    }
}
