import AttestationFormat
import LogisticsEvents
import Testing

/// Salts that can be recognised.
struct CountingSalts: SaltSource {
    var isForHashes = false
    private(set) var drawn: [Int] = []
    mutating func salt(byteCount: Int) -> [UInt8] {
        drawn.append(byteCount)
        return [UInt8](repeating: 0xA5, count: byteCount)
    }
}

private let moment = EventMoment(
    wallMilliseconds: 1_795_327_387_250, monotonicMilliseconds: 123_456, clockSource: .ntp, errorMilliseconds: 12)

private func knownKind(_ name: UTF8Text) -> KnownKind? { KnownKind(name: name.bytes.span) }
private func knownQuantity(_ name: UTF8Text) -> Quantity? { Quantity(name: name.bytes.span) }
private func knownField(_ name: UTF8Text) -> ExtensionField? { ExtensionField(name: name.bytes.span) }

@Suite("Tables of kinds, quantities and fields") struct CatalogueTests {
    @Test("every kind finds its own row by number and by name")
    func kinds() throws {
        #expect(EventCatalogue.kinds.count == KnownKind.allCases.count)
        for kind in KnownKind.allCases {
            #expect(kind.description.kind == kind)
            #expect(knownKind(kind.description.name.text) == kind)
        }
        #expect(knownKind("unit.lost") == nil)
        #expect(knownKind("") == nil)
        #expect(KnownKind.unitLoaded.description.name.text.string == "unit.loaded")
    }

    @Test("every quantity and every field finds its own row")
    func rows() {
        for quantity in Quantity.allCases {
            #expect(quantity.description.quantity == quantity)
            #expect(knownQuantity(quantity.description.name.text) == quantity)
        }
        for field in ExtensionField.allCases {
            #expect(field.description.field == field)
            #expect(knownField(field.name) == field)
        }
        #expect(knownQuantity("Temperature") == nil)
        #expect(Set(ExtensionField.allCases.map { $0.name }).count == ExtensionField.allCases.count)
    }

    @Test("tamper, excursion, door and handover close a batch at once; the others wait")
    func priority() {
        let urgent = KnownKind.allCases.filter { $0.description.isPriority }
        #expect(
            urgent == [
                .sealBroken, .excursionOpened, .excursionClosed, .doorOpened, .doorClosed, .tamperDetected,
                .deliveryReceived, .custodyTransferred,
            ])
    }

    @Test("salts: none for control, 8 bytes for goods, 16 where a person may be concerned")
    func salts() {
        for kind in KnownKind.allCases {
            let expected: Int =
                switch kind {
                case .deliveryReceived, .custodyTransferred, .bagTracked: 16
                default: kind.rawValue < 20 ? 0 : 8
                }
            #expect(SaltRule.byteCount(for: kind) == expected)
            #expect(SaltRule.byteCount(for: kind, sharedAsHashes: true) == max(expected, 8))
        }
    }

    @Test("exactly the control kinds have no EPCIS form")
    func epcis() {
        #expect(KnownKind.allCases.filter { $0.description.epcis == nil }.map { $0.rawValue } == [1, 2, 3, 4, 5, 6, 7])
    }
}

@Suite("Event drafts") struct EventDraftTests {
    @Test("a kind without one of its mandatory fields is refused, and the first that is missing named")
    func missing() {
        for kind in KnownKind.allCases {
            let error = #expect(throws: EventError.self) { try EventDraft(kind, at: moment).encoded() }
            #expect(error?.code == .missingField)
            #expect(error?.key == kind.description.mandatory.first?.key)
        }
    }

    @Test("an event's bytes are the map of the wire format, in order, and read back")
    func bytes() throws {
        var draft = EventDraft(.unitLoaded, at: moment)
        try draft.add(try Identifier("bic:CSQU3054383"), isParent: true)
        try draft.add(try Identifier("urn:epc:id:sscc:9521234.3000000017"))
        try draft.set(readPoint: try Identifier("https://id.gs1.org/414/9521234000013"))
        try draft.set(.placement, "door")
        var salts = CountingSalts()
        let view = try EventView(parsing: try draft.encoded(salts: &salts))
        #expect(salts.drawn == [8])
        #expect(view.kind == .number(21))
        #expect(view.wallClockMilliseconds == 1_795_327_387_250)
        #expect(view.monotonicMilliseconds == 123_456)
        #expect(view.what.map { $0.string } == ["parent:bic:CSQU3054383", "https://id.gs1.org/00/395212340000000175"])
        #expect(view.bytes.suffix(9) == [0x48] + [UInt8](repeating: 0xA5, count: 8))
    }

