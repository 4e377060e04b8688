import AttestationFormat
import ConfigurationFile
import Testing

/// A small table with one setting of each sort of absence, and a family with conditions.
private let schema = ConfigurationSchema(
    [
        Setting("store", "cap", .byteCount(1_024...1 << 30), .defaultText("64 MiB"), why: "Enough."),
        Setting("store", "sync-interval", .duration(0...60_000), .defaultText("100 ms"), why: "Grouped."),
        Setting("store", "owner", .name, .refused, example: "acme", why: "Somebody must own it."),
        Setting("store", "note", .text(maximumByteCount: 20), .unset, example: "blue", why: "For people."),
        Setting("source.*", "type", .choice(["file", "socket"]), .refused, example: "file", why: "Sort."),
        Setting("source.*", "path", .path, .defaultText("/tmp/s"), when: .init("type", is: "socket"), why: "Where."),
        Setting("source.*", "pace", .integer(1...9), .defaultText("1"), when: .init("type", is: "file"), why: "How fast."),
    ],
    notes: [
        SectionNote("store", "The store."),
        SectionNote("source.*", "Sources.", examples: [.init("source.a", when: .init("type", is: "file"), isActive: true)]),
    ], environmentPrefix: "APP")

private func resolve(
    _ text: String, environment: [UTF8Text] = [], flags: [UTF8Text] = []
) -> (configuration: ResolvedConfiguration, problems: [ConfigurationProblem]) {
    var document = ConfigurationDocument(path: "a.conf")
    document.add(Array(text.utf8), of: "a.conf")
    return schema.resolve(ConfigurationLayers(document, environment: environment, flags: flags))
}

private let good = "[store]\nowner = acme\n"

@Suite("Resolving")
struct SchemaTests {
    @Test("what nobody sets has its default, and says so")
    func defaults() {
        let (configuration, problems) = resolve(good)
        #expect(problems.isEmpty)
        #expect(configuration.number("store", "cap") == 64 << 20)
        #expect(configuration.row("store", "cap")?.origin == .builtIn)
        #expect(configuration.text("store", "owner") == "acme")
        #expect(configuration.row("store", "owner")?.origin == .file("a.conf", line: 2))
        #expect(configuration.text("store", "note") == nil)
    }

    @Test("file, drop-in, environment and flag win in this order")
    func order() {
        var document = ConfigurationDocument(path: "a.conf")
        document.add(Array((good + "cap = 1 MiB\n").utf8), of: "a.conf")
        func value(_ layers: ConfigurationLayers) -> Int64? { schema.resolve(layers).configuration.number("store", "cap") }
        var layers = ConfigurationLayers(document)
        #expect(value(layers) == 1 << 20)
        document.add(Array("[store]\ncap = 2 MiB\n".utf8), of: "b.conf")
        layers.document = document
        #expect(value(layers) == 2 << 20)
        layers.environment = ["PATH=/bin", "APP_STORE_CAP=3 MiB"]
        #expect(value(layers) == 3 << 20)
        layers.flags = ["store.cap=4 MiB", "store.cap = 5 MiB"]
        #expect(value(layers) == 5 << 20)
        #expect(schema.resolve(layers).configuration.row("store", "cap")?.origin == .flag("store.cap = 5 MiB"))
    }

    @Test("members of a family keep the file's order, and take environment and flags")
    func family() {
        let text = good + "[source.b]\ntype = file\n[source.a]\ntype = socket\n"
        let (configuration, problems) = resolve(
            text, environment: ["APP_SOURCE_B_PACE=3"], flags: ["source.a.path=/run/a", "source.c.type=file"])
        #expect(problems.isEmpty)
        #expect(configuration.members(of: "source.") == ["b", "a", "c"])
        #expect(configuration.number("source.b", "pace") == 3)
        #expect(configuration.text("source.a", "path") == "/run/a")
        #expect(configuration.row("source.a", "pace") == nil)
    }

