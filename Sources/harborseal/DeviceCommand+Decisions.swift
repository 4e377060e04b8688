import ArgumentParser
import HarborsealCommands

struct DeviceApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approve a gateway as the second person, where the firm's policy asks for one.",
        usage: """
            harborseal device approve <gateway> [--by <name>] [--json]
                [--config <config>]
            """,
        discussion: """
            Names are what operators say of themselves: whoever may use the registry's
            folder could give another. Give each operator an account of their own.

            EXAMPLE
              harborseal device approve acme.gw-1
            """)

    @Argument(help: "The gateway, <firm>.<device>.")
    var gateway: String

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @OptionGroup var asker: OperatorOption
    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish {
            try DeviceApprove(configurationFile: registry.config, gateway: gateway, by: asker.by, asJSON: json).run()
        }
    }
}

struct DeviceCodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "code", abstract: "Make a new code for a gateway whose code was lost, locked, has expired or is used.",
        usage: """
            harborseal device code <gateway> [--qr <file.svg>] [--by <name>] [--json]
                [--config <config>]
            """,
        discussion: """
            The code before is dead at once. The new one allows another link key, and
            the seal key that is registered: new keys for both are device replace.

            EXAMPLE
              harborseal device code acme.gw-1
            """)

    @Argument(help: "The gateway, <firm>.<device>.")
    var gateway: String

    @OptionGroup var output: CodeOptions
    @OptionGroup var asker: OperatorOption
    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish {
            try DeviceCode(
                configurationFile: registry.config, gateway: gateway, picture: output.qr, by: asker.by, asJSON: output.json,
                style: CommandOutput.style
            ).run()
        }
    }
}

struct DeviceReplaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace", abstract: "Take new keys under the same name, for a gateway whose hardware is exchanged.",
        usage: """
            harborseal device replace <gateway> [--since <time>] [--reason <reason>]
                [--qr <file.svg>] [--by <name>] [--json] [--config <config>]
            """,
        discussion: """
            What the old key signed stays valid. With --since it is revoked, as when
            the gateway was stolen: nothing of it counts from that time on.

            EXAMPLE
              harborseal device replace acme.gw-1
              harborseal device replace acme.gw-1 --since 2026-11-22T14:00:00Z \\
                --reason "stolen in Shenzhen"
            """)

    @Argument(help: "The gateway, <firm>.<device>.")
    var gateway: String

    @Option(name: .long, help: "From when on nothing of the old key counts: seconds since 1970, or 2026-11-22T14:03:07Z.")
    var since: String?

    @Option(name: .long, help: "Why, for the audit table.")
    var reason = ""

    @OptionGroup var output: CodeOptions
    @OptionGroup var asker: OperatorOption
    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish {
            try DeviceReplace(
                configurationFile: registry.config, gateway: gateway, since: since, reason: reason, picture: output.qr, by: asker.by,
                asJSON: output.json, style: CommandOutput.style
            ).run()
        }
    }
}

struct DeviceRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Let nothing of a gateway count from a time on.",
        usage: """
            harborseal device revoke <gateway> --since <time> [--reason <reason>]
                [--generation <generation>] [--by <name>] [--json]
                [--config <config>]
            """,
        discussion: """
            Its certificates come on the revocation lists, the broker and the registry
            take it no more, and the nodes refuse what is not in their ledgers yet.
            What was receipted before the time stays valid. It cannot be undone.

            EXAMPLE
              harborseal device revoke acme.gw-1 --since 2026-11-22T14:00:00Z \\
                --reason "stolen in Shenzhen"
            """)

    @Argument(help: "The gateway, <firm>.<device>.")
    var gateway: String

    @Option(name: .long, help: "From when on nothing of it counts: seconds since 1970, or 2026-11-22T14:03:07Z.")
    var since: String

    @Option(name: .long, help: "Why, for the audit table.")
    var reason = ""

    @Option(name: .long, help: "An earlier device of the name, counted from 1; left out, the one in force.")
    var generation: Int?

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @OptionGroup var asker: OperatorOption
    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish {
            try DeviceRevoke(
                configurationFile: registry.config, gateway: gateway, since: since, reason: reason, generation: generation, by: asker.by,
                asJSON: json
            ).run()
        }
    }
}
