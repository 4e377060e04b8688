/// What a command says and how it ends: standard output, standard error and exit code.
///
/// Commands are functions from options to this, so that tests run them in-process; `harborseal` prints it and exits.
public struct CommandResult: Equatable, Sendable {
    /// For pipes and files: results only.
    public var output: String
    /// For people: notes that are no result.
    public var notes: String
    /// One of ``ExitCodes/rows``.
    public var exitCode: Int32

    public init(output: String = "", notes: String = "", exitCode: Int32 = 0) {
        self.output = output
        self.notes = notes
        self.exitCode = exitCode
    }
}

/// Why a command could not do its work: what, where, and one next step.
public struct CommandError: Error, Equatable, Sendable {
    /// The exit codes of errors, after sysexits.h.
    public enum Code: Int32, Sendable, CaseIterable {
        /// The work failed.
        case failed = 1
        /// The command line asks for something that cannot be.
        case usage = 64
        /// Input that is not in the form it should have.
        case malformed = 65
        /// A file that cannot be read.
        case noInput = 66
        /// The system gave no descriptor or no thread.
        case system = 71
        /// A file that cannot be written.
        case cannotCreate = 73
        /// Standard output that cannot be written.
        case inputOutput = 74
        /// What may be otherwise in a while: a port or a store that another process has.
        case temporary = 75
        /// A file or a port that this user must not use, or a key that others may read.
        case noPermission = 77
        /// The configuration is wrong, or does not fit the ledger or the trust file.
        case configuration = 78
    }

    public let code: Code
    public let message: String
    public let nextStep: String?

    public init(_ code: Code, _ message: String, nextStep: String? = nil) {
        self.code = code
        self.message = message
        self.nextStep = nextStep
    }
}

/// The results of earlier commands are in files, what a command reads is named by its options: nothing else is kept.
public enum CommandRunner {
    /// Runs a command and turns whatever it throws into words and an exit code.
    public static func result(of command: () async throws -> CommandResult) async -> CommandResult {
        do {
            return try await command()
        } catch {
            return failure(error)
        }
    }

    /// The words and the exit code of an error.
    public static func failure(_ error: any Error) -> CommandResult {
        let (message, nextStep, code) = describe(error)
        var text = "error: \(message)\n"
        if let nextStep { text += "  next: \(nextStep)\n" }
        return CommandResult(notes: text, exitCode: code.rawValue)
    }
}
