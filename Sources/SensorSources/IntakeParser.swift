import AttestationFormat
public import LogisticsEvents

/// One intake line, understood and checked, not yet encoded.
public struct IntakeLine: Sendable {
    /// The event; its mandatory fields are checked when it is encoded.
    public private(set) var draft: EventDraft
    /// What makes the line idempotent; nil when it has neither `source` nor `number`.
    public let identity: IntakeIdentity?
    /// The line's own `time`, in ms since 1970-01-01T00:00Z; nil when it has none.
    public let occurredMilliseconds: UInt64?

    /// Flags the readings of configured sensors, and gives what they tell of now.
    mutating func judge(by sensors: [SensorSettings], at moment: EventMoment) -> [SensorReading] {
        sensors.isEmpty ? [] : sensors.judge(&draft, at: moment)
    }

    /// The event's bytes with a fresh salt. Throws ``SourceError`` `.event` when a mandatory field is missing or the event too large.
    public func encoded<Salts: SaltSource>(salts: inout Salts) throws(SourceError) -> [UInt8] {
        do throws(EventError) {
            return try draft.encoded(salts: &salts)
        } catch {
            throw .event(error)
        }
    }
}

/// Reads intake lines: strict JSON, then the tables of LogisticsEvents.
///
/// Keeps its memory from line to line; one value serves all lines of one source.
public struct IntakeParser {
    /// Longest line, in bytes, without its newline.
    public static let maximumLineByteCount = 16 * 1024
    /// A line whose `time` lies further back than this gets flag 7 (late).
    public static let lateAfterMilliseconds: UInt64 = 5 * 60 * 1000
    /// A line whose `time` lies further ahead than this of a synchronised clock gets flag 1 (suspect value): it cannot be.
    public static let suspectAheadMilliseconds: UInt64 = 5 * 60 * 1000
    /// The event of 4,096 bytes that a line may become has fewer values than this.
    private static let maximumTokenCount = 1024

    var json = JSONTokens(capacity: IntakeParser.maximumTokenCount)

    public init() {}

    /// Reads one line; a replayed one gets flag 8, and is not called late.
    ///
    /// Throws ``SourceError``: `.json` for what is not strict JSON, `.event` for everything else, with the key that is wrong.
    public mutating func parse(
        _ line: Span<UInt8>, at moment: EventMoment, isReplayed: Bool = false
    ) throws(SourceError) -> IntakeLine {
        guard line.count <= IntakeParser.maximumLineByteCount else {
            throw .json(.tooLong, offset: IntakeParser.maximumLineByteCount)
        }
        try json.scan(line)
        do throws(EventError) {
            return try read(line, at: moment, isReplayed: isReplayed)
        } catch {
            throw .event(error)
        }
    }

    private func read(
        _ line: Span<UInt8>, at moment: EventMoment, isReplayed: Bool
    ) throws(EventError) -> IntakeLine {
        let members = try JSONMembers(json, line, object: 0, keys: IntakeKey.table, place: "")
        var draft = try draft(line, members, at: moment)
        if isReplayed { draft.add(.replayed) }
        try readTime(line, members, moment, isReplayed: isReplayed, into: &draft)
        try readWhat(line, members, into: &draft)
        try readPosition(line, members, into: &draft)
        try readReadings(line, members, into: &draft)
        try readDocuments(line, members, into: &draft)
        try readAttachments(line, members, into: &draft)
        try readFlags(line, members, into: &draft)
        try readFields(line, members, into: &draft)
        try draft.completePlainReadings()
        return IntakeLine(
            draft: draft, identity: try identity(line, members),
            occurredMilliseconds: members[.time] == nil ? nil : draft.event.wallClockMilliseconds)
    }
}
