public import AttestationFormat
public import ConfigurationFile
internal import LogisticsEvents

/// Every key of `modbus.conf`, with default and reason: parsing, the example file and the documentation are made from it.
public enum ModbusSettings {
    /// Where the file is unless a flag says otherwise.
    public static let usualPath: UTF8Text = "/etc/harborseal/modbus.conf"

    /// The table as a schema.
    public static var schema: ConfigurationSchema {
        ConfigurationSchema(intake + devices + registers, notes: notes, environmentPrefix: "HARBORSEAL_MODBUS")
    }

    /// Firmware-Config/modbus.conf.
    public static var exampleFile: UTF8Text {
        schema.exampleFile(
            title: "harborseal-modbus reads Modbus devices and hands their values to the agent's intake socket. "
                + "/etc/harborseal/modbus.conf; harborseal-modbus --check says what is wrong with it. Take away the # in front of a key to set it.")
    }

    private static var notes: [SectionNote] {
        [
            SectionNote("intake", "Where the lines go."),
            SectionNote(
                "device.*", "A Modbus device: one section a device, under any name.",
                examples: [
                    SectionNote.Example("device.reefer", when: Setting.Condition("type", is: "tcp")),
                    SectionNote.Example("device.meter", when: Setting.Condition("type", is: "rtu")),
                ]),
            SectionNote(
                "register.*", "A value of a device: one section a value; the name is the sensor's, which [sensor.NAME] of agent.conf may describe.",
                examples: [SectionNote.Example("register.reefer-air")]),
        ]
    }

    private static var intake: [Setting] {
        [
            Setting(
                "intake", "socket", .socketPath, .defaultText("/run/harborseal/intake.sock"), why: "The socket of the agent's source of type intake."),
            Setting(
                "intake", "source", .name, .defaultText("modbus"),
                why: "This program's name in its lines. With the lines' numbers it makes a repeated line no second event; two programs need two names."),
            Setting(
                "intake", "numbers", .path, .defaultText("/var/lib/harborseal/modbus.numbers"),
                why: "Where the next number is kept: after a restart none is used twice. Written once in a thousand lines."),
        ]
    }

    private static var devices: [Setting] {
        [
            Setting(
                "device.*", "type", .choice(["tcp", "rtu"]), .refused, example: "tcp", why: "tcp behind an address, rtu on a serial line (RS-485 or RS-232)."),
            Setting(
                "device.*", "unit", .integer(0...255), .defaultText("1"), why: "The unit identifier: the device's address on a serial line, 1 to 247."),
            Setting(
                "device.*", "period", .duration(100...86_400_000), .defaultText("1 min"),
                why: "How often its values are read. Each time is one event with all of them."),
            Setting(
                "device.*", "timeout", .duration(50...60_000), .defaultText("1 s"), why: "How long an answer is waited for."),
            Setting(
                "device.*", "host", .host, .refused, when: isTCP, example: "192.168.1.20", why: "The device's host name or address."),
            Setting("device.*", "port", .integer(1...65_535), .defaultText("502"), when: isTCP, why: "Modbus's registered port."),
            Setting(
                "device.*", "line", .path, .refused, when: isRTU, example: "/dev/ttyRS485", why: "The serial device. Devices of one line are read in turn."),
            Setting(
                "device.*", "baud", .integer(1_200...115_200), .defaultText("19200"), when: isRTU, why: "Bits a second: 19200 is the standard's default, 9600 the next."),
            Setting(
                "device.*", "parity", .choice(["even", "odd", "none"]), .defaultText("even"), when: isRTU,
                why: "The standard's default is even; with none it asks for two stop bits, which many devices do not keep to."),
            Setting("device.*", "stop-bits", .integer(1...2), .defaultText("1"), when: isRTU, why: "2 with parity none, where the device follows the standard."),
        ]
    }

    private static let isTCP = Setting.Condition("type", is: "tcp")
    private static let isRTU = Setting.Condition("type", is: "rtu")

    private static var registers: [Setting] {
        [
            Setting("register.*", "device", .name, .refused, example: "reefer", why: "The device.* section that has it."),
            Setting(
                "register.*", "table", .choice(["holding", "input", "coil", "discrete"]), .defaultText("holding"),
                why: "holding and input have 16 bits each, coil and discrete one."),
            Setting(
                "register.*", "address", .integer(0...65_535), .refused, example: "0",
                why: "Counted from 0, as it goes over the wire: what a manual calls 40001 is holding 0, 30001 input 0."),
            Setting(
                "register.*", "format", .choice(["int16", "uint16", "int32", "uint32", "float32"]), .defaultText("int16"),
                why: "How the bits are read; those of 32 bits take two registers."),
            Setting(
                "register.*", "word-order", .choice(["high-first", "low-first"]), .defaultText("high-first"),
                why: "Which of two registers comes first. Devices differ, and a wrong order gives wild values."),
            Setting(
                "register.*", "quantity", .choice(Quantity.table.map { $0.name }), .refused, example: "temperature", why: "What it measures; it fixes the unit."),
            Setting(
                "register.*", "scale", .decimalFactor, .defaultText("1"),
                why: "What the number is multiplied by to be in the quantity's user unit: 0.1 for tenths of a degree."),
            Setting(
                "register.*", "failure", .integers(-2_147_483_648...4_294_967_295, maximumCount: 8), .unset, example: "32767, -32768",
                why: "Numbers by which the device says that the sensor has failed. They become faults, never values."),
        ]
    }
}
