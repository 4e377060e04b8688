internal import AttestationFormat
internal import ConfigurationFile
internal import LogisticsEvents

extension CrossCheck {
    /// The sensors; a range is judged here, since only the quantity knows its unit's digits.
    mutating func sensors() -> [AgentConfiguration.Sensor] {
        var sensors: [AgentConfiguration.Sensor] = []
        for name in resolved.members(of: "sensor.") {
            let section = "sensor." + name
            guard let quantityName = resolved.text(section, "quantity"), let quantity = Quantity(name: quantityName.bytes.span)
            else { continue }
            sensors.append(AgentConfiguration.Sensor(
                name: name, quantity: quantity, placement: resolved.text(section, "placement"),
                calibration: resolved.text(section, "calibration"),
                calibrationUntilSeconds: resolved.number(section, "calibration-until"),
                periodMilliseconds: resolved.number(section, "period"), expectedRange: expectedRange(section, quantity)))
        }
        return sensors
    }

    private mutating func expectedRange(_ section: UTF8Text, _ quantity: Quantity) -> ClosedRange<Int64>? {
        let bounds = resolved.texts(section, "expected")
        guard bounds.count == 2, let lower = bound(bounds[0], section, quantity), let upper = bound(bounds[1], section, quantity)
        else { return nil }
        guard lower <= upper else {
            reportBadValue(section, "expected", "has its larger number first; write " + bounds[1] + " .. " + bounds[0])
            return nil
        }
        return lower...upper
    }

    private mutating func bound(_ text: UTF8Text, _ section: UTF8Text, _ quantity: Quantity) -> Int64? {
        let description = quantity.description
        do throws(FixedPoint.Failure) {
            return try FixedPoint.parse(text.bytes.span, decimals: description.decimals)
        } catch {
            let reason: UTF8Text =
                switch error {
                case .notANumber: "is not a number"
                case .tooPrecise: UTF8Text("has more than \(description.decimals) decimals")
                case .outOfRange: "is too large"
                }
            reportBadValue(
                section, "expected", "is in " + description.userUnit.text + "; \"" + text + "\" " + reason + "; write it as -30 .. 40")
            return nil
        }
    }
}
