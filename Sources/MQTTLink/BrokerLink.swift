/// One supervised connection to one of several brokers, driven from its owner's poll loop; never threads, never a queue.
///
/// A turn of the loop: poll ``pollDescriptor`` for ``pollEvents`` until ``nextDeadlineMilliseconds``, call
/// ``handle(revents:nowMilliseconds:)`` whether or not something came, and drain ``nextEvent()``. Who does not drain is not
/// read for (back-pressure). Times are milliseconds of CLOCK_BOOTTIME, which goes on counting in suspend.
public final class BrokerLink {
    public let configuration: LinkConfiguration

    /// - Throws: `noBroker`, `badClientID`, `badTopic` (last will, subscriptions).
    public init(_ configuration: LinkConfiguration) throws(LinkError) {
        self.configuration = configuration
    }

    /// Begins to connect, at the next ``handle(revents:nowMilliseconds:)``.
    public func start(nowMilliseconds: Int64) {}
    /// Says good-bye, so that the last will is not published, and stays down until ``start(nowMilliseconds:)``.
    public func stop(nowMilliseconds: Int64) {}

    /// What to poll; -1: nothing just now. It changes with each connect: ask before every poll.
    public var pollDescriptor: Int32 { -1 }
    /// POSIX_POLL_IN and POSIX_POLL_OUT as needed.
    public var pollEvents: Int16 { 0 }
    /// When `handle` must be called at the latest, even if nothing happens; nil: never.
    public var nextDeadlineMilliseconds: Int64? { nil }
    /// Does what the socket and the time allow. `revents` is poll's answer, 0 when only time passed.
    public func handle(revents: Int16, nowMilliseconds: Int64) {}
    /// The next thing that happened; nil: nothing more.
    public func nextEvent() -> LinkEvent? { nil }

    public var isConnected: Bool { false }
    /// Messages that may be published before the window is full; 0 while down.
    public var freeWindow: Int { 0 }
    /// Stops reading from the socket while true. A pause longer than the keep-alive costs the connection.
    public var isReadingPaused = false
    /// Registered with the broker at the next connect.
    public var lastWill: LastWill?
    /// The state for `status`.
    public var status: LinkStatus { LinkStatus() }

    /// Hands one message to the broker. Returns its id: `.published` will name it (QoS 1).
    /// - Parameter contentType: a media type, told to an MQTT 5 broker.
    /// - Throws: `offline` (nothing is queued), `windowFull`, `payloadTooLarge`, `badTopic`, `refusedByLibrary`.
    public func publish(
        topic: [UInt8], payload: [UInt8], qualityOfService: QualityOfService = .atLeastOnce, isRetained: Bool = false,
        contentType: StaticString? = nil, nowMilliseconds: Int64
    ) throws(LinkError) -> UInt16 {
        throw LinkError(.offline)
    }
}
