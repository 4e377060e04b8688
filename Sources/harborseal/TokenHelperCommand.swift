import ArgumentParser
import HarborsealCommands

/// Not for people: a command or a registry with a key in a token starts it for itself.
struct TokenHelperCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "token-helper", abstract: "Own a token.", shouldDisplay: false)

    func run() async throws {
        try await CommandOutput.finish { try TokenHelp.run() }
    }
}
