import AgentConfiguration
import AttestationFormat
import ConfigurationFile
import LogisticsEvents
import Testing

/// What a running agent takes of a changed configuration.
@Suite("A changed configuration") struct AdoptionTests {
    private static let old = """
        [journal]
        directory = /j
        sync-interval = 1 s
        [batches]
        batch-events = 5
        [source.wms]
        type = intake
        socket = /run/wms.sock
        [sensor.air]
        quantity = temperature
        period = 1 min
        [rule.warm]
        sensor = air
        limit = above 8

        """

    private func load(_ text: String) throws -> AgentConfiguration {
        var document = ConfigurationDocument(path: "agent.conf")
        document.add(Array(("[identity]\nalliance = pearl\nfirm = acme\ndevice = gw-1\n" + text).utf8), of: "agent.conf")
        return try AgentConfiguration(ConfigurationLayers(document, environment: [], flags: []))
    }

    private func adopted(_ text: String) throws -> (configuration: AgentConfiguration, waiting: [UTF8Text]) {
        var configuration = try load(Self.old)
        let waiting = configuration.adopt(try load(text))
        return (configuration, waiting)
    }

    @Test("batches, the sync interval, the log level, sensors and rules are taken, and the values are those of the new file")
    func everything() throws {
        let text = Self.old.replacing("batch-events = 5", with: "batch-events = 9").replacing("sync-interval = 1 s", with: "sync-interval = 2 s")
            .replacing("above 8", with: "above 7").replacing("period = 1 min", with: "period = 2 min")
            + "[sensor.door]\nquantity = state\n[log]\nlevel = debug\n"
        let (configuration, waiting) = try adopted(text)
        #expect(waiting.isEmpty)
        #expect(configuration.batches.eventCount == 9 && configuration.journal.syncIntervalMilliseconds == 2_000)
        #expect(configuration.log.level == .debug)
        #expect(configuration.sensors.map(\.name) == ["air", "door"] && configuration.sensors[0].periodMilliseconds == 120_000)
        #expect(configuration.rules.map(\.threshold) == [7_000])
        #expect(try configuration.resolved.canonicalText == load(text).resolved.canonicalText)
    }

    @Test("segments wait for an archive as soon as a kind leaves as hashes, and no longer when none does", arguments: [
        ("", false), ("share = events\n", false), ("share = hashes\n", true), ("share-exceptions = bag.tracked\n", true),
    ])
    func keepsUntilArchived(share: String, keeps: Bool) throws {
        #expect(try adopted(Self.old.replacing("[batches]\n", with: "[batches]\n" + share)).configuration.journal.keepsUntilArchived == keeps)
        var configuration = try load(Self.old.replacing("[batches]\n", with: "[batches]\nshare = hashes\n"))
        #expect(configuration.adopt(try load(Self.old)).isEmpty && !configuration.journal.keepsUntilArchived)
    }

    @Test("what needs files or sockets waits, is named, and is not said to be in force", arguments: [
        ("directory = /j", "directory = /other", ["journal.directory"]), ("directory = /j", "directory = /j\ncap = 1 GiB", ["journal.cap"]),
        ("/run/wms.sock", "/run/other.sock", ["source.wms.socket"]),
        ("[batches]", "[trust]\nfile = /t\n[control]\nsocket = /c\n[batches]", ["trust.file", "control.socket"]),
    ] as [(String, String, [UTF8Text])])
    func waiting(from: String, to: String, names: [UTF8Text]) throws {
        let text = Self.old.replacing(from, with: to).replacing("above 8", with: "above 7")
        let (configuration, waiting) = try adopted(text)
        #expect(waiting == names)
        #expect(configuration.rules.map(\.threshold) == [7_000], "the rest is taken")
        #expect(try configuration.resolved.canonicalText == load(Self.old.replacing("above 8", with: "above 7")).resolved.canonicalText)
        let former = try load(Self.old)
        #expect(configuration.journal.directory == "/j" && configuration.sources == former.sources)
    }

    @Test("a source that is new or gone waits, with sensors that come and go beside it")
    func sources() throws {
        let more = Self.old + "[source.yard]\ntype = intake\nsocket = /run/yard.sock\n[sensor.door]\nquantity = state\n"
        let (configuration, waiting) = try adopted(more)
        #expect(!waiting.isEmpty && waiting.allSatisfy { $0.hasPrefix("source.yard.") })
        #expect(configuration.sources.count == 1 && configuration.sensors.count == 2)
        var back = try load(more)
        #expect(try back.adopt(load(Self.old)).allSatisfy { $0.hasPrefix("source.yard.") })
        #expect(back.sources.count == 2 && back.sensors.count == 1)
    }

    @Test("the same values in other words are no change, wherever they come from")
    func same() throws {
        let (_, waiting) = try adopted("# again\n" + Self.old.replacing("sync-interval = 1 s", with: "sync-interval = 1000 ms\ncap = 256 MiB"))
        #expect(waiting.isEmpty)
    }
}
