import AttestationFormat
import LogisticsEvents

/// What becomes of a fix: an event at most once a period, flags for times that cannot be, notices when fixes come and go.
struct FixPolicy {
    /// 2025-01-01T00:00Z. This program is younger: an earlier time is a receiver whose 1024-week count has rolled over.
    static let earliestMilliseconds: UInt64 = 1_735_689_600_000
    /// A receiver's time further than this from a disciplined clock is wrong; the clock is disciplined to far less.
    static let toleranceMilliseconds: UInt64 = 24 * 3600 * 1000
    private static let rolloverMilliseconds: UInt64 = 1024 * 7 * 24 * 3600 * 1000

    private let periodMilliseconds: UInt64
    private var nextEvent: UInt64 = 0
    /// Whether the last report had a position; nil before the first.
    private(set) var hasFix: Bool?
    private var hasToldTime = false

    init(periodMilliseconds: UInt64) {
        self.periodMilliseconds = periodMilliseconds
    }

    /// The event of a fix, if one is due.
    mutating func draft(_ fix: PositionFix, at moment: EventMoment) throws(EventError) -> EventDraft? {
        guard moment.monotonicMilliseconds >= nextEvent else { return nil }
        var draft = EventDraft(.transportPosition, at: moment)
        try draft.set(fix.position)
        try draft.set(.fixMode, fix.mode)
        if let time = fix.timeMilliseconds { try draft.set(.fixTime, time) }
        if fix.isSuspect || !FixPolicy.isPlausible(fix.timeMilliseconds, at: moment) { draft.add(.suspectValue) }
        nextEvent = moment.monotonicMilliseconds + periodMilliseconds
        return draft
    }

    /// Records the event of a fix, if one is due and there is room; whether it did.
    mutating func record<Salts: SaltSource>(
        _ report: FixReport, context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) throws(EventError) -> Bool {
        guard case .fix(let fix) = report, context.eventRoom > output.events.count,
            let draft = try draft(fix, at: context.moment)
        else { return false }
        output.events.append(SourceEvent(bytes: try draft.encoded(salts: &salts), isPriority: false))
        return true
    }

    /// What a receiver that is heard is doing.
    var state: SourceState {
        switch hasFix {
        case true?: SourceState(isWorking: true, "a position is known")
        case false?: SourceState(isWorking: true, "the receiver has no fix: no position is recorded until the antenna sees the sky")
        case nil: SourceState(isWorking: true, "connected; nothing of the place was heard yet")
        }
    }

    /// Whether a receiver's time can be right. A fix without a time says nothing wrong.
    static func isPlausible(_ time: UInt64?, at moment: EventMoment) -> Bool {
        guard let time else { return true }
        guard time >= earliestMilliseconds else { return false }
        let isDisciplined = !moment.isUnsynchronised && moment.clockSource != .none
        return !isDisciplined || distance(time, moment.wallMilliseconds) <= toleranceMilliseconds
    }

    /// What to tell people about a report; nil when nothing has changed.
    mutating func notice(_ report: FixReport, at moment: EventMoment) -> UTF8Text? {
        switch report {
        case .noFix(let mode):
            guard hasFix != false else { return nil }
            hasFix = false
            return "no fix (mode " + .decimal(mode) + "): no position is recorded until the antenna sees the sky"
        case .fix(let fix):
            let isNew = hasFix != true
            hasFix = true
            if !hasToldTime, let time = fix.timeMilliseconds, !FixPolicy.isPlausible(time, at: moment) {
                hasToldTime = true
                return FixPolicy.rolloverNotice(time, moment.wallMilliseconds)
            }
            return isNew ? "position found" : nil
        }
    }

    private static func rolloverNotice(_ time: UInt64, _ wall: UInt64) -> UTF8Text {
        let off = distance(time, wall)
        let weeks = (off + rolloverMilliseconds / 2) / rolloverMilliseconds
        let isRollover = weeks > 0 && distance(off, weeks * rolloverMilliseconds) <= toleranceMilliseconds
        return "the receiver's time is " + .decimal(Int64(clamping: off / 86_400_000)) + " days off"
            + (isRollover ? ", a rollover of its 1024-week count: update its firmware" : "")
            + "; positions are flagged as suspect"
    }

    private static func distance(_ left: UInt64, _ right: UInt64) -> UInt64 {
        left > right ? left - right : right - left
    }
}
