internal import AgentConfiguration
internal import AttestationFormat
internal import SensorSources

extension AgentConfiguration.Device {
    var place: DevicePlace {
        let bus: DevicePlace.Bus =
            switch bus {
            case .iio: .iio
            case .hwmon: .hwmon
            case .w1: .w1
            }
        return DevicePlace(bus, device: name, path: path, channel: channel, factorExponent: factorExponent, sysfs: sysfs)
    }
}

extension AgentConfiguration.Contact {
    func named(_ name: UTF8Text) -> GPIOContact {
        let meaning: GPIOContact.Meaning =
            switch event {
            case .door: .door
            case .tamperCase: .tamperCase
            case .tamperLight: .tamperLight
            case .seal: .seal
            }
        return GPIOContact(
            name: name, chip: chip, line: line, isActiveLow: isActiveLow, bias: GPIOContact.Bias(rawValue: Int32(bias.rawValue)) ?? .asIs,
            debounceMilliseconds: debounceMilliseconds, meaning: meaning, seal: seal, readPoint: readPoint)
    }
}
