public import AttestationFormat
public import ConfigurationFile
public import LogisticsEvents

/// What `modbus.conf` says, checked and typed. Times are milliseconds.
public struct ModbusConfiguration: Equatable, Sendable {
    public var socketPath: UTF8Text
    /// This program's name in its lines.
    public var source: UTF8Text
    /// Where the next number is kept.
    public var numbersPath: UTF8Text
    /// In the order of their sections; each has registers.
    public var devices: [Device]

    /// A device with its registers.
    public struct Device: Equatable, Sendable {
        public var name: UTF8Text
        public var address: Address
        public var unit: UInt8
        public var periodMilliseconds: UInt64
        public var timeoutMilliseconds: UInt32
        public var registers: [Register]
    }

    /// How a device is reached.
    public enum Address: Equatable, Sendable {
        case tcp(host: UTF8Text, port: UInt16)
        case rtu(line: UTF8Text, baud: UInt32, parity: UInt8, stopBits: UInt8)
    }

    /// A value of a device.
    public struct Register: Equatable, Sendable {
        /// The sensor's name.
        public var sensor: UTF8Text
        public var table: Table
        /// Counted from 0.
        public var address: UInt16
        public var format: RegisterFormat
        public var quantity: Quantity
        public var scale: DecimalFactor
        /// Numbers that stand for a failed sensor.
        public var failures: [Int64]
    }

    /// Modbus's four tables, by the function that reads them.
    public enum Table: Int32, Equatable, Sendable {
        case coil = 1, discrete = 2, holding = 3, input = 4
    }
}

extension ModbusConfiguration {
    /// Reads `path`, and checks everything.
    ///
    /// - Throws: all problems at once.
    public static func load(_ path: UTF8Text, environment: [UTF8Text] = []) throws(ConfigurationProblems) -> ModbusConfiguration {
        try ModbusConfiguration(ConfigurationLayers(ConfigurationDocument.read(path), environment: environment, flags: []))
    }

    /// Checks layers that were read already.
    public init(_ layers: ConfigurationLayers) throws(ConfigurationProblems) {
        let (resolved, problems) = ModbusSettings.schema.resolve(layers)
        guard problems.isEmpty else { throw ConfigurationProblems(problems) }
        let impossible = ModbusConfiguration.check(resolved)
        guard impossible.isEmpty else { throw ConfigurationProblems(impossible) }
        socketPath = resolved.text("intake", "socket") ?? ""
        source = resolved.text("intake", "source") ?? ""
        numbersPath = resolved.text("intake", "numbers") ?? ""
        let registers = resolved.members(of: "register.")
        devices = resolved.members(of: "device.").map { name in
            Device(name, resolved, registers.filter { resolved.text("register." + $0, "device") == name })
        }
    }

    /// What each key allows, and all of them together do not.
    private static func check(_ resolved: ResolvedConfiguration) -> [ConfigurationProblem] {
        var problems: [ConfigurationProblem] = []
        func report(_ section: UTF8Text, _ key: UTF8Text, _ reason: UTF8Text) {
            let origin = resolved.row(section, key)?.origin ?? .builtIn
            problems.append(ConfigurationProblem(.impossible, at: origin, "[" + section + "]: " + reason))
        }
        let devices = resolved.members(of: "device.")
        let registers = resolved.members(of: "register.")
        for name in registers {
            let section = "register." + name
            let device = resolved.text(section, "device") ?? ""
            if !devices.contains(where: { $0 == device }) {
                report(section, "device", "there is no [device." + device + "]; name one that is")
            }
            let isBit = resolved.text(section, "table") == "coil" || resolved.text(section, "table") == "discrete"
            if isBit, resolved.row(section, "format")?.origin != .builtIn {
                report(section, "format", "a coil or discrete input is one bit and has no format; take it out")
            }
            if !isBit, resolved.text(section, "quantity") == "state", resolved.text(section, "format") == "float32" {
                report(section, "format", "a state is 0 or 1 and no float32; choose another format")
            }
        }
        for name in devices where !registers.contains(where: { resolved.text("register." + $0, "device") == name }) {
            report("device." + name, "type", "no register names this device; add [register.NAME] with device = " + name)
        }
        if devices.isEmpty { report("intake", "socket", "there is no device; add [device.NAME] and [register.NAME]") }
        return problems
    }
}
