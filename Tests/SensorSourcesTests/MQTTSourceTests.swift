import AttestationFormat
import Foundation
import HarborsealTesting
import LogisticsEvents
import MQTTLink
@testable import SensorSources
import Testing

@Suite("A real local broker", .serialized) struct MQTTSourceTests {
    private static func mapping(_ topic: String, _ pointer: String, _ value: MappedValue, _ sensor: String) -> TopicMapping? {
        TopicMapping(sensor: UTF8Text(sensor), filter: UTF8Text(topic), pointer: UTF8Text(pointer), value: value)
    }

    private static let mappings = [
        mapping("zigbee2mqtt/fridge", "/temperature", .number(.temperature, .one), "fridge"),
        mapping("zigbee2mqtt/door", "/contact", .contact, "door"),
        mapping("application/+/device/+/event/up", "/object/TempC_SHT", .number(.temperature, .one), "freezer"),
        mapping("shellyplusht-08b61fcb7f3c/events/rpc", "/params/temperature:0/tC", .number(.temperature, .one), "hall"),
        mapping("ruuvi/+/CB:B8:33:4C:88:4F", "/data", .ruuvi(.humidity), "tag"),
    ].compactMap { $0 }

    private func source(_ broker: TestBroker, user: String? = nil, password: String? = nil) throws -> SourceDriver {
        var link = LinkConfiguration(
            brokers: [try BrokerAddress(host: "127.0.0.1", port: broker.port)], clientID: "acme.gw-1.zigbee",
            security: try LinkSecurity(authorityFile: nil, certificateFile: nil, keyFile: nil, isInsecure: true))
        link.userName = user
        link.password = password
        link.timing.firstBackoffMilliseconds = 100
        return SourceDriver(.mqtt(try MQTTSource(link, mappings: Self.mappings)))
    }

