public import AttestationFormat

/// A channel of a kernel driver: what it measures, in which unit the driver gives it, and what the device can measure at all.
///
/// Units are those of the kernel's documentation (Documentation/ABI/testing/sysfs-bus-iio, Documentation/hwmon/sysfs-interface):
/// milli-degree, milli-percent and millivolt in both; kilopascal, m/s², lux, percent of gas and metre in iio.
/// Drivers that deviate, and the ranges of known devices, stand in one table.
public struct KernelChannel: Equatable, Sendable {
    /// The kernel's two families of sensor drivers.
    public enum Bus: UInt8, Equatable, Sendable {
        case iio, hwmon
    }

    public let quantity: Quantity
    /// The driver's number times 10^`shift` ÷ `divisor` is in the quantity's integer unit.
    public let shift: Int
    public let divisor: UInt64
    /// What the device can measure, in the quantity's integer unit: a value outside says that it failed, or that its driver's
    /// unit is another one.
    public let plausible: ClosedRange<Int64>
    /// What the device says when it failed, within its range; nil for most.
    public let failureValue: Int64?

    /// - Parameters:
    ///   - name: as the attributes have it: `temp`, `accel_x`, `voltage3`, `concentration_co2` in iio; `temp1`, `in0` in hwmon.
    ///   - device: the driver's `name`, for the table of known devices.
    ///   - factorExponent: the driver's unit is so many powers of ten larger than documented; nil: as the table knows it.
    ///
    /// Nil for a channel whose quantity has no place in an event, and for a name that is none.
    public init?(_ bus: Bus, _ name: UTF8Text, device: UTF8Text, factorExponent: Int? = nil) {
        let type = KernelChannel.typeName(name)
        guard KernelChannel.isName(name), let row = KernelChannel.types.first(where: { $0.bus == bus && $0.name == type })
        else { return nil }
        let known = KernelChannel.devices.first { $0.device == device && $0.channel == type }
        quantity = row.quantity
        shift = Int(row.shift) + (factorExponent ?? Int(known?.excess ?? 0))
        divisor = row.divisor
        plausible = Int64(known?.least ?? row.least)...Int64(known?.most ?? row.most)
        failureValue = known.flatMap { $0.failure == DeviceRow.none ? nil : Int64($0.failure) }
    }

    /// The leading letters: `voltage` of `voltage3`, `accel` of `accel_x`. Attributes that channels share are named by it.
    public static func typeName(_ name: UTF8Text) -> UTF8Text {
        UTF8Text(validating: Array(name.bytes.prefix { $0.isLetter })) ?? ""
    }

    /// Whether the device has failed, though it gave this value.
    public func isFailure(_ value: Int64) -> Bool { value == failureValue || !plausible.contains(value) }

    /// The value in the quantity's integer unit, exactly, rounded once: (raw + offset) × scale (sysfs-bus-iio).
    /// Nil when the numbers are beyond any sensor's.
    package func value(_ raw: DriverNumber, offset: DriverNumber = .zero, scale: DriverNumber = .one) -> Int64? {
        raw.adding(offset)?.product(scale, shift: shift, divisor: divisor)
    }

    /// The names that channels of a bus begin with, for messages.
    public static func typeNames(_ bus: Bus) -> UTF8Text {
        var names: UTF8Text = ""
        for row in types where row.bus == bus { names = names.byteCount == 0 ? row.name.text : names + ", " + row.name.text }
        return names
    }

    /// The 1-Wire families with a DS18B20's scratchpad: DS18S20, DS1822, DS18B20, DS1825, DS28EA00.
    private static let thermometerFamilies: [FixedText] = ["10-", "22-", "28-", "3b-", "42-"]

