internal import AttestationFormat
internal import ConfigurationFile
internal import LogisticsEvents

extension AgentSettings {
    static var sources: [Setting] {
        [
            Setting(
                "source.*", "type", .choice(["health", "gpsd", "nmea", "mqtt", "intake", "replay", "iio", "hwmon", "w1", "gpio"]), .refused,
                example: "health", why: "What kind of source this is; the other keys depend on it.")
        ] + health + gpsd + nmea + mqtt + intake + replay + iio + hwmon + w1 + gpio
    }

    private static var health: [Setting] {
        let condition = Setting.Condition("type", is: "health")
        return [
            Setting(
                "source.*", "period", .duration(1_000...day), .defaultText("1 min"), when: condition,
                why: "How often the machine's own health becomes an event: a minute shows a trend and costs 1,440 small events a day."),
            Setting(
                "source.*", "disk", .path, .defaultText("/var/lib/harborseal"), when: condition,
                why: "Any path on the file system whose free space is reported."),
        ]
    }

    private static var gpsd: [Setting] {
        let condition = Setting.Condition("type", is: "gpsd")
        return [
            Setting(
                "source.*", "host", .host, .defaultText("127.0.0.1"), when: condition,
                why: "Where gpsd listens, normally this very machine."),
            Setting(
                "source.*", "port", .integer(1...65_535), .defaultText("2947"), when: condition, why: "gpsd's registered port."),
            Setting(
                "source.*", "period", .duration(100...day), .defaultText("10 s"), when: condition,
                why: "At most one position event in this time: at 90 km/h every 250 m."),
        ]
    }

    private static var intake: [Setting] {
        let condition = Setting.Condition("type", is: "intake")
        return [
            Setting(
                "source.*", "socket", .socketPath, .defaultText("/run/harborseal/intake.sock"), when: condition,
                why: "The UNIX socket where programs hand in events, one JSON object a line."),
            Setting(
                "source.*", "mode", .mode, .defaultText("0660"), when: condition,
                why: "Who may connect at all; the sender's user and group are checked besides."),
            Setting(
                "source.*", "allow-uid", .integers(0...4_294_967_294, maximumCount: 16), .unset, when: condition,
                example: "1000, 1001", why: "Users who may hand in events, beside root and the agent's own user."),
            Setting(
                "source.*", "allow-gid", .integers(0...4_294_967_294, maximumCount: 16), .unset, when: condition, example: "100",
                why: "Groups whose members may hand in events."),
        ]
    }

    private static var replay: [Setting] {
        let condition = Setting.Condition("type", is: "replay")
        return [
            Setting(
                "source.*", "file", .path, .refused, when: condition, example: "/var/lib/harborseal/journey.jsonl",
                why: "A recording: one intake line a line. Every event carries the flag that says so."),
            Setting(
                "source.*", "pace", .choiceOrFactor(["original", "fast"], 1...1_000_000), .defaultText("original"), when: condition,
                why: "original as the lines' own times say, 10x ten times faster, fast as the journal takes them."),
        ]
    }
}
