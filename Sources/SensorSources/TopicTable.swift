import AttestationFormat
import LogisticsEvents

/// What the messages of a local broker say to the mappings: readings, and doors that open and close. Pure.
///
/// A retained message is what the broker kept: a state of unknown age, no event and no reading. Of a contact it tells what the
/// next live message is compared with.
struct TopicTable {
    /// Largest payload that is read; what sensors send has hundreds of bytes.
    static let maximumPayloadByteCount = 16 * 1024
    private static let maximumTokenCount = 1024
    /// After so many messages without the value, the pointer is told as wrong: partial messages are ordinary.
    private static let missesBeforeTelling: UInt32 = 20

    /// One mapping with what is known of it.
    private struct Row {
        let mapping: TopicMapping
        /// The contact as last heard, and as last recorded; true is open.
        var isOpen: Bool?
        var recordedOpen: Bool?
        /// When `isOpen` was heard.
        var moment: EventMoment?
        /// The latest measurement of a RuuviTag.
        var sequence: UInt16?
        var missCount: UInt32 = 0
        var hasValue = false
    }

    private var rows: [Row]
    private var json = JSONTokens(capacity: TopicTable.maximumTokenCount)
    /// Messages that no mapping could read.
    private(set) var unreadableCount: UInt64 = 0
    private(set) var retainedCount: UInt64 = 0
    private(set) var readingCount: UInt64 = 0

    init(_ mappings: [TopicMapping]) {
        rows = mappings.map { Row(mapping: $0) }
    }

    /// Whether a contact has changed and the change is not recorded yet.
    var hasChange: Bool { rows.contains { $0.isOpen != $0.recordedOpen } }

    /// Takes one message.
    ///
    /// - Returns: what to tell a person, at most one sentence a message.
    mutating func take(
        topic: [UInt8], payload: [UInt8], isRetained: Bool, at moment: EventMoment, into readings: inout [SensorReading]
    ) -> UTF8Text? {
        // An empty payload takes a retained message away.
        guard !payload.isEmpty else { return nil }
        if isRetained { retainedCount &+= 1 }
        var notice: UTF8Text?
        var isScanned = false
        var fault: SourceError?
        for index in rows.indices where rows[index].mapping.pattern.matches(topic) {
            if !isScanned { fault = scan(payload) }
            isScanned = true
            if let error = fault {
                notice = noteUnreadable(rows[index].mapping.sensor + ": a message is not JSON: " + error.message) ?? notice
                if !isRetained { fail(index, at: moment, into: &readings) }
                continue
            }
            notice = take(index, payload.span, isRetained: isRetained, at: moment, into: &readings) ?? notice
        }
        return notice
    }

    private mutating func scan(_ payload: [UInt8]) -> SourceError? {
        guard payload.count <= TopicTable.maximumPayloadByteCount else {
            return .json(.tooLong, offset: TopicTable.maximumPayloadByteCount)
        }
        do throws(SourceError) {
            try json.scan(payload.span, isAnyValue: true)
            return nil
        } catch {
            return error
        }
    }

    private mutating func take(
        _ index: Int, _ payload: Span<UInt8>, isRetained: Bool, at moment: EventMoment, into readings: inout [SensorReading]
    ) -> UTF8Text? {
        let mapping = rows[index].mapping
        guard let token = mapping.pointer.find(in: json, payload) else { return noteMiss(index) }
        rows[index].missCount = 0
        rows[index].hasValue = true
        guard !isRetained || mapping.value.quantity == nil else { return nil }
        var value: Int64?
        switch mapping.value {
        case .contact, .opening:
            guard let flag = json.flag(token, payload) else { return noteUnreadable(mapping.sensor + ": neither true nor false") }
            note(isOpen: mapping.value == .opening ? flag : !flag, index, isRetained: isRetained, at: moment)
            return nil
        case .number(let quantity, let factor):
            value = json.number(token, payload, quantity, factor)
        case .ruuvi(let part):
            guard let measurement = json.ruuvi(token, payload) else {
                fail(index, at: moment, into: &readings)
                return noteUnreadable(mapping.sensor + ": no RuuviTag data format 5")
            }
            guard isNew(measurement, index) else { return nil }
            value = measurement.value(of: part)
        }
        guard let value, let quantity = mapping.value.quantity else {
            fail(index, at: moment, into: &readings)
            return nil
        }
        readingCount &+= 1
        readings.append(SensorReading(sensor: mapping.sensor, quantity: quantity, value: value, at: moment))
        return nil
    }

    /// Several gateways hear one tag, and a tag says each measurement more than once.
    private mutating func isNew(_ measurement: RuuviMeasurement, _ index: Int) -> Bool {
        guard let sequence = measurement.sequence else { return true }
        defer { rows[index].sequence = sequence }
        return rows[index].sequence != sequence
    }

    /// The sensor answered with something that is no value.
    private mutating func fail(_ index: Int, at moment: EventMoment, into readings: inout [SensorReading]) {
        guard let quantity = rows[index].mapping.value.quantity else { return }
        readingCount &+= 1
        readings.append(SensorReading(sensor: rows[index].mapping.sensor, quantity: quantity, fault: .unreadable, at: moment))
    }

    private mutating func note(isOpen: Bool, _ index: Int, isRetained: Bool, at moment: EventMoment) {
        guard isRetained else {
            if rows[index].isOpen != isOpen { rows[index].moment = moment }
            rows[index].isOpen = isOpen
            return
        }
        guard rows[index].isOpen == nil else { return }
        rows[index].isOpen = isOpen
        rows[index].recordedOpen = isOpen
    }

    /// The doors that have opened or closed since the last call, as many as there is room for.
    ///
    /// A contact that is heard for the first time, and was not retained, counts as a change: what it was before nobody knows.
    mutating func takeChanges(room: Int) throws(EventError) -> [EventDraft] {
        var drafts: [EventDraft] = []
        for index in rows.indices {
            let row = rows[index]
            guard drafts.count < room, let isOpen = row.isOpen, isOpen != row.recordedOpen, let moment = row.moment else { continue }
            rows[index].recordedOpen = isOpen
            var draft = EventDraft(isOpen ? .doorOpened : .doorClosed, at: moment)
            try draft.set(.contact, row.mapping.sensor)
            drafts.append(draft)
        }
        return drafts
    }

    private mutating func noteMiss(_ index: Int) -> UTF8Text? {
        guard !rows[index].hasValue else { return nil }
        rows[index].missCount &+= 1
        guard rows[index].missCount == TopicTable.missesBeforeTelling else { return nil }
        let mapping = rows[index].mapping
        return "[mapping] of " + mapping.sensor + ": 20 messages on " + mapping.filter + " and none has its pointer: check topic and pointer"
    }

    /// One notice for each power of two: a broken sender is told, and does not fill the log.
    private mutating func noteUnreadable(_ text: UTF8Text) -> UTF8Text? {
        unreadableCount &+= 1
        return unreadableCount & (unreadableCount - 1) == 0 ? text : nil
    }
}
