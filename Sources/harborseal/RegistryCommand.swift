import ArgumentParser
import HarborsealCommands

struct RegistryCommand: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "registry", abstract: "Run the registry where a firm's gateways enrol.",
        discussion: """
            EXAMPLE
              harborseal registry init --url https://registry.example.org:8443 \\
                -o registry
              harborseal registry serve --config registry/registry.conf
            """,
        subcommands: [
            RegistryInitCommand.self, RegistryServeCommand.self, RegistryBackupCommand.self, RegistryRestoreCommand.self, RegistryAuditCommand.self,
            RegistryPolicyCommand.self, RegistryFirmCodeCommand.self, RegistryConfigCommand.self,
        ])
}

/// Where a registry's configuration is.
struct RegistryOption: ParsableArguments {
    @Option(name: .long, help: "The registry's configuration.", completion: .file(extensions: ["conf"]))
    var config = RegistryServe.usualConfigurationFile
}

struct RegistryInitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write the folder of a registry: keys, certificates, trust file and registry.conf.",
        usage: """
            harborseal registry init [--alliance <alliance>] --url <url>
                --output <output> [--firm <firm> ...] [--installed-at <folder>]
                [--link-registry <url>]
            """,
        discussion: """
            Copies the link CA's and the firms' issuing keys, and makes a server
            certificate for the host of the URL. Without --installed-at the registry
            runs where the folder is written, with the alliance's own trust file.

            A firm that runs its own registry gets link certificates from the alliance's:
            --link-registry names that, and the link CA's key stays there.

            EXAMPLE
              harborseal registry init --url https://registry.example.org:8443 \\
                -o registry --installed-at /etc/harborseal-registry
              harborseal registry init --url https://registry.acme.example:8443 \\
                --firm acme --link-registry https://registry.example.org:8443 \\
                -o acme-registry --installed-at /etc/harborseal-registry
            """)

    @OptionGroup var place: AllianceOption

    @Option(name: .long, help: "How gateways will reach it, https://HOST:PORT.")
    var url: String

    @Option(name: [.customShort("o"), .long], help: "The folder to write.", completion: .directory)
    var output: String

    @Option(name: .long, help: "A firm whose gateways enrol there. May be given more than once; left out, all firms.")
    var firm: [String] = []

    @Option(name: .long, help: "Where the folder will be on the registry's machine; left out, where it is written.")
    var installedAt: String?

    @Option(name: .long, help: ArgumentHelp("The alliance's registry, where this is to be one firm's own.", valueName: "url"))
    var linkRegistry: String?

    func run() async throws {
        try await CommandOutput.finish {
            try RegistryInit(
                directory: place.alliance, url: url, output: output, firms: firm, installedAt: installedAt, linkRegistry: linkRegistry
            ).run()
        }
    }
}

struct RegistryServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Enrol gateways over HTTPS, keep revocation lists, and tell the ledgers.",
        usage: """
            harborseal registry serve [--config <config>]
                [--set <section.key=value> ...] [--new-store]
            """,
        discussion: """
            Runs until SIGTERM or SIGINT, and logs to standard error.
            harborseal registry example-config shows every key of its configuration.
            Its store is made at the first start after registry init alone: where it is
            gone later, that is 78, and a backup is put back with registry restore.
            Exit codes 64, 65, 66, 77 and 78 say that somebody has to correct
            something first: the unit does not start the registry again on these.

            EXAMPLE
              harborseal registry serve --config /etc/harborseal-registry/registry.conf
            """)

    @OptionGroup var registry: RegistryOption

    @Option(name: .long, help: ArgumentHelp("Over the file, for example https.port=0. May be given more than once.", valueName: "section.key=value"))
    var set: [String] = []

    @Flag(name: .long, help: "Begin with an empty store, where registry init left no mark that it may; never over one that is there.")
    var newStore = false

    func run() async throws {
        RegistryServe.prepareThreads()
        try await CommandOutput.finish {
            try await RegistryServe(configurationFile: registry.config, overrides: set, beginsAnew: newStore).run()
        }
    }
}

struct RegistryAuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Print the audit table, or check that it is whole and says what happened.",
        usage: """
            harborseal registry audit [--from <number>] [--json] [--config <config>]
            harborseal registry audit --check [--noted <number:hash>] [--json]
                [--config <config>]
            """,
        discussion: """
            The check goes through the chain of the rows' hashes, and compares every
            value in the store with what rows, certificates, lists and statements say of
            it. Receipts are verified under the trust files held; no node is asked.
            Exit code 1 names the row that is wrong, or what no row tells of.

            What it does not show: that a row which alone tells of something was written
            by who it names; how often a statement was sent and what a node said last
            while it gave no receipt; how many wrong codes a device has left. Whoever can
            write the file can also write a whole new table that fits: note the last row
            down elsewhere, and give it with --noted at the next check.

            EXAMPLE
              harborseal registry audit --check
            """)

    @Flag(name: .long, help: "Check the table instead of printing it.")
    var check = false

    @Option(name: .long, help: ArgumentHelp("A row that a check before named as the last one.", valueName: "number:hash"))
    var noted: String?

    @Option(name: .long, help: ArgumentHelp("The first row to print.", valueName: "number"))
    var from: Int64 = 1

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish {
            try RegistryAudit(configurationFile: registry.config, checks: check, noted: noted, from: from, asJSON: json).run()
        }
    }
}

struct RegistryConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "example-config", abstract: "Print registry.conf with every key, its default and why.")

    func run() async throws {
        try await CommandOutput.finish { RegistryConfigurationExample.result }
    }
}
