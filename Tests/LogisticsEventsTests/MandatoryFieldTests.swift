import AttestationFormat
import LogisticsEvents
import Testing

@Suite("Mandatory fields") struct MandatoryFieldTests {
    private static let moment = EventMoment(
        wallMilliseconds: 1_795_327_387_250, monotonicMilliseconds: 123_456, clockSource: .ntp, errorMilliseconds: 12)

    /// A draft with everything that its kind needs, but for one entry of the list.
    private func filled(_ kind: KnownKind, without omitted: Int? = nil) throws -> EventDraft {
        var draft = EventDraft(kind, at: Self.moment)
        for (index, field) in kind.description.mandatory.enumerated() where index != omitted { try draft.fill(field) }
        return draft
    }

    @Test("each field in turn is missed and named when all others are there, and none when all are", arguments: KnownKind.allCases)
    func each(kind: KnownKind) throws {
        var salts = CountingSalts()
        let view = try EventView(parsing: try filled(kind).encoded(salts: &salts))
        #expect(view.kind == .number(kind.rawValue))
        let mandatory = kind.description.mandatory
        #expect(!mandatory.isEmpty)
        for omitted in mandatory.indices {
            let draft = try filled(kind, without: omitted)
            let error = #expect(throws: EventError.self) { try draft.encoded() }
            #expect(error?.code == .missingField && error?.key == mandatory[omitted].key, "\(mandatory[omitted])")
        }
    }
}

extension EventDraft {
    /// Adds what satisfies this entry, and no other one.
    fileprivate mutating func fill(_ field: MandatoryField) throws {
        switch field {
        case .parent: try add(try Identifier("bic:CSQU3054383"), isParent: true)
        case .parentSSCC: try add(try Identifier("https://id.gs1.org/00/395212340000000175"), isParent: true)
        case .units, .container: try add(try Identifier("https://id.gs1.org/01/09521234000013/21/S-77"))
        case .readPoint, .place: try set(readPoint: try Identifier("https://id.gs1.org/414/9521234000013"))
        case .position: try set(EventPosition(latitude: 1, longitude: 2))
        case .readings: try add(EventReading(sensor: "a", quantity: UInt64(Quantity.temperature.rawValue), value: Int64(4_000)))
        case .summary:
            // Of no sample: the sensor was silent.
            var summary = EventReading.Summary()
            (summary.count, summary.spanMilliseconds) = (0, 60_000)
            try add(EventReading(sensor: "a", quantity: UInt64(Quantity.temperature.rawValue), value: nil, summary: summary))
        case .document(let role): try addDocument(role.text, "D-1")
        case .anyDocument: try addDocument("desadv", "D-2")
        case .unitsOrBillOfLading: try addDocument("bol", "B-1")
        case .attachment: try add(EventAttachment(digest: [UInt8](repeating: 1, count: 32)))
        case .foreignPayload: set(foreign: EventForeign(contentType: "a/b", bytes: [1]))
        case .field(let field): try set(field, field.sample)
        }
    }
}

extension ExtensionField {
    /// A value of its type.
    fileprivate var sample: EventExtension.Value {
        switch type {
        case .text: .text("x")
        case .oneOf(let words): .text(words[0].text)
        case .epoch: .text("0011223344556677")
        case .integer(let bounds): .integer(CBORInteger(bounds.lowerBound))
        case .measured: .integer(.unsigned(1))
        case .bytes(let counts): .bytes([UInt8](repeating: 1, count: counts.lowerBound))
        }
    }
}
