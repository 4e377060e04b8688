import ArgumentParser
import HarborsealCommands

struct NodeCommand: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Run a node of the alliance.",
        subcommands: [NodeServeCommand.self, NodeImportCommand.self, NodeConfigCommand.self])
}

struct NodeServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Take batches over MQTT, keep a ledger, send receipts, answer HTTP.",
        discussion: """
            Runs until SIGTERM or SIGINT, and logs to standard error.
            harborseal node example-config shows every key of its configuration.
            Exit codes 64, 65, 66, 77 and 78 say that somebody has to correct
            something first: the unit does not start the node again on these.

            EXAMPLE
              harborseal node serve --config /etc/harborseal-node/node.conf
            """)

    @Option(name: .long, help: "The node's configuration.", completion: .file(extensions: ["conf"]))
    var config: String

    @Option(name: .long, help: ArgumentHelp("Over the file, for example http.port=0. May be given more than once.", valueName: "section.key=value"))
    var set: [String] = []

    func run() async throws {
        try await CommandOutput.finish { try await NodeServe(configurationFile: config, overrides: set).run() }
    }
}

struct NodeImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take batches that a gateway without a network exported to files.",
        usage: """
            harborseal node import <files> ... --config <config>
                [--set <section.key=value> ...] [--output <output>] [--json]
            """,
        discussion: """
            The same rules as over a broker: whatever is malformed, forged, revoked or
            out of place is refused. The node's receipts are written beside each file,
            to be carried back; taking a file again changes nothing and gives the same
            receipts. The node must be stopped: a ledger has one writer.
            An archive of harborseal-agent journal archive is refused: it has the
            events that its owner keeps from nodes.
            Exit code 0: every batch is in the ledger. 1: one was refused.
            65: a file is malformed, and taken up to there, or it is an archive.

            EXAMPLE
              harborseal node import --config node.conf /media/stick/*.hscarry
            """)

    @Argument(help: "Files that harborseal-agent journal export wrote.", completion: .file(extensions: ["hscarry"]))
    var files: [String]

    @Option(name: .long, help: "The node's configuration.", completion: .file(extensions: ["conf"]))
    var config: String

    @Option(name: .long, help: ArgumentHelp("Over the configuration. May be given more than once.", valueName: "section.key=value"))
    var set: [String] = []

    @Option(name: .shortAndLong, help: "The folder for the replies. Not given: beside each file.", completion: .directory)
    var output: String?

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func run() async throws {
        try await CommandOutput.finish {
            try await NodeImport(configurationFile: config, overrides: set, files: files, output: output, asJSON: json).run()
        }
    }
}

struct NodeConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "example-config", abstract: "Print node.conf with every key, its default and why.")

    func run() async throws {
        try await CommandOutput.finish { NodeConfigurationExample.result }
    }
}