    @Test("rows of a section that stands in several places are found in each, and of a key's rows the last one counts")
    func places() {
        let rows = resolve(good + "cap = 1 MiB\n[source.a]\ntype = file\n").configuration.rows
        let later = resolve(good + "cap = 2 MiB\nnote = blue\n").configuration.rows.filter { $0.setting.key == "cap" }
        let configuration = ResolvedConfiguration(rows: rows + later)
        #expect(configuration.rows.count == rows.count + 1)
        #expect(configuration.number("store", "cap") == 2 << 20)
        #expect(configuration.text("store", "owner") == "acme", "of the first place")
        #expect(configuration.number("source.a", "pace") == 1)
        #expect(configuration.row("source.b", "pace") == nil && ResolvedConfiguration().row("store", "cap") == nil)
    }

    @Test("an empty value unsets an optional key, and is refused elsewhere")
    func empty() {
        #expect(resolve(good + "note =\n").problems.isEmpty)
        #expect(resolve(good + "note = blue\n", flags: ["store.note="]).configuration.text("store", "note") == nil)
        let problems = resolve(good + "cap =\n").problems
        #expect(problems.map(\.code) == [.badValue])
        #expect(problems.first?.reason.string.contains("it is empty") == true)
    }

    @Test(
        "each problem names its place, its reason and a next step",
        arguments: [
            (
                "[store]\ncap = 1 MiB\n", ConfigurationProblem.Code.missing,
                "a.conf:1: [store] needs \"owner\"; add for example: owner = acme"
            ),
            ("", .missing, "a.conf: [store] needs \"owner\"; add for example: owner = acme"),
            (good + "[stoer]\nx = 1\n", .unknownSection, "a.conf:3: there is no section [stoer]; did you mean [store]?"),
            (good + "[banana]\n", .unknownSection, "a.conf:3: there is no section [banana]; see Firmware-Config for every section"),
            (
                good + "[source.A B]\n", .unknownSection,
                "a.conf:3: the name in [source.A B] must have 1 to 32 of a-z, 0-9 and - after \"source.\""
            ),
            (good + "sync-intervall = 1 s\n", .unknownKey, "a.conf:3: [store] has no key \"sync-intervall\"; did you mean \"sync-interval\"?"),
            (good + "banana = 1\n", .unknownKey, "a.conf:3: [store] has no key \"banana\"; see Firmware-Config for every key"),
            (
                good + "sync-interval = 10\n", .badValue,
                "a.conf:3: \"sync-interval\" of [store] must be a duration from 0 to 1 min; \"10\" is not; name the unit: ms, s, min, h or d, "
                    + "for example 10 s"
            ),
            (
                good + "cap = 10\n", .badValue,
                "a.conf:3: \"cap\" of [store] must be a size from 1 KiB to 1 GiB; \"10\" is not; name the unit: B, KiB, MiB or GiB, for example "
                    + "10 KiB"
            ),
            (
                good + "[source.a]\ntype = fiel\n", .badValue,
                "a.conf:4: \"type\" of [source.a] must be file or socket; \"fiel\" is not; did you mean \"file\"?"
            ),
            (
                good + "[source.a]\ntype = FILE\n", .badValue,
                "a.conf:4: \"type\" of [source.a] must be file or socket; \"FILE\" is not; did you mean \"file\"?"
            ),
            (
                good + "sync-interval = 1 sec\n", .badValue,
                "a.conf:3: \"sync-interval\" of [store] must be a duration from 0 to 1 min; \"1 sec\" is not; write a whole number with ms, s, min, h or d"
            ),
            (
                good + "sync-interval = 2 min\n", .badValue,
                "a.conf:3: \"sync-interval\" of [store] must be a duration from 0 to 1 min; \"2 min\" is not"
            ),
            (
                good + "cap = 1 MiB # three\n", .badValue,
                "a.conf:3: \"cap\" of [store] must be a size from 1 KiB to 1 GiB; \"1 MiB # three\" is not; put the comment on a line of its own"
            ),
            (
                good + "[source.a]\ntype = socket\npath = x\n", .badValue,
                "a.conf:5: \"path\" of [source.a] must be an absolute path; \"x\" is not"
            ),
            (good + "[sources.tmp]\n", .unknownSection, "a.conf:3: there is no section [sources.tmp]; did you mean [source.tmp]?"),
            (good + "[sauerkraut.tmp]\n", .unknownSection, "a.conf:3: there is no section [sauerkraut.tmp]; see Firmware-Config for every section"),
            (good + "[source.a]\npace = 3\n", .missing, "a.conf:3: [source.a] needs \"type\"; add for example: type = file"),
            (
                good + "[source.a]\ntype = fiel\npace = 3\n", .badValue,
                "a.conf:4: \"type\" of [source.a] must be file or socket; \"fiel\" is not; did you mean \"file\"?"
            ),
            (good + "[source.a]\n", .missing, "a.conf:3: [source.a] needs \"type\"; add for example: type = file"),
            (
                good + "[source.a]\ntype = socket\npace = 3\n", .impossible,
                "a.conf:5: \"pace\" is for type = file, but [source.a] has type = socket; remove it, or change type"
            ),
        ])
    func problems(text: String, code: ConfigurationProblem.Code, message: String) {
        let problems = resolve(text).problems
        #expect(problems.map(\.code) == [code])
        #expect(problems.map { $0.message.string } == [message])
    }

