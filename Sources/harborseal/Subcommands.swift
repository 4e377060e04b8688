import ArgumentParser

/// Every subcommand, in the order of `--help`. A new one is a file of its own and a line here.
enum Subcommands {
    static let all: [any ParsableCommand.Type] = [
        VerifyCommand.self,
        InspectCommand.self,
        AllianceCommand.self,
        DeviceCommand.self,
        RegistryCommand.self,
        NodeCommand.self,
        CollectEvidenceCommand.self,
        TokenHelperCommand.self,
    ]
}
