internal import AllianceTrust
internal import AttestationFormat
internal import LogisticsEvents

/// The disclosed events of evidence, one a line.
struct EventTable {
    private let batches: [EvidenceReport.Batch]
    private let style: TerminalStyle

    init(_ batches: [EvidenceReport.Batch], style: TerminalStyle) {
        self.batches = batches
        self.style = style
    }

    var text: String {
        var rows = [["gateway", "sequence", "time", "kind", "what", "where", "readings", "more"]]
        for batch in batches {
            for disclosed in batch.events { rows.append(row(disclosed, of: batch)) }
        }
        guard rows.count > 1 else { return "no event is disclosed\n" }
        let widths = widths(of: rows)
        return rows.enumerated().map { number, row in
            let cells = zip(row, widths).map { TerminalStyle.padded(TerminalStyle.cut($0, to: $1), to: $1) }.joined(separator: Self.gap)
            let trimmed = cells.lastIndex { $0 != " " }.map { String(cells[...$0]) } ?? ""
            return number == 0 ? style.paint(trimmed, .dim) : trimmed
        }.joined(separator: "\n") + "\n\n"
    }

    private static let gap = "  "
    /// Gateway, sequence, time and kind are never cut.
    private static let wholeColumnCount = 4
    /// Characters that a column keeps on a terminal that is too narrow for all.
    private static let leastWidth = 8

    /// As wide as the cells; on a terminal the longest columns give way until a line fits. `--json` has all of it in any case.
    private func widths(of rows: [[String]]) -> [Int] {
        var widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        guard let columnCount = style.columnCount else { return widths }
        var excess = widths.reduce(0, +) + Self.gap.count * (widths.count - 1) - columnCount
        while excess > 0, let longest = widths.indices.dropFirst(Self.wholeColumnCount).max(by: { widths[$0] < widths[$1] }),
            widths[longest] > Self.leastWidth
        {
            widths[longest] -= 1
            excess -= 1
        }
        return widths
    }

    private func row(_ disclosed: Evidence.DisclosedEvent, of batch: EvidenceReport.Batch) -> [String] {
        let event = disclosed.event
        let readings = event.readings.map { EventWords.reading($0) }.joined(separator: ", ")
        // The index is a claim until `intact` has passed, so the sum may not even fit.
        let (sequence, overflow) = batch.first.addingReportingOverflow(disclosed.index)
        return [
            TerminalStyle.safe(batch.gateway.gatewayID.text.string), overflow ? "?" : "\(sequence)",
            UTCText.text(milliseconds: event.wallClockMilliseconds), TerminalStyle.safe(EventWords.kind(event.kind)),
            TerminalStyle.safe(event.what.map(\.string).joined(separator: " ")), TerminalStyle.safe(EventWords.place(event)),
            TerminalStyle.safe(readings), TerminalStyle.safe(EventWords.more(event)),
        ]
    }
}

/// Events' numbers in words, where EventKinds.md has them.
enum EventWords {
    static func kind(_ kind: AttestationFormat.EventKind) -> String {
        switch kind {
        case .number(let number):
            KnownKind(rawValue: number)?.description.name.text.string ?? "kind \(number)"
        case .text(let text): text.string
        }
    }

    static func quantity(_ number: UInt64) -> QuantityDescription? {
        UInt8(exactly: number).flatMap { Quantity(rawValue: $0) }?.description
    }

    /// The read point, or else the position.
    static func place(_ event: EventView) -> String {
        if let point = event.readPoint { return point.string }
        return event.position.map { "\(decimal($0.latitude, decimals: 7)) \(decimal($0.longitude, decimals: 7))" } ?? ""
    }

    /// Flags, fields and documents: a claim may hang on each of them.
    static func more(_ event: EventView) -> String {
        let flagged = event.flagNumbers.map { flags[$0] ?? "flag \($0)" }
        let fields = event.extensions.map { "\($0.name.string)=\(value($0.value))" }
        let documents = event.documents.map { "\($0.role.string)=\($0.value.string)" }
        return (flagged + fields + documents).joined(separator: ", ")
    }

    private static func value(_ value: EventExtension.Value) -> String {
        switch value {
        case .text(let text): text.string
        case .integer(let number): "\(number)"
        case .bool(let flag): flag ? "yes" : "no"
        case .bytes(let bytes): Hexadecimal.text(of: bytes).string
        }
    }

    /// `reefer-air 4.250 °C`.
    static func reading(_ reading: EventReading) -> String {
        "\(reading.sensor.string) \(value(reading.value, quantity: reading.quantity))"
    }

    /// A value in the unit that people use; the wire's integer where the quantity is unknown.
    static func value(_ value: CBORInteger?, quantity number: UInt64) -> String {
        guard let value else { return "fault" }
        guard let quantity = quantity(number), let whole = value.int64 else { return "\(value) (quantity \(number))" }
        return "\(decimal(whole, decimals: Int(quantity.decimals))) \(quantity.userUnit.text.string)"
    }

    /// An integer with its decimal point put back: -5 with 3 decimals is -0.005.
    static func decimal(_ value: Int64, decimals: Int) -> String {
        guard decimals > 0 else { return "\(value)" }
        let digits = String(value.magnitude)
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        return (value < 0 ? "-" : "") + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    static let flags: [UInt64: String] = [
        1: "suspect value", 2: "clock unsynchronised", 3: "clock stepped", 4: "sensor fault", 5: "calibration expired",
        6: "not first-hand", 7: "late", 8: "replayed recording",
    ]

    static func clockSource(_ number: UInt64) -> String {
        switch number {
        case 0: "none"
        case 1: "rtc"
        case 2: "ntp"
        case 3: "gnss"
        case 4: "ptp"
        default: "source \(number)"
        }
    }
}
