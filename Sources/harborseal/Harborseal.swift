import ArgumentParser
import HarborsealCommands

/// The program of everyone but the gateway: argument parsing only. What a command does is in HarborsealCommands.
@main struct Harborseal: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "harborseal",
        abstract: "Make an alliance, run its nodes, and verify what happened to a shipment.",
        discussion: """
            EXAMPLE
              harborseal verify journey.hsev --trust alliance.hstrust

            \(ExitCodes.text)
            """,
        version: "0.1.0",
        subcommands: Subcommands.all)
}
