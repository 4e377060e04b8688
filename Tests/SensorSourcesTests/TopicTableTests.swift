import AttestationFormat
import LogisticsEvents
@testable import SensorSources
import Testing

/// Messages as real devices send them.
enum Payload {
    /// Zigbee2MQTT, an Aqara temperature sensor and a door contact.
    static let zigbeeClimate = #"{"battery":97,"humidity":61.53,"linkquality":120,"power_outage_count":11,"pressure":1008.7,"temperature":4.37,"voltage":2985}"#
    static func zigbeeContact(_ contact: Bool) -> String {
        #"{"battery":100,"contact":\#(contact),"device_temperature":24,"linkquality":84,"trigger_count":7,"voltage":3055}"#
    }

    /// ChirpStack v4, an uplink event with the codec's object.
    static let chirpStack = """
        {"deduplicationId":"3ac7e3c4-4401-4b8d-9386-a5c902f9202d","time":"2022-07-18T09:34:15.775023242+00:00",\
        "deviceInfo":{"tenantId":"52f14cd4-c6f1-4fbd-8f87-4025e1d49242","tenantName":"ChirpStack","applicationId":"17c82e96-be03-4f38-aef3-f83d48582d97",\
        "applicationName":"Cold store","deviceProfileId":"14855bf7-d10d-4aee-b618-ebfcb64dc7ad","deviceProfileName":"SN50","deviceName":"freezer-3",\
        "devEui":"0101010101010101","tags":{"key":"value"}},"devAddr":"00189440","adr":true,"dr":1,"fCnt":4,"fPort":2,"confirmed":false,"data":"CyQArwH+",\
        "object":{"BatV":2.852,"TempC_SHT":-21.44,"Hum_SHT":51.0},"rxInfo":[{"gatewayId":"0016c001f153a14c","uplinkId":4217106255,"rssi":-36,"snr":10.5,\
        "context":"E3OWOQ==","metadata":{"region_name":"eu868","region_common_name":"EU868"}}],\
        "txInfo":{"frequency":867100000,"modulation":{"lora":{"bandwidth":125000,"spreadingFactor":11,"codeRate":"CR_4_5"}}}}
        """

    /// Shelly, second generation: only what has changed.
    static let shellyTemperature = """
        {"src":"shellyplusht-08b61fcb7f3c","dst":"shellyplusht-08b61fcb7f3c/events","method":"NotifyStatus",\
        "params":{"ts":1631266595.44,"temperature:0":{"id":0,"tC":22.1,"tF":71.8}}}
        """
    static let shellyHumidity = """
        {"src":"shellyplusht-08b61fcb7f3c","dst":"shellyplusht-08b61fcb7f3c/events","method":"NotifyStatus",\
        "params":{"ts":1631266595.54,"humidity:0":{"id":0,"rh":57.4}}}
        """
    static let shellyFault = """
        {"src":"shellyplusht-08b61fcb7f3c","dst":"shellyplusht-08b61fcb7f3c/events","method":"NotifyStatus",\
        "params":{"ts":1631266595.64,"temperature:0":{"id":0,"tC":null,"tF":null,"errors":["read"]}}}
        """

    /// A Ruuvi gateway: the advertisement as it heard it.
    static func ruuvi(_ data: String = RuuviTests.valid) -> String {
        #"{"gw_mac":"C8:25:2D:8E:9C:2C","rssi":-62,"aoa":[],"gwts":"1659365438","ts":"1659365436","data":"0201061BFF9904\#(data)","coords":""}"#
    }
}

private func mapping(_ pointer: String, _ value: MappedValue, topic: String = "t", sensor: String = "s") throws -> TopicMapping {
    try #require(TopicMapping(sensor: UTF8Text(sensor), filter: UTF8Text(topic), pointer: UTF8Text(pointer), value: value))
}

private func factor(_ text: String) throws -> DecimalFactor {
    try #require(DecimalFactor(text: UTF8Text(text)))
}

extension TopicTable {
    /// The readings of one message.
    fileprivate mutating func readings(_ payload: String, topic: String = "t", isRetained: Bool = false) -> [SensorReading] {
        var readings: [SensorReading] = []
        _ = take(topic: Array(topic.utf8), payload: Array(payload.utf8), isRetained: isRetained, at: sampleMoment, into: &readings)
        return readings
    }

    /// The kinds of the events of one message.
    fileprivate mutating func kinds(_ payload: String, isRetained: Bool = false, room: Int = 10) throws -> [KnownKind?] {
        _ = readings(payload, isRetained: isRetained)
        return try takeChanges(room: room).map(\.kind)
    }
}

