public import AttestationFormat
public import ConfigurationFile
internal import LogisticsEvents

/// The table of `agent.conf`: one declaration a key. Firmware-Config/agent.conf and its documentation are made from it.
public enum AgentSettings {
    /// Environment variables are `HARBORSEAL_<SECTION>_<KEY>`.
    public static let environmentPrefix: UTF8Text = "HARBORSEAL"
    /// Where the file is unless a flag says otherwise.
    public static let usualPath: UTF8Text = "/etc/harborseal/agent.conf"

    /// The table as a schema.
    public static var schema: ConfigurationSchema {
        ConfigurationSchema(
            identity + journal + batches + link + registry + evidence + operation + sources + mappings + sensors + rules, notes: notes,
            environmentPrefix: environmentPrefix)
    }

    static let minute: Int64 = 60_000
    static let hour: Int64 = 3_600_000
    static let day: Int64 = 86_400_000

    private static var identity: [Setting] {
        [
            Setting("identity", "alliance", .name, .refused, example: "pearl", why: "The alliance that this gateway's firm belongs to."),
            Setting("identity", "firm", .name, .refused, example: "acme", why: "The firm that owns this gateway, as the trust file names it."),
            Setting(
                "identity", "device", .name, .refused, example: "gw-1",
                why: "This gateway's name within the firm. Both names stand in the seal certificate, which must agree."),
        ]
    }

    private static var journal: [Setting] {
        [
            Setting(
                "journal", "directory", .path, .defaultText("/var/lib/harborseal/journal"),
                why: "Where events are kept until the quorum has them. Put it on flash that survives power cuts; nothing else writes there."),
            Setting(
                "journal", "cap", .byteCount(1 << 20...1 << 40), .defaultText("256 MiB"),
                why: """
                    The most bytes that the segments may take together: about 30 days offline at one event a second. \
                    At 80 % status warns, at 100 % full-policy decides.
                    """),
            Setting(
                "journal", "segment-bytes", .byteCount(64 << 10...64 << 20), .defaultText("4 MiB"),
                why: """
                    A segment is the unit of deletion and of damage. Small enough that freeing one helps, large enough that a sync of \
                    the directory is rare. At most a sixteenth of cap.
                    """),
            Setting(
                "journal", "keep-for", .duration(0...3_650 * day), .defaultText("7 d"),
                why: "How long events stay on the gateway after the quorum has them, for audits on the spot. The cap may cut it short."),
            Setting(
                "journal", "sync-interval", .duration(0...minute), .defaultText("100 ms"),
                why: """
                    Syncs of the medium are grouped over this time, and an event is acknowledged to its source only after its sync: \
                    a source may have to repeat what it sent in this window. 0 syncs every event by itself and wears flash.
                    """),
            Setting(
                "journal", "full-policy", .choice(["newest", "lowest-priority"]), .defaultText("newest"),
                why: """
                    What gives way when the cap is reached and nothing may be deleted. newest keeps the oldest unbroken record; \
                    lowest-priority keeps room for alarms. What is dropped is counted and declared in a signed event.
                    """),
        ]
    }

    private static var batches: [Setting] {
        let kinds = EventCatalogue.kinds.map { $0.name }
        return [
            Setting(
                "batches", "batch-events", .integer(1...1_024), .defaultText("64"),
                why: """
                    Events after which a batch closes. 64 brings signature and header to under 5 bytes an event; batches grow by \
                    themselves up to 1,024 while signing is what holds events back.
                    """),
            Setting(
                "batches", "batch-bytes", .byteCount(4_096...256 << 10), .defaultText("64 KiB"),
                why: "Bytes of its message after which a batch closes: small enough to get through a bad mobile link in one piece."),
            Setting(
                "batches", "batch-interval", .duration(10...hour), .defaultText("1 s"),
                why: "Time after its first event at which a batch closes. 10 s takes a third of the processor and of the traffic."),
            Setting(
                "batches", "share", .choice(["events", "hashes"]), .defaultText("events"),
                why: """
                    events sends events whole. hashes sends leaf hashes only: nodes still prove order and existence, and the owner \
                    keeps the bytes: segments stay until harborseal-agent journal archive FOLDER has copied them, also when the cap is reached.
                    """),
            Setting(
                "batches", "share-exceptions", .choices(kinds, maximumCount: kinds.count), .unset, example: "bag.tracked, flow.count",
                why: "Kinds for which the opposite of share holds. Kinds that leave as hashes keep segments until they are archived."),
            Setting(
                "batches", "catch-up-rate", .integer(1...1_000), .defaultText("50"),
                why: """
                    Batches a second that may go out beside new ones after an outage, so that a fleet that comes back does not \
                    drown its nodes.
                    """),
        ]
    }

    private static var evidence: [Setting] {
        [
            Setting(
                "seal", "key", .keyLocation, .defaultText("/etc/harborseal/seal.key"),
                why: """
                    The private key that signs evidence, P-256: a PEM file, refused unless only its owner may read it (chmod 600), or a key in a token, as in \
                    pkcs11:token=gw-1;object=seal?module-name=tpm2_pkcs11&pin-source=file:/etc/harborseal/seal.pin (RFC 7512; Hardware/key-storage.md).
                    """),
            Setting(
                "seal", "certificate", .path, .defaultText("/etc/harborseal/seal.crt"),
                why: "The firm's certificate over that key, PEM or DER. It is sent with every hello; an expired one stops nothing here."),
            Setting(
                "trust", "file", .path, .defaultText("/etc/harborseal/alliance.hstrust"),
                why: "The alliance's trust file: nodes, keys and quorum. Newer ones that verify under the same root key replace it."),
        ]
    }

    private static var operation: [Setting] {
        [
            Setting(
                "control", "socket", .socketPath, .defaultText("/run/harborseal/control.sock"),
                why: """
                    Where the running agent answers status and doctor. Beside questions it takes replies of nodes that came in files, and verifies them. \
                    That events are archived it takes from root and the agent's user alone.
                    """),
            Setting(
                "control", "mode", .mode, .defaultText("0660"),
                why: "Who may ask: the owner and the group, which a monitoring user can join."),
            Setting(
                "log", "level", .choice(["error", "warning", "info", "debug"]), .defaultText("info"),
                why: "The least important messages that still go to standard error. info says what an operator would want to know once."),
        ]
    }
}
