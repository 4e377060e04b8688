import AttestationFormat
import LogisticsEvents
import Testing

@testable import AgentRuntime

@Suite("slips in the names of kinds")
struct KindSpellingTests {
    @Test("two letters or less from a kind's name mean that kind", arguments: [
        ("sael.applied", .sealApplied), ("seal.aplied", .sealApplied), ("seal.appplied", .sealApplied), ("unit.laoded", .unitLoaded),
        ("unit.unloade", .unitUnloaded), ("dor.opened", .doorOpened), ("door.closd", .doorClosed), ("door-opened", .doorOpened),
        ("Door.opened", .doorOpened), ("bag.tracke", .bagTracked), ("foriegn", .foreign),
    ] as [(UTF8Text, KnownKind)])
    func slips(name: UTF8Text, kind: KnownKind) {
        #expect(RecordCommand.meant(by: name) == kind.description.name.text)
    }

    @Test("the table's own names, firms' kinds and anything farther away mean none", arguments: [
        "seal.applied", "unit.loaded", "foreign", "acme.forklift.weighed", "acme.x", "seal.changed", "gate.opened", "", "x",
    ] as [UTF8Text])
    func others(name: UTF8Text) {
        #expect(RecordCommand.meant(by: name) == nil)
    }

    @Test("every name of the table with one letter missing means its own kind or one as near") func everyKind() {
        for row in EventCatalogue.kinds {
            let bytes = row.name.text.bytes
            guard let short = UTF8Text(validating: Array(bytes.dropLast())) else { continue }
            #expect(RecordCommand.meant(by: short) == row.name.text, "\(short.string)")
        }
    }
}
