internal import AttestationFormat
internal import ConfigurationFile

/// Every key of registry.conf: parsing, the example file and the documentation come from here.
enum RegistryConfigurationSchema {
    static let schema = ConfigurationSchema(
        registry + firm + seal + link + https + limits + lists + ledger + log, notes: notes, environmentPrefix: "HARBORSEAL_REGISTRY_")

    private static let minute: Int64 = 60_000
    private static let hour = 60 * minute
    private static let day = 24 * hour

    private static var notes: [SectionNote] {
        [
            SectionNote("registry", "Whose devices are registered, and where that is kept."),
            SectionNote(
                "firm.*", "One section a firm, named as in the trust file: what issues its seal certificates, and what it asks of enrolments.",
                examples: [.init("firm.acme")]),
            SectionNote("seal", "The certificates that evidence is verified under."),
            SectionNote("link", "The certificates for TLS to the broker and to this registry."),
            SectionNote("https", "Where gateways enrol: EST (RFC 7030), the trust file, revocation lists, health and metrics. TLS always."),
            SectionNote("limits", "What one address may do. Codes have 128 bits and their own limit of tries: this spares the log."),
            SectionNote("lists", "Revocation lists, for the broker on this machine; others fetch them from /crl/link.crl and /crl/FIRM.crl."),
            SectionNote("ledger", "Registrations and revocations are statements in the ledgers of all nodes that the trust file gives a URL."),
            SectionNote("log", "The log goes to standard error. Who did what is in the registry's audit table, not here."),
        ]
    }

    private static var registry: [Setting] {
        [
            Setting("registry", "alliance", .name, .refused, example: "gba-demo", why: "The alliance's name, as in its trust file."),
            Setting(
                "registry", "trust", .path, .refused, example: "/etc/harborseal-registry/alliance.hstrust",
                why: "The trust file in force. A newer one put here is taken within seconds, and gateways get it."),
            Setting(
                "registry", "data", .path, .refused, example: "/var/lib/harborseal-registry",
                why: "The folder of the store, on a local disk that keeps what was synced: devices, codes as hashes, certificates, audit table."),
            Setting(
                "registry", "url", .text(maximumByteCount: 255), .refused, example: "https://registry.example.org:8443",
                why: "How gateways reach this registry. It stands in every enrolment text, and its host in the server certificate."),
            Setting(
                "registry", "brokers", .addresses(maximumCount: 8), .unset, example: "mqtt.example.org:8883",
                why: "The brokers that enrolling gateways shall use. They stand in every enrolment text, so that a gateway needs no other configuration."),
        ]
    }

    private static var firm: [Setting] {
        [
            Setting(
                "firm.*", "certificate", .path, .refused, example: "/etc/harborseal-registry/firms/acme/issuing.crt",
                why: "The firm's issuing certificate, PEM; made by harborseal alliance add-firm."),
            Setting(
                "firm.*", "key", .keyLocation, .refused, example: "/etc/harborseal-registry/firms/acme/issuing.key",
                why: """
                    The key of that certificate: a PEM file, mode 0600, or a key in a token of the firm's, such as \
                    pkcs11:token=acme;object=issuing?module-name=softhsm2&pin-source=file:/etc/harborseal-registry/firms/acme/pin (RFC 7512). While \
                    the token is away this firm's seal certificates and lists wait, and other firms' do not.
                    """),
            Setting(
                "firm.*", "former-certificate", .path, .unset, example: "/etc/harborseal-registry/firms/acme/former.crt",
                why: "The issuing certificate before a change of its key: it signs the revocation list of what it issued, and nothing new."),
            Setting("firm.*", "former-key", .keyLocation, .unset, example: "/etc/harborseal-registry/firms/acme/former.key", why: "The key of that certificate, as above."),
            Setting(
                "firm.*", "code-lifetime", .duration(hour...90 * day), .defaultText("7 d"),
                why: "How long an enrolment code holds. A gateway is unpacked and mounted within a week; a lost code gets a new one."),
            Setting(
                "firm.*", "code-tries", .integer(1...50), .defaultText("5"),
                why: """
                    Wrong codes after which a device's code is locked until somebody gives it a new one. Of one address two count: what it tries \
                    beyond waits as [limits] says, so that a stranger needs several addresses to lock a code.
                    """),
            Setting(
                "firm.*", "second-person", .flag, .defaultText("false"),
                why: """
                    true: a code works only after somebody else than the one who asked for it has approved it with harborseal device approve. The \
                    names are what operators give with --by; beside them the account that logged in, or called sudo, is written down, and one \
                    account cannot do both. Where everybody works as root or as the registry's own user, nothing but the names tells people apart. \
                    The registry takes true over at its next start or code, and keeps it: from then on harborseal registry policy changes it.
                    """),
        ]
    }

    private static var seal: [Setting] {
        [
            Setting(
                "seal", "days", .integer(1...36_500), .defaultText("3650"),
                why: "Days that a seal certificate lives: years, since its key may sit in hardware that is mounted in a vehicle.")
        ]
    }

