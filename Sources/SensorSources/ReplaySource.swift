public import AttestationFormat
public import LogisticsEvents

/// A file of intake lines, replayed at its own pace or faster; every event carries flag 8.
///
/// Line `n` of the file, counted from 1, has the identity `replay:<file name>` and `n`, whatever `source` and `number` it carries.
public final class ReplaySource {
    /// How fast lines are taken.
    public enum Pace: Sendable, Equatable {
        /// As the lines' own times say.
        case original
        /// As fast as the journal takes them.
        case fast
        /// So many times faster than their own times say.
        case times(UInt32)
    }

    public private(set) var nextDeadline: UInt64?
    /// The identity's source of every line: what the journal is asked for before a start.
    public let sourceName: UTF8Text

    /// - Parameter lastLine: the number of the last line that the journal holds; 0 to begin at the start.
    public init(path: UTF8Text, pace: Pace, lastLine: UInt64 = 0) throws(SourceError) {
        sourceName = ""
    }

    public func serve<Salts: SaltSource>(
        context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
    }
}
