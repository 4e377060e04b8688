import LogisticsEvents

/// What a RuuviTag says in its data format 5, "RAWv2": one measurement, whose parts may each be missing.
///
/// Layout (docs.ruuvi.com, data format 5; big-endian): format 5, temperature (0.005 °C), humidity (0.0025 %), pressure (1 Pa,
/// offset 50,000), acceleration x, y, z (1 mg), power (11 bits of mV above 1,600, 5 bits of 2 dBm above -40), movement counter,
/// measurement sequence number, address. A part that the tag could not measure has all bits set, or of a signed one the sign alone.
struct RuuviMeasurement: Equatable {
    static let byteCount = 24
    private static let format: UInt8 = 5
    /// Ruuvi Innovations in the Bluetooth SIG's list of companies, as it stands in an advertisement.
    private static let company: [UInt8] = [0x99, 0x04]
    /// The type of manufacturer-specific data (Bluetooth Core Supplement, part A, 1.4).
    private static let manufacturerData: UInt8 = 0xFF

    private let bytes: [UInt8]

    /// Takes the 24 bytes of the format, the same behind the company's number, or a whole Bluetooth advertisement that holds them.
    ///
    /// Nil for anything else, also for Ruuvi's other formats.
    init?(_ data: [UInt8]) {
        if let payload = RuuviMeasurement.payload(data[...]) ?? RuuviMeasurement.advertised(data) {
            bytes = Array(payload)
        } else {
            return nil
        }
    }

    private static func payload(_ data: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let rest = data.starts(with: company) ? data.dropFirst(company.count) : data
        return rest.count == byteCount && rest.first == format ? rest : nil
    }

    /// Looks through the structures of an advertisement: length, type, data.
    private static func advertised(_ data: [UInt8]) -> ArraySlice<UInt8>? {
        var rest = data[...]
        while let length = rest.first, length > 0, rest.count > Int(length) {
            let structure = rest.dropFirst().prefix(Int(length))
            if structure.first == manufacturerData, structure.dropFirst().starts(with: company),
                let found = payload(structure.dropFirst())
            {
                return found
            }
            rest = rest.dropFirst(Int(length) + 1)
        }
        return nil
    }

    /// A part in its quantity's integer unit; nil when the tag could not measure it.
    func value(of part: RuuviPart) -> Int64? {
        switch part {
        case .temperature: signed(1).map { $0 * 5 }
        // 2.5 milli-percent each: halves go up.
        case .humidity: unsigned(3).map { ($0 * 5 + 1) / 2 }
        case .pressure: unsigned(5).map { $0 + 50_000 }
        case .accelerationX: signed(7)
        case .accelerationY: signed(9)
        case .accelerationZ: signed(11)
        case .battery:
            // All eleven bits set: not measured; what the other five say is another matter.
            word(13) >> 5 == 0x7FF ? nil : Int64(word(13) >> 5) + 1600
        case .movements: bytes[15] == 0xFF ? nil : Int64(bytes[15])
        }
    }

    /// Counts measurements, 0 to 65,534; the same number is the same measurement sent again. Nil: not known.
    var sequence: UInt16? { word(16) == 0xFFFF ? nil : word(16) }

    private func word(_ offset: Int) -> UInt16 { UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) }

    private func unsigned(_ offset: Int) -> Int64? {
        word(offset) == 0xFFFF ? nil : Int64(word(offset))
    }

    private func signed(_ offset: Int) -> Int64? {
        let value = Int16(bitPattern: word(offset))
        return value == Int16.min ? nil : Int64(value)
    }
}
