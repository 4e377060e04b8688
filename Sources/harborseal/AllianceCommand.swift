import ArgumentParser
import HarborsealCommands

struct AllianceCommand: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "alliance",
        abstract: "Make an alliance: root, firms, nodes, servers, and the trust file that names them.",
        discussion: """
            EXAMPLE
              harborseal alliance init gba-demo -o alliance
              harborseal alliance add-firm acme
              harborseal alliance add-node hk-1
              harborseal alliance add-server broker --dns broker.example.org
              harborseal alliance sign
              harborseal alliance broker-config --server broker -o broker
            """,
        subcommands: [
            AllianceInitCommand.self, AllianceAddFirmCommand.self, AllianceAddNodeCommand.self,
            AllianceRotateNodeKeyCommand.self, AllianceRetireNodeCommand.self, AllianceRetireFirmCommand.self, AllianceAddServerCommand.self, AllianceSignCommand.self,
            AllianceShowCommand.self, AllianceBrokerConfigCommand.self,
        ])
}

/// Where the alliance's directory is.
struct AllianceOption: ParsableArguments {
    @Option(name: .long, help: "The alliance's directory.", completion: .directory)
    var alliance = "alliance"
}

/// Where the root key is.
struct RootKeyOption: ParsableArguments {
    @Option(name: .long, help: "The root key, where it is not in the alliance's directory: a file or a pkcs11: URI.", completion: .file())
    var rootKey: String?
}

struct AllianceInitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a new alliance's root key, link CA and empty draft.",
        usage: """
            harborseal alliance init <name> [--output <output>] [--quorum <quorum>]
                [--root-key <uri>] [--link-key <uri>] [--make-key]
            """,
        discussion: """
            A key in a token (RFC 7512) is named by a URI such as
            'pkcs11:token=hsm;object=root?module-name=softhsm2&pin-source=file:/root/pin'

            EXAMPLE
              harborseal alliance init gba-demo -o alliance
            """)

    @Argument(help: "The alliance's name: 1 to 32 of a-z, 0-9 and -.")
    var name: String

    @Option(name: [.customShort("o"), .long], help: "The new directory.", completion: .directory)
    var output = "alliance"

    @Option(name: .long, help: "Receipts a batch needs, more than half of the nodes, at most 64; left out, just more than half.")
    var quorum: UInt64?

    @Option(name: .long, help: ArgumentHelp("The root's key in a PKCS#11 token (RFC 7512); left out, a new file.", valueName: "uri"))
    var rootKey: String?

    @Option(name: .long, help: ArgumentHelp("The link CA's key in a PKCS#11 token; left out, a new file.", valueName: "uri"))
    var linkKey: String?

    @Flag(name: .long, help: "The tokens make these keys; left out, they have them.")
    var makeKey = false

    func run() async throws {
        try await CommandOutput.finish {
            try AllianceInit(
                alliance: name, directory: output, receiptsNeeded: quorum, rootKey: rootKey, linkKey: linkKey, makesKeys: makeKey
            ).run()
        }
    }
}

struct AllianceAddFirmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-firm", abstract: "Add a firm, renew its issuing certificate, or give it a second issuing key.",
        usage: """
            harborseal alliance add-firm <firm> [--alliance <alliance>]
                [--root-key <root-key>] [--new-key]
                [--issuing-key <uri> [--make-key]]
            """,
        discussion: """
            EXAMPLE
              harborseal alliance add-firm acme --root-key /media/safe/root.key
            """)

    @Argument(help: "The firm's name.")
    var firm: String

    @OptionGroup var place: AllianceOption
    @OptionGroup var root: RootKeyOption

    @Flag(name: .long, help: "For a firm that is there: a new key beside the old one, whose certificates stay good.")
    var newKey = false

    @Option(name: .long, help: ArgumentHelp("The firm's issuing key in a PKCS#11 token (RFC 7512); left out, a new file.", valueName: "uri"))
    var issuingKey: String?

    @Flag(name: .long, help: "The token makes this key; left out, it has it.")
    var makeKey = false

    func run() async throws {
        try await CommandOutput.finish {
            try AllianceAddFirm(
                directory: place.alliance, firm: firm, rootKeyPath: root.rootKey, makesNewKey: newKey, issuingKey: issuingKey, makesTokenKey: makeKey
            ).run()
        }
    }
}

struct AllianceAddNodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-node",
        abstract: "Add a node: its receipt key, its certificate for the broker and its node.conf; or change the URL or the link certificates of one that is there.",
        usage: """
            harborseal alliance add-node <node> [--alliance <alliance>] [--url <url>]
                [--workers <workers>] [--broker <host:port>]
            harborseal alliance add-node <node> --renew-link [--alliance <alliance>]
            """,
        discussion: """
            EXAMPLE
              harborseal alliance add-node hk-1 --url https://hk-1.example.org
              harborseal alliance add-node hk-1 --renew-link
            """)

    @Argument(help: "The node's name.")
    var node: String

    @OptionGroup var place: AllianceOption

    @Option(name: .long, help: "Where its HTTP side is reached.")
    var url: String?

    @Option(name: .long, help: "Workers that connect to the broker beside it.")
    var workers = 0

    @Option(name: .long, help: "The broker, HOST:PORT, for the node.conf that is written beside the keys.")
    var broker = AllianceAddNode.usualBroker

    @Flag(name: .long, help: "New keys and certificates for the broker, which hold 825 days, for a node that is there.")
    var renewLink = false

    func run() async throws {
        try await CommandOutput.finish {
            try AllianceAddNode(directory: place.alliance, node: node, url: url, workerCount: workers, broker: broker, renewsLinks: renewLink).run()
        }
    }
}

struct AllianceRetireNodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire-node", abstract: "End a node's keys in the draft. Its old receipts stay valid.",
        discussion: """
            EXAMPLE
              harborseal alliance retire-node hk-1
            """)

    @Argument(help: "The node's name.")
    var node: String

    @OptionGroup var place: AllianceOption

    func run() async throws {
        try await CommandOutput.finish { try AllianceRetireNode(directory: place.alliance, node: node).run() }
    }
}
