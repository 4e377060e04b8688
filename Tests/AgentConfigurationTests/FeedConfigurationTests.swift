@testable import AgentConfiguration
import AttestationFormat
import ConfigurationFile
import LogisticsEvents
import Testing

private let identity = "[identity]\nalliance = pearl\nfirm = acme\ndevice = gw-1\n"
private let broker = "[source.zigbee]\ntype = mqtt\n"
private let mapping = "[mapping.fridge]\nsource = zigbee\ntopic = zigbee2mqtt/fridge\npointer = /temperature\nquantity = temperature\n"
private let receiver = "[source.gps]\ntype = nmea\ndevice = /dev/ttyS0\n"

private func load(_ text: String) throws(ConfigurationProblems) -> AgentConfiguration {
    var document = ConfigurationDocument(path: "agent.conf")
    document.add(Array((identity + text).utf8), of: "agent.conf")
    return try AgentConfiguration(ConfigurationLayers(document))
}

@Suite("Receivers and local brokers in agent.conf") struct FeedConfigurationTests {
    @Test("a receiver needs its device alone")
    func receiverDefaults() throws {
        #expect(try load(receiver).sources.map(\.kind) == [.nmea(device: "/dev/ttyS0", baud: 9600, periodMilliseconds: 10_000)])
        #expect(try load(receiver + "baud = 115200\nperiod = 0\n").sources.map(\.kind) == [.nmea(device: "/dev/ttyS0", baud: 115_200, periodMilliseconds: 0)])
    }

    @Test("a local broker is on this machine, and its mappings name what they take")
    func brokerDefaults() throws {
        let configuration = try load(broker + mapping)
        #expect(configuration.sources.map(\.kind) == [.mqtt(.init(host: "127.0.0.1", port: 1883, user: nil, passwordFile: nil, authorityFile: nil))])
        #expect(
            configuration.mappings
                == [.init(source: "zigbee", sensor: "fridge", topic: "zigbee2mqtt/fridge", pointer: "/temperature", value: .number(.temperature, .one))])
    }

    @Test(
        "each value of a mapping is understood",
        arguments: [
            ("contact", MappedValue.contact), ("opening", .opening), ("ruuvi-temperature", .ruuvi(.temperature)), ("ruuvi-humidity", .ruuvi(.humidity)),
            ("ruuvi-pressure", .ruuvi(.pressure)), ("ruuvi-acceleration-x", .ruuvi(.accelerationX)), ("ruuvi-acceleration-y", .ruuvi(.accelerationY)),
            ("ruuvi-acceleration-z", .ruuvi(.accelerationZ)), ("ruuvi-battery", .ruuvi(.battery)), ("ruuvi-movements", .ruuvi(.movements)),
        ])
    func values(_ word: String, _ value: MappedValue) throws {
        let text = mapping.replacing("quantity = temperature\n", with: "value = \(word)\n")
        #expect(try load(broker + text).mappings.map(\.value) == [value])
    }

    @Test("an empty pointer means the whole message; a sensor may have another name than its mapping")
    func details() throws {
        let configuration = try load(broker + mapping.replacing("pointer = /temperature", with: "pointer =") + "sensor = Fridge 1\nscale = 0.1\n")
        #expect(configuration.mappings.map(\.pointer) == [""])
        #expect(configuration.mappings.map(\.sensor) == ["Fridge 1"])
    }

    private static let wrong: [(String, String)] = [
        (receiver + receiver.replacing("gps", with: "gps-2"), "agent.conf:10: [source.gps-2]: the device /dev/ttyS0 is read by [source.gps] already; take one of the two out"),
        ("[source.gps]\ntype = nmea\n", "[source.gps] needs \"device\""), (receiver + "baud = 1200\n", "\"baud\" of [source.gps] must be 4800 or 9600"),
        (broker, "agent.conf:6: [source.zigbee]: no mapping names this source, so nothing of it would be recorded; add [mapping.NAME] with source = zigbee"),
        (mapping, "agent.conf:6: [mapping.fridge]: there is no [source.zigbee] with type = mqtt; name one that is"),
        ("[source.zigbee]\ntype = health\n" + mapping, "there is no [source.zigbee] with type = mqtt"),
        (broker + "host = 192.168.1.2\n" + mapping, "[source.zigbee]: 192.168.1.2 is another machine: set ca for TLS, or insecure = true if nobody else is on that network"),
        (broker + "password-file = /etc/p\n" + mapping, "[source.zigbee]: a password needs its user; set user too"),
        (broker + mapping + "[sensor.fridge]\nquantity = pressure\n", "agent.conf:8: [mapping.fridge]: its value is temperature, but [sensor.fridge] measures pressure"),
        (broker + mapping.replacing("/temperature", with: "temperature"), "\"pointer\" of [mapping.fridge] must be a JSON pointer"),
        (broker + mapping.replacing("/temperature", with: "/~2"), "\"pointer\" of [mapping.fridge] must be a JSON pointer"),
        (broker + mapping.replacing("zigbee2mqtt/fridge", with: "a/#/b"), "\"topic\" of [mapping.fridge] must be an MQTT topic"),
        (broker + mapping.replacing("zigbee2mqtt/fridge", with: "a/b+"), "\"topic\" of [mapping.fridge] must be an MQTT topic"),
        (broker + mapping + "scale = 0\n", "\"scale\" of [mapping.fridge] must be a number other than 0"),
        (broker + mapping + "scale = 1e3\n", "\"scale\" of [mapping.fridge] must be a number other than 0"),
        (broker + mapping + "value = contact\n", "\"quantity\" is for value = number, but [mapping.fridge] has value = contact"),
        (broker + mapping.replacing("quantity = temperature\n", with: ""), "[mapping.fridge] needs \"quantity\""),
    ]

    @Test("what cannot work is refused with the line and what to do", arguments: Self.wrong)
    func refused(_ text: String, _ message: String) {
        let error = #expect(throws: ConfigurationProblems.self) { try load(text) }
        #expect(error?.message.string.contains(message) == true, "\(error?.message.string ?? "")")
    }

    @Test("a broker on another machine is taken with TLS, or when that is asked for by name", arguments: ["ca = /etc/ca.crt\n", "insecure = true\n"])
    func remote(_ protection: String) throws {
        _ = try load(broker + "host = 192.168.1.2\n" + protection + mapping)
    }
}
