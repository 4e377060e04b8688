internal import AllianceTokens

/// `harborseal token-helper`: the process that owns a token.
public enum TokenHelp {
    public static func run() throws -> CommandResult {
        guard TokenHelperProgram.run() else {
            throw CommandError(.usage, "token-helper is what a command or a registry with a key in a token starts for itself")
        }
        return CommandResult()
    }
}
