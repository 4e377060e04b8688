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
                periodMilliseconds: resolved.number(section, "period"), expectedRange: expectedRange(section, quantity),
                summaryMilliseconds: resolved.number(section, "summary") ?? SensorSettings.usualSummaryMilliseconds,
                deadband: amount(section, "deadband", quantity)))
        }
        return sensors
    }

    private mutating func expectedRange(_ section: UTF8Text, _ quantity: Quantity) -> ClosedRange<Int64>? {
        let bounds = resolved.texts(section, "expected")
        guard bounds.count == 2,
            let lower = value(bounds[0], section, "expected", quantity, example: "-30 .. 40"),
            let upper = value(bounds[1], section, "expected", quantity, example: "-30 .. 40")
        else { return nil }
        guard lower <= upper else {
            reportBadValue(section, "expected", "has its larger number first; write " + bounds[1] + " .. " + bounds[0])
            return nil
        }
        return lower...upper
    }

    /// A number of a value's text in the quantity's integer unit.
    mutating func value(
        _ text: UTF8Text, _ section: UTF8Text, _ key: UTF8Text, _ quantity: Quantity, example: UTF8Text
    ) -> Int64? {
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
                section, key, "is in " + description.userUnit.text + "; \"" + text + "\" " + reason + "; write it as " + example)
            return nil
        }
    }

    /// A number that is not negative, of a key of its own.
    mutating func amount(_ section: UTF8Text, _ key: UTF8Text, _ quantity: Quantity) -> Int64? {
        resolved.text(section, key).flatMap { value($0, section, key, quantity, example: "0.5") }
    }
}
