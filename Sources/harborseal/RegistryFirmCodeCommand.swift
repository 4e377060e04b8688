import ArgumentParser
import HarborsealCommands

struct RegistryFirmCodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "firm-code", abstract: "Make the code by which a firm's own registry gets link certificates here.",
        usage: """
            harborseal registry firm-code <firm> [--output <file>] [--by <name>]
                [--json] [--config <config>]
            harborseal registry firm-code <firm> --withdraw [--by <name>] [--json]
                [--config <config>]
            harborseal registry firm-code --list [--json] [--config <config>]
            """,
        discussion: """
            For a firm that has its issuing key in a registry of its own. Here is the
            link CA: that registry asks for its gateways' link certificates, and tells
            which of them it has revoked. The code is shown this once; making it again
            ends the one before.

            EXAMPLE
              harborseal registry firm-code acme -o acme.code
              harborseal registry firm-code acme --withdraw
            """)

    @Argument(help: "The firm.")
    var firm: String?

    @Option(name: [.customShort("o"), .long], help: "The new file for the code, readable for you alone; left out, standard output.", completion: .file())
    var output: String?

    @Flag(name: .long, help: "End the firm's code. Certificates that it has got stay.")
    var withdraw = false

    @Flag(name: .long, help: "List the firms that have a code.")
    var list = false

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @OptionGroup var asker: OperatorOption
    @OptionGroup var registry: RegistryOption

    func validate() throws {
        guard list == (firm == nil) else { throw ValidationError(list ? "--list takes no firm" : "name the firm, or give --list") }
        guard !list || (!withdraw && output == nil) else { throw ValidationError("--list takes neither --withdraw nor --output") }
        guard !withdraw || output == nil else { throw ValidationError("--withdraw makes no code, and takes no --output") }
    }

    func run() async throws {
        let step: RegistryFirmCode.Step =
            switch firm {
            case nil: .list
            case let firm? where withdraw: .withdraw(firm: firm)
            case let firm?: .make(firm: firm, output: output)
            }
        try await CommandOutput.finish { try RegistryFirmCode(configurationFile: registry.config, step, by: asker.by, asJSON: json).run() }
    }
}
