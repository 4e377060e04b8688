import Foundation
import Testing

/// The agent's real program against a registry that follows the rules, and against one that does not.
@Suite(.serialized)
struct EnrolmentTests {
    static let alliance = Result { try Alliance(name: "gba-enrol", nodes: ["hk-1"], quorum: 1) }
    static let registry = Result { try TestRegistry(try alliance.get()) }

    private static func gateway() throws -> TestedGateway {
        let registry = try registry.get()
        try registry.order()
        return try TestedGateway(registry)
    }

    @Test("an enrolment text brings keys, certificates, trust file and a configuration that is usable, and a second run changes nothing")
    func whole() throws {
        let gateway = try Self.gateway()
        let code = TestRegistry.freshCode()
        try gateway.registry.order(code: code)
        let told = try gateway.command("enroll", gateway.wholeText(code: code))
        #expect(told.code == 0 && told.output.contains("next: systemctl enable --now harborseal-agent"), "\(told)")
        let peak = told.output.firstMatch(of: #/is enrolled; peak memory (\d+) kB/#).flatMap { Int($0.1) }
        #expect(peak.map { $0 > 1_000 && $0 < 12_000 } ?? false, "\(told.output)")
        #expect(try gateway.expectEnrolled())
        #expect(try gateway.command("check-config").code == 0)
        for name in ["link.key", "seal.key"] {
            let mode = try FileManager.default.attributesOfItem(atPath: "\(gateway.keys)/\(name)")[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: gateway.keys).sorted()
        #expect(files == ["alliance.hstrust", "link-ca.crt", "link.crt", "link.key", "seal.crt", "seal.key"])
        let contents = try files.map { try Data(contentsOf: URL(fileURLWithPath: "\(gateway.keys)/\($0)")) }
        let again = try gateway.command("enroll", gateway.wholeText(code: code))
        #expect(again.code == 0, "\(again)")
        #expect(try files.map { try Data(contentsOf: URL(fileURLWithPath: "\(gateway.keys)/\($0)")) } == contents)
        let doctor = try gateway.command("doctor").output
        #expect(doctor.contains("registry localhost:\(gateway.registry.port): answers, and accepts this gateway's link certificate"), "\(doctor)")
    }

    @Test("the parts of a text do the same, by name or address, with the CA from a file")
    func parts() throws {
        let gateway = try Self.gateway()
        let code = TestRegistry.freshCode()
        try gateway.registry.order(["chunked": true], code: code)
        let told = try gateway.command(
            "enroll", "https://127.0.0.1:\(gateway.registry.port)", "--device", "\(Alliance.firm).\(gateway.device)", "--code", code.lowercased(),
            "--ca", gateway.registry.alliance.linkAuthority, "--accept-trust", "--broker", "localhost:8883")
        #expect(told.code == 0, "\(told)")
        #expect(try gateway.expectEnrolled())
        #expect(try String(contentsOfFile: gateway.dropIn, encoding: .utf8).contains("brokers = localhost:8883"))
    }

    @Test("a trust file whose hash nobody gave is named, not stored; a wrong hash is refused")
    func trust() throws {
        let gateway = try Self.gateway()
        let code = TestRegistry.freshCode()
        try gateway.registry.order(code: code)
        let hash = TestedGateway.hash(Array(try Data(contentsOf: URL(fileURLWithPath: gateway.registry.alliance.trustFile))))
        let unpinned = try gateway.command("enroll", gateway.text(code: code))
        #expect(unpinned.code == 2 && unpinned.output.contains(hash) && !gateway.exists("alliance.hstrust"), "\(unpinned)")
        let wrong = try gateway.command("enroll", gateway.text(code: code), "--trust-hash", String(repeating: "0", count: 64))
        #expect(wrong.code == 65 && !gateway.exists("alliance.hstrust"), "\(wrong)")
        let pinned = try gateway.command("enroll", gateway.text(code: code), "--trust-hash", hash)
        #expect(pinned.code == 0 && gateway.exists("alliance.hstrust"), "\(pinned)")
    }

    @Test("a code is not used up by a lost answer: the same key is asked for again", arguments: ["simpleenroll"])
    func lostAnswers(operation: String) throws {
        let gateway = try Self.gateway()
        let code = TestRegistry.freshCode()
        try gateway.registry.order(["cut": 0], code: code)
        let before = gateway.registry.requests.count
        let lost = try gateway.command("enroll", gateway.wholeText(code: code))
        #expect(lost.code == 75 && lost.output.contains("run this again"), "\(lost)")
        #expect(try gateway.command("doctor").output.contains("closed the connection before its answer was whole"))
        try gateway.registry.order(code: code)
        let found = try gateway.command("enroll", gateway.wholeText(code: code))
        #expect(found.code == 0, "\(found)")
        #expect(try gateway.expectEnrolled())
        let keys = gateway.registry.requests[before...].filter { $0.path.hasSuffix("link/simpleenroll") }.map(\.key)
        #expect(keys.count == 2 && Set(keys).count == 1)
        #expect(!gateway.exists("enrolment.note"))
    }

    @Test("the text on the command line is nobody's to read once the program has it; on standard input it never stands there", arguments: ["text", "code", "standard input"])
    func hidden(way: String) throws {
        let gateway = try Self.gateway()
        let code = TestRegistry.freshCode()
        try gateway.registry.order(["delay": 3], code: code)
        let text = try gateway.wholeText(code: code)
        let agent = "'\(try Programs.agent)' enroll --config '\(gateway.configuration)'"
        try text.write(toFile: gateway.folder.file("text"), atomically: false, encoding: .utf8)
        let words = switch way {
        case "text": "exec \(agent) '\(text)'"
        case "code":
            "exec \(agent) https://localhost:\(gateway.registry.port) --device \(Alliance.firm).\(gateway.device) --ca '\(gateway.registry.alliance.linkAuthority)' --accept-trust --code \(code)"
        default: "exec \(agent) - < '\(gateway.folder.file("text"))'"
        }
        let child = try ChildProcess(["/bin/sh", "-c", words], logFile: gateway.folder.file("log"))
        defer { child.kill() }
        let name = "\(Alliance.firm).\(gateway.device)"
        try wait(until: "the request", instead: { child.log }) { gateway.registry.requests.contains { $0.device == name } }
        let line = String(decoding: try Data(contentsOf: URL(fileURLWithPath: "/proc/\(child.processID)/cmdline")), as: UTF8.self)
        #expect(line.contains("enroll\0") && line.contains(gateway.configuration), "\(line)")
        #expect(!line.contains(code) && line.contains("xxxxxxxxxxxxxxxxxxxxxxxxxx") == (way != "standard input"), "\(line)")
        #expect(child.waitUntilEnded(seconds: 120) == .exited(0), "\(child.log)")
        #expect(try gateway.expectEnrolled())
    }

    @Test("an enrolment cut by a power failure is a problem of doctor and status with its date; the same text goes on")
    func interrupted() throws {
        let gateway = try Self.gateway()
        let code = TestRegistry.freshCode()
        try gateway.registry.order(["delay": 20], code: code)
        let child = try ChildProcess([try Programs.agent, "enroll", try gateway.wholeText(code: code), "--config", gateway.configuration], logFile: gateway.folder.file("log"))
        let name = "\(Alliance.firm).\(gateway.device)"
        try wait(until: "the request", instead: { child.log }) { gateway.registry.requests.contains { $0.device == name } }
        child.kill()
        let key = gateway.key("link.key.next")
        let doctor = try gateway.command("doctor")
        let today = ISO8601DateFormatter().string(from: Date()).prefix(10)
        #expect(key != nil && doctor.code != 0, "\(doctor)")
        #expect(doctor.output.hasPrefix("PROBLEM  enrolment: was begun on \(today) and not finished: it was interrupted\n         do: run harborseal-agent enroll with the same text again"), "\(doctor)")
        try gateway.registry.order(code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
        #expect(try gateway.expectEnrolled() && gateway.key("link.key") == key)
        #expect(!gateway.exists("enrolment.note"))
    }

    @Test("enroll --abandon forgets what was begun and leaves what is in use; then another text enrols")
    func abandon() throws {
        let gateway = try Self.gateway()
        #expect(try gateway.command("enroll", "--abandon").output.contains("no enrolment was under way"))
        var code = TestRegistry.freshCode()
        // The link half is done, the seal's is not.
        try gateway.registry.order(["seal_status": 503], code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 75)
        #expect(gateway.exists("link.key") && gateway.exists("seal.key.next"))
        let asked = try gateway.command("enroll", "--abandon")
        #expect(asked.code == 1 && asked.output.contains("the registry may have certified the waiting keys, for the ledgers too, and no others connect then; run"), "\(asked)")
        #expect(gateway.exists("link.key") && gateway.exists("seal.key.next"))
        let told = try gateway.command("enroll", "--abandon", "--yes")
        #expect(told.code == 0 && told.output.contains("is forgotten") && told.output.contains("a code that the registry has answered is used up"), "\(told)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: gateway.keys) == ["link-ca.crt"])
        #expect(try !gateway.command("doctor").output.contains("begun on"))
        code = TestRegistry.freshCode()
        try gateway.registry.order(code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
        let keys = ["link.key", "seal.key"].map { gateway.key($0) }
        // A replacement whose answer never came: the pairs in use stay.
        try gateway.registry.order(["status": 503], code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code), "--replace").code == 75)
        #expect(gateway.exists("enrolment.replacing") && gateway.exists("link.key.next"))
        #expect(try gateway.command("enroll", "--abandon", "--yes").code == 0)
        #expect(try gateway.expectEnrolled() && ["link.key", "seal.key"].map { gateway.key($0) } == keys)
        #expect(!gateway.exists("enrolment.replacing") && !gateway.exists("enrolment.note"))
        #expect(try gateway.command("enroll", "--abandon", "text").code == 64)
    }

    @Test("the running agent says that an enrolment was not finished")
    func unfinishedInStatus() throws {
        let gateway = try Self.gateway()
        let code = TestRegistry.freshCode()
        try gateway.registry.order(code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
        try gateway.registry.order(["status": 503], code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code), "--replace").code == 75)
        let agent = try ChildProcess([try Programs.agent, "run", "--config", gateway.configuration], logFile: gateway.folder.file("log"))
        defer { agent.kill() }
        try wait(until: "the intake", instead: { agent.log }) { UnixStream(gateway.intakeSocket) != nil }
        let concerns = try AgentReport(gateway.command("status", "--json").output).concerns("enrolment")
        #expect(concerns.count == 1 && concerns[0].contains("an enrolment was begun on ") && concerns[0].contains("not finished: the registry cannot answer now (503)"), "\(concerns)")
        let doctor = try gateway.command("doctor").output
        #expect(doctor.components(separatedBy: "not finished").count == 2, "\(doctor)")
        // It signs with the key that would be replaced.
        let before = gateway.registry.requests.count
        for words in [["--replace"], []] {
            let refused = try gateway.command(["enroll", gateway.wholeText(code: code)] + words)
            #expect(refused.code == 75 && refused.output.contains("the agent is running and would go on signing with the old key; systemctl stop harborseal-agent, then run this again"), "\(refused)")
        }
        #expect(gateway.registry.requests.count == before)
        #expect(try gateway.command("enroll", "--abandon", "--yes").code == 0)
        #expect(try AgentReport(gateway.command("status", "--json").output).concerns("enrolment").isEmpty)
    }

    @Test("an enrolment that waits for approval says so, and goes on when it has come")
    func approval() throws {
        let gateway = try Self.gateway()
        let code = TestRegistry.freshCode()
        try gateway.registry.order(["approve": false], code: code)
        let waiting = try gateway.command("enroll", gateway.wholeText(code: code))
        #expect(waiting.code == 75 && waiting.output.contains("second person's approval") && waiting.output.contains("7 s"), "\(waiting)")
        #expect(try gateway.command("doctor").output.contains("harborseal device approve"))
        try gateway.registry.order(code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
        #expect(try gateway.expectEnrolled())
    }

    @Test("no existing seal key is replaced without --replace, and with it both keys are new")
    func replace() throws {
        let gateway = try Self.gateway()
        var code = TestRegistry.freshCode()
        try gateway.registry.order(code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
        let (seal, link) = (gateway.key("seal.key"), gateway.key("link.key"))
        // Its certificate is gone: a new code certifies the key that is there.
        try FileManager.default.removeItem(atPath: "\(gateway.keys)/seal.crt")
        code = TestRegistry.freshCode()
        try gateway.registry.order(code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
        #expect(gateway.key("seal.key") == seal && gateway.key("link.key") == link)
        #expect(try gateway.expectEnrolled())
        code = TestRegistry.freshCode()
        try gateway.registry.order(code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code), "--replace").code == 0)
        #expect(gateway.key("seal.key") != seal && gateway.key("link.key") != link)
        #expect(try gateway.expectEnrolled())
    }

    @Test("a key that would have both roles is refused, whichever file it lies in", arguments: ["link.key", "link.key.next"])
    func sharedKey(name: String) throws {
        let gateway = try Self.gateway()
        let code = TestRegistry.freshCode()
        try gateway.registry.order(code: code)
        try ChildProcess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "\(gateway.keys)/seal.key"])
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(gateway.keys)/seal.key")
        try FileManager.default.copyItem(atPath: "\(gateway.keys)/seal.key", toPath: "\(gateway.keys)/\(name)")
        let told = try gateway.command("enroll", gateway.wholeText(code: code))
        #expect(told.code == 1 && told.output.contains("are the same key"), "\(told)")
        #expect(!gateway.registry.requests.contains { $0.device == "\(Alliance.firm).\(gateway.device)" })
    }

    @Test("a gateway that has a name keeps it")
    func otherName() throws {
        let gateway = try Self.gateway()
        let code = TestRegistry.freshCode()
        try gateway.registry.order(code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
        let text = try gateway.wholeText(code: code).replacingOccurrences(of: gateway.device, with: "other")
        let told = try gateway.command("enroll", text)
        #expect(told.code == 78 && told.output.contains("this gateway is \(Alliance.firm).\(gateway.device)"), "\(told)")
    }
}
