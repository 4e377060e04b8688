/// Why the journal refused or failed; callers branch on the case.
public enum JournalError: Error, Equatable, Sendable {
    /// Another agent holds the journal; its process id, or 0 when unknown.
    case locked(processID: Int32)
    /// The journal belongs to another gateway, whose id it carries: name the right folder, or move the old one away.
    case wrongGateway([UInt8])
    /// The journal was written by a newer version: its format number.
    case unknownFormat(UInt8)
    /// A system call failed while reading.
    case system(SystemError)
    /// Nothing can be stored until the cause ends and `resume()` succeeds.
    case suspended(SystemError)
    /// The byte cap is reached: hold the source back or drop the event, count and declare it.
    case full
    /// The record's payload has this many bytes, more than its kind may have.
    case tooLarge(byteCount: Int)
    /// All places for intake sources are in use.
    case tooManySources
    /// A source's name is empty or longer than 64 bytes.
    case badSourceName
    /// The statement, receipt or mark does not continue what is stored; the sequence that would.
    case outOfOrder(expected: UInt64)
    /// Nothing may be signed in this epoch any more: begin a new one.
    case epochClosed(EpochEnd)
    /// The asked-for sequences are no longer, or not yet, held.
    case notHeld
    /// More segment files than a journal can have: the folder is not this agent's alone.
    case tooManySegments
}

/// Why an epoch ended; stored with the next one, and the field of the event that says why.
public enum EpochEnd: UInt8, Equatable, Sendable {
    /// The folder held no journal.
    case journalNew = 0
    /// Events that no statement covers were lost to damage.
    case unsignedEventsLost = 1
    /// A statement without a quorum was lost, or may have been, to damage.
    case statementLost = 2
    /// A segment's header was lost, and with it the number of its events.
    case headerLost = 3
    /// A segment in the middle is missing.
    case segmentMissing = 4
    /// A node showed a newer statement, or an epoch that this journal does not know.
    case rollback = 5
    /// A node showed other bytes for a sequence.
    case conflict = 6
    /// A refusal that the gateway's own check confirms.
    case refusal = 7
    /// The seal key is new.
    case newKey = 8
}
