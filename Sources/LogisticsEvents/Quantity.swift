public import AttestationFormat

/// What a reading measures. The number fixes the integer unit, so that no unit travels with a value
/// (wire-format.md section 3, EventKinds.md "Quantities").
public enum Quantity: UInt8, CaseIterable, Sendable {
    case temperature = 1
    case relativeHumidity = 2
    case pressure = 3
    case acceleration = 4
    case illuminance = 5
    case speed = 6
    case mass = 7
    case voltage = 8
    case gasFraction = 9
    case length = 10
    case count = 11
    case duration = 12
    case state = 13
    case percentage = 14
    case bytes = 15

    /// The row of the table for this quantity.
    public var description: QuantityDescription { Quantity.table[Int(rawValue) - 1] }

    /// Finds a quantity by the name that intake lines and configuration use.
    public init?(name: Span<UInt8>) {
        guard let index = Quantity.names.index(of: name) else { return nil }
        self = Quantity.table[index].quantity
    }
}

/// One row of the table of quantities.
public struct QuantityDescription: Sendable {
    public let quantity: Quantity
    /// The name in intake lines, configuration and `inspect`.
    public let name: FixedText
    /// The unit that people write, such as `°C`.
    public let userUnit: FixedText
    /// The integer unit on the wire, such as `m°C`.
    public let wireUnit: FixedText
    /// How many decimal digits the user's unit has on the wire: 3 for degrees to milli-degrees.
    public let decimals: UInt8
    /// The EPCIS 2.0 sensor report's type.
    public let epcisType: FixedText
    /// The UN/ECE Recommendation 20 unit code of the EPCIS report; empty where there is none.
    public let epcisUnit: FixedText
}

extension Quantity {
    /// The one table of quantities, in the order of their numbers.
    public static let table: [QuantityDescription] = [
        row(.temperature, "temperature", "°C", "m°C", 3, "Temperature", "CEL"),
        row(.relativeHumidity, "relative-humidity", "%", "m%", 3, "RelativeHumidity", "P1"),
        row(.pressure, "pressure", "Pa", "Pa", 0, "Pressure", "PAL"),
        row(.acceleration, "acceleration", "g", "mg", 3, "Acceleration", "K40"),
        row(.illuminance, "illuminance", "lx", "mlx", 3, "Illuminance", "LUX"),
        row(.speed, "speed", "m/s", "mm/s", 3, "Speed", "MTS"),
        row(.mass, "mass", "kg", "g", 3, "Mass", "KGM"),
        row(.voltage, "voltage", "V", "mV", 3, "Voltage", "VLT"),
        row(.gasFraction, "gas-fraction", "ppm", "ppm", 0, "VolumeFraction", "59"),
        row(.length, "length", "m", "mm", 3, "Length", "MTR"),
        row(.count, "count", "1", "1", 0, "Count", ""),
        row(.duration, "duration", "s", "ms", 3, "Time", "SEC"),
        row(.state, "state", "0 or 1", "0 or 1", 0, "boolean", ""),
        row(.percentage, "percentage", "%", "m%", 3, "Dimensionless", ""),
        row(.bytes, "bytes", "byte", "byte", 0, "Count", ""),
    ]

    private static let names = NameTable(table.map { $0.name })

    @inline(__always)
    private static func row(
        _ quantity: Quantity, _ name: FixedText, _ userUnit: FixedText, _ wireUnit: FixedText, _ decimals: UInt8,
        _ epcisType: FixedText, _ epcisUnit: FixedText
    ) -> QuantityDescription {
        QuantityDescription(
            quantity: quantity, name: name, userUnit: userUnit, wireUnit: wireUnit, decimals: decimals,
            epcisType: epcisType, epcisUnit: epcisUnit)
    }
}

extension Quantity {
    /// All names, for errors and help.
    public static var nameList: UTF8Text {
        var list: UTF8Text = ""
        for row in table { list = list.byteCount == 0 ? row.name.text : list + ", " + row.name.text }
        return list
    }
}
