internal import AttestationFormat
internal import LogisticsEvents
internal import SensorSources

/// What the loop remembers of one source, for `status` and `doctor`.
struct SourceRecord {
    /// As its section names it.
    let name: UTF8Text
    private(set) var eventCount: UInt64 = 0
    /// Samples with a value, which are no events of their own: the sensor table sums them up.
    private(set) var readingCount: UInt64 = 0
    /// When the latest event or value came.
    private(set) var lastMilliseconds: UInt64?
    /// Its latest warning, until it says something better or makes an event again. A value takes none away: it may be another
    /// sensor's of the same source.
    private(set) var warning: UTF8Text?

    init(name: UTF8Text) { self.name = name }

    /// - Parameter eventCount: how many of the output's events were recorded or refused; the source keeps the others.
    mutating func note(_ output: SourceOutput, eventCount count: Int, nowMilliseconds: UInt64) {
        if count > 0 {
            eventCount &+= UInt64(count)
            lastMilliseconds = nowMilliseconds
            warning = nil
        }
        for reading in output.readings where reading.value != nil {
            readingCount &+= 1
            lastMilliseconds = nowMilliseconds
        }
        for notice in output.notices { warning = notice.level == .warning ? notice.text : nil }
    }

    /// How much it gave, and when it last did.
    func words(nowMilliseconds: UInt64) -> String {
        guard let lastMilliseconds else { return "nothing yet" }
        let count = readingCount == 0 ? "\(eventCount) events" : eventCount == 0 ? "\(readingCount) readings" : "\(eventCount) events and \(readingCount) readings"
        return "\(count), the last \((nowMilliseconds - min(nowMilliseconds, lastMilliseconds)) / 1_000) s ago"
    }
}
