import CMosquittoShims
import CPosixShims

/// One supervised connection to one of several brokers, driven from its owner's poll loop; never threads, never a queue.
///
/// A turn of the loop: poll ``pollDescriptor`` for ``pollEvents`` until ``nextDeadlineMilliseconds``, call
/// ``handle(revents:nowMilliseconds:)`` whether or not something came, and drain ``nextEvent()``. Who does not drain is not
/// read for (back-pressure). Times are milliseconds of CLOCK_BOOTTIME, which goes on counting in suspend: a jump in it
/// is how a suspend is noticed.
public final class BrokerLink {
    public let configuration: LinkConfiguration
    /// Stops reading from the socket while true. A pause longer than the keep-alive costs the connection.
    public var isReadingPaused = false
    /// Registered with the broker at the next connect.
    public var lastWill: LastWill?

    var supervisor: LinkSupervisor
    var client: MosquittoClient?
    var window: PublishWindow
    var events = LinkEventQueue()
    var counters = LinkStatus()
    /// Ids of the SUBSCRIBEs that were not answered yet, by index in the configuration's list.
    var pendingSubscriptions: [(messageID: UInt16, index: Int)] = []
    /// Set while records are drained: why the broker ends this connection.
    var brokersVerdict: LinkCause?
    /// POLLOUT is asked for until the first writable event: only then is a connection in progress decided.
    var hasBeenWritable = false
    /// The library may hold decrypted bytes that poll cannot see.
    var hasUnreadBytes = false
    var lastProgressMilliseconds: Int64 = 0
    var nextTickMilliseconds: Int64 = 0

    /// - Throws: `noBroker`, `badClientID`, `badTopic` (last will, subscriptions).
    public init(_ configuration: LinkConfiguration) throws(LinkError) {
        guard !configuration.brokers.isEmpty else { throw LinkError(.noBroker) }
        let identifier = configuration.clientID.utf8
        guard identifier.count >= 1, identifier.count <= 256, !identifier.contains(0) else { throw LinkError(.badClientID) }
        for subscription in configuration.subscriptions {
            guard Topic.isValidFilter(subscription.filter) else { throw LinkError(.badTopic) }
        }
        if let will = configuration.lastWill, !Topic.isValidName(will.topic) { throw LinkError(.badTopic) }
        self.configuration = configuration
        lastWill = configuration.lastWill
        window = PublishWindow(capacity: configuration.publishWindow)
        supervisor = LinkSupervisor(
            brokerCount: configuration.brokers.count, prefersVersion5: configuration.prefersVersion5,
            keepAliveSeconds: max(5, configuration.keepAliveSeconds),
            acknowledgementTimeoutMilliseconds: configuration.acknowledgementTimeoutMilliseconds, timing: configuration.timing)
        // Two dead name servers block a lookup for 20 s by default, 2 s with this.
        _ = posix_environment_set("RES_OPTIONS", "timeout:1 attempts:1", false)
        posix_ignore_broken_pipes()
    }

    /// Begins to connect, at the next ``handle(revents:nowMilliseconds:)``.
    public func start(nowMilliseconds: Int64) { supervisor.start(nowMilliseconds: nowMilliseconds) }

    /// Says good-bye, so that the last will is not published, and stays down until ``start(nowMilliseconds:)``.
    public func stop() {
        if supervisor.isConnected { client?.sayGoodbye() }
        supervisor.stop()
        discardClient()
    }

    /// What to poll; -1: nothing just now. It changes with each connect: ask before every poll.
    public var pollDescriptor: Int32 { client?.descriptor ?? -1 }

    /// POSIX_POLL_IN and POSIX_POLL_OUT as needed.
    public var pollEvents: Int16 {
        guard let client else { return 0 }
        let input = mayRead ? Int16(POSIX_POLL_IN) : 0
        return !hasBeenWritable || client.wantsWrite ? input | Int16(POSIX_POLL_OUT) : input
    }

    /// When `handle` must be called at the latest, even if nothing happens; nil: never. 0 means at once.
    public var nextDeadlineMilliseconds: Int64? {
        guard let deadline = supervisor.nextDeadlineMilliseconds(progressMilliseconds: progressMilliseconds) else { return nil }
        if hasUnreadBytes, mayRead { return 0 }
        return supervisor.isConnected ? min(deadline, nextTickMilliseconds) : deadline
    }

    /// The next thing that happened; nil: nothing more.
    public func nextEvent() -> LinkEvent? { events.take() }

    public var isConnected: Bool { supervisor.isConnected }
    /// Messages that may be published before the window is full; 0 while down.
    public var freeWindow: Int { isConnected ? window.capacity - window.count : 0 }

    /// The state for `status`.
    public var status: LinkStatus {
        var status = counters
        switch supervisor.state {
        case .stopped: status.phase = .stopped
        case .waiting(let until):
            status.phase = .waiting
            status.nextAttemptMilliseconds = until
        case .connecting: status.phase = .connecting
        case .connected(let since):
            status.phase = .connected
            status.connectedSinceMilliseconds = since
            status.version = supervisor.version
        }
        status.brokerIndex = supervisor.brokerIndex
        status.lastCause = supervisor.cause
        status.attemptCount = supervisor.attemptCount
        status.connectionCount = supervisor.connectionCount
        status.droppedCount &+= client?.droppedCount ?? 0
        status.inFlightCount = window.count
        return status
    }

    var mayRead: Bool { !isReadingPaused && events.byteCount < Int(configuration.inboundQueueByteCount) }

    /// When sending last made progress, while something is unacknowledged.
    var progressMilliseconds: Int64? { window.oldestSentMilliseconds.map { max($0, lastProgressMilliseconds) } }

    func discardClient() {
        counters.droppedCount &+= client?.droppedCount ?? 0
        client = nil
        window.removeAll()
        pendingSubscriptions.removeAll()
        brokersVerdict = nil
        hasBeenWritable = false
        hasUnreadBytes = false
    }
}
