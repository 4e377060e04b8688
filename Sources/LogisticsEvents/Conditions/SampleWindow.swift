public import AttestationFormat

/// The readings of one sensor since its last event: what a summary says of them.
///
/// All readings of a window have the same flags and fault, so that a flag of the event is true of each of them.
struct SampleWindow: Sendable {
    /// What the readings are flagged with, beside what the moment says of the clock.
    let flags: EventFlags
    let fault: ReadingFault?
    /// Whether an event tells of each of these readings already.
    let isRecorded: Bool
    /// Readings, with and without a value.
    private(set) var count: UInt64 = 0
    private(set) var minimum: Int64 = .max
    private(set) var maximum: Int64 = .min
    /// The latest value.
    private(set) var latest: Int64?
    private(set) var firstMilliseconds: UInt64 = 0
    private(set) var lastMilliseconds: UInt64 = 0
    private var sum: Int64 = 0
    private var valueCount: Int64 = 0
    private var kinetic = MeanKineticTemperature()
    private let isTemperature: Bool

    init(_ quantity: Quantity, flags: EventFlags, fault: ReadingFault?, isRecorded: Bool) {
        isTemperature = quantity == .temperature
        self.flags = flags
        self.fault = fault
        self.isRecorded = isRecorded
    }

    /// Whether a reading with these traits belongs here.
    func takes(flags: EventFlags, fault: ReadingFault?, isRecorded: Bool) -> Bool {
        self.flags == flags && self.fault == fault && self.isRecorded == isRecorded
    }

    /// Takes a reading; false when the sum would not hold it, and the window must be closed first.
    mutating func add(_ value: Int64?, at monotonicMilliseconds: UInt64) -> Bool {
        if let value {
            let (total, overflow) = sum.addingReportingOverflow(value)
            guard !overflow else { return false }
            sum = total
            valueCount += 1
            minimum = min(minimum, value)
            maximum = max(maximum, value)
            if isTemperature { kinetic.add(value) }
        }
        latest = value
        firstMilliseconds = count == 0 ? monotonicMilliseconds : min(firstMilliseconds, monotonicMilliseconds)
        lastMilliseconds = max(lastMilliseconds, monotonicMilliseconds)
        count += 1
        return true
    }

    /// The arithmetic mean, rounded to the nearest unit, halves away from zero; nil without a value.
    var mean: Int64? {
        guard valueCount > 0 else { return nil }
        let (quotient, rest) = sum.quotientAndRemainder(dividingBy: valueCount)
        guard rest.magnitude >= valueCount.magnitude - rest.magnitude else { return quotient }
        return quotient + (sum < 0 ? -1 : 1)
    }

    /// The mean kinetic temperature in m°C, of temperatures that came as they should.
    var meanKinetic: Int64? { fault == nil && isTemperature ? kinetic.milliCelsius : nil }

    /// Key 7 of the event.
    func reading(of sensor: UTF8Text, _ quantity: Quantity) -> EventReading {
        var reading = EventReading(sensor: sensor, quantity: UInt64(quantity.rawValue), value: latest)
        if let mean {
            reading.summary.minimum = CBORInteger(minimum)
            reading.summary.maximum = CBORInteger(maximum)
            reading.summary.mean = CBORInteger(mean)
        }
        reading.summary.count = count
        reading.summary.spanMilliseconds = lastMilliseconds - firstMilliseconds
        return reading
    }
}

extension ReadingFault {
    /// The flags of wire-format.md section 3 that say so.
    var flags: EventFlags {
        switch self {
        case .failureValue: [.suspectValue, .sensorFault]
        case .unreadable, .absent: .sensorFault
        case .outOfOrder: .late
        }
    }

    /// What `reason` says of it.
    public var word: FixedText {
        switch self {
        case .failureValue: "failure-value"
        case .unreadable: "unreadable"
        case .absent: "absent"
        case .outOfOrder: "out-of-order"
        }
    }
}
