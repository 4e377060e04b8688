public import AttestationFormat
import CPosixShims
public import LogisticsEvents

/// The machine's own health at a fixed period, from `/proc` and `/sys`: works on any Linux machine.
public final class HealthSource {
    /// When the next event is due, in monotonic ms; the first at once.
    public private(set) var nextDeadline: UInt64? = 0

    /// What could not be read the last time; nil if all was.
    public private(set) var state: SourceState?

    private let reader: HealthReader
    private let periodMilliseconds: UInt64
    private var hasComplained = false

    /// - Parameters:
    ///   - root: folder that holds `proc` and `sys`; empty for the machine itself.
    ///   - diskPath: any path on the file system whose free space is reported.
    ///   - periodMilliseconds: time between two events; at least 1 s.
    public init(root: UTF8Text = "", diskPath: UTF8Text, periodMilliseconds: UInt64) {
        reader = HealthReader(root: root, diskPath: diskPath)
        self.periodMilliseconds = max(periodMilliseconds, 1000)
    }

    /// Makes an `agent.health` event when it is due; it waits while there is no room for it.
    public func serve<Salts: SaltSource>(context: SourceContext, salts: inout Salts, into output: inout SourceOutput) {
        let now = context.moment.monotonicMilliseconds
        guard let due = nextDeadline, now >= due, context.eventRoom > 0 else { return }
        nextDeadline = now + periodMilliseconds
        let (facts, missing) = reader.read(unreceiptedCount: context.unreceiptedCount)
        state = missing.map { SourceState(isWorking: false, $0 + " cannot be read: 0 is reported in its place") }
        if let state, !hasComplained {
            hasComplained = true
            output.notices.append(SourceNotice(.warning, source: "health", state.text))
        }
        do throws(EventError) {
            let draft = try facts.draft(at: context.moment)
            output.events.append(SourceEvent(bytes: try draft.encoded(salts: &salts), isPriority: false))
        } catch {
            output.notices.append(SourceNotice(.warning, source: "health", error.message))
        }
    }
}
