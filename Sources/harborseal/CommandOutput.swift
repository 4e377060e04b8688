import ArgumentParser
import Foundation
import HarborsealCommands

/// Prints what a command says and ends the program as it says.
enum CommandOutput {
    /// Runs a command; returns for exit code 0, else throws the exit code.
    static func finish(_ command: () async throws -> CommandResult) async throws {
        let result = await CommandRunner.result(of: command)
        let isWritten = (try? FileHandle.standardOutput.write(contentsOf: Data(result.output.utf8))) != nil
        try? FileHandle.standardError.write(contentsOf: Data(result.notes.utf8))
        // A verdict that nobody can read must not end like a good one.
        if !isWritten {
            try? FileHandle.standardError.write(contentsOf: Data("error: standard output cannot be written\n".utf8))
            throw ExitCode(CommandError.Code.inputOutput.rawValue)
        }
        if result.exitCode != 0 { throw ExitCode(result.exitCode) }
    }

    /// The width of a terminal, and colours: on one only, and not when NO_COLOR asks for none (no-color.org).
    static var style: TerminalStyle {
        let environment = ProcessInfo.processInfo.environment
        let refuses = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var size = winsize()
        // A terminal that does not know its width says 0.
        let isKnown = isTerminal && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return TerminalStyle(
            usesColour: isTerminal && !refuses && environment["TERM"] != "dumb", columnCount: isKnown ? Int(size.ws_col) : nil)
    }
}
