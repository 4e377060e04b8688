import ArgumentParser
import HarborsealCommands

struct RegistryBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write the registry's whole store into one file, while it runs.",
        usage: "harborseal registry backup --output <file> [--config <config>]",
        discussion: """
            The file is the store at one moment, for its owner alone. A copy of
            registry.sqlite by itself is none: what is new stands in the -wal beside it.
            Keys, certificates and registry.conf are not in it.

            EXAMPLE
              harborseal registry backup -o /var/backups/registry-$(date +%F).sqlite
            """)

    @Option(name: [.customShort("o"), .long], help: "The file to write; one that is there is not overwritten.", completion: .file())
    var output: String

    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish { try RegistryBackup(configurationFile: registry.config, output: output).run() }
    }
}

struct RegistryRestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put a backup back, where there is no store.",
        usage: "harborseal registry restore <file> [--by <name>] [--config <config>]",
        discussion: """
            The backup must be whole, of this alliance, and its audit table as it was
            written. That it was put back is a row there. What happened after it was
            made is lost, and the command says what to do about that.

            EXAMPLE
              harborseal registry restore /var/backups/registry-2026-11-24.sqlite
            """)

    @Argument(help: "What registry backup wrote.", completion: .file())
    var file: String

    @OptionGroup var asker: OperatorOption
    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish { try RegistryRestore(configurationFile: registry.config, file: file, by: asker.by).run() }
    }
}
