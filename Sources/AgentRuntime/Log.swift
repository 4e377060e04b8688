internal import AgentConfiguration
internal import CPosixShims

/// Lines to standard error: in journald's priority format (`<6>text`) when nobody reads them on a terminal.
public struct Log {
    /// Syslog's severities, as far as the agent uses them.
    public enum Level: UInt8, Sendable {
        case error = 3
        case warning = 4
        case notice = 5
        case information = 6
    }

    private let isTerminal: Bool
    /// What is less important is not printed (`[log] level`).
    var leastImportant = Level.information

    public init() { isTerminal = posix_is_terminal(2) }

    public func callAsFunction(_ level: Level, _ text: String) {
        guard level.rawValue <= leastImportant.rawValue else { return }
        let line = Self.line(level, text, isTerminal: isTerminal)
        posix_write_standard_error(line, line.count)
    }

    /// One line; line breaks inside become spaces, so that a stranger's words never forge a second one.
    static func line(_ level: Level, _ text: String, isTerminal: Bool) -> [UInt8] {
        var line: [UInt8] = []
        if !isTerminal {
            line.append(UInt8(ascii: "<"))
            line.append(UInt8(ascii: "0") &+ level.rawValue)
            line.append(UInt8(ascii: ">"))
        } else if level.rawValue <= Level.warning.rawValue {
            line.append(level == .error ? "error: " : "warning: ")
        }
        for byte in text.utf8 { line.append(byte < 0x20 || byte == 0x7F ? UInt8(ascii: " ") : byte) }
        line.append(UInt8(ascii: "\n"))
        return line
    }
}

extension Log.Level {
    /// The configuration's word for what is still printed; notices belong to `info`.
    init(_ level: AgentConfiguration.LogLevel) {
        switch level {
        case .error: self = .error
        case .warning: self = .warning
        case .info, .debug: self = .information
        }
    }
}
