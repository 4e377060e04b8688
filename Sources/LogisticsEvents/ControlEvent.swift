public import AttestationFormat

/// The agent's own events: kinds 1 to 7, with their mandatory fields as parameters.
public enum ControlEvent: Sendable {
    /// Why the agent started.
    public enum StartReason: Sendable {
        case boot, restart, newEpoch

        var word: UTF8Text {
            switch self {
            case .boot: "boot"
            case .restart: "restart"
            case .newEpoch: "new-epoch"
            }
        }
    }

    /// Where the seal key lives.
    public enum KeyClass: Sendable {
        case software, tpm2, secureElement

        var word: UTF8Text {
            switch self {
            case .software: "software"
            case .tpm2: "tpm2"
            case .secureElement: "secure_element"
            }
        }
    }

    /// The program began; `configurationSHA256` has 32 bytes, `explanation` says more about a new epoch.
    case started(
        bootID: UTF8Text, agentVersion: UTF8Text, configurationSHA256: [UInt8], keyClass: KeyClass, why: StartReason,
        explanation: UTF8Text?)
    /// The machine's state.
    case health(HealthFacts)
    /// Something is missing: what, how many, the sequences from and to, why. `epoch` when it is not the present one.
    case gapDeclared(
        missing: UTF8Text, count: UInt64, fromSequence: UInt64, toSequence: UInt64, cause: UTF8Text, epoch: UTF8Text?)
    /// The wall clock jumped by more than a second; both in ms since 1970.
    case clockStepped(beforeMilliseconds: UInt64, afterMilliseconds: UInt64, source: EventMoment.ClockSource)
    /// The newest receipt's root: what follows is not older.
    case checkpointSeen(node: UTF8Text, treeSize: UInt64, root: [UInt8])
    /// An earlier event is withdrawn.
    case eventRetracted(epoch: UTF8Text, sequence: UInt64, reason: UTF8Text)
    /// Nothing else has happened.
    case heartbeat(lastSequence: UInt64)

    /// The draft, to which readings or flags may be added.
    ///
    /// Throws ``EventError`` when a text is empty, or a digest has another length than 32 bytes.
    public func draft(at moment: EventMoment) throws(EventError) -> EventDraft {
        switch self {
        case .started(let bootID, let version, let digest, let keyClass, let why, let explanation):
            var draft = EventDraft(.agentStarted, at: moment)
            try draft.set(.bootID, bootID)
            try draft.set(.agentVersion, version)
            try draft.set(.configurationSHA256, .bytes(digest))
            try draft.set(.keyClass, keyClass.word)
            try draft.set(.why, why.word)
            if let explanation { try draft.set(.reason, explanation) }
            return draft
        case .health(let facts):
            return try facts.draft(at: moment)
        case .gapDeclared(let missing, let count, let from, let to, let cause, let epoch):
            var draft = EventDraft(.gapDeclared, at: moment)
            try draft.set(.missing, missing)
            try draft.set(.count, count)
            try draft.set(.fromSequence, from)
            try draft.set(.toSequence, to)
            try draft.set(.cause, cause)
            if let epoch { try draft.set(.epoch, epoch) }
            return draft
        case .clockStepped(let before, let after, let source):
            var draft = EventDraft(.clockStepped, at: moment)
            try draft.set(.before, before)
            try draft.set(.after, after)
            try draft.set(.clockSource, source.word)
            return draft
        case .checkpointSeen(let node, let treeSize, let root):
            var draft = EventDraft(.checkpointSeen, at: moment)
            try draft.set(.node, node)
            try draft.set(.treeSize, treeSize)
            try draft.set(.root, .bytes(root))
            return draft
        case .eventRetracted(let epoch, let sequence, let reason):
            var draft = EventDraft(.eventRetracted, at: moment)
            try draft.set(.epoch, epoch)
            try draft.set(.sequence, sequence)
            try draft.set(.reason, reason)
            return draft
        case .heartbeat(let lastSequence):
            var draft = EventDraft(.heartbeat, at: moment)
            try draft.set(.lastSequence, lastSequence)
            return draft
        }
    }

    /// The event's bytes; control events need no salt (wire-format.md section 3).
    public func encoded(at moment: EventMoment) throws(EventError) -> [UInt8] {
        try draft(at: moment).encoded()
    }
}

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

    func draft(at moment: EventMoment) throws(EventError) -> EventDraft {
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
