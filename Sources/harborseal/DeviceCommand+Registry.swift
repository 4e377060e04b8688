import ArgumentParser
import HarborsealCommands

/// Who asks, for the audit table.
struct OperatorOption: ParsableArguments {
    @Option(name: .long, help: "Who asks, for the audit table; left out, you.")
    var by: String?
}

/// How a code is handed over.
struct CodeOptions: ParsableArguments {
    @Option(name: .long, help: "Draw the QR code into this file, SVG.", completion: .file(extensions: ["svg"]))
    var qr: String?

    @Flag(name: .long, help: "Print JSON.")
    var json = false
}

struct DeviceAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Register a gateway, or a list of them, and make the codes that they enrol with.",
        usage: """
            harborseal device add --firm <firm> --device <device> [--note <note>]
                [--qr <file.svg>] [--by <name>] [--json] [--config <config>]
            harborseal device add --csv <file> --codes <file> [--firm <firm>]
                [--skip-bad] [--by <name>] [--json] [--config <config>]
            """,
        discussion: """
            A code is shown this once, works once for each of the two certificates,
            and ends after the time that the firm's policy says. On a terminal the
            enrolment text is drawn as a QR code, too.

            The list is CSV (RFC 4180) in UTF-8. Its first line names the columns:
            device, and where wanted firm and note. All devices are added or none,
            unless --skip-bad leaves the bad lines out: each line is reported, and the
            exit code is 2 then.

            EXAMPLE
              harborseal device add --firm acme --device gw-1 --qr gw-1.svg
              harborseal device add --firm acme --csv fleet.csv --codes codes.csv
            """)

    @Option(name: .long, help: "The firm that owns the gateways; with --csv, of lines that name none.")
    var firm: String?

    @Option(name: .long, help: "The gateway's name within the firm.")
    var device: String?

    @Option(name: .long, help: "Free words: a serial number, a place.")
    var note = ""

    @Option(name: .long, help: "A list of gateways.", completion: .file(extensions: ["csv"]))
    var csv: String?

    @Option(name: .long, help: "The new file for the codes of a list, readable for you alone.", completion: .file(extensions: ["csv"]))
    var codes: String?

    @Flag(name: .long, help: "Add the good lines of a list that has bad ones.")
    var skipBad = false

    @OptionGroup var output: CodeOptions
    @OptionGroup var asker: OperatorOption
    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish {
            try await DeviceAdd(
                configurationFile: registry.config, firm: firm, device: device, note: note, list: csv, codesFile: codes, skipsBad: skipBad,
                picture: output.qr, by: asker.by, asJSON: output.json, style: CommandOutput.style, onWaiting: WaitingLine(isAskedFor: false)?.tell
            ).run()
        }
    }
}

struct DeviceListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the gateways that are registered.",
        usage: """
            harborseal device list [--firm <firm>] [--state <state>] [--replaced]
                [--json] [--config <config>]
            """,
        discussion: """
            EXAMPLE
              harborseal device list --firm acme --state waiting
            """)

    @Option(name: .long, help: "Those of one firm.")
    var firm: String?

    @Option(name: .long, help: ArgumentHelp("Those in one state: \(DeviceList.states.joined(separator: ", "))."))
    var state: String?

    @Flag(name: .long, help: "Also those whose name another has taken over.")
    var replaced = false

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish {
            try DeviceList(configurationFile: registry.config, firm: firm, state: state, includesReplaced: replaced, asJSON: json).run()
        }
    }
}

struct DeviceShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what is known of a gateway: certificates, ledgers, who did what.",
        discussion: """
            EXAMPLE
              harborseal device show acme.gw-1
            """)

    @Argument(help: "The gateway, <firm>.<device>.")
    var gateway: String

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @OptionGroup var registry: RegistryOption

    func run() async throws {
        try await CommandOutput.finish { try DeviceShow(configurationFile: registry.config, gateway: gateway, asJSON: json).run() }
    }
}
