@testable import AgentConfiguration
import AttestationFormat
import ConfigurationFile
import LogisticsEvents
import Testing

private func load(_ text: String) throws(ConfigurationProblems) -> AgentConfiguration {
    var document = ConfigurationDocument(path: "agent.conf")
    document.add(Array(("[identity]\nalliance = pearl\nfirm = acme\ndevice = gw-1\n" + text).utf8), of: "agent.conf")
    return try AgentConfiguration(ConfigurationLayers(document, environment: []))
}

@Suite("Sources that read the kernel's sensors")
struct DeviceSettingsTests {
    @Test("a sensor that nothing feeds is a warning that names the source that was most likely meant", arguments: [
        ("", "bxo", "agent.conf:9: [sensor.bxo]: no source or mapping is named bxo, and box has no [sensor.box]; rename one of them"),
        ("", "freezer", "agent.conf:9: [sensor.freezer]: no source or mapping is named freezer; name one that gives its readings"),
        ("[source.in]\ntype = intake\n", "bxo", "agent.conf:9: [sensor.bxo]: no source or mapping is named bxo, and box has no [sensor.box]; rename one of them"),
        // A program's lines may name it.
        ("[source.in]\ntype = intake\n", "freezer", nil), ("[source.trip]\ntype = replay\nfile = /a\n", "freezer", nil), ("", "box", nil),
    ] as [(String, String, String?)])
    func unfed(more: String, sensor: String, warning: String?) throws {
        let box = "[source.box]\ntype = hwmon\ndevice = sht4x\n"
        let configuration = try load(box + "[sensor.\(sensor)]\nquantity = temperature\n" + more)
        #expect(configuration.warnings.map(\.string) == (warning.map { [$0] } ?? []))
    }

    @Test("a sensor that a mapping feeds is no slip, whether the mapping names it or bears its name")
    func mapped() throws {
        let broker = "[source.z]\ntype = mqtt\nhost = localhost\n"
        let mapping = "source = z\ntopic = a/b\npointer = /t\nquantity = temperature\n"
        let sensors = "[sensor.one]\nquantity = temperature\n[sensor.two]\nquantity = temperature\n"
        let configuration = try load(broker + "[mapping.one]\n" + mapping + "[mapping.m]\nsensor = two\n" + mapping + sensors)
        #expect(configuration.warnings.isEmpty)
    }

