import AttestationFormat
import Foundation
import HarborsealTesting
import LogisticsEvents
@testable import SensorSources
import Testing

private let bosch = "platform/soc/fe804000.i2c/i2c-1/1-0076"

@Suite("Sensors behind kernel drivers") struct DeviceSourceTests {
    private let tree: DeviceTree
    init() throws { tree = try DeviceTree() }

    private func iio(_ device: UTF8Text, _ channel: UTF8Text, path: UTF8Text? = nil, factor: Int? = nil) throws -> DeviceReader {
        try DeviceReader(DevicePlace(.iio, device: device, path: path, channel: channel, factorExponent: factor, sysfs: tree.sysfs))
    }

    private func hwmon(_ device: UTF8Text, _ channel: UTF8Text = "temp1", path: UTF8Text? = nil) throws -> DeviceReader {
        try DeviceReader(DevicePlace(.hwmon, device: device, path: path, channel: channel, sysfs: tree.sysfs))
    }

    // MARK: - iio

    @Test("a processed value is taken as it is, in its own unit")
    func processed() throws {
        try tree.addIIO(0, "bme280", at: bosch, [
            "in_temp_input": "22750\n", "in_humidityrelative_input": "45321\n", "in_pressure_input": "100.932546875\n",
        ])
        #expect(try iio("bme280", "temp").answer() == .init(22_750))
        #expect(try iio("bme280", "humidityrelative").answer() == .init(45_321))
        #expect(try iio("bme280", "pressure").answer() == .init(100_933))
    }

    @Test("a raw value takes offset and scale: its own, else those that its type shares, else none")
    func raw() throws {
        try tree.addIIO(0, "scd41", at: bosch, ["in_temp_raw": "26000\n", "in_temp_offset": "-16852.114286\n", "in_temp_scale": "2.670288085\n"])
        #expect(try iio("scd41", "temp").answer() == .init(24_427))
        try tree.addIIO(1, "adxl345", at: "platform/i2c-2/2-0053", [
            "in_accel_x_raw": "0\n", "in_accel_z_raw": "-256\n", "in_accel_scale": "0.038245935\n", "in_accel_x_offset": "1\n",
        ])
        #expect(try iio("adxl345", "accel_z").answer() == .init(-998))
        #expect(try iio("adxl345", "accel_x").answer() == .init(4))
        try tree.addIIO(2, "ads1115", at: "platform/i2c-2/2-0048", ["in_voltage0_raw": "12\n", "in_voltage0_scale": "2\n", "in_voltage_scale": "99\n"])
        #expect(try iio("ads1115", "voltage0").answer() == .init(24))
        try tree.addIIO(3, "plain", at: "platform/x", ["in_voltage0_raw": "12\n"])
        #expect(try iio("plain", "voltage0").answer() == .init(12))
    }

    @Test("a value that the device cannot measure is recorded, flagged and told once")
    func implausible() throws {
        try tree.addIIO(0, "bme280", at: bosch, ["in_temp_input": "-143210\n"])
        let reader = try iio("bme280", "temp")
        #expect(reader.answer() == .init(-143_210, .failureValue))
        #expect(reader.answer() == .init(-143_210, .failureValue))
        #expect(reader.notices.count == 1)
        #expect(reader.notices[0].contains("-143210 m°C"))
    }

    @Test(
        "what is no number is unreadable", arguments: ["nan\n", "1 2 3 \n", "x", "99999999999999999999\n", "22750 m°C\n"])
    func nonsense(_ text: String) throws {
        try tree.addIIO(0, "bme280", at: bosch, ["in_temp_input": text, "in_pressure_raw": "1\n", "in_pressure_scale": text])
        #expect(try iio("bme280", "temp").answer() == .init(nil, .unreadable))
        #expect(try iio("bme280", "pressure").answer() == .init(nil, .unreadable))
    }

