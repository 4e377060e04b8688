import AttestationFormat
import CPosixShims
public import LogisticsEvents
public import MQTTLink

/// Sensors behind a local MQTT broker: Zigbee2MQTT, ChirpStack, Shelly, Ruuvi gateways and whatever else publishes JSON.
///
/// A second client in the agent's own poll loop. What comes is read, mapped and forgotten: nothing queues here, and a broker
/// that floods is read no faster than the loop turns.
///
/// | Trap | What is done |
/// |---|---|
/// | a retained message | state: no event, no reading; a contact compares with it |
/// | Zigbee2MQTT's `contact: true` | closed |
/// | partial messages (Shelly's NotifyStatus, Zigbee2MQTT) | a pointer that finds nothing says nothing |
/// | one tag heard by two gateways | the measurement's own number tells them apart |
/// | `null`, text or no JSON where a number belongs | a reading with a fault, never a value |
public final class MQTTSource {
    /// Inbound bytes held before reading stops: some messages of the largest size that is read.
    private static let queueByteCount: UInt32 = 64 * 1024

    private let link: BrokerLink
    private let address: UTF8Text
    private let filters: [UTF8Text]
    private var table: TopicTable
    private var isStarted = false
    private var hasToldFailure = false
    /// Why the last attempt or connection ended, or a subscription was refused.
    private var complaint: UTF8Text = "not connected yet"
    private var isRefused = false

    /// Door events made since the start.
    public private(set) var eventCount: UInt64 = 0

    /// - Parameters:
    ///   - configuration: broker, identity and protection; subscriptions and limits are set here.
    ///   - mappings: at least one.
    public init(_ configuration: LinkConfiguration, mappings: [TopicMapping]) throws(SourceError) {
        var configuration = configuration
        var filters: [UTF8Text] = []
        for mapping in mappings where !filters.contains(mapping.filter) { filters.append(mapping.filter) }
        configuration.subscriptions = filters.map { Subscription(filter: $0.bytes) }
        configuration.maximumPayloadByteCount = UInt32(TopicTable.maximumPayloadByteCount)
        configuration.inboundQueueByteCount = MQTTSource.queueByteCount
        self.filters = filters
        table = TopicTable(mappings)
        let broker = configuration.brokers.first
        address = UTF8Text(broker?.host ?? "") + " port " + .decimal(Int64(broker?.port ?? 0))
        do throws(LinkError) {
            link = try BrokerLink(configuration)
        } catch {
            throw .broker(UTF8Text(error.text))
        }
    }

    /// For `status`.
    var sourceState: SourceState {
        guard link.isConnected, !isRefused else { return SourceState(isWorking: false, complaint) }
        return SourceState(
            isWorking: true, "connected to " + address + "; " + .decimal(Int64(clamping: table.readingCount)) + " readings, "
                + .decimal(Int64(clamping: table.unreadableCount)) + " messages unreadable, "
                + .decimal(Int64(clamping: link.status.droppedCount)) + " too large")
    }

    /// When to serve even if the broker is silent, in monotonic ms.
    public func nextDeadline(isHeldBack: Bool) -> UInt64? {
        guard isStarted else { return 0 }
        if table.hasChange, !isHeldBack { return 0 }
        return link.nextDeadlineMilliseconds.map { UInt64(max(0, $0)) }
    }

    /// Appends the connection, if there is one. A door that waits for room in the journal stops the reading.
    public func appendInterests(to interests: inout [PollInterest], isHeldBack: Bool) {
        link.isReadingPaused = isHeldBack && table.hasChange
        guard link.pollDescriptor >= 0 else { return }
        let events = Int32(link.pollEvents)
        interests.append(
            PollInterest(
                descriptor: link.pollDescriptor, wantsRead: events & POSIX_POLL_IN != 0, wantsWrite: events & POSIX_POLL_OUT != 0))
    }

    /// Drives the connection, maps what came, makes door events.
    public func serve<Salts: SaltSource>(
        _ interests: [PollInterest], context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        let now = Int64(clamping: context.moment.monotonicMilliseconds)
        if !isStarted { link.start(nowMilliseconds: now) }
        isStarted = true
        link.handle(revents: happened(interests), nowMilliseconds: now)
        record(context: context, salts: &salts, into: &output)
        while !(link.isReadingPaused && table.hasChange), let event = link.nextEvent() {
            take(event, context: context, into: &output)
            // After each message: a door that opened and closed again has done both.
            record(context: context, salts: &salts, into: &output)
            if table.hasChange { link.isReadingPaused = true }
        }
    }

    private func happened(_ interests: [PollInterest]) -> Int16 {
        guard let mine = interests.first(where: { $0.descriptor == link.pollDescriptor }) else { return 0 }
        var events: Int32 = 0
        if mine.isReadable { events |= POSIX_POLL_IN }
        if mine.isWritable { events |= POSIX_POLL_OUT }
        if mine.hasFailed { events |= POSIX_POLL_ERROR }
        return Int16(truncatingIfNeeded: events)
    }

    private func take(_ event: LinkEvent, context: SourceContext, into output: inout SourceOutput) {
        switch event {
        case .connected:
            hasToldFailure = false
            isRefused = false
            tell(.notice, "connected to " + address, &output)
        case .disconnected(let cause), .attemptFailed(let cause):
            complaint = "no connection to the local broker " + address + ": " + UTF8Text(cause.text)
            if !hasToldFailure { tell(.warning, complaint, &output) }
            hasToldFailure = true
        case .subscriptionRefused(let index, _):
            isRefused = true
            let filter = index >= 0 && index < filters.count ? filters[index] : ""
            complaint = "the local broker refuses the subscription to " + filter + ": check its access list"
            tell(.warning, complaint, &output)
        case .message(let message):
            let notice = table.take(
                topic: message.topic, payload: message.payload, isRetained: message.isRetained, at: context.moment,
                into: &output.readings)
            if let notice { tell(.warning, notice, &output) }
        case .subscribed, .published: break
        }
    }

    private func record<Salts: SaltSource>(context: SourceContext, salts: inout Salts, into output: inout SourceOutput) {
        guard table.hasChange else { return }
        do throws(EventError) {
            for draft in try table.takeChanges(room: max(0, context.eventRoom - output.events.count)) {
                output.events.append(SourceEvent(bytes: try draft.encoded(salts: &salts), isPriority: draft.isPriority))
                eventCount += 1
            }
        } catch {
            tell(.warning, error.message, &output)
        }
    }

    private func tell(_ level: SourceNotice.Level, _ text: UTF8Text, _ output: inout SourceOutput) {
        output.notices.append(SourceNotice(level, source: "mqtt", text))
    }
}
