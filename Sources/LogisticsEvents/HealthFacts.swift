public import AttestationFormat

/// What `agent.health` tells.
public struct HealthFacts: Sendable, Equatable {
    /// Since boot, in s.
    public var uptimeSeconds: UInt64
    /// The one-minute load average, in thousandths.
    public var loadMilli: UInt64
    /// Memory that programs can still get, in KiB.
    public var memoryFreeKiB: UInt64
    /// Free space of the journal's file system, in KiB.
    public var diskFreeKiB: UInt64
    /// Events without a quorum's receipts.
    public var unreceiptedCount: UInt64
    /// Network bytes and temperatures, as readings.
    public var readings: [EventReading]

    public init(
        uptimeSeconds: UInt64, loadMilli: UInt64, memoryFreeKiB: UInt64, diskFreeKiB: UInt64,
        unreceiptedCount: UInt64, readings: [EventReading] = []
    ) {
        self.uptimeSeconds = uptimeSeconds
        self.loadMilli = loadMilli
        self.memoryFreeKiB = memoryFreeKiB
        self.diskFreeKiB = diskFreeKiB
        self.unreceiptedCount = unreceiptedCount
        self.readings = readings
    }

    /// The `agent.health` event; control events need no salt (wire-format.md section 3).
    ///
    /// Throws ``EventError`` when a reading has no place in an event.
    public func draft(at moment: EventMoment) throws(EventError) -> EventDraft {
        var draft = EventDraft(.agentHealth, at: moment)
        try draft.set(.uptime, uptimeSeconds)
        try draft.set(.load, loadMilli)
        try draft.set(.memoryFree, memoryFreeKiB)
        try draft.set(.diskFree, diskFreeKiB)
        try draft.set(.clockSource, moment.clockSource.word)
        try draft.set(.unreceipted, unreceiptedCount)
        for reading in readings { try draft.add(reading) }
        return draft
    }
}
