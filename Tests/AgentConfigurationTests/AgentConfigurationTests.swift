@testable import AgentConfiguration
import AttestationFormat
import ConfigurationFile
import LogisticsEvents
import SealToken
import Testing

/// Loads a text with the identity in front of it.
private func load(
    _ text: String = "", identity: String = "[identity]\nalliance = pearl\nfirm = acme\ndevice = gw-1\n", environment: [UTF8Text] = [],
    flags: [UTF8Text] = []
) throws(ConfigurationProblems) -> AgentConfiguration {
    var document = ConfigurationDocument(path: "agent.conf")
    document.add(Array((identity + text).utf8), of: "agent.conf")
    return try AgentConfiguration(ConfigurationLayers(document, environment: environment, flags: flags))
}

private let protection = "ca = /e/ca.crt\ncertificate = /e/link.crt\nkey = /e/link.key\n"

@Suite("agent.conf")
struct AgentConfigurationTests {
    @Test("with the identity alone, everything else has its default")
    func defaults() throws {
        let configuration = try load()
        #expect(configuration.identity == .init(alliance: "pearl", firm: "acme", device: "gw-1"))
        #expect(configuration.journal == .init(
            directory: "/var/lib/harborseal/journal", capByteCount: 256 << 20, segmentByteCount: 4 << 20,
            keepForMilliseconds: 7 * 86_400_000, keepsUntilArchived: false, syncIntervalMilliseconds: 100, fullPolicy: .newest))
        #expect(configuration.batches == .init(
            eventCount: 64, byteCount: 65_536, intervalMilliseconds: 1_000, share: .events, shareExceptions: [],
            catchUpBatchesPerSecond: 50))
        #expect(configuration.link == .init(
            brokers: [], authorityFile: nil, certificateFile: nil, keyFile: nil, isInsecure: false, keepAliveMilliseconds: 60_000,
            receiptTimeoutMilliseconds: 30_000, unreceiptedBatchCount: 64, unreceiptedByteCount: 2 << 20, mqttVersion: .automatic))
        #expect(configuration.seal == .init(key: .file("/etc/harborseal/seal.key"), certificateFile: "/etc/harborseal/seal.crt"))
        #expect(configuration.trust == .init(file: "/etc/harborseal/alliance.hstrust"))
        #expect(configuration.control == .init(socketPath: "/run/harborseal/control.sock", mode: 0o660))
        #expect(configuration.log.level == .info)
        #expect(configuration.sources.isEmpty)
        #expect(configuration.sensors.isEmpty)
        #expect(configuration.rules.isEmpty)
    }

    @Test("every value that is written arrives")
    func everything() throws {
        let configuration = try load(
            """
            [journal]
            directory = /j
            cap = 1 GiB
            segment-bytes = 1 MiB
            keep-for = 1 h
            sync-interval = 0
            full-policy = lowest-priority
            [batches]
            batch-events = 1
            batch-bytes = 4 KiB
            batch-interval = 10 s
            share = hashes
            share-exceptions = bag.tracked, flow.count
            catch-up-rate = 5
            [link]
            brokers = a, b:1, [::1]:2
            \(protection)insecure = true
            keepalive = 30 s
            receipt-timeout = 1 min
            unreceipted-batches = 2
            unreceipted-bytes = 1 MiB
            mqtt-version = 3.1.1
            [seal]
            key = /s.key
            certificate = /s.crt
            [trust]
            file = /t
            [control]
            socket = /c.sock
            mode = 0600
            [log]
            level = debug
            """)
        #expect(configuration.journal == .init(
            directory: "/j", capByteCount: 1 << 30, segmentByteCount: 1 << 20, keepForMilliseconds: 3_600_000, keepsUntilArchived: true,
            syncIntervalMilliseconds: 0, fullPolicy: .lowestPriority))
        #expect(configuration.batches == .init(
            eventCount: 1, byteCount: 4_096, intervalMilliseconds: 10_000, share: .hashes,
            shareExceptions: [60, 61, 52], catchUpBatchesPerSecond: 5))
        #expect(configuration.link == .init(
            brokers: [.init(host: "a", port: 8_883), .init(host: "b", port: 1), .init(host: "::1", port: 2)], authorityFile: "/e/ca.crt",
            certificateFile: "/e/link.crt", keyFile: "/e/link.key", isInsecure: true, keepAliveMilliseconds: 30_000,
            receiptTimeoutMilliseconds: 60_000, unreceiptedBatchCount: 2, unreceiptedByteCount: 1 << 20, mqttVersion: .version311))
        #expect(configuration.seal == .init(key: .file("/s.key"), certificateFile: "/s.crt"))
        #expect(configuration.trust == .init(file: "/t"))
        #expect(configuration.control == .init(socketPath: "/c.sock", mode: 0o600))
        #expect(configuration.log.level == .debug)
    }

    @Test("a key in a token is a URI, which no other key takes")
    func tokenKey() throws {
        let text: UTF8Text = "pkcs11:token=gw-1;object=seal?module-name=tpm2_pkcs11&pin-source=file:/etc/harborseal/seal.pin"
        let configuration = try load("[seal]\nkey = \(text.string)\n")
        #expect(configuration.seal.key == .token(try TokenURI(text)))
        #expect(configuration.seal.key.file == nil)
        #expect(configuration.resolved.text("seal", "key") == text)
        #expect(throws: ConfigurationProblems.self) { try load("[link]\nkey = \(text.string)\n") }
        #expect(throws: ConfigurationProblems.self) { try load("[seal]\ncertificate = \(text.string)\n") }
        #expect(throws: ConfigurationProblems.self) { try load("[seal]\nkey = seal.key\n") }
    }

    @Test("sources come in the file's order with their options and defaults")
    func sources() throws {
        let configuration = try load(
            """
            [source.health]
            type = health
            [source.gps]
            type = gpsd
            host = 10.0.0.7
            port = 2000
            period = 1 s
            [source.in]
            type = intake
            socket = /run/in.sock
            mode = 0666
            allow-uid = 1000, 1001
            allow-gid = 100
            [source.trip]
            type = replay
            file = /var/trip.jsonl
            pace = 10x
            [source.trip-2]
            type = replay
            file = /var/trip-2.jsonl
            pace = fast
            """)
        #expect(configuration.sources == [
            .init(name: "health", kind: .health(periodMilliseconds: 60_000, diskPath: "/var/lib/harborseal")),
            .init(name: "gps", kind: .gpsd(host: "10.0.0.7", port: 2_000, periodMilliseconds: 1_000)),
            .init(name: "in", kind: .intake(socketPath: "/run/in.sock", mode: 0o666, allowedUserIDs: [1_000, 1_001], allowedGroupIDs: [100])),
            .init(name: "trip", kind: .replay(file: "/var/trip.jsonl", pace: .times(10))),
            .init(name: "trip-2", kind: .replay(file: "/var/trip-2.jsonl", pace: .fast)),
        ])
    }

    @Test("a sensor's range is in its quantity's integer unit")
    func sensors() throws {
        let configuration = try load(
            """
            [sensor.reefer-air]
            quantity = temperature
            placement = front wall, 2 m high
            calibration = SCS-1
            calibration-until = 2027-03-31
            period = 1 min
            expected = -30 .. 12.5
            summary = 1 h
            deadband = 0.25
            [sensor.door]
            quantity = state
            """)
        #expect(configuration.sensors == [
            .init(
                name: "reefer-air", quantity: .temperature, placement: "front wall, 2 m high", calibration: "SCS-1",
                calibrationUntilSeconds: 1_806_537_600, periodMilliseconds: 60_000, expectedRange: -30_000...12_500,
                summaryMilliseconds: 3_600_000, deadband: 250),
            .init(
                name: "door", quantity: .state, placement: nil, calibration: nil, calibrationUntilSeconds: nil, periodMilliseconds: nil,
                expectedRange: nil),
        ])
    }

    @Test("rules come from profiles, from limits, and from limits that are profiles, in the quantity's integer unit")
    func rules() throws {
        let configuration = try load(
            """
            [sensor.air]
            quantity = temperature
            period = 1 min
            profile = 2-8c
            [sensor.humidity]
            quantity = relative-humidity
            period = 10 s
            [rule.damp]
            sensor = humidity
            limit = at-least 65.5
            for = 1 h
            counting = cumulative
            hysteresis = 2
            priority = normal
            [rule.frost]
            sensor = air
            limit = below -0.5
            [rule.who]
            sensor = air
            limit = who-alarm
            """)
        #expect(configuration.rules.prefix(2) == ConditionProfile.refrigerated.rules(sensor: "air")[...])
        #expect(configuration.rules[2...3] == [
            ConditionRule(
                id: "damp", sensor: "humidity", .above, 65_500, isInclusive: true, forMilliseconds: 3_600_000, counting: .cumulative,
                hysteresis: 2_000, isPriority: false),
            ConditionRule(id: "frost", sensor: "air", .below, -500),
        ])
        #expect(configuration.rules[4...].map(\.id) == ["who.45c", "who.30c", "who.freeze"])
        #expect(configuration.rules.count == 7)
    }

    @Test("a small cap makes the default segment smaller")
    func smallCap() throws {
        #expect(try load("[journal]\ncap = 1 MiB\n").journal.segmentByteCount == 65_536)
    }

    @Test("without TLS the usual port is 1883")
    func usualPort() throws {
        #expect(try load("[link]\nbrokers = a\ninsecure = true\n").link.brokers == [.init(host: "a", port: 1_883)])
    }

    @Test("environment and flags reach every layer of the structure")
    func layers() throws {
        let configuration = try load(
            "[source.trip]\ntype = replay\nfile = /a\n", environment: ["HARBORSEAL_JOURNAL_SYNC_INTERVAL=0", "HARBORSEAL_ONLY=agent"],
            flags: ["source.trip.pace=fast", "log.level=error"])
        #expect(configuration.journal.syncIntervalMilliseconds == 0)
        #expect(configuration.sources == [.init(name: "trip", kind: .replay(file: "/a", pace: .fast))])
        #expect(configuration.log.level == .error)
        #expect(configuration.resolved.text.string.contains("# environment variable HARBORSEAL_JOURNAL_SYNC_INTERVAL\nsync-interval = 0"))
    }
}

