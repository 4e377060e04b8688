internal import AttestationFormat
internal import ConfigurationFile
internal import LogisticsEvents

// Every row exists and fits: the table declares it, and resolution has judged it. What stands behind `??` is never reached.

extension ModbusConfiguration.Device {
    init(_ name: UTF8Text, _ resolved: ResolvedConfiguration, _ registers: [UTF8Text]) {
        let section = "device." + name
        self.name = name
        unit = UInt8(clamping: resolved.number(section, "unit") ?? 1)
        periodMilliseconds = UInt64(clamping: resolved.number(section, "period") ?? 60_000)
        timeoutMilliseconds = UInt32(clamping: resolved.number(section, "timeout") ?? 1000)
        if resolved.text(section, "type") == "rtu" {
            let parity: UInt8 =
                switch resolved.text(section, "parity") {
                case "odd": UInt8(ascii: "O")
                case "none": UInt8(ascii: "N")
                default: UInt8(ascii: "E")
                }
            address = .rtu(
                line: resolved.text(section, "line") ?? "", baud: UInt32(clamping: resolved.number(section, "baud") ?? 19_200),
                parity: parity, stopBits: UInt8(clamping: resolved.number(section, "stop-bits") ?? 1))
        } else {
            address = .tcp(host: resolved.text(section, "host") ?? "", port: UInt16(clamping: resolved.number(section, "port") ?? 502))
        }
        self.registers = registers.map { ModbusConfiguration.Register($0, resolved) }
    }
}

extension ModbusConfiguration.Register {
    init(_ name: UTF8Text, _ resolved: ResolvedConfiguration) {
        let section = "register." + name
        sensor = name
        switch resolved.text(section, "table") {
        case "input": table = .input
        case "coil": table = .coil
        case "discrete": table = .discrete
        default: table = .holding
        }
        address = UInt16(clamping: resolved.number(section, "address") ?? 0)
        let isBit = table == .coil || table == .discrete
        format = isBit ? .bit : RegisterFormat(
            resolved.text(section, "format") ?? "", isLowWordFirst: resolved.text(section, "word-order") == "low-first")
        let quantityName = resolved.text(section, "quantity") ?? ""
        quantity = Quantity(name: quantityName.bytes.span) ?? .count
        scale = DecimalFactor(text: resolved.text(section, "scale") ?? "1") ?? .one
        failures = resolved.numbers(section, "failure")
    }
}
