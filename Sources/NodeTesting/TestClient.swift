public import AnchorNode
import CPosixShims
public import MQTTLink

/// A gateway's connection to a broker, driven by hand: publishes messages and gathers what comes back.
public final class TestClient {
    private let link: BrokerLink
    /// Payloads received, oldest first.
    public private(set) var received: [[UInt8]] = []
    public private(set) var acknowledgedCount = 0
    private let filterCount: Int
    private var subscribedCount = 0

    /// - Parameter security: nil: without TLS.
    public init(port: UInt16, clientID: String, filters: [[UInt8]], window: Int = 100, security: LinkSecurity? = nil) throws {
        var configuration = LinkConfiguration(
            brokers: [try BrokerAddress(host: security == nil ? "127.0.0.1" : "localhost", port: port)], clientID: clientID,
            security: try security ?? LinkSecurity(authorityFile: nil, certificateFile: nil, keyFile: nil, isInsecure: true))
        filterCount = filters.count
        configuration.subscriptions = filters.map { Subscription(filter: $0) }
        configuration.publishWindow = window
        configuration.receiveMaximum = 512
        configuration.inboundQueueByteCount = 8 << 20
        link = try BrokerLink(configuration)
        link.start(nowMilliseconds: posix_boottime_milliseconds())
    }

    deinit { link.stop() }

    public var isConnected: Bool { link.isConnected }
    /// Whether the broker has confirmed every filter: from now on nothing that it takes for them is missed.
    public var isSubscribed: Bool { link.isConnected && subscribedCount == filterCount }
    public var freeWindow: Int { link.freeWindow }

    /// One turn of the loop.
    public func turn(atMostMilliseconds: Int32 = 20) {
        var entry = posix_poll_entry(descriptor: link.pollDescriptor, events: link.pollEvents, revents: 0)
        _ = posix_poll(&entry, 1, atMostMilliseconds)
        link.handle(revents: entry.revents, nowMilliseconds: posix_boottime_milliseconds())
        while let event = link.nextEvent() {
            switch event {
            case .message(let message): received.append(message.payload)
            case .published: acknowledgedCount += 1
            case .connected: subscribedCount = 0
            case .subscribed: subscribedCount += 1
            default: break
            }
        }
    }

    /// Turns until `condition` holds; false after `seconds`.
    public func turn(seconds: Int64, until condition: () -> Bool) -> Bool {
        let deadline = posix_boottime_milliseconds() + seconds * 1_000
        while !condition() {
            guard posix_boottime_milliseconds() < deadline else { return false }
            turn()
        }
        return true
    }

    public func publish(_ message: BrokerMessage) throws {
        _ = try link.publish(
            topic: message.topic, payload: message.payload, nowMilliseconds: posix_boottime_milliseconds())
    }

    public func forgetReceived() { received.removeAll(keepingCapacity: true) }
}
