internal import AttestationFormat
internal import ConfigurationFile
internal import LogisticsEvents

extension CrossCheck {
    /// Sources that read one sensor each: the channel exists, the quantities agree, no line or id is asked for twice.
    mutating func checkDevices() {
        var seen: [(what: UTF8Text, section: UTF8Text)] = []
        for name in resolved.members(of: "source.") {
            let section = "source." + name
            guard let type = resolved.text(section, "type") else { continue }
            var quantity: Quantity?
            switch type {
            case "iio", "hwmon": quantity = channelQuantity(section, type == "iio" ? .iio : .hwmon)
            case "w1": quantity = thermometerQuantity(section)
            case "gpio":
                quantity = .state
                checkSeal(section)
            default: continue
            }
            checkSensor(name, section, quantity)
            guard let what = place(section) else { continue }
            if let first = seen.first(where: { $0.what == what }) {
                report(section, type == "gpio" ? "line" : "device", "[" + first.section + "] reads the same one already; remove one of them")
            }
            seen.append((what, section))
        }
    }

    private mutating func channelQuantity(_ section: UTF8Text, _ bus: KernelChannel.Bus) -> Quantity? {
        guard let channel = resolved.text(section, "channel") else { return nil }
        if let known = KernelChannel(bus, channel, device: resolved.text(section, "device") ?? "") { return known.quantity }
        reportBadValue(section, "channel", "must begin with one of " + KernelChannel.typeNames(bus) + "; \"" + channel + "\" does not")
        return nil
    }

    private mutating func thermometerQuantity(_ section: UTF8Text) -> Quantity? {
        guard let device = resolved.text(section, "device") else { return nil }
        if !KernelChannel.isThermometer(device) {
            reportBadValue(
                section, "device", "must be a thermometer's id such as 28-0316a2795bff; \"" + device + "\" is not; see ls /sys/bus/w1/devices")
        }
        return .temperature
    }

    private mutating func checkSeal(_ section: UTF8Text) {
        if resolved.text(section, "event") == "seal" {
            for key in ["seal", "read-point"] as [UTF8Text] where resolved.text(section, key) == nil {
                report(section, "event", "event = seal needs " + key + ", which the event of a broken seal must name; set it")
            }
        }
        guard let place = resolved.text(section, "read-point") else { return }
        guard let identifier = try? Identifier(place), case .gln = identifier.scheme else {
            return reportBadValue(section, "read-point", "must be a GLN such as https://id.gs1.org/414/9521234000013 with the right check digit")
        }
    }

    /// `[sensor.NAME]` of the same name says what becomes of the readings: it has to speak of the same thing.
    private mutating func checkSensor(_ name: UTF8Text, _ section: UTF8Text, _ quantity: Quantity?) {
        let sensor = "sensor." + name
        guard let quantity, let said = resolved.text(sensor, "quantity") else { return }
        let measured = quantity.description.name.text
        if said != measured {
            report(sensor, "quantity", "[" + section + "] gives " + measured + ", not " + said + "; write quantity = " + measured)
        }
        guard let expected = resolved.number(sensor, "period"), let period = resolved.number(section, "period"), expected < period else { return }
        report(
            sensor, "period", "[" + section + "] reads every " + DurationText.text(period) + ", so readings every "
                + DurationText.text(expected) + " cannot come; make this period longer, or that one shorter")
    }

    /// What tells the section's sensor from all others; nil where something of it is missing.
    private func place(_ section: UTF8Text) -> UTF8Text? {
        if let chip = resolved.text(section, "chip") { return resolved.row(section, "line")?.text.map { "line " + chip + " " + $0 } }
        guard let device = resolved.text(section, "device") else { return nil }
        return device + " " + (resolved.text(section, "path") ?? "") + " " + (resolved.text(section, "channel") ?? "")
    }
}