    private func publish(_ broker: TestBroker, _ topic: String, _ payload: String, _ options: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/mosquitto_pub")
        process.arguments = ["-p", "\(broker.port)", "-q", "1", "-t", topic, "-s"] + options
        let input = Pipe()
        process.standardInput = input
        try process.run()
        input.fileHandleForWriting.write(Data(payload.utf8))
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    private func isConnected(_ driver: SourceDriver) -> Bool { driver.source.state?.isWorking == true }

    /// Whether the broker has confirmed every mapping's topic, in each of so many connections.
    private func isSubscribed(_ broker: TestBroker, round: Int = 1) -> Bool {
        broker.logText.components(separatedBy: "Sending SUBACK to acme.gw-1.zigbee").count > Self.mappings.count * round
    }

    @Test("devices' messages become readings and door events; what the broker kept does not")
    func devices() throws {
        let broker = try TestBroker()
        try broker.start()
        try publish(broker, "zigbee2mqtt/fridge", Payload.zigbeeClimate, "-r")
        try publish(broker, "zigbee2mqtt/door", Payload.zigbeeContact(true), "-r")
        let driver = try source(broker)
        #expect(driver.turn { isSubscribed(broker) && broker.logText.components(separatedBy: "Sending PUBLISH to acme.gw-1.zigbee").count == 3 })
        try publish(broker, "zigbee2mqtt/door", Payload.zigbeeContact(true))
        try publish(broker, "zigbee2mqtt/fridge", Payload.zigbeeClimate)
        try publish(broker, "application/17c82e96/device/0101010101010101/event/up", Payload.chirpStack)
        try publish(broker, "shellyplusht-08b61fcb7f3c/events/rpc", Payload.shellyHumidity)
        try publish(broker, "shellyplusht-08b61fcb7f3c/events/rpc", Payload.shellyTemperature)
        try publish(broker, "ruuvi/C8:25:2D:8E:9C:2C/CB:B8:33:4C:88:4F", Payload.ruuvi())
        try publish(broker, "zigbee2mqtt/door", Payload.zigbeeContact(false))
        #expect(driver.turn { driver.readings.count == 4 && driver.events.count == 1 })
        #expect(driver.readings.map(\.sensor) == ["fridge", "freezer", "hall", "tag"])
        #expect(driver.readings.map(\.value) == [4370, -21_440, 22_100, 53_490])
        let event = try #require(driver.events.first)
        #expect(event.isPriority)
        #expect(try EventView(parsing: event.bytes).kind == .number(43))
    }

    @Test("opened and closed before the loop turns: both are events, in order")
    func both() throws {
        let broker = try TestBroker()
        try broker.start()
        let driver = try source(broker)
        #expect(driver.turn { isConnected(driver) && isSubscribed(broker) })
        for isClosed in [false, true, false] { try publish(broker, "zigbee2mqtt/door", Payload.zigbeeContact(isClosed)) }
        #expect(driver.turn { driver.events.count == 3 })
        #expect(try driver.events.map { try EventView(parsing: $0.bytes).kind } == [.number(43), .number(44), .number(43)])
    }

    @Test("a door waits while the journal has no room, and nothing more is read until it is recorded")
    func heldBack() throws {
        let broker = try TestBroker()
        try broker.start()
        let driver = try source(broker)
        #expect(driver.turn { isConnected(driver) && isSubscribed(broker) })
        driver.eventRoom = 0
        for isClosed in [false, true, false] { try publish(broker, "zigbee2mqtt/door", Payload.zigbeeContact(isClosed)) }
        let turns = driver.turnCount
        for _ in 0..<10 { driver.turn(milliseconds: 50) }
        #expect(driver.events.isEmpty)
        #expect(driver.turnCount - turns == 10)
        driver.eventRoom = 10
        #expect(driver.turn { driver.events.count == 3 })
    }

    @Test("a broker that goes and comes again: told once, connected again, subscribed again")
    func restarted() throws {
        let broker = try TestBroker()
        let driver = try source(broker)
        for _ in 0..<20 { driver.turn(milliseconds: 50) }
        #expect(driver.notices.count == 1 && driver.notices[0].contains("no connection to the local broker 127.0.0.1"))
        #expect(!isConnected(driver))
        for round in 1...2 {
            try broker.start()
            #expect(driver.turn { isConnected(driver) })
            #expect(driver.turn { isSubscribed(broker, round: round) })
            try publish(broker, "zigbee2mqtt/fridge", Payload.zigbeeClimate)
            #expect(driver.turn { driver.readings.count == round })
            broker.kill()
            #expect(driver.turn { !isConnected(driver) })
        }
    }

    @Test("a flood is read whole, and a message that is too large is not read, and counted")
    func flood() throws {
        let broker = try TestBroker()
        try broker.start()
        let driver = try source(broker)
        #expect(driver.turn { isConnected(driver) && isSubscribed(broker) })
        try publish(broker, "zigbee2mqtt/fridge", #"{"temperature":1,"x":""# + String(repeating: "y", count: 20_000) + #""}"#)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/mosquitto_pub")
        process.arguments = ["-p", "\(broker.port)", "-q", "1", "-t", "zigbee2mqtt/fridge", "-m", Payload.zigbeeClimate, "--repeat", "500"]
        try process.run()
        #expect(driver.turn { driver.readings.count == 500 })
        process.waitUntilExit()
        #expect(driver.readings.allSatisfy { $0.value == 4370 })
        #expect(driver.source.state?.text.string.hasSuffix(" 0 messages unreadable, 1 too large") == true)
    }

    @Test("a user without the right password is told so; with it the source works")
    func password() throws {
        let folder = try TemporaryDirectory()
        let file = folder.file("passwords")
        let tool = Process()
        tool.executableURL = URL(fileURLWithPath: "/usr/bin/mosquitto_passwd")
        tool.arguments = ["-c", "-b", file, "gw", "correct horse"]
        tool.standardError = FileHandle.nullDevice
        try tool.run()
        tool.waitUntilExit()
        let broker = try TestBroker(extraLines: ["password_file \(file)", "allow_anonymous false"])
        try broker.start()
        let wrong = try source(broker, user: "gw", password: "wrong")
        #expect(wrong.turn { !wrong.notices.isEmpty })
        #expect(wrong.notices.first?.contains("refused") == true, "\(wrong.notices)")
        let right = try source(broker, user: "gw", password: "correct horse")
        #expect(right.turn { isConnected(right) })
    }
}