    @Test("every key arrives, and what is not written has its default")
    func everything() throws {
        let configuration = try load(
            """
            [source.cabin-air]
            type = iio
            device = bme680
            path = i2c-1/1-0076
            channel = humidityrelative
            factor = 0.01
            period = 5 s
            sysfs = /host/sys
            [source.box]
            type = hwmon
            device = sht4x
            [source.probe]
            type = w1
            device = 28-0316a2795bff
            [source.rear-door]
            type = gpio
            chip = pinctrl-bcm2711
            line = 17
            [source.bolt]
            type = gpio
            chip = /dev/gpiochip0
            line = 18
            event = seal
            active-low = true
            bias = pull-up
            debounce = 50 ms
            seal = SN-1
            read-point = https://id.gs1.org/414/9521234000013
            """)
        #expect(configuration.sources == [
            .init(name: "cabin-air", kind: .device(
                .init(bus: .iio, name: "bme680", path: "i2c-1/1-0076", channel: "humidityrelative", factorExponent: -2, sysfs: "/host/sys"),
                periodMilliseconds: 5_000)),
            .init(name: "box", kind: .device(
                .init(bus: .hwmon, name: "sht4x", path: nil, channel: "temp1", factorExponent: nil, sysfs: "/sys"), periodMilliseconds: 60_000)),
            .init(name: "probe", kind: .device(
                .init(bus: .w1, name: "28-0316a2795bff", path: nil, channel: "", factorExponent: nil, sysfs: "/sys"), periodMilliseconds: 60_000)),
            .init(name: "rear-door", kind: .gpio(.init(
                chip: "pinctrl-bcm2711", line: 17, event: .door, isActiveLow: false, bias: .asIs, debounceMilliseconds: 20))),
            .init(name: "bolt", kind: .gpio(.init(
                chip: "/dev/gpiochip0", line: 18, event: .seal, isActiveLow: true, bias: .pullUp, debounceMilliseconds: 50, seal: "SN-1",
                readPoint: "https://id.gs1.org/414/9521234000013"))),
        ])
    }

    @Test(
        "what cannot work is refused with its line, the reason and what to do",
        arguments: [
            (
                "[source.a]\ntype = iio\ndevice = x\nchannel = resistance\n",
                "agent.conf:8: \"channel\" of [source.a] must begin with one of temp, humidityrelative, pressure, accel, illuminance, voltage, "
                    + "concentration, distance; \"resistance\" does not"
            ),
            (
                "[source.a]\ntype = hwmon\ndevice = x\nchannel = fan1\n",
                "agent.conf:8: \"channel\" of [source.a] must begin with one of temp, humidity, in; \"fan1\" does not"
            ),
            (
                "[source.a]\ntype = w1\ndevice = 01-00000034ab12\n",
                "agent.conf:7: \"device\" of [source.a] must be a thermometer's id such as 28-0316a2795bff; \"01-00000034ab12\" is not; see ls "
                    + "/sys/bus/w1/devices"
            ),
            (
                "[source.a]\ntype = w1\ndevice = 28-0316a2795bff\n[sensor.a]\nquantity = pressure\n",
                "agent.conf:9: [sensor.a]: [source.a] gives temperature, not pressure; write quantity = temperature"
            ),
            (
                "[source.a]\ntype = gpio\nchip = c\nline = 1\n[sensor.a]\nquantity = count\n",
                "agent.conf:10: [sensor.a]: [source.a] gives state, not count; write quantity = state"
            ),
            (
                "[source.a]\ntype = hwmon\ndevice = x\n[sensor.a]\nquantity = temperature\nperiod = 10 s\n",
                "agent.conf:10: [sensor.a]: [source.a] reads every 1 min, so readings every 10 s cannot come; make this period longer, or that "
                    + "one shorter"
            ),
            (
                "[source.a]\ntype = gpio\nchip = c\nline = 1\n[source.b]\ntype = gpio\nchip = c\nline = 1\n",
                "agent.conf:12: [source.b]: [source.a] reads the same one already; remove one of them"
            ),
            (
                "[source.a]\ntype = w1\ndevice = 28-0316a2795bff\n[source.b]\ntype = w1\ndevice = 28-0316a2795bff\n",
                "agent.conf:10: [source.b]: [source.a] reads the same one already; remove one of them"
            ),
            (
                "[source.a]\ntype = gpio\nchip = c\nline = 1\nevent = seal\nseal = 1\n",
                "agent.conf:9: [source.a]: event = seal needs read-point, which the event of a broken seal must name; set it"
            ),
            (
                "[source.a]\ntype = gpio\nchip = c\nline = 1\nread-point = https://id.gs1.org/414/9521234000014\n",
                "agent.conf:9: \"read-point\" of [source.a] must be a GLN such as https://id.gs1.org/414/9521234000013 with the right check digit"
            ),
            (
                "[source.a]\ntype = hwmon\ndevice = x\nfactor = 10\n",
                "agent.conf:8: \"factor\" is for type = iio, but [source.a] has type = hwmon; remove it, or change type"
            ),
            ("[source.a]\ntype = iio\ndevice = x\n", "agent.conf:5: [source.a] needs \"channel\"; add for example: channel = temp"),
        ])
    func refused(text: String, message: String) {
        do throws(ConfigurationProblems) {
            _ = try load(text)
            Issue.record("taken: \(text)")
        } catch {
            #expect(error.problems.map { $0.message.string }.first == message)
        }
    }

    @Test("two channels of one device, and two devices of one driver at two places, are different sensors")
    func different() throws {
        let configuration = try load(
            """
            [source.a]
            type = iio
            device = bme280
            channel = temp
            [source.b]
            type = iio
            device = bme280
            channel = pressure
            [source.c]
            type = iio
            device = bme280
            channel = temp
            path = 1-0077
            [sensor.a]
            quantity = temperature
            period = 1 min
            """)
        #expect(configuration.sources.count == 3)
    }
}
