import AttestationFormat
@testable import LogisticsEvents
import Testing

private func number(_ text: String) -> DriverNumber? { DriverNumber(Array(text.utf8).span) }

@Suite("Numbers of kernel drivers") struct DriverNumberTests {
    @Test(
        "a number is held exactly, without the zeros that drivers fill up with",
        arguments: [
            ("0", 0, 0), ("22750\n", 22_750, 0), ("62.500000000\n", 625, 1), ("-16852.114286", -16_852_114_286, 6), ("0.000100", 1, 4),
            ("-0.012345678 \n", -12_345_678, 9), ("10.000", 10, 0), ("9223372036854775807", Int64.max, 0), ("0.000000000000", 0, 0),
            ("1000", 1000, 0),
        ] as [(String, Int64, Int)])
    func reads(_ text: String, _ units: Int64, _ decimals: Int) throws {
        let read = try #require(number(text))
        #expect(read.units == units && read.decimals == decimals)
    }

    @Test(
        "what is no number is nothing",
        arguments: ["", "\n", " ", ".", "-", "x", "1 2 3 ", "1.2.3", "nan", "12mV", "0x10", "9223372036854775808", "1.0000000000000000001", "--1", "+"])
    func refuses(_ text: String) {
        #expect(number(text) == nil)
    }

    @Test(
        "(raw + offset) × scale is rounded once, to the nearest, halves away from zero",
        arguments: [
            // Sensirion SCD41: 26,000 counts.
            ("26000", "-16852.114286", "2.670288085", 0, 1, 24_427),
            // MLX90614: 20 milli-kelvin a count, from absolute zero.
            ("14657", "-13657.500000", "20", 0, 1, 19_990),
            // ADXL345: 256 counts are 9.79 m/s², close to one g.
            ("256", "0", "0.038245935", 8, 980_665, 998), ("-256", "0", "0.038245935", 8, 980_665, -998),
            // Half a unit, both ways.
            ("1", "0", "0.5", 0, 1, 1), ("-1", "0", "0.5", 0, 1, -1), ("1", "0", "0.499999999", 0, 1, 0), ("3", "-0.5", "1", 0, 1, 3),
            // 9.80665 m/s² is one g, exactly.
            ("9.80665", "0", "1", 8, 980_665, 1_000),
            // A 32-bit count and nine decimals need more than 64 bits on the way.
            ("4294967295", "0.123456789", "0.000000596", 0, 1, 2_560), ("-2147483648", "-0.999999999", "62.500000001", 0, 1, -134_217_728_065),
        ] as [(String, String, String, Int, UInt64, Int64)])
    func product(_ raw: String, _ offset: String, _ scale: String, _ shift: Int, _ divisor: UInt64, _ expected: Int64) throws {
        let offset = try #require(number(offset))
        let scale = try #require(number(scale))
        let sum = try #require(number(raw)?.adding(offset))
        #expect(sum.product(scale, shift: shift, divisor: divisor) == expected)
    }

    @Test("beyond 64 bits there is no value, and no trap")
    func overflow() throws {
        let largest = try #require(number("9223372036854775807"))
        let least = try #require(number("-9223372036854775807"))
        let small = try #require(number("0.000000001"))
        #expect(largest.adding(.one) == nil)
        #expect(largest.adding(small) == nil)
        #expect(largest.product(largest, shift: 0, divisor: 1) == nil)
        #expect(largest.product(.one, shift: 3, divisor: 1) == nil)
        #expect(least.product(least, shift: 0, divisor: 1) == nil)
        #expect(least.product(.one, shift: 0, divisor: 1) == -Int64.max)
        #expect(least.adding(least) == nil)
        #expect(small.product(.one, shift: 0, divisor: UInt64.max) == nil)
        #expect(largest.product(.one, shift: 0, divisor: 1) == Int64.max)
        #expect(largest.product(largest, shift: -18, divisor: 1) == nil)
        #expect(small.product(small, shift: 0, divisor: 1) == 0)
    }

    /// Int128 arithmetic of the standard library as the second opinion.
    @Test("a thousand random products agree with 128-bit division")
    func agrees() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<1_000 {
            let left = DriverNumber(Array("\(Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &random))".utf8).span)
            let right = DriverNumber(Array("\(Int64.random(in: -99_999...99_999, using: &random)).\(Int.random(in: 100_000_000...999_999_999, using: &random))".utf8).span)
            guard let left, let right else { Issue.record("not read"); continue }
            var divisor: Int128 = 980_665
            for _ in 0..<right.decimals { divisor *= 10 }
            let exact = Int128(left.units) * Int128(right.units)
            let magnitude = (exact.magnitude * 2 + UInt128(divisor)) / (UInt128(divisor) * 2)
            let expected = Int64(exactly: exact < 0 ? -Int128(magnitude) : Int128(magnitude))
            #expect(left.product(right, shift: 0, divisor: 980_665) == expected)
        }
    }
}

