import ArgumentParser
import HarborsealCommands

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Judge an evidence file offline: one line a check, with the reason.",
        usage: """
            harborseal verify <file> --trust <trust> [--trust-hash <hash>]
                [--subject <subject>] [--events] [--json]
            """,
        discussion: """
            Needs the trust file of the alliance, which came by a way that you trust,
            and nothing else: no network, no account.
            Exit codes: 0 all good, 1 something failed, 2 something could not be
            judged, 65 malformed. harborseal --help has them all.

            EXAMPLE
              harborseal verify journey.hsev --trust alliance.hstrust --events \\
                --subject https://id.gs1.org/00/395212340000000175
            """)

    @Argument(help: "The evidence, a .hsev file.", completion: .file(extensions: ["hsev"]))
    var file: String

    @Option(name: .long, help: "The alliance's trust file.", completion: .file(extensions: ["hstrust"]))
    var trust: String

    @Option(name: .long, help: "SHA-256 of the trust file in hex, if that is what came by a trusted way.")
    var trustHash: String?

    @Option(name: .long, help: "What it must be about, a URI: a check of its own, which fails unless an event that is shown names it, alone or as a parent.")
    var subject: String?

    @Flag(name: .long, help: "List the events that are disclosed; on a terminal long columns are cut, --json has them whole.")
    var events = false

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func run() async throws {
        try await CommandOutput.finish {
            try await VerifyEvidence(
                file: file, trustFile: trust, pinnedHash: trustHash, subject: subject, asJSON: json, showsEvents: events,
                style: CommandOutput.style
            ).run()
        }
    }
}

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what is in any file of this project. Verifies nothing.",
        discussion: """
            Knows trust files, evidence, statements, event-proofs, receipts,
            batch-messages, replies, hellos, events, carried files, and certificates
            in PEM or DER; shows other CBOR without names. Of a private key it shows
            the key id alone. Exit code 65 for malformed bytes.

            EXAMPLE
              harborseal inspect alliance.hstrust
            """)

    @Argument(help: "The file.", completion: .file())
    var file: String

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func run() async throws {
        try await CommandOutput.finish { try InspectFile(file: file, asJSON: json, style: CommandOutput.style).run() }
    }
}
