import ArgumentParser
import HarborsealCommands

struct DeviceCommand: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Register gateways, and look after those that are.",
        discussion: """
            These commands work on a registry's own machine, beside the registry that
            is running, and as its user; issue works on the alliance's folder.

            EXAMPLE
              harborseal device add --firm acme --device gw-1
              harborseal device list --firm acme
            """,
        subcommands: [
            DeviceAddCommand.self, DeviceListCommand.self, DeviceShowCommand.self, DeviceApproveCommand.self, DeviceCodeCommand.self,
            DeviceReplaceCommand.self, DeviceRevokeCommand.self, DeviceIssueCommand.self,
        ])
}

struct DeviceIssueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue",
        abstract: "Make a gateway's keys and certificates without a registry, to be brought to it by hand.",
        usage: """
            harborseal device issue [--alliance <alliance>] --firm <firm>
                --device <device> --output <output> [--seal-days <days>]
                [--link-days <days>] [--broker <host:port>]
                [--installed-at <folder>]
            """,
        discussion: """
            Writes seal.key, seal.crt, seal.der, link.key, link.crt, link-ca.crt, the
            trust file, and an agent.conf that names them: where they are written, or
            where they will be on the gateway. For tries, and for gateways that no
            registry can be reached from: the keys are made here and go to the gateway
            by hand (Hardware/install.md), and no registry knows or renews them. With a
            registry the gateway makes its own: device add.

            EXAMPLE
              harborseal device issue --firm acme --device gw-1 \\
                --broker localhost:8883 -o gw-1
              harborseal device issue --firm acme --device gw-1 -o gw-1 \\
                --broker mqtt.example.org --installed-at /etc/harborseal
            """)

    @OptionGroup var place: AllianceOption

    @Option(name: .long, help: "The firm that owns the gateway.")
    var firm: String

    @Option(name: .long, help: "The gateway's name within the firm.")
    var device: String

    @Option(name: [.customShort("o"), .long], help: "The folder to write.", completion: .directory)
    var output: String

    @Option(name: .long, help: "Days that the seal certificate lives.")
    var sealDays = 3650

    @Option(name: .long, help: "Days that the link certificate lives.")
    var linkDays = 90

    @Option(name: .long, help: "The broker, HOST:PORT, or several with commas between; left out, the gateway never connects.")
    var broker: String?

    @Option(name: .long, help: "Where the files will be on the gateway; left out, where they are written.")
    var installedAt: String?

    func run() async throws {
        try await CommandOutput.finish {
            try DeviceIssue(
                directory: place.alliance, firm: firm, device: device, output: output, sealDays: sealDays, linkDays: linkDays,
                brokers: broker, installedAt: installedAt
            ).run()
        }
    }
}
