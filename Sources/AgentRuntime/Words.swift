internal import AttestationFormat
internal import CPosixShims
internal import ConfigurationFile
internal import EventJournal
internal import GatewayAgent

/// Words for people: what happened, and one clear next step.
enum SystemWords {
    /// The system's words for an errno.
    static func of(_ error: Int32) -> String {
        // Some callers have it negated.
        String(cString: hs_error_text(error < 0 ? 0 &- error : error))
    }
}

extension SystemError {
    var words: String { "\(call.word): \(SystemWords.of(code))" }
}

extension SystemError.Call {
    var word: StaticString {
        switch self {
        case .list: "listing the folder"
        case .open: "opening a segment"
        case .read: "reading a segment"
        case .write: "writing a segment"
        case .sync: "syncing a segment"
        case .syncFolder: "syncing the folder"
        case .truncate: "cutting a segment"
        case .close: "closing a segment"
        case .remove: "removing a segment"
        case .size: "asking a segment's size"
        case .lock: "locking the folder"
        }
    }
}

extension JournalError {
    var words: String {
        switch self {
        case .system(let cause), .suspended(let cause): cause.words
        case .full: "the byte cap is reached"
        case .tooLarge(let byteCount): "a record of \(byteCount) bytes is too large"
        case .tooManySources: "all 64 places for source names are taken"
        case .badSourceName: "a source's name must have 1 to 64 bytes"
        case .outOfOrder(let expected): "a record is out of order, \(expected) is next"
        case .epochClosed: "the epoch is closed"
        case .notHeld: "these sequences are not held"
        case .tooManySegments: "more segment files than a journal has: the folder is not this agent's alone"
        case .locked: "another process holds the journal"
        case .wrongGateway: "the journal is another gateway's"
        case .unknownFormat(let version): "the journal's format \(version) is newer than this program"
        }
    }
}

extension JournalProblem {
    var words: String {
        switch self {
        case .full: "the journal is full: free space, raise [journal] cap, or bring the link back"
        case .medium(let errno): "the medium refused: \(SystemWords.of(errno))"
        case .damaged: "the bytes asked for are damaged"
        case .unacceptable: "an event has 1 to 4,096 bytes"
        }
    }
}

/// Exit codes, sysexits.h where it has one.
public enum ExitCode: Int32, Sendable {
    case success = 0
    /// A check failed: `journal verify` found damage, `selftest` a wrong answer.
    case failure = 1
    /// `doctor` has warnings and no problem.
    case warning = 2
    /// EX_USAGE.
    case usage = 64
    /// EX_DATAERR.
    case data = 65
    /// EX_NOINPUT.
    case noInput = 66
    /// EX_UNAVAILABLE: the agent is not running.
    case notRunning = 69
    /// EX_OSERR.
    case system = 71
    /// EX_CANTCREAT.
    case cannotCreate = 73
    /// EX_IOERR.
    case inputOutput = 74
    /// EX_TEMPFAIL: not stored now, try again.
    case temporary = 75
    /// EX_NOPERM.
    case noPermission = 77
    /// EX_CONFIG.
    case configuration = 78
}

extension ConfigurationProblems {
    /// What a command ends with: a file that is missing or cannot be read is no input, as any other file; what stands in one is wrong.
    var exitCode: ExitCode {
        for problem in problems where problem.code == .unreadable { return .noInput }
        return .configuration
    }
}

/// The version that `version` prints and `agent.started` carries.
public enum AgentVersion {
    public static let number: StaticString = "0.1.0"
}
