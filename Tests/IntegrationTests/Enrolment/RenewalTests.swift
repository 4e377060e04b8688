import DeviceCrypto
import Foundation
import HarborsealTesting
import Testing

extension EnrolmentTests {
    /// A gateway that was enrolled with these orders, with a code of its own.
    private static func enrolled(_ orders: [String: Any] = [:], broker: UInt16? = nil) throws -> TestedGateway {
        let gateway = try TestedGateway(try registry.get())
        let code = TestRegistry.freshCode()
        try gateway.registry.order(orders, code: code)
        var words = ["enroll", try gateway.wholeText(code: code)]
        if let broker { words += ["--broker", "localhost:\(broker)"] }
        let told = try gateway.command(words)
        guard told.code == 0 else { throw IntegrationFailure("\(told)") }
        try gateway.registry.order(code: code)
        return gateway
    }

    @Test("renew brings a new link key and certificate, tells what it took, and leaves the seal alone")
    func renew() throws {
        let gateway = try Self.enrolled()
        let (link, seal, sealCertificate) = (gateway.key("link.key"), gateway.key("seal.key"), gateway.certificate("seal.crt"))
        let told = try gateway.command("renew")
        #expect(told.code == 0 && told.output.contains("link certificate renewed, valid until 20"), "\(told)")
        // Of the child alone: TLS and its buffers.
        let peak = told.output.firstMatch(of: #/peak memory (\d+) kB/#).flatMap { Int($0.1) }
        #expect(peak.map { $0 > 1_000 && $0 < 12_000 } ?? false, "\(told.output)")
        #expect(try gateway.expectEnrolled())
        #expect(gateway.key("link.key") != link && gateway.key("seal.key") == seal && gateway.certificate("seal.crt") == sealCertificate)
        let sealed = try gateway.command("renew", "--seal")
        #expect(sealed.code == 0 && sealed.output.contains("seal certificate renewed in \(gateway.keys)/seal.crt, valid until 20"), "\(sealed)")
        #expect(try gateway.expectEnrolled())
        #expect(gateway.key("seal.key") == seal && gateway.certificate("seal.crt") != sealCertificate)
        // The tests' registry gives one certificate for a key, as a real one does while it is new.
        let again = try gateway.command("renew", "--seal")
        #expect(again.code == 0 && again.output.contains("new enough for the registry, which gave the same one again: in \(gateway.keys)/seal.crt"), "\(again)")
    }

    @Test("a firm's new issuing key is believed once the trust file held here names it")
    func newIssuingKey() throws {
        let alliance = try Alliance(name: "gba-issuing", nodes: ["hk-1"], quorum: 1)
        let gateway = try TestedGateway(try TestRegistry(alliance))
        let code = TestRegistry.freshCode()
        try gateway.registry.order(code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
        let seal = gateway.certificate("seal.crt")
        try alliance.harborseal("alliance", "add-firm", Alliance.firm, "--new-key")
        try gateway.registry.order(["issuing": "issuing-2"])
        try alliance.harborseal("alliance", "sign")
        let early = try gateway.command("renew", "--seal")
        #expect(early.code == 65 && early.output.contains("was not signed by an issuing key of its firm in the trust file"), "\(early)")
        #expect(early.output.contains("take the newer trust file first") && gateway.certificate("seal.crt") == seal)
        // As a running agent takes it from a node.
        try Data(contentsOf: URL(fileURLWithPath: alliance.trustFile)).write(to: URL(fileURLWithPath: "\(gateway.keys)/alliance.hstrust"))
        let told = try gateway.command("renew", "--seal")
        #expect(told.code == 0 && told.output.contains("seal certificate renewed"), "\(told)")
        #expect(gateway.certificate("seal.crt") != seal)
    }

    @Test("an answer that is lost on the way is asked for again with the same key, and the old pair works meanwhile")
    func lostRenewal() throws {
        let gateway = try Self.enrolled()
        let old = gateway.certificate("link.crt")
        let before = gateway.registry.requests.count
        try gateway.registry.order(["cut": 0])
        #expect(try gateway.command("renew").code == 75)
        #expect(gateway.certificate("link.crt") == old && gateway.key("link.key") == old?.publicKey)
        try gateway.registry.order()
        #expect(try gateway.command("renew").code == 0)
        let keys = gateway.registry.requests[before...].filter { $0.path.hasSuffix("simplereenroll") }.map(\.key)
        #expect(keys.count == 2 && Set(keys).count == 1)
        #expect(try gateway.expectEnrolled())
    }

    @Test("a refused or hostile renewal leaves the pair that works", arguments: [
        Misdeed(#"{"status": 403, "words": "this gateway is revoked"}"#, 77, "this gateway is revoked"), Misdeed(#"{"wrong": "key"}"#, 65, "another key"),
        Misdeed(#"{"wrong": "name"}"#, 65, "another name"), Misdeed(#"{"wrong": "usage"}"#, 65, "another use"), Misdeed(#"{"status": 503}"#, 75, "503"),
        Misdeed(#"{"server": "other-ca"}"#, 1, "not issued by"), Misdeed(#"{"strange_clients": true}"#, 77, "another CA's"),
    ])
    func refusedRenewal(misdeed: Misdeed) throws {
        let gateway = try Self.enrolled()
        let old = gateway.certificate("link.crt")
        let orders = try JSONSerialization.jsonObject(with: Data(misdeed.orders.utf8)) as? [String: Any]
        try gateway.registry.order(orders ?? [:])
        let told = try gateway.command("renew")
        #expect(told.code == misdeed.code && told.output.contains(misdeed.words), "\(told)")
        #expect(gateway.certificate("link.crt") == old && gateway.key("link.key") == old?.publicKey)
        try gateway.registry.order()
        #expect(try gateway.command("renew").code == 0)
        #expect(try gateway.expectEnrolled())
    }

    @Test("a link certificate that has ended is renewed by itself all the same")
    func late() throws {
        let gateway = try Self.enrolled(["age_seconds": 3_600, "life_seconds": 3_615])
        sleep(16)
        let doctor = try gateway.command("doctor").output
        #expect(doctor.contains("link.crt: ended on 20") && doctor.contains("; renewal works until 20"), "\(doctor)")
        #expect(doctor.contains("do: run harborseal-agent renew, or wait for the network"), "\(doctor)")
        let told = try gateway.command("renew")
        #expect(told.code == 0, "\(told)")
        #expect(try gateway.expectEnrolled())
    }

    /// What doctor sees of a registry at which a renewal would fail, and what it says to do.
    static let sights = [
        ("other-ca", "was not issued by the alliance's link CA", "ask the registry's operator for a new text"), ("other-name", "is for another name", "add-server --dns NAME"),
        ("expired", "has expired: it is good from 20", "check this machine's clock first (timedatectl)"), ("future", "is not valid yet: it is good from 20", "check this machine's clock first (timedatectl)"),
        ("client", "is no server's", "another program of the alliance answers there"), ("strange", "does not accept this gateway's link certificate (another CA's)", "harborseal device code"),
        ("away", "Connection refused", "check network and firewall to that port"), ("nameless", "the name registry.invalid cannot be looked up", "check the network and its name servers"),
        ("unenrolled", "has no ca, certificate and key to renew", "harborseal-agent enroll TEXT"),
    ]

    @Test("doctor says why a renewal would fail, and one step", arguments: sights)
    func doctor(sight: String, words: String, step: String) throws {
        let gateway = try Self.enrolled()
        var settings: [String] = []
        switch sight {
        case "strange": try gateway.registry.order(["strange_clients": true])
        case "away": settings = ["--set", "registry.address=localhost:\(try LoopbackPort.free())"]
        case "nameless": settings = ["--set", "registry.address=registry.invalid:8443"]
        case "unenrolled": settings = ["--set", "link.brokers=", "--set", "link.ca=", "--set", "link.certificate=", "--set", "link.key="]
        default: try gateway.registry.order(["server": sight])
        }
        let doctor = try gateway.command(["doctor"] + settings)
        // The certificate holds for 90 days: a registry that is away has time.
        let level = ["away", "nameless"].contains(sight) ? "warning  registry" : "PROBLEM  registry"
        #expect(doctor.code == 1 && doctor.output.contains(level) && doctor.output.contains(words) && doctor.output.contains(step), "\(doctor)")
    }

    @Test("a registry that is away is a problem where the link certificate ends within days")
    func awayAndShort() throws {
        let gateway = try Self.enrolled(["days": 13])
        let doctor = try gateway.command("doctor", "--set", "registry.address=localhost:\(try LoopbackPort.free())").output
        #expect(doctor.contains("PROBLEM  registry") && doctor.contains("Connection refused"), "\(doctor)")
    }

    @Test("a renewal for which the registry is away is no concern while the certificate holds, and a warning of doctor", .timeLimit(.minutes(3)))
    func awayWhileRunning() throws {
        // Two thirds of 90 days and the longest jitter, three days, are over, so that it is due; it holds for 26 days.
        let gateway = try Self.enrolled(["age_seconds": 64 * 86_400, "life_seconds": 90 * 86_400])
        let setting = ["--set", "registry.address=localhost:\(try LoopbackPort.free())"]
        let agent = try ChildProcess([try Programs.agent, "run", "--config", gateway.configuration] + setting, logFile: gateway.folder.file("log"))
        defer { agent.kill() }
        try wait(until: "the failure", seconds: 100, everyMilliseconds: 200, instead: { agent.log }) { agent.log.contains("was not renewed") }
        #expect(try AgentReport(gateway.command("status", "--json").output).concerns("renewal").isEmpty)
        let doctor = try gateway.command(["doctor"] + setting).output
        #expect(doctor.contains("warning  renewal: the link certificate was not renewed:") && doctor.contains("Connection refused"), "\(doctor)")
    }

    @Test("a renewal that the registry refuses the running agent is a finding of doctor, with the registry's words and a step", .timeLimit(.minutes(3)))
    func refusedByItself() throws {
        let gateway = try Self.enrolled(["age_seconds": 570, "life_seconds": 800])
        try gateway.registry.order(["status": 403, "words": "this gateway is revoked"])
        let agent = try ChildProcess([try Programs.agent, "run", "--config", gateway.configuration], logFile: gateway.folder.file("log"))
        defer { agent.kill() }
        try wait(until: "the refusal", seconds: 60, everyMilliseconds: 200, instead: { agent.log }) { agent.log.contains("was not renewed") }
        let doctor = try gateway.command("doctor")
        let words = "the link certificate was not renewed: the registry refuses: this gateway is revoked"
        #expect(doctor.code == 1 && doctor.output.contains("PROBLEM  renewal") && doctor.output.contains(words), "\(doctor)")
        #expect(doctor.output.contains("ask the firm's operator (harborseal device show), then enroll with a new code"), "\(doctor)")
    }

    @Test("the running agent renews by itself when two thirds are over, and connects again with the new pair", .timeLimit(.minutes(3)))
    func byItself() throws {
        let broker = try RunningBroker(Self.alliance.get())
        // Begun ten minutes ago, with a life of 800 s: due since some seconds, and valid for the handshake.
        let gateway = try Self.enrolled(["age_seconds": 570, "life_seconds": 800], broker: broker.port)
        let old = gateway.certificate("link.crt")
        let log = gateway.folder.file("log")
        let agent = try ChildProcess([try Programs.agent, "run", "--config", gateway.configuration], logFile: log)
        defer { agent.kill() }
        func report() throws -> AgentReport { try AgentReport(gateway.command("status", "--json").output) }
        try wait(until: "the renewal", seconds: 60, everyMilliseconds: 200, instead: { agent.log }) {
            (try? report())?.text("renewal", "last-outcome").contains("link certificate renewed") ?? false
        }
        try wait(until: "the new connection", seconds: 20, everyMilliseconds: 200, instead: { agent.log }) {
            let report = try report()
            return report.text("link", "state") == "connected" && report.number("link", "connections") >= 2
        }
        let last = try report()
        #expect(last.number("renewal", "attempts") == 1 && last.number("seal", "link-certificate-days-left") >= 88)
        #expect(last.concerns("renewal").isEmpty)
        #expect(gateway.certificate("link.crt") != old)
        #expect(try gateway.expectEnrolled())
        #expect(agent.log.contains("link certificate renewed") && agent.log.contains("connecting again with the new link certificate"))
        // No child is left, and the agent itself never held a TLS session of its own.
        let children = try ChildProcess.run(["/bin/sh", "-c", "cat /proc/\(agent.processID)/task/*/children"])
        #expect(children.allSatisfy { $0.isWhitespace }, "\(children)")
    }

    @Test("with the link certificate expired and the clock in 1970, events are recorded and signed, and the renewal works")
    func in1970() throws {
        let broker = try RunningBroker(Self.alliance.get())
        let gateway = try Self.enrolled(["age_seconds": 86_400, "life_seconds": 86_412], broker: broker.port)
        sleep(13)
        let shifted = try ClockShift(seconds: 20 - Int64(Date().timeIntervalSince1970)).agent(in: gateway.folder)
        let agent = try ChildProcess(shifted + ["run", "--config", gateway.configuration], logFile: gateway.folder.file("log"))
        defer { agent.kill() }
        try wait(until: "the intake", instead: { agent.log }) { UnixStream(gateway.intakeSocket) != nil }
        let intake = try IntakeClient(gateway.intakeSocket)
        for number in 1...3 {
            guard case .stored = try intake.send(IntakeClient.line(number: number)) else { throw IntegrationFailure("refused: \(agent.log)") }
        }
        func report() throws -> AgentReport { try AgentReport(gateway.command("status", "--json").output) }
        try wait(until: "signatures", seconds: 30, everyMilliseconds: 200, instead: { agent.log }) {
            let report = try report()
            return report.number("journal", "events") >= 4 && report.number("journal", "signed") == report.number("journal", "events")
        }
        #expect(try report().text("link", "state") != "connected")
        let told = try ChildProcess.run(shifted + ["renew", "--config", gateway.configuration])
        #expect(told.contains("link certificate renewed"), "\(told)")
        #expect(try gateway.expectEnrolled())
        // A clock that was never set lets no wrong issuer, name or use through, and nothing that is expired by what is known.
        for (server, words) in [("other-ca", "not issued by"), ("other-name", "another name"), ("client", "no server's"), ("expired", "has expired")] {
            try gateway.registry.order(["server": server])
            let refused = try ChildProcess.run(shifted + ["renew", "--config", gateway.configuration], acceptable: [1])
            #expect(refused.contains(words), "\(server): \(refused)")
        }
    }
}
