internal import AttestationFormat
internal import ConfigurationFile
internal import LogisticsEvents

/// Sources that hear what other devices send: receivers on a serial line, sensors behind a local broker.
extension AgentSettings {
    static var nmea: [Setting] {
        let condition = Setting.Condition("type", is: "nmea")
        return [
            Setting(
                "source.*", "device", .path, .refused, when: condition, example: "/dev/serial/by-id/usb-u-blox-if00",
                why: "The receiver's serial device. The names under /dev/serial/by-id stay the same when it is plugged in again."),
            Setting(
                "source.*", "baud",
                .choice(["4800", "9600", "19200", "38400", "57600", "115200", "230400", "460800", "921600"]), .defaultText("9600"),
                when: condition,
                why: "Bits a second: 9600 is what most modules leave the factory with, 4800 the standard's own; USB devices take any."),
            Setting(
                "source.*", "period", .duration(0...day), .defaultText("10 s"), when: condition,
                why: "At most one position event in this time: at 90 km/h every 250 m. 0 takes every fix."),
        ]
    }
}

extension AgentSettings {
    static var mqtt: [Setting] {
        let condition = Setting.Condition("type", is: "mqtt")
        return [
            Setting(
                "source.*", "host", .host, .defaultText("127.0.0.1"), when: condition,
                why: "The local broker that sensors publish to, normally on this very machine. It is not the alliance's."),
            Setting("source.*", "port", .integer(1...65_535), .defaultText("1883"), when: condition, why: "MQTT's registered port."),
            Setting(
                "source.*", "user", .text(maximumByteCount: 64), .unset, when: condition, example: "harborseal",
                why: "The user name that the broker asks for. Not set: the gateway's name and the source's."),
            Setting(
                "source.*", "password-file", .path, .unset, when: condition, example: "/etc/harborseal/zigbee.password",
                why: "A file whose first line is the password; only its owner may read it (chmod 600)."),
            Setting(
                "source.*", "ca", .path, .unset, when: condition, example: "/etc/harborseal/local-ca.crt",
                why: "PEM file with the anchor of the broker's certificate. Set: TLS. Needed for a broker on another machine."),
            Setting(
                "source.*", "insecure", .flag, .defaultText("false"), when: condition,
                why: "true takes a broker on another machine without TLS: whoever is on that network can make up readings."),
        ]
    }

    static var mappings: [Setting] {
        let isNumber = Setting.Condition("value", is: "number")
        return [
            Setting(
                "mapping.*", "source", .name, .refused, example: "zigbee", why: "The source.* section of type mqtt whose messages are meant."),
            Setting(
                "mapping.*", "topic", .topicFilter, .refused, example: "zigbee2mqtt/fridge",
                why: "The topic of the sensor's messages. With a wildcard all of its topics count as this one sensor."),
            Setting(
                "mapping.*", "pointer", .jsonPointer, .refused, example: "/temperature",
                why: "Where the value stands in the message. A message without it says nothing of this sensor. Empty: the message is the value."),
            Setting(
                "mapping.*", "sensor", .text(maximumByteCount: 64), .unset, example: "fridge-1",
                why: "The sensor's name in readings and in sensor.* sections. Not set: the mapping's own name."),
            Setting(
                "mapping.*", "value", .choice(["number", "contact", "opening"] + RuuviPart.names), .defaultText("number"),
                why: """
                    number is scaled; contact is a door that is closed when true, as Zigbee2MQTT says it, opening one that is open when \
                    true; ruuvi-... is a part of a RuuviTag's data format 5 in hex digits.
                    """),
            Setting(
                "mapping.*", "quantity", .choice(Quantity.table.map { $0.name }), .refused, when: isNumber, example: "temperature",
                why: "What the number measures. A state may be true or false."),
            Setting(
                "mapping.*", "scale", .decimalFactor, .defaultText("1"), when: isNumber,
                why: "What the number is multiplied by to be in the quantity's user unit: 0.001 for millivolts, 100 for hectopascals."),
        ]
    }
}
