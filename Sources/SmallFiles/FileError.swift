internal import CPosixShims
public import AttestationFormat

/// Why a small file could not be read or written: what was tried, where, and what the system answered.
///
/// A class, as every error that is thrown through many functions: one word in each of them, not the copies of a struct.
public final class FileError: Error, Equatable, Sendable {
    /// What was tried, or what is wrong with the file.
    public enum Code: UInt8, Equatable, Sendable {
        case open, inspect, read, create, write, sync, close, publish, remove, list
        /// Something other than a regular file (a directory, a pipe, a device).
        case notRegular
        /// More bytes than the reader's limit.
        case tooLarge
        /// A directory with more entries than the reader's limit.
        case tooManyEntries
        /// A path that is empty or has a zero byte.
        case badPath
    }

    /// The stable code.
    public let code: Code
    /// The file or directory.
    public let path: UTF8Text
    /// The system's errno, or 0 where the system said nothing.
    public let systemError: Int32

    public init(_ code: Code, _ path: UTF8Text, systemError: Int32 = 0) {
        self.code = code
        self.path = path
        self.systemError = systemError
    }

    public static func == (one: FileError, other: FileError) -> Bool {
        one.code == other.code && one.path == other.path && one.systemError == other.systemError
    }

    /// Whether the file or directory does not exist.
    public var isNotFound: Bool { systemError == hs_error_not_found }

    /// Whether a file of this name exists already.
    public var isAlreadyThere: Bool { systemError == hs_error_exists }

    /// Whether the medium is full, or this user's share of it.
    public var isNoSpace: Bool { hs_error_is_no_space(systemError) }

    /// What happened and where, for people.
    public var message: String { "\(path.string): \(reason)" }

    /// What happened, without the place.
    public var reason: String {
        guard systemError != 0 else { return what }
        return "\(what): \(String(cString: hs_error_text(systemError)))"
    }

    private var what: String {
        switch code {
        case .open: "cannot be opened"
        case .inspect: "cannot be inspected"
        case .read: "cannot be read"
        case .create: "cannot be created"
        case .write: "cannot be written"
        case .sync: "cannot be made durable"
        case .close: "cannot be closed"
        case .publish: "cannot be put in place"
        case .remove: "cannot be removed"
        case .list: "cannot be listed"
        case .notRegular: "is not a regular file"
        case .tooLarge: "is larger than any such file may be"
        case .tooManyEntries: "holds more than any such folder may"
        case .badPath: "is not a usable path"
        }
    }
}
