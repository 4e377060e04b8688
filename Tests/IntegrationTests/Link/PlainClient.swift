import AttestationFormat
import CPosixShims
import DeviceCrypto
import HarborsealTesting
import MQTTLink

/// Anybody on a plain broker: hears everything under `hs/` and publishes what it likes. Driven by the test's own thread.
final class PlainClient {
    private let link: BrokerLink

    /// Returns when its subscription stands.
    init(_ port: UInt16, name: String = "anybody") throws {
        var configuration = LinkConfiguration(
            brokers: [try BrokerAddress(host: "127.0.0.1", port: port)], clientID: name,
            security: try LinkSecurity(authorityFile: nil, certificateFile: nil, keyFile: nil, isInsecure: true))
        configuration.subscriptions = [Subscription(filter: Array("hs/#".utf8))]
        link = try BrokerLink(configuration)
        link.start(nowMilliseconds: posix_boottime_milliseconds())
        _ = try next("its subscription") { if case .subscribed = $0 { true } else { nil } }
    }

    /// Longer than the 10 s for which a gateway that no node answers holds its first signature back.
    private func next<Value>(_ what: String, seconds: Int64 = 90, _ wanted: (LinkEvent) throws -> Value?) throws -> Value {
        let end = posix_boottime_milliseconds() + seconds * 1_000
        while posix_boottime_milliseconds() < end {
            while let event = link.nextEvent() {
                if let value = try wanted(event) { return value }
            }
            var entry = posix_poll_entry(descriptor: link.pollDescriptor, events: link.pollEvents, revents: 0)
            posix_poll(&entry, 1, 50)
            link.handle(revents: entry.revents, nowMilliseconds: posix_boottime_milliseconds())
        }
        throw IntegrationFailure("a plain client waited \(seconds) s in vain for \(what)")
    }

    /// The next batch-message of a gateway that holds this sequence.
    func nextBatch(of gateway: String, holding sequence: UInt64 = 0) throws -> BatchMessage {
        try next("a batch with sequence \(sequence)") { event in
            guard case .message(let message) = event, let text = UTF8Text(validating: message.topic),
                let topic = try? Topic(parsing: text), topic.channel == .batch, topic.gatewayID.text.string == gateway
            else { return nil }
            let batch = try BatchMessage(parsing: message.payload)
            return (batch.statement.header.first..<batch.statement.header.next).contains(sequence) ? batch : nil
        }
    }

    /// Publishes and waits for the PUBACK.
    func publish(_ payload: [UInt8], to topic: Topic) throws {
        let messageID = try link.publish(
            topic: topic.text.bytes, payload: payload, nowMilliseconds: posix_boottime_milliseconds())
        _ = try next("a PUBACK") { event in
            if case .published(messageID, _) = event { true } else { nil }
        }
    }
}
