import CPosixShims
import HarborsealTesting
import MQTTLink

/// Runs a link's poll loop on the real clock plus a skew, so that a test can let minutes pass at once.
final class LinkDriver {
    let link: BrokerLink
    private(set) var skewMilliseconds: Int64 = 0
    private(set) var pollCount = 0
    private(set) var descriptors: [Int32] = []

    init(_ configuration: LinkConfiguration) throws {
        link = try BrokerLink(configuration)
        link.start(nowMilliseconds: posix_boottime_milliseconds())
    }

    var nowMilliseconds: Int64 { posix_boottime_milliseconds() + skewMilliseconds }

    func letPass(milliseconds: Int64) { skewMilliseconds += milliseconds }

    /// One turn of the loop.
    func turn(atMostMilliseconds limit: Int64) {
        let wait = link.nextDeadlineMilliseconds.map { max(0, min($0 - nowMilliseconds, limit)) } ?? limit
        var entry = posix_poll_entry(descriptor: link.pollDescriptor, events: link.pollEvents, revents: 0)
        if entry.descriptor >= 0, descriptors.last != entry.descriptor { descriptors.append(entry.descriptor) }
        posix_poll(&entry, 1, Int32(wait))
        pollCount += 1
        link.handle(revents: entry.revents, nowMilliseconds: nowMilliseconds)
    }

    /// Turns until an event satisfies `wanted`; nil when `milliseconds` of real time have passed.
    func next(within milliseconds: Int64 = 60_000, where wanted: (LinkEvent) -> Bool) -> LinkEvent? {
        let end = posix_boottime_milliseconds() + milliseconds
        while true {
            while let event = link.nextEvent() {
                if wanted(event) { return event }
            }
            let left = end - posix_boottime_milliseconds()
            guard left > 0 else { return nil }
            turn(atMostMilliseconds: left)
        }
    }

    /// Turns for a while and returns everything that happened.
    @discardableResult
    func run(milliseconds: Int64) -> [LinkEvent] {
        var events: [LinkEvent] = []
        _ = next(within: milliseconds) { events.append($0); return false }
        return events
    }

    /// Turns until so many messages have come, and a while longer for those that should not.
    func messages(_ count: Int) -> [InboundMessage] {
        var messages: [InboundMessage] = []
        _ = next { event in
            if let message = event.message { messages.append(message) }
            return messages.count >= count
        }
        return messages + run(milliseconds: 200).compactMap(\.message)
    }

    /// Turns until the link is connected; the version, or nil.
    @discardableResult
    func connect(within milliseconds: Int64 = 60_000) -> MQTTVersion? {
        guard case .connected(_, let version) = next(within: milliseconds, where: \.isConnected) else { return nil }
        return version
    }

    /// Turns until an attempt fails or the connection ends; why, or nil.
    func failure(within milliseconds: Int64 = 60_000) -> LinkCause? {
        next(within: milliseconds) { $0.cause != nil }?.cause
    }

    func publish(_ topic: String, _ payload: [UInt8], isRetained: Bool = false) throws -> UInt16 {
        try link.publish(
            topic: Array(topic.utf8), payload: payload, isRetained: isRetained, nowMilliseconds: nowMilliseconds)
    }

    func nextMessage(within milliseconds: Int64 = 60_000) -> InboundMessage? {
        guard case .message(let message) = next(within: milliseconds, where: { $0.message != nil }) else { return nil }
        return message
    }
}

extension LinkEvent {
    var isConnected: Bool { if case .connected = self { true } else { false } }
    var message: InboundMessage? { if case .message(let message) = self { message } else { nil } }
    var acknowledged: UInt16? { if case .published(let messageID, _) = self { messageID } else { nil } }
    var isSubscribed: Bool { if case .subscribed = self { true } else { false } }
    var cause: LinkCause? {
        switch self {
        case .attemptFailed(let cause), .disconnected(let cause): cause
        default: nil
        }
    }
}

extension LinkConfiguration {
    /// A plain connection to loopback, as only `insecure` allows it.
    static func plain(_ ports: UInt16..., clientID: String = "acme.gw-1", host: String = "127.0.0.1") throws -> LinkConfiguration {
        var configuration = LinkConfiguration(
            brokers: try ports.map { try BrokerAddress(host: host, port: $0) }, clientID: clientID,
            security: try LinkSecurity(authorityFile: nil, certificateFile: nil, keyFile: nil, isInsecure: true))
        configuration.timing.firstBackoffMilliseconds = 100
        return configuration
    }

    /// TLS with both certificates, to `localhost`.
    static func secure(
        _ port: UInt16, authority: TestCertificates, client: TestCertificates.Identity, clientID: String = "acme.gw-1"
    ) throws -> LinkConfiguration {
        var configuration = LinkConfiguration(
            brokers: [try BrokerAddress(host: "localhost", port: port)], clientID: clientID,
            security: try LinkSecurity(
                authorityFile: authority.authorityFile, certificateFile: client.certificateFile, keyFile: client.keyFile))
        configuration.timing.firstBackoffMilliseconds = 100
        return configuration
    }
}
