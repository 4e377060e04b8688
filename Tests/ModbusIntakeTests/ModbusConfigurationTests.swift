import AttestationFormat
import ConfigurationFile
import Foundation
import LogisticsEvents
import ModbusIntake
import Testing

func modbusConfiguration(_ text: String) throws(ConfigurationProblems) -> ModbusConfiguration {
    var document = ConfigurationDocument(path: "modbus.conf")
    document.add(Array(text.utf8), of: "modbus.conf")
    return try ModbusConfiguration(ConfigurationLayers(document))
}

private let device = "[device.reefer]\ntype = tcp\nhost = 127.0.0.1\n"
private let register = "[register.air]\ndevice = reefer\naddress = 0\nquantity = temperature\n"

@Suite("modbus.conf") struct ModbusConfigurationTests {
    @Test("the smallest one has a device and a register, and the standard's defaults")
    func smallest() throws {
        let configuration = try modbusConfiguration(device + register)
        #expect(configuration.devices.count == 1)
        let reefer = configuration.devices[0]
        #expect(reefer.address == .tcp(host: "127.0.0.1", port: 502) && reefer.unit == 1 && reefer.periodMilliseconds == 60_000)
        #expect(reefer.registers.map(\.format) == [.int16] && reefer.registers.map(\.sensor) == ["air"])
    }

    @Test("a serial line, a float with the low word first, failure numbers below zero, a coil")
    func serial() throws {
        let configuration = try modbusConfiguration("""
            [device.meter]
            type = rtu
            line = /dev/ttyRS485
            parity = none
            stop-bits = 2
            unit = 17
            [register.air]
            device = meter
            address = 9
            format = float32
            word-order = low-first
            quantity = temperature
            failure = 32767, -32768
            [register.defrost]
            device = meter
            table = coil
            address = 1
            quantity = state
            """)
        let meter = configuration.devices[0]
        #expect(meter.address == .rtu(line: "/dev/ttyRS485", baud: 19_200, parity: UInt8(ascii: "N"), stopBits: 2) && meter.unit == 17)
        #expect(meter.registers.map(\.format) == [.float32(isLowWordFirst: true), .bit])
        #expect(meter.registers[0].failures == [32_767, -32_768])
    }

    @Test(
        "what cannot work is refused with the line and what to do",
        arguments: Self.wrong)
    func refused(_ text: String, _ message: String) {
        let error = #expect(throws: ConfigurationProblems.self) { try modbusConfiguration(text) }
        #expect(error?.message.string.contains(message) == true, "\(error?.message.string ?? "")")
    }

    private static let wrong: [(String, String)] = [
            (device, "modbus.conf:2: [device.reefer]: no register names this device; add [register.NAME] with device = reefer"),
            ("", "there is no device; add [device.NAME] and [register.NAME]"),
            (device + register.replacing("reefer", with: "other"), "modbus.conf:5: [register.air]: there is no [device.other]; name one that is"),
            (device + register + "table = coil\nformat = int32\n", "modbus.conf:9: [register.air]: a coil or discrete input is one bit and has no format; take it out"),
            (device + register + "scale = 0\n", "modbus.conf:8: \"scale\" of [register.air] must be a number other than 0, as 0.001; \"0\" is not"),
            (device + "line = /dev/ttyS0\n" + register, "\"line\" is for type = rtu, but [device.reefer] has type = tcp"),
            (device + register.replacing("address = 0", with: "address = 40001x"), "\"address\" of [register.air] must be a number from 0 to 65535"),
            (device + register + "failure = x\n", "\"failure\" of [register.air] must be"), (device + "unit = 256\n" + register, "\"unit\" of [device.reefer] must be a number from 0 to 255"),
    ]

    @Test("Firmware-Config/modbus.conf is what the table makes")
    func example() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Firmware-Config/modbus.conf")
        let generated = ModbusSettings.exampleFile.string
        if ProcessInfo.processInfo.environment["HARBORSEAL_WRITE_DOCUMENTS"] == "1" { try Data(generated.utf8).write(to: url) }
        #expect(try String(contentsOf: url, encoding: .utf8) == generated)
    }

    @Test("the example with everything switched on is a valid configuration, but for the second device's registers")
    func switchedOn() throws {
        let text = ModbusSettings.exampleFile.string.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") ? String(line.dropFirst()) : String(line)
        }.joined(separator: "\n") + "\n[register.power]\ndevice = meter\naddress = 1\nquantity = count\n"
        let configuration = try modbusConfiguration(text)
        #expect(configuration.devices.count == 2)
    }
}
