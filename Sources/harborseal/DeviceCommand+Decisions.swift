import ArgumentParser
import HarborsealCommands

struct DeviceApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approve a gateway as the second person, where the firm's policy asks for one.",
        usage: """
            harborseal device approve <gateway> ... [--by <name>] [--json]
                [--config <config>]
            """,
        discussion: """
            Names are what operators say of themselves. The account that logged in is
            written down beside them; where no login is known, whom SUDO_USER names, as
            SUDO_USER:name. What a known account asked for another known account
            approves, whatever --by says: no root, no service, and for a login no
            SUDO_USER. What root or the registry's user asked for without a login is
            told apart by name alone: give each operator an account of their own. Root
            on this machine can be anybody, also by the file itself: the audit table
            has what it said, and registry audit --check finds what was written past it.

            A code that has ended is not approved: device code makes a new one.

            Of several gateways each is approved or refused by itself; exit code 2 says
            that some were refused. JSON of several is a list of those approved.

            EXAMPLE
              harborseal device approve acme.gw-1 acme.gw-2
            """)

    @Argument(help: "The gateways, each <firm>.<device>.")
    var gateways: [String]

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @OptionGroup var asker: OperatorOption
    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish {
            try DeviceApprove(configurationFile: registry.config, gateways: gateways, by: asker.by, asJSON: json).run()
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
            the seal key that is registered: new keys for both are device replace. Once
            it is used for another link key, those before are revoked.

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
                [--yes] [--qr <file.svg>] [--by <name>] [--json]
                [--config <config>]
            """,
        discussion: """
            What the old key signed stays valid. With --since it is revoked, as when
            the gateway was stolen: nothing of it counts from that time on. A time far
            back is asked about, as device revoke does.

            At the alliance's registry, of a gateway that its firm's own registry
            enrols: it may have link certificates for new keys, also one that is
            revoked here. There is no code then.

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

    @OptionGroup var confirmation: ConfirmationOption
    @OptionGroup var output: CodeOptions
    @OptionGroup var asker: OperatorOption
    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish {
            try DeviceReplace(
                configurationFile: registry.config, gateway: gateway, since: since, reason: reason, picture: output.qr, by: asker.by,
                asJSON: output.json, style: CommandOutput.style, isConfirmed: confirmation.yes, confirm: ConfirmationOption.ask
            ).run()
        }
    }
}

struct DeviceRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Let nothing of a gateway count from a time on.",
        usage: """
            harborseal device revoke <gateway> --since <time> [--reason <reason>]
                [--generation <generation>] [--yes] [--by <name>] [--json]
                [--config <config>]
            harborseal device revoke <gateway> --certificate <file> --since <time>
                [--reason <reason>] [--yes] [--by <name>] [--json]
                [--config <config>]
            """,
        discussion: """
            Its certificates come on the revocation lists, the registry takes it no more,
            and the nodes refuse what is not in their ledgers yet. The broker refuses new
            connections; one that is open ends with systemctl restart mosquitto there.
            What was receipted before the time stays valid. It cannot be undone: a time
            more than a day back, or before all that it signed in more than ten
            minutes, is asked about, or needs --yes where nobody can be asked.

            With --certificate it is a certificate that device issue made which counts
            no more: the registry has not issued it, and has the key that did. Name its
            seal.crt, and its link.crt, each by itself; the name must be registered.
            A gateway that was enrolled with its keys from device issue has two seal
            certificates of one key: revoke the gateway, then that seal.crt, ended or
            not, since the registry cannot know of it, and evidence may show it alone.

            Exit code 2: its code and its link certificate are revoked, and something
            is left open, with what to do: a seal certificate of it does not fit on the
            firm's list, no seal certificate of it is known here, or no registry runs.

            EXAMPLE
              harborseal device revoke acme.gw-1 --since 2026-11-22T14:00:00Z \\
                --reason "stolen in Shenzhen"
              harborseal device revoke acme.gw-7 --certificate gw-7/seal.crt \\
                --since 2026-11-22T14:00:00Z
            """)

    @Argument(help: "The gateway, <firm>.<device>.")
    var gateway: String

    @Option(name: .long, help: "A certificate of it that device issue made, PEM or DER.", completion: .file(extensions: ["crt", "der", "pem"]))
    var certificate: String?

    @Option(name: .long, help: "From when on nothing of it counts: seconds since 1970, or 2026-11-22T14:03:07Z.")
    var since: String

    @Option(name: .long, help: "Why, for the audit table.")
    var reason = ""

    @Option(name: .long, help: "An earlier device of the name, counted from 1; left out, the one in force.")
    var generation: Int?

    @OptionGroup var confirmation: ConfirmationOption

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @OptionGroup var asker: OperatorOption
    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish {
            if let certificate {
                guard generation == nil else {
                    throw CommandError(.usage, "--generation is for a device, and --certificate names the certificate", nextStep: "give one of them")
                }
                return try CertificateRevoke(
                    configurationFile: registry.config, gateway: gateway, certificate: certificate, since: since, reason: reason, by: asker.by,
                    asJSON: json, isConfirmed: confirmation.yes, confirm: ConfirmationOption.ask
                ).run()
            }
            return try DeviceRevoke(
                configurationFile: registry.config, gateway: gateway, since: since, reason: reason, generation: generation, by: asker.by,
                asJSON: json, isConfirmed: confirmation.yes, confirm: ConfirmationOption.ask
            ).run()
        }
    }
}
