/// The link's state for `status` and metrics.
public struct LinkStatus: Sendable {
    public enum Phase: UInt8, Sendable { case stopped, waiting, connecting, connected }

    public var phase = Phase.stopped
    /// The broker in use or tried next: index in the configuration's list.
    public var brokerIndex = 0
    /// The version in use; nil while down.
    public var version: MQTTVersion?
    /// Why there is, or was last, no connection.
    public var lastCause = LinkCause(.notStarted)
    /// While waiting: when the next attempt begins.
    public var nextAttemptMilliseconds: Int64?
    /// When the present connection was accepted.
    public var connectedSinceMilliseconds: Int64?
    public var attemptCount: UInt64 = 0
    public var connectionCount: UInt64 = 0
    public var publishedCount: UInt64 = 0
    public var acknowledgedCount: UInt64 = 0
    public var receivedCount: UInt64 = 0
    /// Inbound messages not kept: too large.
    public var droppedCount: UInt64 = 0
    /// Publishes refused while down or with the window full.
    public var refusedPublishCount: UInt64 = 0
    /// Messages under way without PUBACK.
    public var inFlightCount = 0
}
