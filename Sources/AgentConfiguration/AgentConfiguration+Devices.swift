internal import AttestationFormat
internal import ConfigurationFile

extension AgentConfiguration.Device {
    init(_ bus: Bus, _ section: UTF8Text, _ resolved: ResolvedConfiguration) {
        self.bus = bus
        name = resolved.text(section, "device") ?? ""
        path = resolved.text(section, "path")
        channel = resolved.text(section, "channel") ?? ""
        factorExponent = AgentConfiguration.Device.exponent(resolved.text(section, "factor"))
        sysfs = resolved.text(section, "sysfs") ?? ""
    }

    private static func exponent(_ factor: UTF8Text?) -> Int? {
        switch factor {
        case "0.001": -3
        case "0.01": -2
        case "0.1": -1
        case "1": 0
        case "10": 1
        case "100": 2
        case "1000": 3
        default: nil
        }
    }
}

extension AgentConfiguration.Contact {
    init(_ section: UTF8Text, _ resolved: ResolvedConfiguration) {
        chip = resolved.text(section, "chip") ?? ""
        line = UInt32(clamping: resolved.number(section, "line") ?? 0)
        isActiveLow = resolved.flag(section, "active-low") ?? false
        seal = resolved.text(section, "seal")
        readPoint = resolved.text(section, "read-point")
        debounceMilliseconds = UInt32(clamping: resolved.number(section, "debounce") ?? 0)
        switch resolved.text(section, "bias") {
        case "pull-up": bias = .pullUp
        case "pull-down": bias = .pullDown
        case "disabled": bias = .disabled
        default: bias = .asIs
        }
        switch resolved.text(section, "event") {
        case "case": event = .tamperCase
        case "light": event = .tamperLight
        case "seal": event = .seal
        default: event = .door
        }
    }
}