    private static var link: [Setting] {
        [
            Setting(
                "link", "certificate", .path, .refused, example: "/etc/harborseal-registry/link-ca.crt",
                why: "The alliance's link CA, PEM: issues link certificates, and is the only anchor of gateways for this registry."),
            Setting(
                "link", "key", .keyLocation, .unset, example: "/etc/harborseal-registry/link-ca.key",
                why: """
                    The key of that certificate: a PEM file, mode 0600, or a pkcs11: URI as for a firm; while that token is away nobody gets a link \
                    certificate. A firm's own registry has no such key, and names the alliance's registry instead: registry, anchor and code.
                    """),
            Setting(
                "link", "registry", .text(maximumByteCount: 255), .unset, example: "https://registry.example.org:8443",
                why: """
                    Instead of a key: the alliance's registry, which issues the link certificates of this one's gateways and has the link CA's list. While it \
                    is away nobody gets a link certificate, and what is revoked here waits for it.
                    """),
            Setting(
                "link", "anchor", .path, .unset, example: "/etc/harborseal-registry/registry-ca.crt",
                why: "The one CA that the server certificate of that registry may be of, PEM: the alliance's link CA, unless it has another."),
            Setting(
                "link", "code", .path, .unset, example: "/etc/harborseal-registry/firm.code",
                why: """
                    The file with the firm's code for that registry, mode 0600: harborseal registry firm-code makes it there. It is read at the start. Whoever \
                    has it gets link certificates in the names of the firm's gateways.
                    """),
            Setting(
                "link", "days", .integer(1...825), .defaultText("90"),
                why: "Days that a link certificate lives. Gateways renew at two thirds of it. Where the alliance's registry issues them, its own value counts."),
            Setting(
                "link", "grace-days", .integer(0...365), .defaultText("30"),
                why: "Days after its end that a link certificate still renews itself, for gateways that were away for so long."),
        ]
    }

    private static var https: [Setting] {
        [
            Setting("https", "listen", .host, .defaultText("127.0.0.1"), why: "The address to listen on; 0.0.0.0 for all."),
            Setting("https", "port", .integer(0...65_535), .defaultText("8443"), why: "0 takes a free port and logs it."),
            Setting(
                "https", "certificate", .path, .refused, example: "/etc/harborseal-registry/server.crt",
                why: "The server certificate, PEM; made by harborseal alliance add-server. A renewed one is taken at the next start."),
            Setting("https", "key", .path, .refused, example: "/etc/harborseal-registry/server.key", why: "The key of that certificate, PEM."),
            Setting(
                "https", "connections", .integer(1...65_535), .defaultText("512"),
                why: """
                    Connections at once. For one more, one is closed that waits for its peer or has had an answer already, of the address that has most of \
                    them; while all are at their first request, more wait.
                    """),
            Setting(
                "https", "idle", .duration(1_000...10 * minute), .defaultText("30 s"),
                why: """
                    A connection that says nothing between two requests for so long is closed, and so is one whose request takes longer. The first request \
                    begins within 5 s.
                    """),
            Setting(
                "https", "metrics", .text(maximumByteCount: 1_024), .unset, example: "192.0.2.7 192.0.2.8",
                why: """
                    Addresses that may read /metrics beside this machine, with blanks between; of an IPv6 address the first 64 bits count; all: everybody. \
                    The figures name firms and how many of their gateways are revoked.
                    """),
        ]
    }

    private static var limits: [Setting] {
        [
            Setting(
                "limits", "failures", .integer(1...10_000), .defaultText("20"),
                why: """
                    Failures of one address at once; then it is told to wait. A gateway with a valid link certificate or the right code is heard all the \
                    same, and what it asks for itself, with or without success, is counted for it alone, up to the same number.
                    """),
            Setting("limits", "forgive", .duration(1_000...day), .defaultText("1 min"), why: "After this time one failure is forgiven; nobody waits longer."),
        ]
    }

    private static var lists: [Setting] {
        [
            Setting(
                "lists", "folder", .path, .unset, example: "/var/lib/harborseal-lists",
                why: "Where link-ca.crl and FIRM.crl are written, PEM, as mosquitto and openssl take them. Not set: they are only served."),
            Setting(
                "lists", "days", .integer(2...365), .defaultText("30"),
                why: """
                    Days from a list to the one that must have followed it. They are made anew at half of it, since mosquitto refuses every client \
                    once a list is overdue.
                    """),
            Setting(
                "lists", "reload", .text(maximumByteCount: 1_024), .unset, example: "/usr/bin/pkill -HUP -x mosquitto",
                why: """
                    A program and its arguments with blanks between, run without a shell after lists were written, so that the broker reads them. \
                    Not set: the log says that it wants SIGHUP.
                    """),
        ]
    }

    private static var ledger: [Setting] {
        [
            Setting(
                "ledger", "timeout", .duration(1_000...5 * minute), .defaultText("30 s"),
                why: "How long one node may take for an answer. One that does not answer is asked again later, at most an hour apart.")
        ]
    }

    private static var log: [Setting] {
        [
            Setting(
                "log", "level", .choice(["debug", "info", "notice", "warning", "error"]), .defaultText("notice"),
                why: "info adds a line for each refused request.")
        ]
    }
}
