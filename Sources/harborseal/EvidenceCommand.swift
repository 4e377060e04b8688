import ArgumentParser
import HarborsealCommands

struct CollectEvidenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence",
        abstract: "Ask nodes for what they hold about a subject or a gateway, and write one evidence file.",
        usage: """
            harborseal evidence (--subject <uri> | --gateway <firm.device>)
                [--from <time>] [--to <time>] --node <url> ...
                [--archive <file> ...] [--trust <trust>] [--title <title>]
                [--timeout <seconds>] [--progress] --output <output>
            """,
        discussion: """
            Says which node did not answer and what is missing. The file is judged by
            harborseal verify.
            Give --trust: then each part of each answer is verified by itself, and what
            a node cannot prove, or too few receipts stand for, is named and left out.
            Without it one hostile node can spoil the file.
            Exit 0 when every node answered and proved it all, 2 when the file was
            written without a node that could not be asked or without what could not be
            proven, 1 when there is nothing to write.
            Where a gateway shares hashes alone, its owner has the events: --archive
            names files of harborseal-agent journal archive (.hsarchive, of older
            agents .hscarry), and whatever of them stands under statements that the
            nodes hold is disclosed.

            EXAMPLE
              harborseal evidence --subject bic:CSQU3054383 \\
                --node https://n1.example.org:8480 --node https://n2.example.org:8480 \\
                --trust alliance.hstrust -o journey.hsev
              harborseal evidence --gateway acme.gw-1 --archive kept/*.hsarchive \\
                --node https://n1.example.org:8480 --node https://n2.example.org:8480 \\
                --trust alliance.hstrust -o disclosed.hsev
            """)

    @Option(name: .long, help: "A URI that events name, alone or as parent:URI.")
    var subject: String?

    @Option(name: .long, help: "All events of one gateway, <firm>.<device>.")
    var gateway: String?

    @Option(name: .long, help: "Statements from this time on: seconds since 1970, or 2026-11-22T14:03:07Z.")
    var from: String?

    @Option(name: .long, help: "Statements until this time.")
    var to: String?

    @Option(name: .long, help: "A node's URL. May be given more than once.")
    var node: [String]

    @Option(
        name: .long, parsing: .upToNextOption, help: "Files with the events that the owner kept. May be given more than once.",
        completion: .file(extensions: ["hsarchive", "hscarry"]))
    var archive: [String] = []

    @Option(
        name: .long, help: "The trust file: verifies what each node gives, and the certificates of nodes that answer over TLS.",
        completion: .file(extensions: ["hstrust"]))
    var trust: String?

    @Option(name: .long, help: "A title for people.")
    var title: String?

    @Option(name: .long, help: "Seconds to wait for one answer of a node.")
    var timeout: Int64 = 30

    @Flag(name: .long, help: "Say which node is waited for, also where standard error is no terminal.")
    var progress = false

    @Option(name: .shortAndLong, help: "The evidence file to write.", completion: .file(extensions: ["hsev"]))
    var output: String

    func run() async throws {
        let (from, to) = (from, to)
        var command = EvidenceCommand(nodes: node, output: output)
        command.subject = subject
        command.gateway = gateway
        command.trustFile = trust
        command.title = title
        command.archives = archive
        command.timeoutSeconds = timeout
        command.onWaiting = WaitingLine(isAskedFor: progress)?.tell
        let prepared = command
        try await CommandOutput.finish {
            var command = prepared
            command.fromSeconds = try from.map { try EvidenceCommand.seconds($0, of: "--from") }
            command.toSeconds = try to.map { try EvidenceCommand.seconds($0, of: "--to") }
            return try await command.run()
        }
    }
}