    @Test("a channel that the device does not have is no unplugged device")
    func channelMissing() throws {
        try tree.addIIO(0, "bmp280", at: bosch, ["in_temp_input": "22750\n"])
        let reader = try iio("bmp280", "humidityrelative")
        for _ in 0..<5 { #expect(reader.answer() == .init(nil, .unreadable)) }
        #expect(reader.notices == ["the device has no channel humidityrelative"])
    }

    @Test("a channel without a quantity stops the start")
    func badChannel() throws {
        #expect(throws: SourceError.self) { try iio("bme280", "resistance") }
        #expect(throws: SourceError.self) { try DeviceReader(DevicePlace(.w1, device: "28-../../../x", sysfs: "/sys")) }
    }

    // MARK: - Binding

    @Test("two devices of one driver are told apart by their place, and never guessed")
    func ambiguous() throws {
        try tree.addHwmon(0, "tmp102", at: "platform/i2c-1/1-0048", ["temp1_input": "4000\n"])
        try tree.addHwmon(1, "tmp102", at: "platform/i2c-1/1-0049", ["temp1_input": "25000\n"])
        let reader = try hwmon("tmp102")
        #expect(reader.answer() == .init(nil, .unreadable))
        #expect(reader.notices[0].contains("1-0048") && reader.notices[0].contains("1-0049"))
        #expect(try hwmon("tmp102", path: "1-0048").answer() == .init(4_000))
        #expect(try hwmon("tmp102", path: "i2c-1/1-0049").answer() == .init(25_000))
        for path in ["1-004", "-0048", "i2c-1/0048", "1-0048/i2c-1", "2-0048", "hwmon7"] as [UTF8Text] {
            #expect(try hwmon("tmp102", path: path).answer() == .init(nil, .absent))
        }
    }

    @Test("after a replug the numbers have changed, and the readings are still those of the device")
    func replug() throws {
        try tree.addHwmon(0, "cpu_thermal", at: "virtual/thermal", ["temp1_input": "61000\n"])
        try tree.addHwmon(1, "sht4x", at: "platform/i2c-1/1-0044", ["temp1_input": "4250\n"])
        let reader = try hwmon("sht4x")
        #expect(reader.answer() == .init(4_250))
        // Both come back, each under the other's number.
        try tree.remove("class/hwmon/hwmon0")
        try tree.remove("class/hwmon/hwmon1")
        try tree.addHwmon(1, "cpu_thermal", at: "virtual/thermal", ["temp1_input": "61000\n"])
        try tree.addHwmon(0, "sht4x", at: "platform/i2c-1/1-0044", ["temp1_input": "4300\n"])
        #expect(reader.answer() == .init(4_300))
        #expect(reader.notices == ["gives values"])
    }

    @Test("another device under the old number is not read, not even once")
    func stranger() throws {
        try tree.addIIO(3, "bme280", at: bosch, ["in_temp_input": "4250\n"])
        let reader = try iio("bme280", "temp")
        #expect(reader.answer() == .init(4_250))
        try tree.remove("bus/iio/devices/iio:device3")
        try tree.addIIO(3, "bmp280", at: bosch, ["in_temp_input": "99000\n"])
        #expect(reader.answer() == .init(nil, .absent))
        try tree.remove("bus/iio/devices/iio:device3")
        try tree.addIIO(4, "bme280", at: bosch, ["in_temp_input": "4300\n"])
        #expect(reader.answer() == .init(4_300))
        #expect(reader.notices.count == 3)
    }

    @Test("triggers and other entries of the class are no devices")
    func otherEntries() throws {
        try tree.addIIO(0, "bme280", at: bosch, ["in_temp_input": "4250\n"])
        try FileManager.default.createDirectory(atPath: tree.root.file("bus/iio/devices/trigger0"), withIntermediateDirectories: false)
        try tree.root.write("bme280\n", to: "bus/iio/devices/trigger0/name")
        #expect(try iio("bme280", "temp").answer() == .init(4_250))
    }

    @Test("without the class's folder every sensor is absent, and comes when it comes")
    func nothing() throws {
        let reader = try hwmon("sht4x")
        #expect(reader.answer() == .init(nil, .absent))
        #expect(reader.answer() == .init(nil, .absent))
        #expect(reader.notices.count == 1)
        try tree.addHwmon(5, "sht4x", at: "platform/i2c-1/1-0044", ["temp1_input": "4250\n"])
        #expect(reader.answer() == .init(4_250))
        #expect(reader.notices.count == 2)
    }

    // MARK: - hwmon

    @Test("a chip that reports a broken probe gives no value, whatever stands in its input")
    func probeFault() throws {
        try tree.addHwmon(0, "max31865", at: "platform/spi0.0", ["temp1_input": "4250\n", "temp1_fault": "1\n"])
        let reader = try hwmon("max31865")
        #expect(reader.answer() == .init(nil, .unreadable))
        try tree.root.write("0\n", to: "class/hwmon/hwmon0/temp1_fault")
        #expect(reader.answer() == .init(4_250))
    }

    @Test("a driver's empty answer three times in a row is an unplugged sensor; one good answer ends it")
    func silence() throws {
        try tree.addHwmon(0, "sht4x", at: "platform/i2c-1/1-0044", ["temp1_input": ""])
        let reader = try hwmon("sht4x")
        #expect((0..<4).map { _ in reader.answer()?.fault } == [.unreadable, .unreadable, .absent, .absent])
        try tree.root.write("-18500\n", to: "class/hwmon/hwmon0/temp1_input")
        #expect(reader.answer() == .init(-18_500))
        try tree.root.write("", to: "class/hwmon/hwmon0/temp1_input")
        #expect(reader.answer()?.fault == .unreadable)
        #expect(reader.notices.count == 4)
    }

    @Test("an attribute that cannot be read is an I/O error, not a value")
    func unreadable() throws {
        try tree.addHwmon(0, "sht4x", at: "platform/i2c-1/1-0044", [:])
        // Reading a folder fails with EISDIR, as a chip that does not answer fails with EIO.
        try FileManager.default.createDirectory(atPath: tree.root.file("class/hwmon/hwmon0/temp1_input"), withIntermediateDirectories: false)
        let reader = try hwmon("sht4x")
        #expect((0..<3).map { _ in reader.answer()?.fault } == [.unreadable, .unreadable, .absent])
        #expect(reader.notices[0].contains("reading failed: Is a directory"))
        #expect(reader.notices.last?.contains("reading failed: Is a directory: is it unplugged?") == true)
        // What Hardware/acceptance.md expects where an I2C bus driver finds nobody at the address.
        #expect(DeviceAnswer.failure(errno: 121) == .silent("reading failed: Remote I/O error"))
    }

    @Test("readings keep to the grid of the period, and carry the section's name and quantity")
    func grid() throws {
        try tree.addHwmon(0, "sht4x", at: "platform/i2c-1/1-0044", ["humidity1_input": "45321\n"])
        let reader = try DeviceReader(DevicePlace(.hwmon, device: "sht4x", channel: "humidity1", sysfs: tree.sysfs), sensor: "box-humidity")
        let reading = try #require(reader.read().first)
        #expect(reading.sensor == "box-humidity" && reading.quantity == .relativeHumidity && reading.value == 45_321)
        #expect(reading.moment.monotonicMilliseconds == 2_000 && reader.source.nextDeadline == 3_000)
        var output = SourceOutput()
        reader.source.serve(
            [], context: SourceContext(moment: EventMoment(wallMilliseconds: 1, monotonicMilliseconds: 2_999), eventRoom: 1), into: &output)
        #expect(output.readings.isEmpty)
        // 90 ms late: the next one is not.
        reader.source.serve(
            [], context: SourceContext(moment: EventMoment(wallMilliseconds: 1, monotonicMilliseconds: 3_090), eventRoom: 1), into: &output)
        #expect(output.readings.count == 1 && reader.source.nextDeadline == 4_000)
        // Minutes late: nothing is caught up on.
        reader.source.serve(
            [], context: SourceContext(moment: EventMoment(wallMilliseconds: 1, monotonicMilliseconds: 99_000), eventRoom: 1), into: &output)
        #expect(output.readings.count == 2 && reader.source.nextDeadline == 100_000)
    }

    @Test("a DS18B20 through hwmon has the same failure values")
    func thermometerThroughHwmon() throws {
        try tree.addHwmon(0, "w1_slave_temp", at: "w1_bus_master1/28-0316a2795bff", ["temp1_input": "85000\n"])
        let reader = try hwmon("w1_slave_temp", path: "28-0316a2795bff")
        #expect(reader.answer() == .init(85_000, .failureValue))
    }
}
