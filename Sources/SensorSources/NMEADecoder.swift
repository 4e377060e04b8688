import AttestationFormat
import LogisticsEvents

/// Puts the sentences of one moment together to a fix. Pure.
///
/// Traps: a receiver without a fix goes on printing its last position; the two or three sentences of a moment come in any
/// order, and only the last tells that they are complete; GSA has no time; GGA has no date.
struct NMEADecoder {
    /// What the sentences of one time of day say.
    private struct Moment {
        let timeOfDay: UInt32
        var latitude: Int64?
        var longitude: Int64?
        var heightMillimetres: Int64?
        var geoidMillimetres: Int64?
        var hundredthsOfHDOP: Int64?
        var satelliteCount: Int64?
        var mode: UInt8 = 0
        var date: NMEADate?
        var isInvalid = false
        var isSuspect = false
        var isReported = false
    }

    /// gpsd's figure: an error of 19 m (95 %) for a horizontal dilution of precision of 1.
    private static let millimetresPerHundredthOfHDOP: Int64 = 190
    /// The sentence that ends a moment is learned anew when it was missed so often: one lost line changes nothing.
    private static let missesBeforeLearning = 3

    private var moment: Moment?
    /// The latest date, and the time of day that it came with: past midnight it is yesterday's.
    private var date: (day: NMEADate, timeOfDay: UInt32)?
    /// The latest mode that GSA gave, for moments without one of their own.
    private var lastMode: UInt8 = 0
    /// The formatter that ends each moment, as learned from the pauses between them.
    private var ender: NMEASentence.Formatter?
    private var previous: NMEASentence.Formatter?
    private var missCount = 0

    /// Whether a moment waits for its end: ``finish()`` is due when the receiver pauses.
    var isWaiting: Bool { moment.map { !$0.isReported } ?? false }

    /// Takes one sentence; at most two reports, one of the moment before and one of this.
    mutating func take(_ sentence: NMEASentence, _ line: Span<UInt8>) -> [FixReport] {
        var reports: [FixReport] = []
        if sentence.formatter == .gsa {
            noteMode(sentence.letter(2, line))
        } else if let time = sentence.timeOfDay(sentence.formatter == .gll ? 5 : 1, line) {
            if moment?.timeOfDay != time {
                if let report = finish() { reports.append(report) }
                moment = Moment(timeOfDay: time)
            }
            read(sentence, line)
        } else {
            // A receiver that does not even know the time.
            moment = nil
            reports.append(.noFix(mode: 1))
        }
        previous = sentence.formatter
        if sentence.formatter == ender, let report = report() {
            missCount = 0
            reports.append(report)
        }
        return reports
    }

    /// Ends the moment that waits: another one begins, or the receiver pauses.
    mutating func finish() -> FixReport? {
        guard isWaiting else { return nil }
        missCount += 1
        if ender == nil || missCount >= NMEADecoder.missesBeforeLearning {
            ender = previous
            missCount = 0
        }
        return report()
    }

    private mutating func noteMode(_ letter: UInt8) {
        guard (UInt8(ascii: "1")...UInt8(ascii: "3")).contains(letter) else { return }
        let mode = letter - UInt8(ascii: "0")
        // One sentence a constellation: the best of them is the solution's.
        if let known = moment?.mode { moment?.mode = max(known, mode) }
        lastMode = mode
    }

    private mutating func read(_ sentence: NMEASentence, _ line: Span<UInt8>) {
        guard var now = moment, !now.isReported else { return }
        var first = 2
        switch sentence.formatter {
        case .rmc:
            first = 3
            if let day = sentence.date(9, line) { date = (day, now.timeOfDay) }
            NMEADecoder.judge(sentence.letter(2, line), sentence.letter(12, line), &now)
        case .gll:
            first = 1
            NMEADecoder.judge(sentence.letter(6, line), sentence.letter(7, line), &now)
        default:
            let quality = sentence.letter(6, line)
            if quality == 0 || quality == UInt8(ascii: "0") { now.isInvalid = true }
            // 6: estimated, 7: typed in, 8: simulated.
            if (UInt8(ascii: "6")...UInt8(ascii: "8")).contains(quality) { now.isSuspect = true }
            now.satelliteCount = sentence.decimal(7, line, decimals: 0)
            now.hundredthsOfHDOP = sentence.decimal(8, line, decimals: 2)
            now.heightMillimetres = sentence.decimal(9, line, decimals: 3)
            now.geoidMillimetres = sentence.decimal(11, line, decimals: 3)
        }
        if let latitude = sentence.angle(first, line, limitDegrees: 90),
            let longitude = sentence.angle(first + 2, line, limitDegrees: 180)
        {
            (now.latitude, now.longitude) = (latitude, longitude)
        }
        // A date from before midnight says nothing of a time after it.
        if let date, now.timeOfDay >= date.timeOfDay { now.date = date.day }
        moment = now
    }

    /// RMC's and GLL's status, and the mode letter that version 2.3 and later put behind.
    private static func judge(_ status: UInt8, _ mode: UInt8, _ moment: inout Moment) {
        if status != UInt8(ascii: "A") || mode == UInt8(ascii: "N") { moment.isInvalid = true }
        switch mode {
        case UInt8(ascii: "E"), UInt8(ascii: "M"), UInt8(ascii: "S"): moment.isSuspect = true
        default: break
        }
    }

    private mutating func report() -> FixReport? {
        guard let now = moment, !now.isReported else { return nil }
        moment?.isReported = true
        guard !now.isInvalid, now.mode != 1, let latitude = now.latitude, let longitude = now.longitude else {
            return .noFix(mode: 1)
        }
        let mode = mode(of: now)
        var accuracy: UInt64?
        if let hdop = now.hundredthsOfHDOP, (1...100_000).contains(hdop) {
            accuracy = UInt64(hdop * NMEADecoder.millimetresPerHundredthOfHDOP)
        }
        var height: Int64?
        // WGS 84 is the height above the ellipsoid: above the geoid, and the geoid's own.
        if mode == 3, let above = now.heightMillimetres, let geoid = now.geoidMillimetres {
            height = above.addingReportingOverflow(geoid).partialValue
        }
        return .fix(
            PositionFix(
                mode: mode,
                position: EventPosition(
                    latitude: latitude, longitude: longitude, accuracyMillimetres: accuracy, altitudeMillimetres: height),
                timeMilliseconds: now.date?.milliseconds(timeOfDay: now.timeOfDay), isSuspect: now.isSuspect))
    }

    /// GSA's word where this moment has one; else four satellites make three dimensions; else what GSA said last.
    private func mode(of moment: Moment) -> UInt64 {
        if moment.mode >= 2 { return UInt64(moment.mode) }
        if moment.heightMillimetres != nil, moment.satelliteCount ?? 0 >= 4 { return 3 }
        return lastMode == 3 ? 3 : 2
    }
}
