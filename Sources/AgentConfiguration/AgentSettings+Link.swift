internal import AttestationFormat
internal import ConfigurationFile

extension AgentSettings {
    static var link: [Setting] {
        connection + protection + delivery
    }

    static var registry: [Setting] {
        [
            Setting(
                "registry", "address", .address, .unset, example: "registry.example.org:8443",
                why: """
                    The alliance's device registry, HOST or HOST:PORT; without a port 443. harborseal-agent enroll writes it. It must have a \
                    certificate of the link CA that [link] ca names. Not set: no certificate is renewed.
                    """),
            Setting(
                "registry", "renew", .flag, .defaultText("true"),
                why: """
                    The running agent renews the link certificate when two thirds of its life are over, and tries again until 30 days \
                    after its end. false leaves it to harborseal-agent renew.
                    """),
        ]
    }

    private static var connection: [Setting] {
        [
            Setting(
                "link", "brokers", .addresses(maximumCount: 8), .unset, example: "mqtt-1.example.org:8883, mqtt-2.example.org",
                why: """
                    Tried in turn. Without a port 8883 is taken, or 1883 without TLS. Not set: events are recorded and signed, and \
                    nothing is published.
                    """),
            Setting(
                "link", "mqtt-version", .choice(["auto", "5", "3.1.1"]), .defaultText("auto"),
                why: "auto tries MQTT 5, which gives reasons for refusals, and falls back to 3.1.1."),
            Setting(
                "link", "keepalive", .duration(5_000...18 * hour), .defaultText("1 min"),
                why: "The longest silence before the connection is probed. Shorter finds dead links sooner and costs mobile data."),
        ]
    }

    private static var protection: [Setting] {
        [
            Setting(
                "link", "ca", .path, .unset, example: "/etc/harborseal/link-ca.crt",
                why: "The alliance's link CA, PEM: the only anchor for the broker's certificate. Needed unless insecure = true."),
            Setting(
                "link", "certificate", .path, .unset, example: "/etc/harborseal/link.crt",
                why: "This gateway's link certificate, PEM. The broker takes the gateway's name from it. Needed unless insecure = true."),
            Setting(
                "link", "key", .path, .unset, example: "/etc/harborseal/link.key",
                why: "The key of that certificate, PEM; never the seal key. Needed unless insecure = true."),
            Setting(
                "link", "insecure", .flag, .defaultText("false"),
                why: """
                    true connects without TLS or without a client certificate where those are not set. For a bench, never for a \
                    network that others use.
                    """),
        ]
    }

    private static var delivery: [Setting] {
        [
            Setting(
                "link", "receipt-timeout", .duration(1_000...hour), .defaultText("30 s"),
                why: """
                    Without a receipt for this long the oldest batch is published again, the same bytes, then at doubling intervals up \
                    to an hour.
                    """),
            Setting(
                "link", "unreceipted-batches", .integer(1...4_096), .defaultText("64"),
                why: "Batches published without a quorum. Beyond, new ones wait in the journal: a broker's queue frees nothing."),
            Setting(
                "link", "unreceipted-bytes", .byteCount(256 << 10...64 << 20), .defaultText("2 MiB"),
                why: "The same limit in bytes, whichever is reached first; it bounds memory and what a reconnect repeats."),
        ]
    }
}
