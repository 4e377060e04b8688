import ArgumentParser
import HarborsealCommands

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Run a node of the alliance.",
        subcommands: [NodeServeCommand.self, NodeConfigCommand.self])
}

struct NodeServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Take batches over MQTT, keep a ledger, send receipts, answer HTTP.",
        discussion: """
            Runs until SIGTERM or SIGINT, and logs to standard error. Firmware-Config/node.conf shows every key.

            EXAMPLE
              harborseal node serve --config /etc/harborseal/node.conf
            """)

    @Option(name: .long, help: "The node's configuration.", completion: .file(extensions: ["conf"]))
    var config: String

    @Option(name: .long, help: ArgumentHelp("Over the file, for example http.port=0. May be given more than once.", valueName: "section.key=value"))
    var set: [String] = []

    func run() async throws {
        try await CommandOutput.finish { try await NodeServe(configurationFile: config, overrides: set).run() }
    }
}

struct NodeConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "example-config", abstract: "Print node.conf with every key, its default and why.")

    func run() async throws {
        try await CommandOutput.finish { NodeConfigurationExample.result }
    }
}
