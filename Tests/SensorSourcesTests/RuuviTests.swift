import AttestationFormat
import LogisticsEvents
@testable import SensorSources
import Testing

private func measurement(_ hex: String) -> RuuviMeasurement? {
    let text = Array(hex.utf8)
    return HexText.bytes(text.span).flatMap { RuuviMeasurement($0) }
}

/// The test vectors of the format's public documentation (docs.ruuvi.com, data format 5).
@Suite("RuuviTag data format 5") struct RuuviTests {
    static let valid = "0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F"
    static let maximum = "057FFFFFFEFFFE7FFF7FFF7FFFFFDEFEFFFECBB8334C884F"
    static let minimum = "058001000000008001800180010000000000CBB8334C884F"
    static let invalid = "058000FFFFFFFF800080008000FFFFFFFFFFFFFFFFFFFFFF"

    @Test(
        "the documentation's vectors give its values",
        arguments: [
            // Temperature, humidity, pressure, acceleration x y z, battery, movements; then the measurement's number.
            (valid, [24_300, 53_490, 100_044, 4, -4, 1036, 2977, 66], 205 as UInt16?),
            (maximum, [163_835, 163_835, 115_534, 32_767, 32_767, 32_767, 3646, 254], 65_534),
            (minimum, [-163_835, 0, 50_000, -32_767, -32_767, -32_767, 1600, 0], 0),
            (invalid, [nil, nil, nil, nil, nil, nil, nil, nil], nil),
        ] as [(String, [Int64?], UInt16?)])
    func vectors(_ hex: String, _ values: [Int64?], _ sequence: UInt16?) throws {
        let found = try #require(measurement(hex))
        #expect(RuuviPart.allCases.map { found.value(of: $0) } == values)
        #expect(found.sequence == sequence)
        #expect(try #require(measurement(hex.lowercased())) == found)
    }

    @Test("the same bytes are found behind the company's number and in a gateway's advertisement")
    func wrapped() throws {
        let plain = try #require(measurement(Self.valid))
        #expect(measurement("9904" + Self.valid) == plain)
        #expect(measurement("0201061BFF9904" + Self.valid) == plain)
        #expect(measurement("0201061BFF9904" + Self.valid + "0303AAFE") == plain)
    }

    @Test(
        "anything else is refused",
        arguments: Self.refusedTexts)
    func refused(_ hex: String) {
        #expect(measurement(hex) == nil)
    }

    private static let refusedTexts: [String] = {
        let tail = String(valid.dropFirst(2)), cut = String(valid.dropLast(2))
        var texts = ["", "05", cut, valid + "00", "03" + tail, "9905" + valid, "0201061BFF9904" + cut, "0201061BFE9904" + valid]
        texts += ["0201061BFF0499" + valid, "00" + valid, "0201061AFF9904" + valid, "FF", "1B", "12F", "zz" + tail]
        return texts + [String(repeating: "00", count: 24), "0201061BFF990406" + tail]
    }()

    @Test("each single bit of the valid vector changes something or nothing, and traps nowhere")
    func bits() {
        let text = Array(Self.valid.utf8)
        let bytes = HexText.bytes(text.span) ?? []
        #expect(bytes.count == 24)
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let found = RuuviMeasurement(changed) else { continue }
            for part in RuuviPart.allCases { _ = found.value(of: part) }
        }
    }

    @Test("an intake line with a tag's bytes has a reading a part, acceleration by axis")
    func intake() throws {
        let view = try event(
            of: #"{"kind":"acme.tag.heard","readings":[{"sensor":"tag-7","ruuvi":"0201061BFF9904\#(Self.valid)"}]}"#)
        let expected = [
            EventReading(sensor: "tag-7", quantity: 1, value: 24_300 as Int64?), EventReading(sensor: "tag-7", quantity: 2, value: 53_490 as Int64?),
            EventReading(sensor: "tag-7", quantity: 3, value: 100_044 as Int64?), EventReading(sensor: "tag-7-x", quantity: 4, value: 4 as Int64?),
            EventReading(sensor: "tag-7-y", quantity: 4, value: -4 as Int64?), EventReading(sensor: "tag-7-z", quantity: 4, value: 1036 as Int64?),
            EventReading(sensor: "tag-7", quantity: 8, value: 2977 as Int64?), EventReading(sensor: "tag-7", quantity: 11, value: 66 as Int64?),
        ]
        #expect(view.readings == expected)
        #expect(!view.flags.contains(.sensorFault))
    }

    @Test("a tag that measured nothing is a sensor's fault")
    func intakeFault() throws {
        let view = try event(of: #"{"kind":"acme.tag.heard","readings":[{"sensor":"tag-7","ruuvi":"\#(Self.invalid)"}]}"#)
        #expect(view.readings == [EventReading(sensor: "tag-7", quantity: 1, value: nil as Int64?)])
        #expect(view.flags.contains(.sensorFault))
    }

    @Test(
        "an intake line with wrong bytes names the key",
        arguments: [
            (#"{"sensor":"t","ruuvi":"05"}"#, "readings[0].ruuvi: data format 5"), (#"{"sensor":"t","ruuvi":7}"#, "readings[0].ruuvi: data format 5"),
            (#"{"ruuvi":"\#(valid)"}"#, "readings[0].sensor: missing"), (#"{"sensor":"t","ruuvi":"\#(valid)","value":1}"#, "readings[0].ruuvi: stands beside sensor alone"),
        ])
    func intakeRefused(_ reading: String, _ message: String) {
        let error = #expect(throws: SourceError.self) { try intakeLine(#"{"kind":"acme.tag.heard","readings":[\#(reading)]}"#) }
        #expect(error?.message.string.hasPrefix(message) == true)
    }
}
