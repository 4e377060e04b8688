public import LogisticsEvents

/// What the agent tells its sources each time it serves them.
public struct SourceContext: Sendable {
    /// The time that events get.
    public var moment: EventMoment
    /// How many events the journal takes now; 0 holds the sources back, and nothing is read from clients.
    public var eventRoom: Int
    /// Events without a quorum's receipts, for `agent.health`.
    public var unreceiptedCount: UInt64
    /// The configured sensors, whose readings in events of others are flagged, and handed on for rules and silence.
    public var sensors: [SensorSettings]

    public init(moment: EventMoment, eventRoom: Int, unreceiptedCount: UInt64 = 0, sensors: [SensorSettings] = []) {
        self.moment = moment
        self.eventRoom = eventRoom
        self.unreceiptedCount = unreceiptedCount
        self.sensors = sensors
    }
}
