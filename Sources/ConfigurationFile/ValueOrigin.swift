public import AttestationFormat

/// Where a value came from. Later ones win: defaults, the file, its drop-ins, the environment, flags.
public enum ValueOrigin: Equatable, Sendable {
    /// The default of the table.
    case builtIn
    /// A line of a file, counted from 1; line 0 stands for the file as a whole.
    case file(UTF8Text, line: Int)
    /// An environment variable, by name.
    case environment(UTF8Text)
    /// A flag of the command line, as it was written.
    case flag(UTF8Text)

    /// For people: `default`, `FILE:LINE`, `environment NAME`, `flag TEXT`.
    public var text: UTF8Text {
        switch self {
        case .builtIn: "default"
        case .file(let path, let line): line > 0 ? path + ":" + UTF8Text(String(line)) : path
        case .environment(let name): "environment variable " + name
        case .flag(let flag): "flag " + flag
        }
    }
}
