import ArgumentParser
import HarborsealCommands

struct DeviceCommand: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Give gateways their certificates.", subcommands: [DeviceIssueCommand.self])
}

struct DeviceIssueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue",
        abstract: "Make a gateway's keys and certificates, to be brought to it, and the agent.conf that names them.",
        usage: """
            harborseal device issue [--alliance <alliance>] --firm <firm>
                --device <device> --output <output> [--seal-days <days>]
                [--link-days <days>] [--broker <host:port>]
                [--installed-at <folder>]
            """,
        discussion: """
            Writes seal.key, seal.crt, seal.der, link.key, link.crt, link-ca.crt, the
            trust file, and an agent.conf that names them: where they are written, or
            where they will be on the gateway. The keys are made here, beside the
            issuing keys, and go to the gateway by hand: Hardware/install.md. Keys that
            a gateway makes itself are still to come.

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
