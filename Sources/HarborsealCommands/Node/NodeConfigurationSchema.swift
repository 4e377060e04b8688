internal import AttestationFormat
internal import ConfigurationFile

/// Every key of node.conf: parsing, the example file and the documentation come from here.
enum NodeConfigurationSchema {
    static let schema = ConfigurationSchema(
        node + trust + ledger + limits + link + http + log, notes: notes, environmentPrefix: "HARBORSEAL_NODE_")

    private static let hour: Int64 = 3_600_000

    private static var notes: [SectionNote] {
        [
            SectionNote("node", "Who this node is, and where it keeps what it promised to keep."),
            SectionNote("trust", "What the node fetches for itself. Revocation lists that the trust file names by their URLs need nothing here."),
            SectionNote("ledger", "How entries come under a root."),
            SectionNote("limits", "What one gateway, and one firm, may ask of the node. Beyond it is told refusal 9, or 429, and sends later."),
            SectionNote("link", "The brokers. The node is connected to all of them at once; gateways may use any."),
            SectionNote("http", "Health, metrics, evidence and entries for people, monitors and verifiers."),
            SectionNote("log", "The log goes to standard error."),
        ]
    }

    private static var node: [Setting] {
        [
            Setting(
                "node", "alliance", .name, .refused, example: "gba-demo", why: "The alliance's name, as in its trust file."),
            Setting(
                "node", "name", .name, .refused, example: "hk-1",
                why: "This node's name in the trust file. Ledger, name and key belong together for ever."),
            Setting(
                "node", "key", .path, .refused, example: "/etc/harborseal-node/receipt.key",
                why: "The receipt key, PEM, mode 0600; made by harborseal alliance add-node. It signs receipts and nothing else."),
            Setting(
                "node", "trust", .path, .refused, example: "/etc/harborseal-node/alliance.hstrust",
                why: "The trust file in force. A newer one put here is taken within seconds, into the ledger first."),
            Setting(
                "node", "data", .path, .refused, example: "/var/lib/harborseal-node",
                why: "The folder of the store. It must be on a local disk that keeps what was synced."),
        ]
    }

    private static var trust: [Setting] {
        [
            Setting(
                "trust", "revocation-lists", .path, .unset, example: "/var/lib/harborseal-node/lists",
                why: """
                    A firm's revocation list, PEM or DER, or a folder whose .crl files are looked at: for a node that cannot reach the \
                    registry. Whoever puts them there is not trusted; each is taken by its own signature.
                    """),
            Setting(
                "trust", "fetch-interval", .duration(1_000...60_000), .defaultText("20 s"),
                why: """
                    How often revocation lists, and the other nodes' trust files, are looked at. A revoked key is refused at most this \
                    long after its list is published; the alliance promises its members a minute.
                    """),
        ]
    }

    private static var ledger: [Setting] {
        [
            Setting(
                "ledger", "integrate-interval", .duration(10...60_000), .defaultText("200 ms"),
                why: "Entries are gathered for this long and come under one root. Shorter brings receipts sooner, longer writes less.")
        ]
    }

    private static var limits: [Setting] {
        [
            Setting(
                "limits", "gateway-rate", .integer(0...1_000_000), .defaultText("50"),
                why: """
                    Messages a second of one gateway in the long run; 0 means no limit. A gateway at one batch a second that catches \
                    up after an outage stays below.
                    """),
            Setting(
                "limits", "gateway-burst", .integer(1...1_000_000), .defaultText("2000"),
                why: "Messages that one gateway may send at once after a pause: half an hour's batches."),
            Setting(
                "limits", "firm-rate", .integer(0...1_000_000), .defaultText("60"),
                why: """
                    New registrations a minute that one firm's registry may bring in the long run, and as many revocations; 0 means no \
                    limit. They stay in the ledger for ever.
                    """),
            Setting(
                "limits", "firm-burst", .integer(1...1_000_000), .defaultText("5000"),
                why: "Those of one firm at once after a pause: a fleet's first day."),
        ]
    }

    private static var link: [Setting] {
        [
            Setting(
                "link", "brokers", .addresses(maximumCount: 8), .refused, example: "mqtt-1.example.org:8883",
                why: "Without a port 8883 is taken, or 1883 without TLS."),
            Setting(
                "link", "ca", .path, .unset, example: "/etc/harborseal-node/link-ca.crt",
                why: "The alliance's link CA, PEM: the only anchor for the brokers' certificates. Needed unless insecure = true."),
            Setting(
                "link", "certificate", .path, .unset, example: "/etc/harborseal-node/link.crt",
                why: "This node's link certificate, PEM; the broker takes node.<name> from it. Needed unless insecure = true."),
            Setting(
                "link", "key", .path, .unset, example: "/etc/harborseal-node/link.key",
                why: "The key of that certificate, PEM; never the receipt key. Needed unless insecure = true."),
            Setting(
                "link", "insecure", .flag, .defaultText("false"),
                why: """
                    true connects without TLS or without a client certificate where those are not set. For a bench, never for a \
                    network that others use.
                    """),
            Setting(
                "link", "mqtt-version", .choice(["auto", "3.1.1"]), .defaultText("auto"),
                why: "auto tries MQTT 5, which gives reasons for refusals, and falls back to 3.1.1."),
            Setting(
                "link", "keepalive", .duration(5_000...18 * hour), .defaultText("1 min"),
                why: "The longest silence before a connection is probed."),
        ]
    }

    private static var http: [Setting] {
        [
            Setting(
                "http", "listen", .host, .defaultText("127.0.0.1"),
                why: "The address to listen on. Beyond loopback TLS is needed: the node refuses to start without it."),
            Setting("http", "port", .integer(0...65_535), .defaultText("8480"), why: "0 takes a free port and logs it."),
            Setting(
                "http", "certificate", .path, .unset, example: "/etc/harborseal-node/server.crt",
                why: "The server certificate, PEM; made by harborseal alliance add-server. Not set: plain HTTP, on loopback only."),
            Setting("http", "key", .path, .unset, example: "/etc/harborseal-node/server.key", why: "The key of that certificate, PEM."),
        ]
    }

    private static var log: [Setting] {
        [
            Setting(
                "log", "level", .choice(["debug", "info", "notice", "warning", "error"]), .defaultText("notice"),
                why: "info adds a line for each refused message. Conflicts are always logged.")
        ]
    }
}
