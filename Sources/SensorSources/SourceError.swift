public import AttestationFormat
internal import CPosixShims
public import LogisticsEvents

/// Why a source cannot start, or does not take a line. The only error of this module.
public enum SourceError: Error, Equatable, Sendable {
    /// A line is no event: `key` and `message` of the inner error say where and why.
    case event(EventError)
    /// A line is not the JSON that is taken, at this byte.
    case json(JSONFault, offset: Int)
    /// The local broker's address, identity or topics cannot be used; the sentence says why.
    case broker(UTF8Text)
    /// A call of the operating system failed with this errno; `step` says which, `path` on what.
    case system(errno: Int32, step: UTF8Text, path: UTF8Text)

    /// The sentence for people.
    public var message: UTF8Text {
        switch self {
        case .event(let error): error.message
        case .json(let fault, let offset): fault.message + " (byte " + .decimal(Int64(offset)) + ")"
        case .broker(let text): text
        case .system(let errno, let step, let path):
            step + " " + path + " failed: " + .systemWords(errno)
        }
    }
}

extension UTF8Text {
    /// The system's words for an errno.
    static func systemWords(_ errno: Int32) -> UTF8Text { UTF8Text(String(cString: hs_error_text(errno))) }
}
