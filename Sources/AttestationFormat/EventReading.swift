/// One sample, or a summary of samples, of one sensor: an element of key 7 (section 3).
public struct EventReading: Hashable, Sendable {
    public var sensor: UTF8Text
    /// Number of the quantity, which fixes the unit (EventKinds.md).
    public var quantity: UInt64
    /// In the quantity's integer unit; nil: the sensor answered with a fault.
    public var value: CBORInteger?
    public var summary: Summary

    /// The optional map of a reading.
    public struct Summary: Hashable, Sendable {
        /// Key 0, in the quantity's unit.
        public var minimum: CBORInteger?
        /// Key 1.
        public var maximum: CBORInteger?
        /// Key 2.
        public var mean: CBORInteger?
        /// Key 3, number of samples.
        public var count: UInt64?
        /// Key 4, from first to last sample.
        public var spanMilliseconds: UInt64?
        /// Key 5.
        public var text: UTF8Text?

        public init() {}

        var entryCount: Int {
            (minimum == nil ? 0 : 1) + (maximum == nil ? 0 : 1) + (mean == nil ? 0 : 1) + (count == nil ? 0 : 1)
                + (spanMilliseconds == nil ? 0 : 1) + (text == nil ? 0 : 1)
        }
    }

    public init(sensor: UTF8Text, quantity: UInt64, value: CBORInteger?, summary: Summary = Summary()) {
        self.sensor = sensor
        self.quantity = quantity
        self.value = value
        self.summary = summary
    }

    /// A plain sample.
    public init(sensor: UTF8Text, quantity: UInt64, value: Int64?) {
        self.init(sensor: sensor, quantity: quantity, value: value.map { CBORInteger($0) })
    }

    func write(to writer: inout CBORWriter) {
        let entryCount = summary.entryCount
        writer.beginArray(entryCount == 0 ? 3 : 4)
        writer.write(sensor)
        writer.write(quantity)
        if let value { writer.write(value) } else { writer.writeNull() }
        if entryCount > 0 { summary.write(to: &writer, entryCount: entryCount) }
    }

    /// Reads a reading whose array stands at depth 3 of an event.
    init(reading reader: inout CBORReader) throws(FormatError) {
        let start = reader.position
        let count = try reader.readArray()
        guard count == 3 || count == 4 else { throw FormatError(.wrongCount, at: start) }
        sensor = try reader.readText()
        quantity = try reader.readUnsigned()
        value = try reader.readNull() ? nil : reader.readInteger()
        summary = count == 4 ? try Summary(reading: &reader) : Summary()
    }
}

extension EventReading.Summary {
    fileprivate func write(to writer: inout CBORWriter, entryCount: Int) {
        writer.beginMap(entryCount)
        if let minimum { writer.write(key: 0, minimum) }
        if let maximum { writer.write(key: 1, maximum) }
        if let mean { writer.write(key: 2, mean) }
        if let count { writer.write(key: 3, .unsigned(count)) }
        if let spanMilliseconds { writer.write(key: 4, .unsigned(spanMilliseconds)) }
        if let text {
            writer.write(UInt64(5))
            writer.write(text)
        }
    }

    fileprivate init(reading reader: inout CBORReader) throws(FormatError) {
        var map = try LabelledMap(from: &reader, depth: 3)
        while let key = try map.nextLabel(from: &reader) {
            switch key {
            case 0: minimum = try reader.readInteger()
            case 1: maximum = try reader.readInteger()
            case 2: mean = try reader.readInteger()
            case 3: count = try reader.readUnsigned()
            case 4: spanMilliseconds = try reader.readUnsigned()
            case 5: text = try reader.readText()
            default: try map.skipValue(from: &reader)
            }
        }
    }
}
