public import AttestationFormat

/// What a value in another device's message is, and how it becomes a reading or an event.
public enum MappedValue: Equatable, Sendable {
    /// A number times the factor, in the quantity's user unit; a state is true or false, 1 or 0, `ON` or `OFF`.
    case number(Quantity, DecimalFactor)
    /// A door that is closed when true, as Zigbee2MQTT's `contact` says it.
    case contact
    /// A door that is open when true, as most other devices say it.
    case opening
    /// Hex digits of a RuuviTag's measurement or advertisement, and the part of it that is meant.
    case ruuvi(RuuviPart)

    /// The quantity of its readings; nil for doors, which make events.
    public var quantity: Quantity? {
        switch self {
        case .number(let quantity, _): quantity
        case .ruuvi(let part): part.quantity
        case .contact, .opening: nil
        }
    }
}

/// One of the values that a RuuviTag's measurement has.
public enum RuuviPart: UInt8, CaseIterable, Sendable {
    case temperature, humidity, pressure, accelerationX, accelerationY, accelerationZ, battery, movements

    /// The names of configuration, in the order of the cases.
    public static let names: [FixedText] = [
        "ruuvi-temperature", "ruuvi-humidity", "ruuvi-pressure", "ruuvi-acceleration-x", "ruuvi-acceleration-y",
        "ruuvi-acceleration-z", "ruuvi-battery", "ruuvi-movements",
    ]

    /// Nil for a name that is not in the list.
    public init?(name: UTF8Text) {
        guard let index = RuuviPart.names.firstIndex(where: { $0 == name }) else { return nil }
        self.init(rawValue: UInt8(truncatingIfNeeded: index))
    }

    public var quantity: Quantity {
        switch self {
        case .temperature: .temperature
        case .humidity: .relativeHumidity
        case .pressure: .pressure
        case .accelerationX, .accelerationY, .accelerationZ: .acceleration
        case .battery: .voltage
        case .movements: .count
        }
    }
}