    @Test("a parent that is not first, a second parent and a read point that is no GLN are refused")
    func places() throws {
        var draft = EventDraft(.unitLoaded, at: moment)
        let container = try Identifier("bic:CSQU3054383")
        try draft.add(container)
        #expect(throws: EventError.self) { try draft.add(container, isParent: true) }
        #expect(throws: EventError.self) { try draft.set(readPoint: container) }
        var packed = EventDraft(.unitPacked, at: moment)
        try packed.add(container, isParent: true)
        try packed.add(try Identifier("https://id.gs1.org/01/09521234000013/21/1"))
        // The parent of a packed unit is an SSCC.
        #expect(throws: EventError.self) { try packed.encoded() }
    }

    @Test(
        "a firm's own kind has at least two parts and none of the table's first parts",
        arguments: ["unit.laoded", "loaded", "agent.hello", "", ".", "acme.", ".acme", "acme..x", "Acme.x", "acme x.y", "heartbeat"])
    func ownKindRefused(_ name: String) {
        #expect(throws: EventError.self) { try EventDraft(ownKind: UTF8Text(name), at: moment) }
    }

    @Test("a firm's own kind takes free fields and has a salt")
    func ownKind() throws {
        var draft = try EventDraft(ownKind: "acme.forklift.weighed", at: moment)
        try draft.setOwn("load-g", .integer(.unsigned(12)))
        var salts = CountingSalts()
        let view = try EventView(parsing: try draft.encoded(salts: &salts))
        #expect(view.kind == .text("acme.forklift.weighed"))
        #expect(salts.drawn == [8])
    }

    @Test("fields outside of the table, of another type or outside of their bounds are refused")
    func fields() throws {
        var draft = EventDraft(.transportPosition, at: moment)
        #expect(throws: EventError.self) { try draft.set(.fixMode, 1) }
        #expect(throws: EventError.self) { try draft.set(.fixMode, 4) }
        #expect(throws: EventError.self) { try draft.set(.fixMode, "3") }
        #expect(throws: EventError.self) { try draft.set(.keyClass, "paper") }
        #expect(throws: EventError.self) { try draft.set(.root, .bytes([1])) }
        #expect(throws: EventError.self) { try draft.set(.epoch, "0011223344556677X") }
        #expect(throws: EventError.self) { try draft.set(.placement, "") }
        #expect(throws: EventError.self) { try draft.setOwn("colour", .text("red")) }
        #expect(throws: EventError.self) { try draft.setOwn("Acme.colour", .text("red")) }
        try draft.setOwn("acme.colour", .text("red"))
        #expect(throws: EventError.self) { try draft.setOwn("acme.colour", .text("red")) }
    }

    @Test("a place outside of the globe is refused")
    func globe() throws {
        var draft = EventDraft(.transportPosition, at: moment)
        #expect(throws: EventError.self) { try draft.set(EventPosition(latitude: 900_000_001, longitude: 0)) }
        #expect(throws: EventError.self) { try draft.set(EventPosition(latitude: 0, longitude: -1_800_000_001)) }
        try draft.set(EventPosition(latitude: -900_000_000, longitude: 1_800_000_000))
    }

    @Test("an event of more than 4,096 bytes is refused")
    func tooLarge() throws {
        var draft = EventDraft(.foreign, at: moment)
        draft.set(foreign: EventForeign(contentType: "a/b", bytes: [UInt8](repeating: 0, count: 4100)))
        let error = #expect(throws: EventError.self) { try draft.encoded() }
        #expect(error?.code == .tooLarge)
    }

    @Test("the health event carries its mandatory fields, and no salt")
    func health() throws {
        let facts = HealthFacts(uptimeSeconds: 1, loadMilli: 2, memoryFreeKiB: 3, diskFreeKiB: 4, unreceiptedCount: 5)
        let view = try EventView(parsing: try facts.draft(at: moment).encoded())
        #expect(view.kind == .number(2))
    }
}
