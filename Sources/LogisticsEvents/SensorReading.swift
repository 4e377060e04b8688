public import AttestationFormat

/// One sample of one sensor, as a source hands it over: not an event yet. ``SensorTable`` makes events of readings.
///
/// A source gives what the sensor said, and nothing else: ranges, calibration, silence, summaries and rules are the table's.
public struct SensorReading: Sendable, Equatable {
    /// The sensor's name, 1 to 64 bytes: that of its `[sensor.NAME]` section, where it has one.
    public var sensor: UTF8Text
    public var quantity: Quantity
    /// In the quantity's integer unit (``QuantityDescription/wireUnit``); nil when the sensor gave no value.
    public var value: Int64?
    /// When it was taken. Order, periods and durations use its monotonic time alone.
    public var moment: EventMoment
    /// What is wrong with it, as far as the source can tell.
    public var fault: ReadingFault?

    /// A sample that came as it should, or one with a value and a fault.
    public init(sensor: UTF8Text, quantity: Quantity, value: Int64, at moment: EventMoment, fault: ReadingFault? = nil) {
        self.sensor = sensor
        self.quantity = quantity
        self.value = value
        self.moment = moment
        self.fault = fault
    }

    /// A sensor that was asked and gave no value.
    public init(sensor: UTF8Text, quantity: Quantity, fault: ReadingFault, at moment: EventMoment) {
        self.sensor = sensor
        self.quantity = quantity
        value = nil
        self.moment = moment
        self.fault = fault
    }
}

/// Why a reading is no ordinary sample. Each is recorded and flagged, none is dropped, and none counts for a rule.
public enum ReadingFault: UInt8, Sendable, Equatable, CaseIterable {
    /// The value that this type of sensor gives when it failed, such as 85.000 °C or 127.94 °C of a DS18B20:
    /// the value stays in the event, with flags 1 (suspect value) and 4 (sensor fault).
    case failureValue
    /// The sensor answered with an error, a wrong checksum, or something that is no value: flag 4.
    case unreadable
    /// The device is gone from its bus: flag 4, and `tamper.detected` (sensor-unplugged) when it begins, if the device ever gave a value.
    case absent
    /// An older sample than one that came before it, by the sensor's own counter or time: flag 7 (late).
    case outOfOrder
}
