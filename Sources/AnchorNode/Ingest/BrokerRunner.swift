import CPosixShims
import Foundation
import Logging
import MQTTLink
import Synchronization

/// One broker's connection on a thread of its own, with a bounded hand-over in both directions.
///
/// When the node does not keep up, the inbox fills, reading stops, and TCP holds the broker back.
final class BrokerRunner: Sendable {
    /// Replies waiting for the broker. A gateway asks again for what is dropped beyond this.
    private static let outboxCapacity = 16_384
    /// How long a full inbox is left alone before the next look.
    private static let fullInboxMilliseconds: Int32 = 5
    /// How long a good-bye may take.
    private static let farewellMilliseconds: Int64 = 500

    private let index: Int
    private let configuration: LinkConfiguration
    private let inbox: Mailbox<BrokerMessage>
    private let outbox: Mailbox<OutboundReply>
    private let wakeNode: WakeUp
    private let wakeDescriptor: Int32
    private let isStopping = Atomic<Bool>(false)
    private let isConnected = Atomic<Bool>(false)
    private let metrics: NodeMetrics
    private let logger: Logger

    init(
        index: Int, configuration: LinkConfiguration, inbox: Mailbox<BrokerMessage>, wakeNode: WakeUp, metrics: NodeMetrics,
        logger: Logger
    ) throws {
        self.index = index
        self.configuration = configuration
        self.inbox = inbox
        self.wakeNode = wakeNode
        self.metrics = metrics
        self.logger = logger
        outbox = Mailbox(capacity: Self.outboxCapacity, byteCapacity: 16 << 20)
        wakeDescriptor = posix_wake_open()
        guard wakeDescriptor >= 0 else { throw NodeError(.broker, "no descriptor is free for the broker's thread") }
    }

    deinit {
        _ = posix_socket_close(wakeDescriptor)
    }

    var isUp: Bool { isConnected.load(ordering: .relaxed) }

    /// Hands a reply over, or drops and counts it: replies can be asked for again, so nothing waits for them.
    func send(_ reply: OutboundReply) {
        guard isUp, outbox.put(reply, byteCount: reply.payload.count + reply.topic.count) else {
            metrics.add(.repliesDropped)
            return
        }
        _ = posix_wake_signal(wakeDescriptor)
    }

    func stop() {
        isStopping.store(true, ordering: .relaxed)
        _ = posix_wake_signal(wakeDescriptor)
    }

    /// Runs the loop on a new thread until `stop`, and returns when the thread has ended.
    func run() async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            let thread = Thread { [self] in
                do {
                    try BrokerLoop(self).run()
                    done.resume()
                } catch {
                    done.resume(throwing: error)
                }
            }
            thread.name = "broker-\(index)"
            thread.start()
        }
    }

    /// What lives on the thread and nowhere else.
    private final class BrokerLoop {
        private let owner: BrokerRunner
        private let link: BrokerLink
        private var undelivered: BrokerMessage?
        private var unsent: [OutboundReply] = []
        private var unsentStart = 0

        init(_ owner: BrokerRunner) throws {
            self.owner = owner
            do {
                link = try BrokerLink(owner.configuration)
            } catch {
                throw NodeError(.broker, "broker \(owner.index): \(error.text)")
            }
        }

        func run() {
            link.start(nowMilliseconds: posix_boottime_milliseconds())
            while !owner.isStopping.load(ordering: .relaxed) { turn() }
            link.stop()
            let deadline = posix_boottime_milliseconds() + BrokerRunner.farewellMilliseconds
            while link.pollDescriptor >= 0 && posix_boottime_milliseconds() < deadline {
                wait(atMost: 50)
            }
            setConnected(false)
        }

        private func turn() {
            wait(atMost: timeoutMilliseconds)
            takeEvents()
            publish()
        }

        private var timeoutMilliseconds: Int32 {
            if undelivered != nil { return BrokerRunner.fullInboxMilliseconds }
            guard let deadline = link.nextDeadlineMilliseconds else { return 1_000 }
            return Int32(clamping: min(max(deadline - posix_boottime_milliseconds(), 0), 1_000))
        }

        private func wait(atMost timeout: Int32) {
            var entries = [
                posix_poll_entry(descriptor: link.pollDescriptor, events: link.pollEvents, revents: 0),
                posix_poll_entry(descriptor: owner.wakeDescriptor, events: Int16(POSIX_POLL_IN), revents: 0),
            ]
            _ = posix_poll(&entries, 2, timeout)
            if entries[1].revents != 0 { _ = posix_wake_clear(owner.wakeDescriptor) }
            link.handle(revents: entries[0].revents, nowMilliseconds: posix_boottime_milliseconds())
        }

        private func takeEvents() {
            var hasDelivered = false
            if let message = undelivered {
                guard deliver(message) else { return }
                undelivered = nil
                hasDelivered = true
                link.isReadingPaused = false
            }
            while undelivered == nil, let event = link.nextEvent() {
                if case .message(let message) = event {
                    hasDelivered = take(message) || hasDelivered
                } else {
                    note(event)
                }
            }
            if hasDelivered { owner.wakeNode() }
        }

        private func take(_ message: InboundMessage) -> Bool {
            guard !message.isRetained else {
                owner.metrics.add(.ignored)
                return false
            }
            let message = BrokerMessage(broker: owner.index, topic: message.topic, payload: message.payload)
            if deliver(message) { return true }
            undelivered = message
            link.isReadingPaused = true
            owner.wakeNode()
            return false
        }

        private func deliver(_ message: BrokerMessage) -> Bool {
            owner.inbox.put(message, byteCount: message.payload.count + message.topic.count)
        }

        private func publish() {
            if unsentStart == unsent.count {
                unsent = owner.outbox.takeAll()
                unsentStart = 0
            }
            while unsentStart < unsent.count && link.freeWindow > 0 {
                let reply = unsent[unsentStart]
                unsentStart += 1
                do {
                    _ = try link.publish(
                        topic: reply.topic, payload: reply.payload, nowMilliseconds: posix_boottime_milliseconds())
                    owner.metrics.add(.repliesSent)
                } catch {
                    owner.metrics.add(.repliesDropped)
                }
            }
        }

        private func note(_ event: LinkEvent) {
            switch event {
            case .connected(let broker, let version):
                owner.logger.notice("broker connected", metadata: ["address": "\(broker)", "mqtt": "\(version)"])
                setConnected(true)
            case .disconnected(let cause):
                owner.logger.warning("broker lost", metadata: ["cause": "\(cause.text)"])
                setConnected(false)
                owner.metrics.add(.repliesDropped, unsent.count - unsentStart)
                unsentStart = unsent.count
            case .attemptFailed(let cause):
                owner.logger.warning("no connection to the broker, trying again", metadata: ["cause": "\(cause.text)"])
            case .subscriptionRefused(let index, let reason):
                owner.logger.error(
                    "the broker refuses a subscription: allow it in the broker's ACL (harborseal alliance broker-config)",
                    metadata: ["subscription": "\(index)", "reason": "\(reason)"])
            case .published, .subscribed, .message:
                break
            }
        }

        private func setConnected(_ isUp: Bool) {
            guard owner.isConnected.exchange(isUp, ordering: .relaxed) != isUp else { return }
            owner.metrics.adjust(.brokersConnected, by: isUp ? 1 : -1)
        }
    }
}
