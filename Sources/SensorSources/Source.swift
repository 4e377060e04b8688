public import LogisticsEvents

/// One of the agent's sources: the loop holds several in one array, without existentials.
///
/// The loop asks each for its descriptors and its next deadline, polls, and serves each that is ready or due.
public enum Source {
    case health(HealthSource)
    case gpsd(GPSDSource)
    case nmea(NMEASource)
    case mqtt(MQTTSource)
    case intake(IntakeSource)
    case replay(ReplaySource)
    case device(DeviceSource)
    case gpio(GPIOSource)

    /// Appends what the source waits for; nothing is read from clients while `isHeldBack`.
    public func appendInterests(to interests: inout [PollInterest], isHeldBack: Bool) {
        switch self {
        case .health, .replay: break
        case .gpsd(let source): source.appendInterests(to: &interests)
        case .nmea(let source): source.appendInterests(to: &interests)
        case .mqtt(let source): source.appendInterests(to: &interests, isHeldBack: isHeldBack)
        case .intake(let source): source.appendInterests(to: &interests, isHeldBack: isHeldBack)
        case .device(let source): source.appendInterests(to: &interests)
        case .gpio(let source): source.appendInterests(to: &interests, isHeldBack: isHeldBack)
        }
    }

    /// When the source wants to be served even if no descriptor is ready, in monotonic ms; nil when it only waits.
    public func nextDeadline(isHeldBack: Bool) -> UInt64? {
        switch self {
        case .health(let source): source.nextDeadline
        case .gpsd(let source): source.nextDeadline
        case .nmea(let source): source.nextDeadline
        case .mqtt(let source): source.nextDeadline(isHeldBack: isHeldBack)
        case .intake(let source): source.nextDeadline(isHeldBack: isHeldBack)
        case .replay(let source): isHeldBack ? nil : source.nextDeadline
        case .device(let source): source.nextDeadline
        case .gpio(let source): isHeldBack ? nil : source.nextDeadline
        }
    }

    /// Reads, parses and makes events, without ever waiting.
    ///
    /// - Parameter interests: what all sources appended, with the outcome of the poll filled in.
    public func serve<Salts: SaltSource>(
        _ interests: [PollInterest], context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        switch self {
        case .health(let source): source.serve(context: context, salts: &salts, into: &output)
        case .gpsd(let source): source.serve(interests, context: context, salts: &salts, into: &output)
        case .nmea(let source): source.serve(interests, context: context, salts: &salts, into: &output)
        case .mqtt(let source): source.serve(interests, context: context, salts: &salts, into: &output)
        case .intake(let source): source.serve(interests, context: context, salts: &salts, into: &output)
        case .replay(let source): source.serve(context: context, salts: &salts, into: &output)
        case .device(let source): source.serve(interests, context: context, into: &output)
        case .gpio(let source): source.serve(interests, context: context, salts: &salts, into: &output)
        }
    }

    /// How the source is doing, for `status`; nil for those that always work.
    public var state: SourceState? {
        switch self {
        case .gpsd(let source): source.sourceState
        case .nmea(let source): source.sourceState
        case .mqtt(let source): source.sourceState
        case .health(let source): source.state
        default: nil
        }
    }
}