    @Test(
        "problems of environment and flags name the variable or the flag",
        arguments: [
            (["APP_STORE_CAPP=1 MiB"], [], "environment variable APP_STORE_CAPP: [store] has no such key; did you mean APP_STORE_CAP?"),
            (["APP_STORE_BANANA=1"], [], "environment variable APP_STORE_BANANA: [store] has no such key; unset it"),
            (
                ["APP_STORE_CAP=much"], [],
                "environment variable APP_STORE_CAP: \"cap\" of [store] must be a size from 1 KiB to 1 GiB; \"much\" is not; write a whole number with B, KiB, MiB or GiB"
            ),
            ([], ["cap"], "flag cap: not of the form section.key=value, for example journal.sync-interval=0"),
            ([], ["stor.cap=1"], "flag stor.cap=1: there is no section [stor]; did you mean [store]?"),
            ([], ["store.capp=1"], "flag store.capp=1: [store] has no key \"capp\"; did you mean \"cap\"?"),
        ] as [([UTF8Text], [UTF8Text], String)])
    func otherLayers(environment: [UTF8Text], flags: [UTF8Text], message: String) {
        #expect(resolve(good, environment: environment, flags: flags).problems.map { $0.message.string } == [message])
    }

    @Test("variables with the prefix that name no section of ours are left alone", arguments: ["APP_ONLY=agent", "APP=1", "APP_", "APPSTORE_CAP=x"])
    func strangers(variable: String) {
        #expect(resolve(good, environment: [UTF8Text(variable)]).problems.isEmpty)
    }

    @Test("the effective text is a valid file that resolves to the same values")
    func effectiveText() {
        let text = good + "cap = 1 MiB\n[source.b]\ntype = file\n"
        let first = resolve(text, environment: ["APP_STORE_SYNC_INTERVAL=0"]).configuration
        #expect(first.text.string.contains("# environment variable APP_STORE_SYNC_INTERVAL\nsync-interval = 0\n"))
        #expect(first.text.string.contains("# a.conf:3\ncap = 1 MiB\n"))
        #expect(first.text.string.contains("# default\npace = 1\n"))
        let second = resolve(first.text.string)
        #expect(second.problems.isEmpty)
        #expect(second.configuration.canonicalText == first.canonicalText)
        #expect(resolve(good).configuration.canonicalText != first.canonicalText)
    }
}
