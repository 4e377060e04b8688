public import AttestationFormat

/// Sets of rules that many need, selected with one key on a sensor or rule.
public enum ConditionProfile: UInt8, CaseIterable, Sendable {
    /// Refrigerated medicines: above 8 °C or below 2 °C for 10 min.
    case refrigerated
    /// Controlled room temperature: above 25 °C or below 15 °C for 10 min.
    case roomTemperature
    /// Frozen medicines and vaccines: above -15 °C or below -25 °C for 10 min.
    case frozen
    /// The alarms of the World Health Organization's devices for vaccines in transport: 45 °C or more for 1 h, 30 °C or more
    /// for 10 h in all, -0.5 °C or less for 1 h.
    case whoAlarm

    /// The name in the configuration.
    public var name: FixedText { ConfigurationNames.all[Int(rawValue)] }

    /// All names, in the order of the cases.
    public static var names: [FixedText] { ConfigurationNames.all }

    private enum ConfigurationNames {
        static let all: [FixedText] = ["2-8c", "15-25c", "minus-20c", "who-alarm"]
    }

    /// Finds a profile by its name.
    public init?(name: UTF8Text) {
        guard let index = ConditionProfile.names.firstIndex(where: { $0 == name }) else { return nil }
        self.init(rawValue: UInt8(index))
    }

    /// The profile's rules for a sensor; each id begins with `prefix`, by default the profile's name: `2-8c.above`.
    public func rules(sensor: UTF8Text, idPrefix prefix: UTF8Text? = nil, isPriority: Bool = true) -> [ConditionRule] {
        let prefix = prefix ?? name.text
        return parts.map { part in
            ConditionRule(
                id: prefix + "." + part.name.text, sensor: sensor, part.side, part.threshold, isInclusive: part.isInclusive,
                forMilliseconds: part.forMilliseconds, counting: part.isInAll ? .cumulative : .contiguous,
                hysteresis: part.hysteresis, isPriority: isPriority)
        }
    }

    private struct Part {
        let name: FixedText
        let side: ConditionRule.Side
        /// In m°C, like the hysteresis.
        let threshold: Int64
        let isInclusive: Bool
        let forMilliseconds: UInt64
        let isInAll: Bool
        let hysteresis: Int64

        /// One side of a band: a door that stands open for a while is none, and half a degree back ends it.
        init(_ name: FixedText, _ side: ConditionRule.Side, _ threshold: Int64) {
            self.name = name
            self.side = side
            self.threshold = threshold
            isInclusive = false
            forMilliseconds = 600_000
            isInAll = false
            hysteresis = 500
        }

        /// An alarm of the WHO: the threshold itself is a breach, and there is no hysteresis.
        init(alarm name: FixedText, _ side: ConditionRule.Side, _ threshold: Int64, hours: UInt64, isInAll: Bool = false) {
            self.name = name
            self.side = side
            self.threshold = threshold
            isInclusive = true
            forMilliseconds = hours * 3_600_000
            self.isInAll = isInAll
            hysteresis = 0
        }
    }

    private var parts: [Part] {
        switch self {
        case .refrigerated: [Part("above", .above, 8_000), Part("below", .below, 2_000)]
        case .roomTemperature: [Part("above", .above, 25_000), Part("below", .below, 15_000)]
        case .frozen: [Part("above", .above, -15_000), Part("below", .below, -25_000)]
        case .whoAlarm:
            [
                Part(alarm: "45c", .above, 45_000, hours: 1), Part(alarm: "30c", .above, 30_000, hours: 10, isInAll: true),
                Part(alarm: "freeze", .below, -500, hours: 1),
            ]
        }
    }
}