    /// Whether a text is the id of a 1-Wire thermometer as the kernel writes it: family and twelve hexadecimal digits.
    public static func isThermometer(_ id: UTF8Text) -> Bool {
        id.byteCount == 15 && thermometerFamilies.contains(where: { id.hasPrefix($0.text) })
            && id.bytes.dropFirst(3).allSatisfy { $0.isDigit || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f")) }
    }

    /// Names become parts of paths: letters, digits, `_` and `-` only.
    private static func isName(_ name: UTF8Text) -> Bool {
        (1...32).contains(name.byteCount)
            && name.bytes.allSatisfy { $0.isDigit || ($0 >= 0x61 && $0 <= 0x7A) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    }
}

extension KernelChannel {
    private struct TypeRow {
        let bus: Bus
        let name: FixedText
        let quantity: Quantity
        let shift: Int8
        let divisor: UInt64
        let least: Int32
        let most: Int32
    }

    /// Standard gravity is 9.80665 m/s² exactly (ISO 80000-3), so that 1 m/s² is 10^8 ÷ 980665 milli-g.
    private static let types: [TypeRow] = [
        TypeRow(bus: .iio, name: "temp", quantity: .temperature, shift: 0, divisor: 1, least: -273_150, most: 1_800_000),
        // Condensation reads above 100; −6 and 119 are what the usual conversion makes of all bits 0 and all bits 1.
        TypeRow(bus: .iio, name: "humidityrelative", quantity: .relativeHumidity, shift: 0, divisor: 1, least: -5_900, most: 118_900),
        TypeRow(bus: .iio, name: "pressure", quantity: .pressure, shift: 3, divisor: 1, least: 0, most: 100_000_000),
        TypeRow(bus: .iio, name: "accel", quantity: .acceleration, shift: 8, divisor: 980_665, least: -400_000, most: 400_000),
        TypeRow(bus: .iio, name: "illuminance", quantity: .illuminance, shift: 3, divisor: 1, least: 0, most: 200_000_000),
        TypeRow(bus: .iio, name: "voltage", quantity: .voltage, shift: 0, divisor: 1, least: -1_000_000, most: 1_000_000),
        TypeRow(bus: .iio, name: "concentration", quantity: .gasFraction, shift: 4, divisor: 1, least: 0, most: 1_000_000),
        TypeRow(bus: .iio, name: "distance", quantity: .length, shift: 3, divisor: 1, least: 0, most: 1_000_000),
        TypeRow(bus: .hwmon, name: "temp", quantity: .temperature, shift: 0, divisor: 1, least: -273_150, most: 1_800_000),
        TypeRow(bus: .hwmon, name: "humidity", quantity: .relativeHumidity, shift: 0, divisor: 1, least: -5_900, most: 118_900),
        TypeRow(bus: .hwmon, name: "in", quantity: .voltage, shift: 0, divisor: 1, least: -1_000_000, most: 1_000_000),
    ]

    private struct DeviceRow {
        let device: FixedText
        let channel: FixedText
        let least: Int32
        let most: Int32
        /// Powers of ten by which the driver's unit is larger than documented.
        let excess: Int8
        let failure: Int32

        static let none = Int32.min
    }

    @inline(__always)
    private static func row(
        _ device: FixedText, _ channel: FixedText, _ least: Int32, _ most: Int32, excess: Int8 = 0, failure: Int32 = Int32.min
    ) -> DeviceRow {
        DeviceRow(device: device, channel: channel, least: least, most: most, excess: excess, failure: failure)
    }

    /// Measuring ranges from the makers' data sheets, by the driver's `name`.
    private static let devices: [DeviceRow] = [
        row("bme280", "temp", -40_000, 85_000), row("bme280", "pressure", 30_000, 110_000),
        // Kernels before 4.19 gave percent here: 45.2 % would pass for 0.045 %. Nothing that is shipped is that dry.
        row("bme280", "humidityrelative", 1_000, 100_000),
        row("bmp280", "temp", -40_000, 85_000), row("bmp280", "pressure", 30_000, 110_000),
        row("bme680", "temp", -40_000, 85_000), row("bme680", "pressure", 30_000, 110_000),
        // Gives percent, not milli-percent, to this day (drivers/iio/chemical/bme680_core.c).
        row("bme680", "humidityrelative", 0, 100_000, excess: 3),
        row("si7020", "temp", -40_000, 125_000), row("htu21", "temp", -40_000, 125_000), row("hts221", "temp", -40_000, 120_000),
        row("scd40", "temp", -10_000, 60_000), row("scd41", "temp", -10_000, 60_000),
        row("scd40", "concentration", 0, 40_000), row("scd41", "concentration", 0, 40_000),
        // ±16 g, and the sensitivity's tolerance of ten percent.
        row("adxl345", "accel", -17_600, 17_600),
        row("sht3x", "temp", -40_000, 125_000), row("sht4x", "temp", -40_000, 125_000), row("shtc3", "temp", -40_000, 125_000),
        row("aht10", "temp", -40_000, 85_000), row("jc42", "temp", -40_000, 125_000),
        row("lm75", "temp", -55_000, 125_000), row("tmp102", "temp", -55_000, 150_000),
        // DS18B20 and its relatives: 85 °C stands in them after power-up, before they have measured; 127.94 °C, a stuck converter,
        // is beyond the range.
        row("w1_slave_temp", "temp", -55_000, 125_000, failure: 85_000),
    ]
}