@Suite("Messages of a local broker") struct TopicTableTests {
    @Test(
        "devices' own messages give their values in the quantity's unit",
        arguments: [
            (Payload.zigbeeClimate, "/temperature", .temperature, "1", 4370), (Payload.zigbeeClimate, "/humidity", .relativeHumidity, "1", 61_530),
            (Payload.zigbeeClimate, "/pressure", .pressure, "100", 100_870), (Payload.zigbeeClimate, "/voltage", .voltage, "0.001", 2985),
            (Payload.zigbeeClimate, "/battery", .percentage, "1", 97_000), (Payload.zigbeeContact(true), "/contact", .state, "1", 1),
            (Payload.chirpStack, "/object/TempC_SHT", .temperature, "1", -21_440), (Payload.chirpStack, "/object/BatV", .voltage, "1", 2852),
            (Payload.chirpStack, "/rxInfo/0/snr", .count, "1", 11), (Payload.shellyTemperature, "/params/temperature:0/tC", .temperature, "1", 22_100),
            (Payload.shellyHumidity, "/params/humidity:0/rh", .relativeHumidity, "1", 57_400), ("22.5", "", .temperature, "1", 22_500), (#""22.5""#, "", .temperature, "1", 22_500),
            (#"{"state":"ON"}"#, "/state", .state, "1", 1), (#"{"state":"OFF"}"#, "/state", .state, "1", 0),
        ] as [(String, String, Quantity, String, Int64)])
    func values(_ payload: String, _ pointer: String, _ quantity: Quantity, _ scale: String, _ value: Int64) throws {
        var table = TopicTable([try mapping(pointer, .number(quantity, try factor(scale)))])
        #expect(table.readings(payload) == [SensorReading(sensor: "s", quantity: quantity, value: value, at: sampleMoment)])
    }

    @Test("a Ruuvi gateway's message gives each part that is mapped, once for each measurement, whoever heard it")
    func ruuvi() throws {
        var table = TopicTable([
            try mapping("/data", .ruuvi(.temperature), topic: "ruuvi/+/CB:B8:33:4C:88:4F"), try mapping("/data", .ruuvi(.battery), topic: "ruuvi/+/CB:B8:33:4C:88:4F"),
        ])
        let first = table.readings(Payload.ruuvi(), topic: "ruuvi/C8:25:2D:8E:9C:2C/CB:B8:33:4C:88:4F")
        #expect(first.map(\.value) == [24_300, 2977])
        #expect(first.map(\.quantity) == [.temperature, .voltage])
        #expect(table.readings(Payload.ruuvi(), topic: "ruuvi/AA:AA:AA:AA:AA:AA/CB:B8:33:4C:88:4F").isEmpty)
        let next = RuuviTests.valid.replacing("4200CD", with: "4200CE")
        #expect(table.readings(Payload.ruuvi(next), topic: "ruuvi/AA:AA:AA:AA:AA:AA/CB:B8:33:4C:88:4F").count == 2)
    }

    @Test(
        "what is no value is a reading with a fault, never a number",
        arguments: [
            (Payload.shellyFault, "/params/temperature:0/tC"), (#"{"t":true}"#, "/t"), (#"{"t":"warm"}"#, "/t"), (#"{"t":{}}"#, "/t"), (#"{"t":[1]}"#, "/t"), (#"{"t":1e300}"#, "/t"),
            (#"{"t":"1e300"}"#, "/t"), ("not JSON", "/t"), (#"{"t":1,"t":2}"#, "/t"), (#"{"t":01}"#, "/t"), ("{", "/t"), (String(repeating: "[", count: 100), "/t"),
            (#"{"t":1,"x":""# + String(repeating: "y", count: 17_000) + #""}"#, "/t"),
        ] as [(String, String)])
    func faults(_ payload: String, _ pointer: String) throws {
        var table = TopicTable([try mapping(pointer, .number(.temperature, .one))])
        #expect(table.readings(payload) == [SensorReading(sensor: "s", quantity: .temperature, fault: .unreadable, at: sampleMoment)])
    }

    @Test("a tag that did not measure the part, or another format, is a fault", arguments: [RuuviTests.invalid, "03" + String(RuuviTests.valid.dropFirst(2))])
    func ruuviFaults(_ data: String) throws {
        var table = TopicTable([try mapping("/data", .ruuvi(.humidity))])
        #expect(table.readings(Payload.ruuvi(data)).map(\.fault) == [.unreadable])
    }

    @Test("a partial message, an empty one and another topic say nothing")
    func silent() throws {
        var table = TopicTable([try mapping("/params/temperature:0/tC", .number(.temperature, .one))])
        #expect(table.readings(Payload.shellyHumidity).isEmpty)
        #expect(table.readings("").isEmpty)
        #expect(table.readings(Payload.shellyTemperature, topic: "other").isEmpty)
        #expect(table.readings("[]").isEmpty)
        #expect(table.unreadableCount == 0)
    }

    @Test("a pointer that never finds anything is told after 20 messages, once")
    func wrongPointer() throws {
        var table = TopicTable([try mapping("/nothing", .number(.temperature, .one))])
        var readings: [SensorReading] = []
        let notices = (0..<100).compactMap { _ in
            table.take(topic: Array("t".utf8), payload: Array(Payload.zigbeeClimate.utf8), isRetained: false, at: sampleMoment, into: &readings)
        }
        #expect(notices.map(\.string) == ["[mapping] of s: 20 messages on t and none has its pointer: check topic and pointer"])
    }

    @Test("a flood of messages that are no JSON is told at powers of two")
    func flood() throws {
        var table = TopicTable([try mapping("/t", .number(.temperature, .one))])
        var readings: [SensorReading] = []
        let notices = (0..<100).compactMap { _ in
            table.take(topic: Array("t".utf8), payload: Array("nonsense".utf8), isRetained: false, at: sampleMoment, into: &readings)
        }
        #expect(notices.count == 7)
        #expect(table.unreadableCount == 100)
    }
}

@Suite("Doors behind a local broker") struct TopicDoorTests {
    private static let open = Payload.zigbeeContact(false)
    private static let closed = Payload.zigbeeContact(true)

    @Test("Zigbee2MQTT's contact true is closed, false is open; the opposite for opening")
    func meaning() throws {
        var contact = TopicTable([try mapping("/contact", .contact)])
        #expect(try contact.kinds(Self.closed) == [.doorClosed])
        #expect(try contact.kinds(Self.open) == [.doorOpened])
        var opening = TopicTable([try mapping("/open", .opening)])
        #expect(try opening.kinds(#"{"open":true}"#) == [.doorOpened])
        #expect(try opening.kinds(#"{"open":0}"#) == [.doorClosed])
    }

    @Test("the event names the contact and closes its batch at once")
    func event() throws {
        var table = TopicTable([try mapping("/contact", .contact, sensor: "rear-door")])
        _ = table.readings(Self.open)
        let draft = try #require(try table.takeChanges(room: 1).first)
        #expect(draft.isPriority)
        let view = try EventView(parsing: try draft.encoded(salt: [1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(view.kind == .number(43))
        #expect(view.extensionValue("contact") == .text("rear-door"))
    }

    @Test("the same state again is no event")
    func repeated() throws {
        var table = TopicTable([try mapping("/contact", .contact)])
        #expect(try [Self.closed, Self.closed, Self.open, Self.open, Self.closed].map { try table.kinds($0) } == [[.doorClosed], [], [.doorOpened], [], [.doorClosed]])
    }

    @Test("a retained message is state, not an event: what comes live is compared with it")
    func retained() throws {
        var table = TopicTable([try mapping("/contact", .contact)])
        #expect(try table.kinds(Self.closed, isRetained: true).isEmpty)
        #expect(try table.kinds(Self.closed).isEmpty)
        #expect(try table.kinds(Self.open) == [.doorOpened])
        // After a reconnect the broker shows what it kept: older than what was heard.
        #expect(try table.kinds(Self.closed, isRetained: true).isEmpty)
        #expect(try table.kinds(Self.open).isEmpty)
        #expect(try table.kinds(Self.closed) == [.doorClosed])
    }

    @Test("a retained reading is none")
    func retainedReading() throws {
        var table = TopicTable([try mapping("/temperature", .number(.temperature, .one)), try mapping("/data", .ruuvi(.battery), topic: "r")])
        #expect(table.readings(Payload.zigbeeClimate, isRetained: true).isEmpty)
        #expect(table.readings("nonsense", isRetained: true).isEmpty)
        #expect(table.readings(Payload.ruuvi(), topic: "r", isRetained: true).isEmpty)
        #expect(table.readings(Payload.ruuvi(), topic: "r").count == 1)
        #expect(table.retainedCount == 3)
    }

    @Test("without room in the journal a change waits, with the time at which it was heard")
    func waits() throws {
        var table = TopicTable([try mapping("/contact", .contact)])
        #expect(try table.kinds(Self.open, room: 0).isEmpty)
        #expect(table.hasChange)
        var later = sampleMoment
        later.monotonicMilliseconds += 5000
        var readings: [SensorReading] = []
        _ = table.take(topic: Array("t".utf8), payload: Array(Self.open.utf8), isRetained: false, at: later, into: &readings)
        _ = try table.takeChanges(room: 0)
        #expect(table.hasChange)
        #expect(try table.takeChanges(room: 1).map(\.event.monotonicMilliseconds) == [60_000])
        #expect(!table.hasChange)
    }

    @Test("what is neither true nor false is no door", arguments: [#"{"contact":null}"#, #"{"contact":"maybe"}"#, #"{"contact":2}"#, "x"])
    func neither(_ payload: String) throws {
        var table = TopicTable([try mapping("/contact", .contact)])
        #expect(try table.kinds(payload).isEmpty)
        #expect(table.unreadableCount == 1)
    }
}