private let air = "[sensor.air]\nquantity = temperature\nperiod = 1 min\n"

@Suite("Combinations that cannot work")
struct CombinationTests {
    private func messages(_ text: String, identity: String = "[identity]\nalliance = pearl\nfirm = acme\ndevice = gw-1\n") -> [String] {
        do throws(ConfigurationProblems) {
            _ = try load(text, identity: identity)
            return []
        } catch {
            return error.problems.map { $0.message.string }
        }
    }

    @Test(
        "each is refused with its line, the reason and what to do",
        arguments: [
            (
                "[journal]\ncap = 1 MiB\nsegment-bytes = 128 KiB\n",
                "agent.conf:7: [journal]: segment-bytes must be at most a sixteenth of cap, here 64 KiB; make it smaller, or cap larger"
            ),
            (
                "[batches]\nshare-exceptions = bag.tracked, finance.linked\n",
                "agent.conf:6: [batches]: finance.linked is never withheld, since banks look for double financing by its bytes; take it out"
            ),
            (
                "[link]\nbrokers = a\n",
                "agent.conf:6: [link]: a broker needs ca, certificate and key: without them the connection would not be protected; set all "
                    + "three, or insecure = true on a bench"
            ),
            (
                "[link]\nca = /e/ca\nkey = /e/link.key\n",
                "agent.conf:7: [link]: key is set and certificate is not; the two go together: set certificate too"
            ),
            (
                "[link]\nca = /e/ca\ncertificate = /e/link.crt\n",
                "agent.conf:7: [link]: certificate is set and key is not; the two go together: set key too"
            ),
            (
                "[link]\ninsecure = true\ncertificate = /c\nkey = /k\n",
                "agent.conf:7: [link]: certificate and key are set and ca is not: there would be no TLS; set ca to the link CA's file"
            ),
            ("[seal]\nkey = pkcs11:token=a\n", "agent.conf:6: \"key\" of [seal] names no PKCS#11 library; add ?module-path= with its file, or ?module-name="),
            (
                "[seal]\nkey = pkcs11:token=a?module-name=b&pin-value=1234\n",
                "agent.conf:6: \"key\" of [seal] is no usable pkcs11 URI: pin-value is refused: a PIN in a configuration is read in backups and printed by "
                    + "tools; put it into a file of mode 0600 and name that with pin-source=file:PATH"
            ),
            ("[seal]\nkey = pkcs11:colour=red?module-name=b\n", "agent.conf:6: \"key\" of [seal] is no usable pkcs11 URI: colour is no attribute of a pkcs11 URI"),
            (
                "[link]\n\(protection)[seal]\nkey = /e/link.key\n",
                "agent.conf:8: [link]: the link's key is the seal key; the two must differ: enrol the link with a key of its own"
            ),
            (
                "[control]\nsocket = /run/a.sock\n[source.in]\ntype = intake\nsocket = /run/a.sock\n",
                "agent.conf:9: [source.in]: the socket /run/a.sock belongs to [control] already; choose another path"
            ),
            (
                "[source.a]\ntype = intake\n[source.b]\ntype = intake\n",
                "[source.b]: the socket /run/harborseal/intake.sock belongs to [source.a] already; choose another path"
            ),
            (
                "[source.a]\ntype = replay\nfile = /a/trip\n[source.b]\ntype = replay\nfile = /b/trip\n",
                "agent.conf:10: [source.b]: [source.a] replays a file of the same name, and lines are told apart by it; rename one"
            ),
            (
                "[source.a]\ntype = health\nfile = /a\n",
                "agent.conf:7: \"file\" is for type = replay, but [source.a] has type = health; remove it, or change type"
            ),
            (
                "[source.a]\ntype = health\nchannel = temp1\n",
                "agent.conf:7: \"channel\" is for type = iio or hwmon, but [source.a] has type = health; remove it, or change type"
            ),
            ("[source.a]\ndevice = sht4x\n", "agent.conf:5: [source.a] needs \"type\"; add for example: type = health"),
            ("[source.a]\ntype = replay\n", "agent.conf:5: [source.a] needs \"file\"; add for example: file = /var/lib/harborseal/journey.jsonl"),
            (
                "[sensor.a]\nquantity = temperature\nexpected = 5 .. 1\n",
                "agent.conf:7: \"expected\" of [sensor.a] has its larger number first; write 1 .. 5"
            ),
            (
                "[sensor.a]\nquantity = temperature\nexpected = 1.0001 .. 2\n",
                "agent.conf:7: \"expected\" of [sensor.a] is in °C; \"1.0001\" has more than 3 decimals; write it as -30 .. 40"
            ),
            (
                "[sensor.a]\nquantity = temperature\ndeadband = 0.0001\n",
                "agent.conf:7: \"deadband\" of [sensor.a] is in °C; \"0.0001\" has more than 3 decimals; write it as 0.5"
            ),
            (
                "[sensor.a]\nquantity = temperature\nprofile = 2-8c\n",
                "agent.conf:7: [sensor.a]: [sensor.a] has no period: without it a gap in the readings cannot be told from a steady value; "
                    + "add for example: period = 1 min"
            ),
            (
                "[sensor.a]\nquantity = pressure\nperiod = 1 min\nprofile = 2-8c\n",
                "agent.conf:8: [sensor.a]: the profile 2-8c is for temperatures, and [sensor.a] measures pressure; "
                    + "use limit = above ... in a [rule.NAME] section"
            ),
            ("[rule.r]\nlimit = above 8\n", "agent.conf:5: [rule.r] needs \"sensor\"; add for example: sensor = reefer-air"),
            ("[rule.r]\nsensor = a\n", "agent.conf:5: [rule.r] needs \"limit\"; add for example: limit = above 8"),
            (
                "[rule.r]\nsensor = a\nlimit = above 8\n",
                "agent.conf:6: [rule.r]: there is no [sensor.a]; add it, or name another sensor"
            ),
            (
                "\(air)[rule.r]\nsensor = air\nlimit = over 8\n",
                "agent.conf:10: \"limit\" of [rule.r] must be above, at-least, below or at-most with a number, or 2-8c, 15-25c, minus-20c, "
                    + "who-alarm; \"over 8\" is not"
            ),
            (
                "\(air)[rule.r]\nsensor = air\nlimit = above eight\n",
                "agent.conf:10: \"limit\" of [rule.r] is in °C; \"eight\" is not a number; write it as above 8"
            ),
            (
                "\(air)[rule.r]\nsensor = air\nlimit = above 8\nhysteresis = -1\n",
                "agent.conf:11: \"hysteresis\" of [rule.r] must be a number from 0 up; \"-1\" is not"
            ),
            (
                "\(air)[rule.r]\nsensor = air\nlimit = who-alarm\nfor = 1 h\n",
                "agent.conf:11: [rule.r]: the profile who-alarm fixes for; remove it, or write the limit out"
            ),
            (
                "\(air)profile = 2-8c\n[rule.2-8c]\nsensor = air\nlimit = 2-8c\n",
                "agent.conf:11: [rule.2-8c]: [sensor.air] has the same rules by its profile already; remove one"
            ),
            (
                "[sensor.a]\nquantity = state\nexpected = low .. high\n",
                "agent.conf:7: \"expected\" of [sensor.a] is in 0 or 1; \"low\" is not a number; write it as -30 .. 40"
            ),
        ])
    func refused(text: String, message: String) {
        #expect(messages(text).first == message)
    }

