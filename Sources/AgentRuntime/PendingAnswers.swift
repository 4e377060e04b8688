internal import AttestationFormat
internal import SensorSources

/// Lines that are stored and wait for the sync that makes them durable before their sender is told.
struct PendingAnswers {
    struct Entry {
        let token: AnswerToken
        let epoch: Epoch
        let sequence: UInt64
        /// Whether the line's number was stored before, there.
        let isKnown: Bool
    }

    /// Sources are held back when so many wait: the memory of what is unsynced stays bounded.
    static let capacity = 4_096

    private var entries: [Entry] = []
    private var answeredCount = 0

    var count: Int { entries.count - answeredCount }
    var isEmpty: Bool { count == 0 }

    mutating func add(_ token: AnswerToken, epoch: Epoch, sequence: UInt64, isKnown: Bool = false) {
        entries.append(Entry(token: token, epoch: epoch, sequence: sequence, isKnown: isKnown))
    }

    /// Hands over, in order, everything that is durable: all of former epochs, and of the open one what lies below `end`.
    mutating func takeDurable(epoch: Epoch, end: UInt64, _ body: (Entry) -> Void) {
        while answeredCount < entries.count {
            let entry = entries[answeredCount]
            if entry.epoch == epoch, entry.sequence >= end { break }
            body(entry)
            answeredCount += 1
        }
        if answeredCount == entries.count {
            entries.removeAll(keepingCapacity: true)
            answeredCount = 0
        }
    }
}
