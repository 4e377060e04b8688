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
        let peak = told.output.firstMatch(of: #/is enrolled; this took (\d+) kB/#).flatMap { Int($0.1) }
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
