public import AttestationFormat
public import LogisticsEvents

/// A file of intake lines, replayed at its own pace or faster; every event carries flag 8.
///
/// Line `n` of the file, counted from 1, has the identity `replay:<file name>` and `n`, whatever `source` and `number`
/// it carries: a recording of what came live is another fact than what came live, and a start after a stop finds its
/// place by one number.
public final class ReplaySource {
    /// How fast lines are taken.
    public enum Pace: Sendable, Equatable {
        /// As the lines' own times say.
        case original
        /// As fast as the journal takes them.
        case fast
        /// So many times faster than their own times say; at least 1.
        case times(UInt32)
    }

    /// When to serve next, in monotonic ms: 0 at once, nil when the file has ended.
    public private(set) var nextDeadline: UInt64? = 0
    /// The identity's source of every line: what the journal is asked for before a start.
    public let sourceName: UTF8Text
    /// Lines that were no events.
    public private(set) var refusedCount: UInt64 = 0
    /// Lines handed over as events.
    public private(set) var eventCount: UInt64 = 0

    private let pace: Pace
    private let lastLine: UInt64
    private var file: LineFile
    private var parser = IntakeParser()
    /// The line that waits for its time, and the moment when it is due.
    private var waiting: Range<Int>?
    /// Events that the journal could not take, from `first` on, and the deadline of the time after them.
    private var returned: (events: [SourceEvent], first: Int, nextDeadline: UInt64?)?
    /// The first line's own time, and the monotonic time when it was replayed.
    private var origin: (line: UInt64, monotonic: UInt64)?

    /// Most events of one call, so that the loop goes round between them.
    private static let maximumEventsPerCall = 1024
    /// What came back is handed over again after so long.
    private static let returnMilliseconds: UInt64 = 1_000
    /// Refused lines that are told one by one; the others are counted.
    private static let maximumNotices: UInt64 = 10

    /// The source of the identities of a file's lines.
    public static func sourceName(path: UTF8Text) -> UTF8Text { "replay:" + path.lastPathComponent }

    /// Opens the file.
    ///
    /// - Parameter lastLine: the number of the last line that the journal holds; 0 to begin at the start.
    /// - Throws: ``SourceError`` `.system` when the file cannot be opened.
    public init(path: UTF8Text, pace: Pace, lastLine: UInt64 = 0) throws(SourceError) {
        sourceName = ReplaySource.sourceName(path: path)
        self.pace = pace
        self.lastLine = lastLine
        file = try LineFile(path: path)
    }

    /// Whether every line has been taken.
    public var isFinished: Bool { nextDeadline == nil }

    /// Takes back the events from `first` on, which the journal could not take: a file can wait. They are handed over again, unchanged
    /// and before any other, after a second.
    public func takeBack(_ events: [SourceEvent], from first: Int, nowMilliseconds: UInt64) {
        returned = (events, first, nextDeadline)
        eventCount -= min(eventCount, UInt64(events.count - first))
        nextDeadline = nowMilliseconds + ReplaySource.returnMilliseconds
    }

    /// Hands over the lines that are due, as many as the journal has room for.
    public func serve<Salts: SaltSource>(
        context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        if let back = returned {
            guard context.eventRoom > 0, context.moment.monotonicMilliseconds >= nextDeadline ?? 0 else { return }
            returned = nil
            nextDeadline = back.nextDeadline
            for index in back.first..<back.events.count {
                eventCount += 1
                output.events.append(back.events[index])
            }
            return
        }
        var room = min(context.eventRoom, ReplaySource.maximumEventsPerCall)
        while room > 0, nextDeadline != nil {
            guard let line = waiting ?? nextLine(into: &output) else { continue }
            waiting = nil
            if let due = due(line, context: context), due > context.moment.monotonicMilliseconds {
                waiting = line
                nextDeadline = due
                return
            }
            nextDeadline = 0
            if take(line, context: context, salts: &salts, into: &output) { room -= 1 }
        }
    }

    /// The next line that is not blank and not in the journal; nil when there was none to take this time.
    private func nextLine(into output: inout SourceOutput) -> Range<Int>? {
        switch file.next() {
        case .line(let range):
            return file.lineNumber <= lastLine || isBlank(range) ? nil : range
        case .tooLong:
            refuse(.json(.tooLong, offset: IntakeParser.maximumLineByteCount), into: &output)
        case .failed(let errno):
            nextDeadline = nil
            output.notices.append(
                SourceNotice(.warning, source: sourceName, "reading failed: " + .systemWords(errno)))
        case .end:
            nextDeadline = nil
            output.notices.append(
                SourceNotice(
                    .notice, source: sourceName, "the file has ended: " + .decimal(Int64(clamping: eventCount))
                        + " events, " + .decimal(Int64(clamping: refusedCount)) + " lines refused"))
        }
        return nil
    }

    private func isBlank(_ range: Range<Int>) -> Bool {
        for index in range where !(file.buffer[index] == 0x20 || file.buffer[index] == 0x0D) { return false }
        return true
    }

    /// When the line is due, in monotonic ms; nil for at once.
    private func due(_ range: Range<Int>, context: SourceContext) -> UInt64? {
        let factor: UInt64
        switch pace {
        case .fast: return nil
        case .original: factor = 1
        case .times(let times): factor = UInt64(max(times, 1))
        }
        let now = context.moment.monotonicMilliseconds
        // A line without a time follows the one before it; one that is no event is refused when it is taken.
        guard
            let line = try? parser.parse(file.buffer.span.extracting(range), at: context.moment, isReplayed: true),
            let occurred = line.occurredMilliseconds
        else { return nil }
        guard let origin else {
            self.origin = (occurred, now)
            return nil
        }
        guard occurred > origin.line else { return nil }
        let (due, overflow) = origin.monotonic.addingReportingOverflow((occurred - origin.line) / factor)
        return overflow ? nil : due
    }

    /// Makes the line's event; false when it is none.
    private func take<Salts: SaltSource>(
        _ range: Range<Int>, context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) -> Bool {
        do throws(SourceError) {
            let line = try parser.parse(file.buffer.span.extracting(range), at: context.moment, isReplayed: true)
            output.events.append(
                SourceEvent(
                    bytes: try line.encoded(salts: &salts), isPriority: line.draft.isPriority,
                    identity: IntakeIdentity(source: sourceName, number: file.lineNumber)))
            eventCount += 1
            return true
        } catch {
            refuse(error, into: &output)
            return false
        }
    }

    private func refuse(_ error: SourceError, into output: inout SourceOutput) {
        refusedCount += 1
        guard refusedCount <= ReplaySource.maximumNotices else { return }
        output.notices.append(
            SourceNotice(
                .warning, source: sourceName,
                "line " + .decimal(Int64(clamping: file.lineNumber)) + " refused: " + error.message))
    }
}
