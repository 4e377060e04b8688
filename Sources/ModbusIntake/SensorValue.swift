public import AttestationFormat
public import LogisticsEvents

/// A value for an intake line; nil: the sensor gave none.
public struct SensorValue: Equatable, Sendable {
    public let sensor: UTF8Text
    public let quantity: Quantity
    /// In the quantity's integer unit.
    public let value: Int64?

    public init(sensor: UTF8Text, quantity: Quantity, value: Int64?) {
        self.sensor = sensor
        self.quantity = quantity
        self.value = value
    }
}

/// Makes intake lines.
public enum IntakeLineText {
    /// One line with all readings of one poll: `condition.summary` of one sample each. Names need no escapes: configuration has checked them.
    public static func line(source: UTF8Text, number: UInt64, _ values: [SensorValue]) -> [UInt8] {
        var bytes = Array("{\"source\":\"".utf8)
        bytes += source.bytes
        bytes += Array("\",\"number\":".utf8)
        bytes.appendDecimal(number)
        bytes += Array(",\"kind\":\"condition.summary\",\"readings\":[".utf8)
        for (index, value) in values.enumerated() {
            let row = value.quantity.description
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += Array("{\"sensor\":\"".utf8)
            bytes += value.sensor.bytes
            bytes += Array("\",\"quantity\":\"".utf8)
            bytes += row.name.text.bytes
            bytes += Array("\",\"value\":".utf8)
            bytes += value.value.map { DecimalText.bytes($0, decimals: row.decimals) } ?? Array("null".utf8)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes += Array("]}\n".utf8)
        return bytes
    }
}

/// Fixed-point integers in decimal digits.
enum DecimalText {
    /// A count of 10^-decimals with all its decimals: 4250 with three is `4.250`.
    static func bytes(_ value: Int64, decimals: UInt8) -> [UInt8] {
        var digits: [UInt8] = []
        digits.appendDecimal(value.magnitude)
        while digits.count <= Int(decimals) { digits.insert(UInt8(ascii: "0"), at: 0) }
        if decimals > 0 { digits.insert(UInt8(ascii: "."), at: digits.count - Int(decimals)) }
        return value < 0 ? [UInt8(ascii: "-")] + digits : digits
    }
}
