import ArgumentParser

/// The program of everyone but the gateway: argument parsing only. What a command does is in HarborsealCommands.
@main struct Harborseal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "harborseal",
        abstract: "Make an alliance, run its nodes, and verify what happened to a shipment.",
        discussion: """
            EXAMPLE
              harborseal verify journey.hsev --trust alliance.hstrust

            Exit codes: 0 good, 1 something failed, 2 something could not be judged, 64 usage, 65 malformed input,
            66 a file cannot be read, 74 one cannot be written.
            """,
        version: "0.1.0",
        subcommands: Subcommands.all)
}
