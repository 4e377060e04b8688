import ArgumentParser
import HarborsealCommands

struct AllianceRotateNodeKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-node-key", abstract: "Give a node its next receipt key.",
        usage: """
            harborseal alliance rotate-node-key <node> [--alliance <alliance>]
                [--overlap-days <days>] [--another]
            """,
        discussion: """
            Both keys are in force until the overlap ends: sign, let the node take the
            trust file, then start it with the new key. Old receipts stay valid.

            EXAMPLE
              harborseal alliance rotate-node-key hk-1
            """)

    @Argument(help: "The node's name.")
    var node: String

    @OptionGroup var place: AllianceOption

    @Option(name: .long, help: ArgumentHelp("Days for which the key before stays in force; 0 ends it now.", valueName: "days"))
    var overlapDays = AllianceRotateNodeKey.usualOverlapDays

    @Flag(name: .long, help: "One more key, although the one made last is not in use yet.")
    var another = false

    func run() async throws {
        try await CommandOutput.finish {
            try AllianceRotateNodeKey(directory: place.alliance, node: node, overlapDays: overlapDays, makesAnother: another).run()
        }
    }
}

struct AllianceRetireFirmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire-firm", abstract: "End a firm's membership in the draft. What it proved stays proven.",
        discussion: """
            EXAMPLE
              harborseal alliance retire-firm acme
            """)

    @Argument(help: "The firm's name.")
    var firm: String

    @OptionGroup var place: AllianceOption

    func run() async throws {
        try await CommandOutput.finish { try AllianceRetireFirm(directory: place.alliance, firm: firm).run() }
    }
}
