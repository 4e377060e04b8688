internal import AttestationFormat
internal import SealToken

/// What `harborseal-agent` does, from its words to its exit code.
public enum AgentProgram {
    /// Runs the command that this process was called with.
    public static func run() -> Int32 {
        let code = run(Arguments.ofProcess())
        // A script that was told 0 has the whole answer.
        guard Output.failure != 0 else { return code.rawValue }
        Output.complain("standard output: \(SystemWords.of(Output.failure)): the answer is not whole")
        return ExitCode.inputOutput.rawValue
    }

    static func run(_ words: [UTF8Text]) -> ExitCode {
        let arguments = Arguments(words)
        if let problem = arguments.problem { return usage(problem) }
        guard let command = arguments.command else {
            if arguments.wantsHelp {
                Output.write(Array(Help.overview.description.utf8))
                return .success
            }
            return usage("a command is missing")
        }
        if arguments.wantsHelp {
            guard let text = Help.text(for: command) else { return usage("unknown command \(command.string)") }
            Output.write(Array(text.description.utf8))
            if command == "record" { Output.write(RecordCommand.kinds.bytes) }
            return .success
        }
        if arguments.wantsJSON, textCommands.contains(command) { return unknownJSON }
        if let option = arguments.option(besides: EnrollCommand.options(of: command)) { return usage("unknown option \(option.string)") }
        switch command {
        case "enroll": return EnrollCommand.run(arguments)
        case "renew": return RenewCommand.run(arguments)
        case "run": return RunCommand.run(arguments)
        case "record": return RecordCommand.run(arguments)
        case "status": return StatusCommand.run(arguments)
        case "doctor": return DoctorCommand.run(arguments)
        case "check-config": return CheckConfigCommand.run(arguments)
        case "journal": return JournalCommand.run(arguments)
        case "token": return TokenCommand.run(arguments)
        // Not for people: the agent spawns it.
        case TokenHelper.word: return TokenHelper.run(errand: TokenErrand.perform) ? .success : usage("token-helper is what a running agent starts for itself")
        case "selftest": return SelfTestCommand.run(arguments)
        case "version":
            Output.print("harborseal-agent \(AgentVersion.number)")
            return .success
        case "help":
            Output.write(Array(Help.overview.description.utf8))
            return .success
        default: return usage("unknown command \(command.string)")
        }
    }

    private static let textCommands: [UTF8Text] = ["run", "enroll", "renew", "selftest", "version", "help"]

    /// For what has nothing to say in JSON: a script must not take text for it.
    static var unknownJSON: ExitCode { usage("unknown option --json") }

    static func usage(_ problem: String) -> ExitCode {
        Output.complain("\(problem): try harborseal-agent --help")
        return .usage
    }
}
