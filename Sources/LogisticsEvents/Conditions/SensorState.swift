import AttestationFormat

/// What the table knows of one sensor.
struct SensorState: Sendable {
    /// The latest reading, whatever came with it.
    struct Latest: Sendable {
        var value: Int64?
        var fault: ReadingFault?
        var flags: EventFlags
        var monotonicMilliseconds: UInt64
    }

    private(set) var settings: SensorSettings
    var watches: [ConditionWatch]
    /// Readings that no summary tells of yet.
    var window: SampleWindow?
    /// Where the time begins that the next summary covers, monotonic ms.
    var coveredMilliseconds: UInt64
    /// What rounding left over when readings were last expected, in ms.
    private var expectedRemainder: Int64 = 0
    var latest: Latest?
    /// When the sensor was last heard, or the watch over it began.
    var heardMilliseconds: UInt64
    /// The latest value that an event tells of.
    var recordedValue: Int64?
    var isSilent = false
    var isCommissioned = false
    /// Readings with a value.
    var readingCount: UInt64 = 0
    /// When the latest of them came, monotonic ms.
    var valueMilliseconds: UInt64?
    /// Whether it ever gave a value, in this run or a former one: what was never there cannot be unplugged.
    var hasAnswered = false

    init(_ settings: SensorSettings, rules: [ConditionRule], at monotonicMilliseconds: UInt64) {
        self.settings = settings
        // Rules are for sensors with a period alone, which the configuration's check sees to.
        let gap = settings.longestGapMilliseconds ?? 0
        watches = rules.filter { $0.sensor == settings.name }.map { ConditionWatch($0, longestGapMilliseconds: gap) }
        coveredMilliseconds = monotonicMilliseconds
        heardMilliseconds = monotonicMilliseconds
    }

    /// When something is to be done without a reading, in monotonic ms.
    var nextDeadline: UInt64? {
        var due = silenceMilliseconds
        if window != nil { due = min(due ?? .max, summaryDueMilliseconds) }
        return due
    }

    /// When the sensor will count as silent; nil when it does already, or silence means nothing.
    var silenceMilliseconds: UInt64? {
        isSilent ? nil : settings.longestGapMilliseconds.map { heardMilliseconds &+ $0 }
    }

    /// When the window closes. Readings that have events already are never summed up one by one.
    var summaryDueMilliseconds: UInt64 {
        let isEachAlone = settings.summaryMilliseconds == 0 && window?.isRecorded ?? false
        let span = isEachAlone ? SensorSettings.usualSummaryMilliseconds : settings.summaryMilliseconds
        return coveredMilliseconds &+ UInt64(max(0, span))
    }

    /// Whether a rule has counted something that a restart must not forget.
    var hasRuleToKeep: Bool { watches.contains { $0.isWorthKeeping } }

    /// Whether a value lies so far from the latest recorded one that it makes an event at once.
    func leavesDeadband(_ value: Int64) -> Bool {
        guard let deadband = settings.deadband else { return false }
        guard let recordedValue else { return true }
        let (difference, overflow) = value.subtractingReportingOverflow(recordedValue)
        return overflow || difference.magnitude >= deadband.magnitude
    }

    /// How many readings were expected since the last summary; what rounding leaves over counts for the next one.
    mutating func takeExpectedCount(upTo end: UInt64, count: UInt64) -> UInt64 {
        defer { coveredMilliseconds = max(coveredMilliseconds, end) }
        guard let period = settings.periodMilliseconds, period > 0 else { return count }
        let elapsed = Int64(clamping: end - min(coveredMilliseconds, end)).addingReportingOverflow(expectedRemainder).partialValue
        let expected = max(0, (elapsed &+ period / 2) / period)
        expectedRemainder = elapsed - expected * period
        return UInt64(expected)
    }

    /// Takes changed settings. A watch over another period begins now, also over a sensor that seemed silent by the old one.
    mutating func replaceSettings(_ new: SensorSettings, at now: UInt64) {
        if new.periodMilliseconds != settings.periodMilliseconds {
            expectedRemainder = 0
            heardMilliseconds = now
            isSilent = false
        }
        if new.calibration != settings.calibration || new.calibrationUntilSeconds != settings.calibrationUntilSeconds
            || new.placement != settings.placement
        {
            isCommissioned = false
        }
        settings = new
    }
}
