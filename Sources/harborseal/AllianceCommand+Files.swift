import ArgumentParser
import HarborsealCommands

struct AllianceAddServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-server", abstract: "Add a TLS server: the broker, or a node's HTTP side.",
        usage: """
            harborseal alliance add-server <server> [--alliance <alliance>]
                [--dns <dns> ...] [--ip <ip> ...] [--replace]
            """,
        discussion: """
            For a server that is there it renews the certificate, for the same key and,
            without --dns and --ip, for the same names. A name that it had and that is
            not given is dropped with --replace alone.

            EXAMPLE
              harborseal alliance add-server broker --dns broker.example.org
            """)

    @Argument(help: "What to call it here.")
    var server: String

    @OptionGroup var place: AllianceOption

    @Option(name: .long, help: "A DNS name that clients call it by. May be given more than once.")
    var dns: [String] = []

    @Option(name: .long, help: "An address that clients call it by. May be given more than once.")
    var ip: [String] = []

    @Flag(name: .long, help: "Drop the names that the server has and that are not given now.")
    var replace = false

    func run() async throws {
        try await CommandOutput.finish {
            try AllianceAddServer(
                directory: place.alliance, server: server, dnsNames: dns, addresses: ip, isReplacing: replace
            ).run()
        }
    }
}

struct AllianceSignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Sign the draft as the next version of the trust file.",
        usage: """
            harborseal alliance sign [--alliance <alliance>]
                [--root-key <root-key>] [--quorum <quorum>]
                [--revocation-list <url> ...] [--no-revocation-list <firm> ...]
                [--valid-days <days>]
            """,
        discussion: """
            Refused: a quorum that is no majority, anything deleted, and a change of
            nodes after which an old and a new quorum need not share a node.

            EXAMPLE
              harborseal alliance sign --root-key /media/safe/root.key
            """)

    @OptionGroup var place: AllianceOption
    @OptionGroup var root: RootKeyOption

    @Option(name: .long, help: "Receipts a batch needs from now on; left out, as before.")
    var quorum: UInt64?

    @Option(name: .long, help: ArgumentHelp("Where a firm's revocation list is published, .../FIRM.crl; those of other firms stay as before. May be given more than once.", valueName: "url"))
    var revocationList: [String] = []

    @Option(name: .long, help: ArgumentHelp("A firm whose revocation list is published no more.", valueName: "firm"))
    var noRevocationList: [String] = []

    @Option(name: .long, help: ArgumentHelp("Days until the file calls itself out of date, 0 for never; left out, as before.", valueName: "days"))
    var validDays: Int?

    func run() async throws {
        try await CommandOutput.finish {
            try AllianceSign(
                directory: place.alliance, rootKeyPath: root.rootKey, receiptsNeeded: quorum,
                revocationLists: revocationList, droppedLists: noRevocationList, validDays: validDays
            ).run()
        }
    }
}

struct AllianceShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Verify a trust file and say what is in it.",
        discussion: """
            EXAMPLE
              harborseal alliance show alliance.hstrust
            """)

    @Argument(help: "A trust file, or an alliance's directory.", completion: .file())
    var path = "alliance"

    @Option(name: .long, help: "The trust file held: is the other one an update of it?", completion: .file())
    var held: String?

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func run() async throws {
        try await CommandOutput.finish { try AllianceShow(path: path, held: held, asJSON: json).run() }
    }
}

struct AllianceBrokerConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker-config",
        abstract: "Write a folder that a mosquitto 2 can be started with: TLS, client certificates, access control.",
        usage: """
            harborseal alliance broker-config [--alliance <alliance>]
                [--server <server>] --output <output> [--installed-at <folder>]
                [--port <port>] [--bind <address>] [--persistence <folder>]
                [--user <user>] [--replace]
            """,
        discussion: """
            Written again into the same folder it keeps address, port, user, state and
            place of before, where they are not given, and says so.

            EXAMPLE
              harborseal alliance broker-config --server broker -o broker
              mosquitto -c broker/mosquitto.conf
            """)

    @OptionGroup var place: AllianceOption

    @Option(name: .long, help: "The server made by add-server.")
    var server = "broker"

    @Option(name: [.customShort("o"), .long], help: "The folder to write.", completion: .directory)
    var output: String

    @Option(name: .long, help: "Where the folder will be on the broker's machine; left out, where it is written.")
    var installedAt: String?

    @Option(name: .long, help: "The TCP port; left out, 8883.")
    var port: Int?

    @Option(name: .long, help: "The address to listen on; left out, all.")
    var bind: String?

    @Option(name: .long, help: "A folder for the broker's own state; left out, it keeps none.", completion: .directory)
    var persistence: String?

    @Option(name: .long, help: "Whom the broker becomes when it is started as root; left out, mosquitto.")
    var user: String?

    @Flag(name: .long, help: "Drop what the configuration in the folder says and is not given now.")
    var replace = false

    func run() async throws {
        try await CommandOutput.finish {
            try AllianceBrokerConfig(
                directory: place.alliance, server: server, output: output, installedAt: installedAt, port: port,
                bindAddress: bind, persistence: persistence, user: user, isReplacing: replace
            ).run()
        }
    }
}
