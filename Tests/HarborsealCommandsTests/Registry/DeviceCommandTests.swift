import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import MerkleTree
import Testing

@testable import HarborsealCommands

@Suite struct DeviceCommandTests {
    @Test("a device is added: its code, the text for the technician, and what comes next; and nothing of the code is kept")
    func add() async throws {
        let registry = try RegistryWorkspace()
        let command = DeviceAdd(configurationFile: registry.configuration, firm: "acme", device: "gw-1", note: "truck 7", by: "alice")
        let result = try await command.run()
        let line = try #require(result.output.split(separator: "\n").first { $0.hasPrefix("harborseal-enrol:1?") })
        let text = try EnrolmentText(parsing: String(line))
        #expect(text.gatewayID.text == "acme.gw-1" && text.url == "https://localhost:8443")
        let link = try CertificateBytes(pemOrDER: DurableFile.read("\(registry.path)/alliance/link-ca.crt"))
        let trust = try DurableFile.read("\(registry.path)/alliance/alliance.hstrust")
        #expect(text.linkAuthorityHash == SHA256.hash(link.der) && text.trustFileHash == SHA256.hash(trust))
        #expect(result.output.contains("code         \(text.code.text)\n") && result.output.contains("next: whoever installs the gateway"))
        let shown = try DeviceShow(configurationFile: registry.configuration, gateway: "acme.gw-1").run().output
        for words in ["waiting", "truck 7", "by alice", "5 tries left", "audit"] { #expect(shown.contains(words), "\(words): \(shown)") }
        let list = try DeviceList(configurationFile: registry.configuration).run().output
        #expect(list.contains("acme.gw-1") && list.contains("waiting") && list.contains("(truck 7)"), "\(list)")
        for file in try FileManager.default.subpathsOfDirectory(atPath: "\(registry.path)/registry") {
            let bytes = FileManager.default.contents(atPath: "\(registry.path)/registry/\(file)") ?? Data()
            for secret in [text.code.text, text.code.text.replacing("-", with: "")] { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file)") }
        }
    }

    @Test("JSON has the same, with names that stay")
    func json() async throws {
        let registry = try RegistryWorkspace(RegistryWorkspace.secondPerson)
        let picture = "\(registry.path)/gw-1.svg"
        let result = try await DeviceAdd(
            configurationFile: registry.configuration, firm: "acme", device: "gw-1", picture: picture, asJSON: true
        ).run()
        let added = try RegistryWorkspace.object(result.output)
        #expect(added["gateway"] as? String == "acme.gw-1" && added["needsApproval"] as? Bool == true && added["picture"] as? String == picture)
        #expect((added["enrolmentText"] as? String)?.contains("code=\(added["code"] as? String ?? "?")&") == true)
        #expect(DurableFile.permissions(of: picture) == 0o600, "it holds the code")
        let device = try #require(try registry.list().first)
        #expect(device["state"] as? String == "pending-approval" && device["linkEndsSeconds"] is NSNull && device["triesLeft"] as? Int == 5)
    }

    @Test("a picture that cannot be written costs no code: nothing is made before", arguments: ["/nowhere/gw-1.svg", "/proc/gw-1.svg", "folder.svg"])
    func noPicture(_ path: String) async throws {
        let registry = try RegistryWorkspace()
        _ = try await registry.add("gw-1")
        let before = try registry.list().count
        try FileManager.default.createDirectory(atPath: "\(registry.path)/folder.svg", withIntermediateDirectories: true)
        let picture = path.hasPrefix("/") ? path : "\(registry.path)/\(path)"
        let made = await CommandRunner.result { try DeviceCode(configurationFile: registry.configuration, gateway: "acme.gw-1", picture: picture).run() }
        let added = await CommandRunner.result { try await DeviceAdd(configurationFile: registry.configuration, firm: "acme", device: "gw-2", picture: picture).run() }
        for result in [made, added] where path != "/proc/gw-1.svg" || result.exitCode == 73 {
            #expect(result.exitCode == 73 && result.output.isEmpty && result.notes.contains("no code was made") && result.notes.contains("  next: "), "\(result)")
            #expect(try registry.list().count == before)
        }
        // Where only the writing itself shows it the code is there, and is said; a script sees that something is left.
        if path == "/proc/gw-1.svg", made.exitCode != 73 {
            #expect(made.exitCode == 2 && made.output.contains("harborseal-enrol:1?") && !made.output.contains("QR code in") && made.notes.contains("  next: "), "\(made)")
        }
    }

    @Test("the next step has the configuration that the command was given, and the usual one goes without saying")
    func givenConfiguration() async throws {
        let registry = try RegistryWorkspace(RegistryWorkspace.secondPerson)
        let path = registry.configuration
        let added = try await DeviceAdd(configurationFile: path, firm: "acme", device: "gw-1", by: "alice").run()
        #expect(added.output.contains("next: harborseal device approve acme.gw-1 --by NAME --config \(path), who is not"), "\(added.output)")
        let again = await CommandRunner.result { try await DeviceAdd(configurationFile: path, firm: "acme", device: "gw-1").run() }
        #expect(again.notes.contains("harborseal device code acme.gw-1 --config \(path) makes a new code"), "\(again.notes)")
        for (text, kept) in [
            ("next: harborseal device list shows all", "next: harborseal device list --config '/a b.conf' shows all"),
            ("next: harborseal registry policy approve acme", "next: harborseal registry policy approve acme --config '/a b.conf'"),
            ("next: harborseal device revoke a.b --generation 1 --since TIME, if so", "next: harborseal device revoke a.b --generation 1 --since TIME --config '/a b.conf', if so"),
            ("next: put it back with harborseal registry restore FILE", "next: put it back with harborseal registry restore --config '/a b.conf' FILE"),
            ("next: harborseal device issue x", "next: harborseal device issue x"), ("harborseal device list", "harborseal device list"),
            ("next: harborseal device show a.b --config /c", "next: harborseal device show a.b --config /c"),
        ] {
            #expect(GivenConfiguration.keep("/a b.conf", in: CommandResult(output: text, notes: text)) == CommandResult(output: kept, notes: kept))
            #expect(GivenConfiguration.keep(GivenConfiguration.usual, in: CommandResult(output: text)) == CommandResult(output: text))
        }
    }

    @Test("a configuration or trust file that this user may not read sends to the registry's user", .enabled(if: getuid() != 0 || FileManager.default.fileExists(atPath: "/usr/sbin/runuser"), "needs another user"))
    func otherUser() throws {
        #expect(RegistryUser.step(for: "/nowhere/registry.conf") == nil, "one that is not there is made by registry init")
        let registry = try RegistryWorkspace()
        #expect(RegistryUser.step(for: registry.configuration) == nil)
        guard getuid() == 0 else {
            try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: registry.configuration)
            #expect(RegistryUser.step(for: registry.configuration)?.contains("sudo -u harborseal-registry") == true)
            return
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: registry.configuration)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: registry.path)
        let result = try RunningRegistry.run("env", ["sh", "-c", "runuser -u nobody -- \(BuiltProgram.path) device list --config \(registry.configuration) 2>&1"])
        #expect(result.text.contains("next: run this as the registry's user: sudo -u harborseal-registry") || result.text.contains("runuser: "), "\(result)")
    }

    @Test("on a terminal the QR code is drawn where it fits, and where it does not that is said")
    func drawing() async throws {
        let registry = try RegistryWorkspace()
        func notes(_ device: String, _ style: TerminalStyle) async throws -> CommandResult {
            try await DeviceAdd(configurationFile: registry.configuration, firm: "acme", device: device, style: style).run()
        }
        let wide = try await notes("gw-1", TerminalStyle(usesColour: true, columnCount: 80))
        #expect(wide.output.contains("\u{1B}[38;5;16;48;5;231m") && !wide.notes.contains("columns"))
        let narrow = try await notes("gw-2", TerminalStyle(usesColour: true, columnCount: 60))
        #expect(!narrow.output.contains("█") && narrow.notes.contains("the terminal has 60"), "\(narrow.notes)")
        #expect(try await !notes("gw-3", .plain).output.contains("█"), "not into a pipe")
    }

    enum Refused: CaseIterable {
        case twice, unknownFirm, badName, reservedFirm, noFirm, deviceAndList, listWithoutCodes, pictureOfList, notSVG, noneAtAll, badOperator
        case unknownDevice, approveNothing, revokeFuture, revokeBadTime, replaceNeverEnrolled, codeOfRevoked, badState, noConfiguration
    }

    @Test("what cannot be done has its exit code, says why, and names a next step", arguments: Refused.allCases)
    func refused(_ refused: Refused) async throws {
        let registry = try RegistryWorkspace()
        _ = try await registry.add("gw-1")
        let (code, words) = expected(refused)
        let result = await CommandRunner.result { try await run(refused, registry) }
        #expect(result.exitCode == code && result.notes.hasPrefix("error: "), "\(result)")
        #expect(result.notes.contains(words), "\(words): \(result.notes)")
        #expect(result.notes.contains("  next: ") || refused == .unknownDevice || refused == .approveNothing, "\(result.notes)")
        #expect(result.output.isEmpty)
    }

    private func expected(_ refused: Refused) -> (Int32, String) {
        switch refused {
        case .twice: (1, "acme.gw-1 is registered already")
        case .unknownFirm: (1, "no issuing key of firm other")
        case .badName: (64, "GW_1 cannot be the name of a device")
        case .reservedFirm: (64, "reserved")
        case .noFirm: (64, "the firm is missing")
        case .deviceAndList, .noneAtAll: (64, "one device or a list")
        case .listWithoutCodes: (64, "codes are shown once")
        case .pictureOfList: (64, "for one device")
        case .notSVG: (64, "no SVG's name")
        case .badOperator: (64, "is no name")
        case .unknownDevice: (1, "acme.gw-9 is not registered")
        case .approveNothing: (1, "waits for no approval")
        case .revokeFuture: (64, "lies ahead")
        case .revokeBadTime: (64, "--since yesterday is no time")
        case .replaceNeverEnrolled: (1, "harborseal device code acme.gw-1")
        case .codeOfRevoked: (1, "revoked")
        case .badState: (64, "pending-approval, waiting")
        case .noConfiguration: (66, "/nowhere/registry.conf")
        }
    }

    private func run(_ refused: Refused, _ registry: RegistryWorkspace) async throws -> CommandResult {
        let file = registry.configuration
        func add(firm: String? = "acme", device: String? = "gw-2", list: String? = nil, codes: String? = nil, picture: String? = nil, by: String? = nil) async throws -> CommandResult {
            try await DeviceAdd(configurationFile: file, firm: firm, device: device, list: list, codesFile: codes, picture: picture, by: by).run()
        }
        switch refused {
        case .twice: return try await add(device: "gw-1")
        case .unknownFirm: return try await add(firm: "other")
        case .badName: return try await add(device: "GW_1")
        case .reservedFirm: return try await add(firm: "node")
        case .noFirm: return try await add(firm: nil)
        case .deviceAndList: return try await add(list: "x.csv")
        case .noneAtAll: return try await add(device: nil)
        case .listWithoutCodes: return try await add(device: nil, list: "x.csv")
        case .pictureOfList: return try await add(device: nil, list: "x.csv", codes: "y.csv", picture: "z.svg")
        case .notSVG: return try await add(picture: "z.png")
        case .badOperator: return try await add(by: "a\u{1B}[2J")
        case .unknownDevice: return try DeviceShow(configurationFile: file, gateway: "acme.gw-9").run()
        case .approveNothing: return try DeviceApprove(configurationFile: file, gateways: ["acme.gw-1"], by: "bob").run()
        case .revokeFuture: return try DeviceRevoke(configurationFile: file, gateway: "acme.gw-1", since: "\(WallClock.nowSeconds + 60)").run()
        case .revokeBadTime: return try DeviceRevoke(configurationFile: file, gateway: "acme.gw-1", since: "yesterday").run()
        case .replaceNeverEnrolled: return try DeviceReplace(configurationFile: file, gateway: "acme.gw-1").run()
        case .codeOfRevoked:
            _ = try DeviceRevoke(configurationFile: file, gateway: "acme.gw-1", since: "\(WallClock.nowSeconds - 5)").run()
            return try DeviceCode(configurationFile: file, gateway: "acme.gw-1").run()
        case .badState: return try DeviceList(configurationFile: file, state: "lost").run()
        case .noConfiguration: return try DeviceList(configurationFile: "/nowhere/registry.conf").run()
        }
    }

    @Test("a second person approves what the first asked for, by name, and the first cannot")
    func approval() async throws {
        let registry = try RegistryWorkspace(RegistryWorkspace.secondPerson)
        // Whoever runs the tests has one account for both.
        try await OperatorAccount.$assumed.withValue(.user("registry")) {
            let result = try await DeviceAdd(configurationFile: registry.configuration, firm: "acme", device: "gw-1", by: "alice").run()
            #expect(result.output.contains("next: harborseal device approve acme.gw-1 --by NAME"), "\(result.output)")
            for name in ["alice", "ALICE", " alice "] {
                #expect(throws: RegistryError.self) { try DeviceApprove(configurationFile: registry.configuration, gateways: ["acme.gw-1"], by: name).run() }
            }
            let approved = try DeviceApprove(configurationFile: registry.configuration, gateways: ["acme.gw-1"], by: "bob").run()
            #expect(approved.output.contains("is approved by bob"))
            let again = await CommandRunner.result { try DeviceApprove(configurationFile: registry.configuration, gateways: ["acme.gw-1"], by: "carol").run() }
            #expect(again.exitCode == 1 && again.notes.hasPrefix("error: acme.gw-1 was approved by bob already, and waits for its gateway\n"), "\(again)")
        }
        #expect(try registry.list().first?["approvedBy"] as? String == "bob")
    }

    @Test("several are approved in one call, each by itself: 2 where some are refused, the refusal's own code where all are")
    func approvals() async throws {
        let registry = try RegistryWorkspace(RegistryWorkspace.secondPerson)
        try await OperatorAccount.$assumed.withValue(.user("registry")) {
            for name in ["gw-1", "gw-2", "gw-3"] { _ = try await registry.add(name, by: "alice") }
            var command = DeviceApprove(configurationFile: registry.configuration, gateways: ["acme.gw-1", "acme.gw-9", "acme.gw-2"], by: "bob")
            let some = try command.run()
            #expect(some.exitCode == 2 && some.notes.contains("error: acme.gw-9 is not registered"), "\(some)")
            for name in ["gw-1", "gw-2"] { #expect(some.output.contains("device acme.\(name) is approved by bob\n"), "\(some.output)") }
            #expect(try registry.list().map { $0["approvedBy"] as? String } == ["bob", "bob", nil])
            command.gateways = ["acme.gw-1", "acme.gw-9"]
            #expect(try command.run().exitCode == 1)
            (command.gateways, command.asJSON) = (["acme.gw-1", "acme.gw-3"], true)
            let json = try command.run()
            let approved = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
            #expect(json.exitCode == 2 && approved?.compactMap { $0["gateway"] as? String } == ["acme.gw-3"], "\(json)")
        }
    }

    @Test("a registry without brokers says so to whoever adds a gateway, and one with them does not", arguments: [true, false])
    func brokers(_ areSet: Bool) async throws {
        let registry = try RegistryWorkspace { areSet ? $0.replacingOccurrences(of: "[registry]\n", with: "[registry]\nbrokers = mqtt.example.org:8883\n") : $0 }
        let one = try await DeviceAdd(configurationFile: registry.configuration, firm: "acme", device: "gw-1").run()
        let list = try registry.write("fleet.csv", "device\ngw-2\n")
        let many = try await DeviceAdd(configurationFile: registry.configuration, firm: "acme", list: list, codesFile: "\(registry.path)/codes.csv").run()
        for result in [one, many] {
            #expect(result.exitCode == 0 && result.notes.contains("note: [registry] brokers in \(registry.configuration) is empty") == !areSet, "\(result.notes)")
        }
        let none = try registry.write("none.csv", "device\nGW\n")
        let refused = try await DeviceAdd(
            configurationFile: registry.configuration, firm: "acme", list: none, codesFile: "\(registry.path)/none-codes.csv", skipsBad: true
        ).run()
        #expect(refused.exitCode == 2 && refused.notes.hasPrefix("nothing was added, and no file of codes was written: no line is good\n"), "\(refused)")
        #expect(!refused.notes.contains("--skip-bad") && !refused.notes.contains("brokers") && !DurableFile.exists("\(registry.path)/none-codes.csv"))
    }

    @Test("the account that logged in stands beside the name, and the one that asked does not approve under another name")
    func account() async throws {
        let registry = try RegistryWorkspace(RegistryWorkspace.secondPerson)
        func approve(_ account: LocalAccount, by name: String?) async -> CommandResult {
            await CommandRunner.result {
                try OperatorAccount.$assumed.withValue(account) {
                    try DeviceApprove(configurationFile: registry.configuration, gateways: ["acme.gw-1"], by: name).run()
                }
            }
        }
        _ = try await OperatorAccount.$assumed.withValue(.login("ann")) { try await registry.add(by: "alice") }
        let same = await approve(.sudo("ann"), by: "bob")
        #expect(same.exitCode == 1 && same.notes.contains("from the account of ann") && same.notes.contains("  next: let another person"), "\(same.notes)")
        #expect(await approve(.login("ben"), by: nil).output.contains("is approved by ben"), "left out, the account's own name")
        let shown = try DeviceShow(configurationFile: registry.configuration, gateway: "acme.gw-1").run().output
        for words in ["alice (login:ann) add", "bob (SUDO_USER:ann) approve: samePerson", "ben (login:ben) approve"] { #expect(shown.contains(words), "\(words): \(shown)") }
        let detail = try RegistryWorkspace.object(DeviceShow(configurationFile: registry.configuration, gateway: "acme.gw-1", asJSON: true).run().output)
        let audit = detail["audit"] as? [[String: Any]] ?? []
        #expect(audit.compactMap { $0["account"] as? String } == ["login:ben", "SUDO_USER:ann", "login:ann"] && audit.allSatisfy { $0["address"] is NSNull })
    }

    @Test("whom the operating system knows: the login before sudo, sudo before the user, and no person are root, a service, and a name that nobody has", arguments: [
        ("1000", "ben", .login("u1000")), ("1000\n", nil, .login("u1000")), ("4294967295", "ben", .sudo("ben")), ("0", "ben", .sudo("ben")),
        ("4294967295", nil, .user("me")), ("", "", .user("me")), ("x", "root", .user("me")), ("0", "root", .user("me")), ("997", nil, .user("me")),
        ("997", "ben", .user("me")), ("65534", nil, .user("me")), ("61184", nil, .user("me")), ("4294967295", "daemon", .user("me")),
        ("4294967295", "mallory", .user("me")), ("100000", nil, .login("u100000")),
    ] as [(String, String?, LocalAccount)])
    func accounts(_ login: String, _ sudo: String?, _ expected: LocalAccount) {
        let account = OperatorAccount.account(
            loginUID: login, sudoUser: sudo, user: "me", nameOf: { "u\($0)" }, numberOf: { ["ben": 1_001, "root": 0, "daemon": 1][$0] })
        #expect(account == expected)
    }

    @Test("who asked is known, and who approves is not: the words say behind what he may be, and nothing is approved")
    func unknownApprover() async throws {
        let registry = try RegistryWorkspace(RegistryWorkspace.secondPerson)
        _ = try await OperatorAccount.$assumed.withValue(.sudo("alice")) { try await registry.add(by: "alice") }
        let result = await OperatorAccount.$assumed.withValue(.user("root")) {
            await CommandRunner.result { try DeviceApprove(configurationFile: registry.configuration, gateways: ["acme.gw-1"], by: "bob").run() }
        }
        #expect(result.exitCode == 1 && result.notes.contains("from the account of alice, and behind user:root anybody may be, alice too\n  next: "), "\(result)")
        #expect(try registry.list().first?["state"] as? String == "pending-approval")
    }

    @Test("a clock that stands before the audit table's newest row is told to whoever makes or approves a code, and one that is right is not")
    func slowClock() async throws {
        let registry = try RegistryWorkspace(RegistryWorkspace.secondPerson)
        let now = WallClock.nowSeconds
        let words = "note: this machine's clock stands 8 days before the newest row of the registry's audit table"
        try await OperatorAccount.$assumed.withValue(.user("registry")) {
            let first = try await DeviceAdd(configurationFile: registry.configuration, firm: "acme", device: "gw-1", by: "alice", nowSeconds: now).run()
            #expect(!first.notes.contains("clock"), "\(first.notes)")
            let slow = now - 8 * 86_400
            let code = try DeviceCode(configurationFile: registry.configuration, gateway: "acme.gw-1", by: "alice", nowSeconds: slow).run()
            #expect(code.exitCode == 0 && code.notes.contains(words) && code.notes.contains("next: timedatectl"), "\(code.notes)")
            _ = try DeviceCode(configurationFile: registry.configuration, gateway: "acme.gw-1", by: "alice", nowSeconds: now).run()
            let added = try await DeviceAdd(configurationFile: registry.configuration, firm: "acme", device: "gw-2", by: "alice", nowSeconds: slow).run()
            #expect(added.notes.contains(words), "\(added.notes)")
            let approval = DeviceApprove(configurationFile: registry.configuration, gateways: ["acme.gw-2"], by: "bob", nowSeconds: now)
            let late = await CommandRunner.result { try approval.run() }
            #expect(late.exitCode == 1 && late.notes.contains("the code of acme.gw-2 was good until") && late.notes.contains("next: harborseal device code acme.gw-2"), "\(late)")
        }
    }

    @Test("a name that nearly is one is answered with that one, and a firm that is not here never with an empty list")
    func meant() async throws {
        let registry = try RegistryWorkspace()
        _ = try await registry.add("gw-17")
        let file = registry.configuration
        let since = "\(WallClock.nowSeconds - 5)"
        let commands: [(String) throws -> CommandResult] = [
            { try DeviceShow(configurationFile: file, gateway: $0).run() }, { try DeviceApprove(configurationFile: file, gateways: [$0], by: "bob").run() },
            { try DeviceCode(configurationFile: file, gateway: $0).run() }, { try DeviceReplace(configurationFile: file, gateway: $0).run() },
            { try DeviceRevoke(configurationFile: file, gateway: $0, since: since).run() },
        ]
        for command in commands {
            for name in ["acme.gw17", "acne.gw-17", "gw-17"] {
                let result = await CommandRunner.result { try command(name) }
                #expect(result.exitCode == 1 && result.notes.contains("  next: did you mean acme.gw-17? "), "\(result)")
            }
            let far = await CommandRunner.result { try command("zeta.truck") }
            #expect(far.exitCode == 1 && far.notes.contains("  next: harborseal device list"), "\(far)")
        }
        for asJSON in [false, true] {
            let list = await CommandRunner.result { try DeviceList(configurationFile: file, firm: "acne", asJSON: asJSON).run() }
            #expect(list.exitCode == 1 && list.output.isEmpty && list.notes.contains("did you mean acme? its firms are acme, zeta"), "\(list)")
        }
        let added = await CommandRunner.result { try await DeviceAdd(configurationFile: file, firm: "zetta", device: "gw-1").run() }
        #expect(added.exitCode == 1 && added.notes.contains("did you mean zeta?"), "\(added)")
        #expect(try DeviceList(configurationFile: file, firm: "zeta").run().exitCode == 0, "a firm without devices is no error")
    }

    @Test("what ends a link certificate says what the broker does, and the one step that ends an open connection")
    func brokerWords() async throws {
        let registry = try RegistryWorkspace()
        for name in ["gw-1", "gw-2"] { _ = try await registry.add(name) }
        let since = "\(WallClock.nowSeconds - 5)"
        let revoked = try DeviceRevoke(configurationFile: registry.configuration, gateway: "acme.gw-1", since: since).run()
        let replaced = try DeviceReplace(configurationFile: registry.configuration, gateway: "acme.gw-1").run()
        #expect(replaced.output.contains("is revoked once the new device has its own: the broker"), "\(replaced.output)")
        let stolen = await CommandRunner.result {
            _ = try DeviceRevoke(configurationFile: registry.configuration, gateway: "acme.gw-2", since: since).run()
            return try DeviceReplace(configurationFile: registry.configuration, gateway: "acme.gw-2", since: "\(WallClock.nowSeconds - 60)").run()
        }
        #expect(stolen.output.contains("is revoked now: the broker"), "\(stolen)")
        for text in [revoked.output, replaced.output] {
            #expect(text.contains("takes no new connection") && text.contains("systemctl restart mosquitto at the broker ends it"), "\(text)")
        }
    }

    @Test("what no enrolment text can be made of is found before a device is added", arguments: [
        ("url = https://localhost:8443", "url = http://localhost:8443", "does not begin with https://"),
        ("url = https://localhost:8443", "url = https://localhost:8443/est", "is not https://HOST"),
    ])
    func unusableText(_ line: String, _ wrong: String, _ words: String) async throws {
        let registry = try RegistryWorkspace()
        let text = try String(contentsOfFile: registry.configuration, encoding: .utf8)
        try text.replacingOccurrences(of: line, with: wrong).write(toFile: registry.configuration, atomically: false, encoding: .utf8)
        let result = await CommandRunner.result { try await DeviceAdd(configurationFile: registry.configuration, firm: "acme", device: "gw-1").run() }
        #expect(result.exitCode == 78 && result.notes.contains(words) && result.notes.contains("correct [registry] url and brokers"), "\(result)")
        try text.write(toFile: registry.configuration, atomically: false, encoding: .utf8)
        #expect(try registry.list().isEmpty)
    }

    @Test("a new code replaces the old one, a revocation is shown with its time, and the audit table is whole")
    func codeAndRevocation() async throws {
        let registry = try RegistryWorkspace()
        let first = try await registry.add()
        let again = try RegistryWorkspace.object(
            DeviceCode(configurationFile: registry.configuration, gateway: "acme.gw-1", asJSON: true).run().output)
        #expect(again["code"] as? String != first["code"] as? String)
        let since = WallClock.nowSeconds - 60
        let revoked = try DeviceRevoke(
            configurationFile: registry.configuration, gateway: "acme.gw-1", since: UTCText.text(seconds: since).replacing(" ", with: "T"), reason: "stolen"
        ).run()
        #expect(revoked.output.contains("is revoked since \(UTCText.text(seconds: since))"))
        let shown = try DeviceShow(configurationFile: registry.configuration, gateway: "acme.gw-1", asJSON: true).run().output
        let detail = try RegistryWorkspace.object(shown)
        #expect(detail["revokedSinceSeconds"] as? Int64 == since && detail["state"] as? String == "revoked")
        #expect((detail["audit"] as? [[String: Any]])?.compactMap { $0["action"] as? String } == ["revoke", "reissue", "add"])
        #expect(try DeviceList(configurationFile: registry.configuration, state: "revoked").run().output.contains("since \(UTCText.text(seconds: since))"))
    }
}
