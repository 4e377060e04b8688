internal import AttestationFormat
internal import ConfigurationFile
internal import LogisticsEvents

extension AgentSettings {
    static var sensors: [Setting] {
        sensorFacts + sensorSampling
    }

    private static var sensorFacts: [Setting] {
        [
            Setting(
                "sensor.*", "quantity", .choice(Quantity.table.map { $0.name }), .refused, example: "temperature",
                why: "What the sensor measures; it fixes the unit that travels with no value."),
            Setting(
                "sensor.*", "placement", .text(maximumByteCount: 64), .unset, example: "front wall, 2 m high",
                why: "Where it sits: a temperature at the door and one in the load are different facts."),
            Setting(
                "sensor.*", "calibration", .text(maximumByteCount: 64), .unset, example: "SCS-0123-2026",
                why: """
                    Reference of the calibration certificate. Where placement and calibration-until are set too, device.commissioned \
                    carries all three, once a start and after each change of them.
                    """),
            Setting(
                "sensor.*", "calibration-until", .lastDay, .unset, example: "2027-03-31",
                why: "The calibration's last day. Later readings are flagged, never dropped."),
            Setting(
                "sensor.*", "expected", .decimalRange, .unset, example: "-30 .. 40",
                why: """
                    What is plausible, in the quantity's user unit. The first value outside makes a flagged event at once, those that \
                    follow are summed up under the same flag; none is dropped.
                    """),
        ]
    }

    private static var sensorSampling: [Setting] {
        [
            Setting(
                "sensor.*", "period", .duration(100...day), .unset, example: "1 min",
                why: """
                    How often a reading is expected. Three periods without one make a flagged event, and the time between readings that are \
                    farther apart counts for no rule. Not set: silence means nothing, and no rule can watch the sensor.
                    """),
            Setting(
                "sensor.*", "summary", .duration(0...day), .defaultText("15 min"),
                why: """
                    Readings of so long a time make one event with least, greatest and mean value, and the mean kinetic temperature. \
                    0: every reading is an event of its own.
                    """),
            Setting(
                "sensor.*", "deadband", .amount, .unset, example: "0.5",
                why: """
                    A change by so much since the last event, in the quantity's user unit, makes an event at once. Not set: \
                    changes wait for the summary, unless a rule or flag says otherwise.
                    """),
            Setting(
                "sensor.*", "profile", .choice(ConditionProfile.names), .unset, example: "2-8c",
                why: """
                    A set of rules for temperatures. 2-8c, 15-25c and minus-20c (-25 to -15): outside for 10 min without a break, until half a \
                    degree back inside. who-alarm: 45 or more for 1 h, 30 or more for 10 h in all, -0.5 or less for 1 h.
                    """),
        ]
    }

    static var rules: [Setting] {
        [
            Setting(
                "rule.*", "sensor", .name, .refused, example: "reefer-air",
                why: "Which sensor it watches: the name of a [sensor.NAME] section with a period."),
            Setting(
                "rule.*", "limit", .limit(ConditionProfile.names), .refused, example: "above 8",
                why: """
                    What is a breach, in the quantity's user unit: with above and below the threshold itself is none, with at-least and at-most it \
                    is. Or a profile of [sensor.*], whose rules then carry this rule's name.
                    """),
            Setting(
                "rule.*", "for", .duration(0...365 * day), .unset, example: "10 min",
                why: "Time in breach that makes an excursion. Not set: the first reading does."),
            Setting(
                "rule.*", "counting", .choice(["contiguous", "cumulative"]), .defaultText("contiguous"),
                why: """
                    contiguous: a reading within the limit, or a gap, begins the count anew. cumulative: all time in breach counts since \
                    transport.departed was last recorded.
                    """),
            Setting(
                "rule.*", "hysteresis", .amount, .unset, example: "0.5",
                why: "How far a value must come back behind the threshold to end an excursion, so that one that swings there makes one event, not many."),
            Setting(
                "rule.*", "priority", .choice(["high", "normal"]), .defaultText("high"),
                why: "high closes the batch at once, and is kept longest when the journal is full. normal waits with the others."),
        ]
    }
}
