/// What the exit codes of `harborseal` mean, after sysexits.h: the one table, which `--help` prints and CONTRIBUTING.md has.
public enum ExitCodes {
    /// By number.
    public static let rows: [(code: Int32, meaning: String)] = [
        (0, "done, or all good"),
        (1, "it failed, or a check did"),
        (2, "not judged in full, or something left out"),
        (64, "the command line"),
        (65, "malformed input, or a damaged ledger"),
        (66, "a file that cannot be read"),
        (71, "the system: no descriptor, no thread"),
        (73, "a file that cannot be written"),
        (74, "standard output that cannot be written"),
        (75, "try again: a port or a ledger is in use"),
        (77, "no permission, or a key that others may read"),
        (78, "the configuration"),
    ]

    /// With which starting a node again cannot help: somebody has to correct something first. Its unit has the same list.
    public static let permanent: [CommandError.Code] = [.usage, .malformed, .noInput, .noPermission, .configuration]

    /// The table for `--help`.
    public static var text: String {
        "EXIT CODES\n" + rows.map { "  \(TerminalStyle.padded("\($0.code)", to: 4))\($0.meaning)" }.joined(separator: "\n")
    }
}
