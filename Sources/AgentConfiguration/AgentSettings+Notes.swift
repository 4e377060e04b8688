internal import AttestationFormat
internal import ConfigurationFile

extension AgentSettings {
    static var notes: [SectionNote] {
        [
            SectionNote("identity", "Who this gateway is. These names stand in every statement and cannot be changed later without a new seal certificate."),
            SectionNote("journal", "The durable record on flash."),
            SectionNote("batches", "When events are put together under one signature, and what nodes get to see."),
            SectionNote("link", "The way to the nodes, through an MQTT broker that is not trusted with anything."),
            SectionNote("registry", "Where certificates come from and are renewed. Events are recorded, signed and kept without it."),
            SectionNote("seal", "The key that signs evidence. It is not the key of the link."),
            SectionNote("trust", "Whom this gateway believes."),
            SectionNote("control", "The socket of harborseal-agent status."),
            SectionNote("log", "What is said on standard error, in journald's priority format."),
            SectionNote(
                "source.*", "Where events come from: one section a source, under any name. Health works on any Linux machine.",
                examples: [
                    SectionNote.Example("source.health", when: Setting.Condition("type", is: "health"), isActive: true),
                    SectionNote.Example("source.intake", when: Setting.Condition("type", is: "intake"), isActive: true),
                    SectionNote.Example("source.gps", when: Setting.Condition("type", is: "gpsd")),
                    SectionNote.Example("source.receiver", when: Setting.Condition("type", is: "nmea")),
                    SectionNote.Example("source.zigbee", when: Setting.Condition("type", is: "mqtt")),
                    SectionNote.Example("source.journey", when: Setting.Condition("type", is: "replay")),
                    SectionNote.Example("source.cabin-air", when: Setting.Condition("type", is: "iio")),
                    SectionNote.Example("source.box-air", when: Setting.Condition("type", is: "hwmon")),
                    SectionNote.Example("source.reefer-probe", when: Setting.Condition("type", is: "w1")),
                    SectionNote.Example("source.rear-door", when: Setting.Condition("type", is: "gpio")),
                ]),
            SectionNote(
                "mapping.*", "Which value of which messages of a local broker is which sensor's: one section a value, under any name.",
                examples: [
                    SectionNote.Example("mapping.fridge-1", when: Setting.Condition("value", is: "number")),
                    SectionNote.Example("mapping.fridge-door", when: Setting.Condition("value", is: "contact")),
                ]),
            SectionNote(
                "sensor.*", "What is known of a sensor: one section a sensor, under the name that its readings carry.",
                examples: [SectionNote.Example("sensor.reefer-air")]),
            SectionNote(
                "rule.*",
                """
                What a sensor's values must not do, and for how long: one section a rule, under any name, which its events carry. Only time \
                between readings that are both in breach, and no farther apart than three periods, counts.
                """,
                examples: [SectionNote.Example("rule.reefer-warm")]),
        ]
    }
}