    @Test(
        "names that the wire format does not allow are refused",
        arguments: [
            ("pearl", "node", "gw-1", "agent.conf:3: [identity]: the firm name \"node\" is reserved; use the firm's name in the trust file"),
            ("pearl", "alliance", "gw-1", "agent.conf:3: [identity]: the firm name \"alliance\" is reserved; use the firm's name in the trust file"),
            (
                "pearl", String(repeating: "f", count: 32), String(repeating: "d", count: 32),
                "agent.conf:4: [identity]: firm and device together have more than 63 characters; shorten the device's name"
            ),
            ("Pearl", "acme", "gw-1", "agent.conf:2: \"alliance\" of [identity] must be 1 to 32 of a-z, 0-9 and -; \"Pearl\" is not"),
        ])
    func names(alliance: String, firm: String, device: String, message: String) {
        #expect(messages("", identity: "[identity]\nalliance = \(alliance)\nfirm = \(firm)\ndevice = \(device)\n") == [message])
    }

    @Test("a file that is not there is the one problem, not what it lacks")
    func missingFile() {
        let error = #expect(throws: ConfigurationProblems.self) {
            try AgentConfiguration.load("/nonexistent/agent.conf", environment: [])
        }
        #expect(error?.problems.map(\.code) == [.unreadable])
    }

    @Test("a gateway of which nothing is named is not enrolled yet, and enroll is the one step; a name that lacks a part names the part")
    func notEnrolled() throws {
        let told = messages("", identity: "")
        #expect(told.count == 1 && told[0].hasSuffix("this gateway is not enrolled, [identity] is empty; harborseal-agent enroll -"), "\(told)")
        let parts = messages("", identity: "[identity]\nfirm = acme\n")
        #expect(messages("[linc]\n", identity: "[identity]\nfirm = acme\n").count == 3)
        #expect(parts.count == 2 && parts.allSatisfy { $0.contains("[identity] needs \"") }, "\(parts)")
    }

    @Test("a configuration with many problems names them all")
    func allAtOnce() {
        #expect(messages("[journal]\ncap = much\nbanana = 1\n[linc]\n", identity: "").count == 6)
    }
}