@Suite("Channels of kernel drivers") struct KernelChannelTests {
    private func value(_ bus: KernelChannel.Bus, _ channel: UTF8Text, _ device: UTF8Text, _ text: String, factor: Int? = nil) throws -> Int64? {
        let channel = try #require(KernelChannel(bus, channel, device: device, factorExponent: factor))
        return channel.value(try #require(number(text)))
    }

    @Test("each unit of the kernel's documentation becomes the quantity's own")
    func units() throws {
        #expect(try value(.iio, "temp", "bme280", "22750") == 22_750)
        #expect(try value(.iio, "humidityrelative", "bme280", "45321") == 45_321)
        // kPa to Pa.
        #expect(try value(.iio, "pressure", "bme280", "100.932546875") == 100_933)
        // m/s² to milli-g.
        #expect(try value(.iio, "accel_z", "adxl345", "9.80665") == 1_000)
        #expect(try value(.iio, "illuminance", "bh1750", "12.5") == 12_500)
        #expect(try value(.iio, "voltage3", "ads1115", "1234.5") == 1_235)
        // Percent to ppm.
        #expect(try value(.iio, "concentration_co2", "scd41", "0.0421") == 421)
        #expect(try value(.iio, "distance", "vl53l0x", "1.234") == 1_234)
        #expect(try value(.hwmon, "temp1", "sht4x", "-18500") == -18_500)
        #expect(try value(.hwmon, "humidity1", "sht4x", "45321") == 45_321)
        #expect(try value(.hwmon, "in0", "ina2xx", "3300") == 3_300)
    }

    @Test("a driver with another unit than documented: the table knows it, and a factor says it of any")
    func deviations() throws {
        #expect(try value(.iio, "humidityrelative", "bme680", "45.321") == 45_321)
        #expect(try value(.iio, "humidityrelative", "bme680", "45321", factor: 0) == 45_321)
        #expect(try value(.iio, "temp", "odd", "21.5", factor: 3) == 21_500)
        #expect(try value(.iio, "pressure", "odd", "100932.5", factor: -3) == 100_933)
    }

    @Test("the BME280 of a kernel before 4.19 gives percent: 45 of them pass for too dry to be true")
    func oldDriver() throws {
        let channel = try #require(KernelChannel(.iio, "humidityrelative", device: "bme280"))
        let percent = try #require(number("45.321000000"))
        let value = try #require(channel.value(percent))
        #expect(value == 45 && channel.isFailure(value))
        #expect(!channel.isFailure(45_321))
    }

    @Test(
        "what a device cannot measure is a failure",
        arguments: [
            (.iio, "temp", "bme280", -40_000, 85_000), (.iio, "pressure", "bmp280", 30_000, 110_000), (.iio, "accel_x", "adxl345", -17_600, 17_600),
            (.iio, "humidityrelative", "any", -5_900, 118_900), (.hwmon, "temp1", "w1_slave_temp", -55_000, 125_000),
            (.iio, "temp", "any", -273_150, 1_800_000),
        ] as [(KernelChannel.Bus, UTF8Text, UTF8Text, Int64, Int64)])
    func ranges(_ bus: KernelChannel.Bus, _ name: UTF8Text, _ device: UTF8Text, _ least: Int64, _ most: Int64) throws {
        let channel = try #require(KernelChannel(bus, name, device: device))
        #expect(!channel.isFailure(least) && !channel.isFailure(most))
        #expect(channel.isFailure(least - 1) && channel.isFailure(most + 1))
    }

    @Test("of a DS18B20, 85.000 °C and 127.94 °C are failures, 84.937 and 85.062 are not", arguments: [85_000, 127_937, 127_938, 127_940] as [Int64])
    func thermometer(_ value: Int64) throws {
        let channel = try #require(KernelChannel(.hwmon, "temp1", device: "w1_slave_temp"))
        #expect(channel.isFailure(value))
        #expect(!channel.isFailure(84_937) && !channel.isFailure(85_062))
    }

    @Test(
        "a channel that no event has a quantity for, or whose name is no name, is refused",
        arguments: ["", "anglvel_x", "resistance", "proximity", "../temp", "temp/../x", "Temp", "temp 1", "1temp", "tempx", "temp\u{0}"])
    func refuses(_ name: String) {
        #expect(KernelChannel(.iio, UTF8Text(name), device: "any") == nil)
        #expect(KernelChannel(.hwmon, UTF8Text(name), device: "any") == nil)
    }

    @Test("only ids of thermometers are thermometers")
    func ids() {
        for id in ["28-0316a2795bff", "10-000801234567", "22-000000000000", "3b-0000000abcde", "42-000000000001"] as [UTF8Text] {
            #expect(KernelChannel.isThermometer(id))
        }
        for id in ["", "28-0316a2795bf", "28-0316A2795BFF", "01-0316a2795bff", "28_0316a2795bff", "28-0316a2795bff0", "28-../../../../x"] as [UTF8Text] {
            #expect(!KernelChannel.isThermometer(id))
        }
    }
}
