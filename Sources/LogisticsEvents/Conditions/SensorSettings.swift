public import AttestationFormat

/// What is known of a sensor, and when its readings become events: a `[sensor.NAME]` section.
public struct SensorSettings: Equatable, Sendable {
    /// The name that its readings carry.
    public var name: UTF8Text
    public var quantity: Quantity
    public var placement: UTF8Text?
    /// Reference of the calibration certificate.
    public var calibration: UTF8Text?
    /// The first second after the calibration's last day, since 1970-01-01Z.
    public var calibrationUntilSeconds: Int64?
    /// How often a reading is expected; nil: silence means nothing.
    public var periodMilliseconds: Int64?
    /// What is plausible, in the quantity's integer unit; a value outside is flagged, never dropped.
    public var expectedRange: ClosedRange<Int64>?
    /// Readings of so long a time make one summary; 0: every reading is an event.
    public var summaryMilliseconds: Int64
    /// A change by so much since the last event makes an event at once, in the quantity's integer unit; nil: no change does.
    public var deadband: Int64?

    /// A quarter of an hour: what a cold chain's loggers are set to, and the agent's own heartbeat.
    public static let usualSummaryMilliseconds: Int64 = 900_000

    public init(
        name: UTF8Text, quantity: Quantity, placement: UTF8Text? = nil, calibration: UTF8Text? = nil,
        calibrationUntilSeconds: Int64? = nil, periodMilliseconds: Int64? = nil, expectedRange: ClosedRange<Int64>? = nil,
        summaryMilliseconds: Int64 = SensorSettings.usualSummaryMilliseconds, deadband: Int64? = nil
    ) {
        self.name = name
        self.quantity = quantity
        self.placement = placement
        self.calibration = calibration
        self.calibrationUntilSeconds = calibrationUntilSeconds
        self.periodMilliseconds = periodMilliseconds
        self.expectedRange = expectedRange
        self.summaryMilliseconds = summaryMilliseconds
        self.deadband = deadband
    }

    /// Periods without a reading after which a sensor is silent, and after which the time between two readings is a gap.
    public static let silentPeriodCount: Int64 = 3

    /// Time without a reading after which nobody knows what the sensor saw; nil when no period is set.
    public var longestGapMilliseconds: UInt64? {
        periodMilliseconds.map { UInt64(clamping: $0.multipliedReportingOverflow(by: SensorSettings.silentPeriodCount).partialValue) }
    }

    /// The flags of a value: out of the expected range, calibration out of date. Nothing is dropped for them.
    ///
    /// The calibration is judged by the wall clock, the only one that knows days; flag 2 says where that is not to be trusted.
    public func flags(of value: Int64?, at moment: EventMoment) -> EventFlags {
        var flags: EventFlags = []
        if let value, let range = expectedRange, !range.contains(value) { flags.insert(.suspectValue) }
        if let until = calibrationUntilSeconds, Int64(clamping: moment.wallMilliseconds / 1000) >= until {
            flags.insert(.calibrationExpired)
        }
        return flags
    }

    /// Whether a reading under this name and quantity is this sensor's.
    func isSame(_ sensor: UTF8Text, _ quantity: Quantity) -> Bool {
        self.quantity == quantity && name == sensor
    }
}

extension [SensorSettings] {
    /// Looks at the readings of an event that somebody else made, for example of an intake line: adds the flags of its values to
    /// it, and gives the plain readings of known sensors for rules and silence.
    ///
    /// A reading without a value is a sensor's fault. Summaries of several, and events that happened a while ago (flag 7) or are
    /// recordings (flag 8), tell nothing of now: they are flagged, and give no readings.
    public func judge(_ draft: inout EventDraft, at moment: EventMoment) -> [SensorReading] {
        var readings: [SensorReading] = []
        for reading in draft.event.readings {
            for sensor in self where UInt64(sensor.quantity.rawValue) == reading.quantity && sensor.name == reading.sensor {
                let value = reading.value.flatMap { $0.int64 }
                for part in [reading.value, reading.summary.minimum, reading.summary.maximum] {
                    draft.add(sensor.flags(of: part.flatMap { $0.int64 }, at: moment))
                }
                guard (reading.summary.count ?? 1) == 1, value != nil || reading.summary.minimum == nil else { continue }
                readings.append(
                    value.map { SensorReading(sensor: sensor.name, quantity: sensor.quantity, value: $0, at: moment) }
                        ?? SensorReading(sensor: sensor.name, quantity: sensor.quantity, fault: .unreadable, at: moment))
            }
        }
        return draft.event.flags.isDisjoint(with: [.late, .replayed]) ? readings : []
    }
}
