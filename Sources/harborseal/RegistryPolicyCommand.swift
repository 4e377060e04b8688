import ArgumentParser
import HarborsealCommands

struct RegistryPolicyCommand: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Show or change whether a firm asks for a second person.",
        discussion: """
            The registry takes over from registry.conf where a firm asks for a second
            person, and keeps it: another configuration changes nothing from then on.
            Switching it off needs a second person itself. Each step is in the audit
            table; who can write registry.sqlite can change it past these commands, which
            registry audit --check shows.

            EXAMPLE
              harborseal registry policy show
              harborseal registry policy set acme --second-person on
            """,
        subcommands: [RegistryPolicyShowCommand.self, RegistryPolicySetCommand.self, RegistryPolicyApproveCommand.self])
}

struct RegistryPolicyShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show which firms ask for a second person, and who set that.",
        discussion: """
            EXAMPLE
              harborseal registry policy show acme
            """)

    @Argument(help: "A firm; left out, all of them.")
    var firm: String?

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish { try RegistryPolicy(configurationFile: registry.config, .show(firm: firm), asJSON: json).run() }
    }
}

enum OnOrOff: String, ExpressibleByArgument, CaseIterable {
    case on, off
}

struct RegistryPolicySetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Have a firm ask for a second person, or not any more.",
        usage: """
            harborseal registry policy set <firm> --second-person <on|off>
                [--by <name>] [--json] [--config <config>]
            """,
        discussion: """
            on counts at once, for codes made from then on. off waits until another
            person runs policy approve; on takes that back.

            EXAMPLE
              harborseal registry policy set acme --second-person off --by alice
            """)

    @Argument(help: "The firm.")
    var firm: String

    @Option(name: .long, help: ArgumentHelp("Whether a code works only once another person has approved it.", valueName: "on|off"))
    var secondPerson: OnOrOff

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @OptionGroup var asker: OperatorOption
    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish {
            try RegistryPolicy(configurationFile: registry.config, .set(firm: firm, isOn: secondPerson == .on), by: asker.by, asJSON: json).run()
        }
    }
}

struct RegistryPolicyApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approve, as another person, that a firm asks for no second person any more.",
        usage: """
            harborseal registry policy approve <firm> [--by <name>] [--json]
                [--config <config>]
            """,
        discussion: """
            Who asked for it cannot approve it, by name or by the account that logged in.

            EXAMPLE
              harborseal registry policy approve acme --by bob
            """)

    @Argument(help: "The firm.")
    var firm: String

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @OptionGroup var asker: OperatorOption
    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish {
            try RegistryPolicy(configurationFile: registry.config, .approve(firm: firm), by: asker.by, asJSON: json).run()
        }
    }
}
