import Foundation
import Testing

/// The real agent with the real registry, broker and node: from the enrolment text to a receipt, and through a gateway's later years.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct RegistryJourneyTests {
    private let alliance: Alliance
    private let broker: RunningBroker
    private let node: RunningNode
    private let registry: RunningRegistry

    init() throws {
        alliance = try Alliance(name: "gba-est", nodes: ["hk-1"], quorum: 1)
        broker = try RunningBroker(alliance)
        node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
        registry = try RunningRegistry(alliance, brokerPort: broker.port)
    }

    private func enrolled(_ device: String) throws -> BareGateway {
        let gateway = try BareGateway(alliance, device: device)
        let told = try gateway.command("enroll", registry.text(of: device))
        guard told.code == 0 else { throw IntegrationFailure("\(told)\n\(registry.log)") }
        return gateway
    }

    @Test("a text enrols, the agent runs with what it brought, and a receipt comes; renewals are by mutual TLS, and the agent goes on with the new pair")
    func journey() throws {
        let gateway = try enrolled("gw-1")
        #expect(try gateway.expectEnrolled())
        let agent = try ChildProcess([try Programs.agent, "run", "--config", gateway.configuration], logFile: gateway.folder.file("log"))
        defer { agent.kill() }
        try wait(until: "the intake", instead: { agent.log }) { UnixStream(gateway.intakeSocket) != nil }
        let intake = try IntakeClient(gateway.intakeSocket)
        func send(_ number: Int) throws {
            guard case .stored = try intake.send(IntakeClient.line(number: number)) else { throw IntegrationFailure("refused: \(agent.log)") }
            try wait(until: "the receipt", seconds: 30, everyMilliseconds: 200, instead: { agent.log + registry.log }) {
                guard let report = try? AgentReport(gateway.command("status", "--json").output) else { return false }
                return report.number("journal", "unreceipted") == 0 && report.number("journal", "events") > number
            }
        }
        try send(1)
        #expect(try node.ledger().leaves(of: "\(Alliance.firm).gw-1").count == 1)
        let (link, seal) = (gateway.certificate("link.crt"), gateway.key("seal.key"))
        for words in [["renew"], ["renew", "--seal"]] {
            let told = try gateway.command(words)
            #expect(told.code == 0, "\(words): \(told)")
        }
        #expect(gateway.certificate("link.crt") != link && gateway.key("seal.key") == seal)
        #expect(try gateway.expectEnrolled())
        agent.signal(SIGHUP)
        try wait(until: "the new pair in use", instead: { agent.log }) { agent.log.contains("connecting again with the new link certificate") }
        try send(2)
        let doctor = try gateway.command("doctor").output
        #expect(doctor.contains("registry localhost:\(registry.port): answers, and accepts this gateway's link certificate"), "\(doctor)")
    }

    @Test("a text that was made before a newer trust file was signed enrols all the same, with the file that it names")
    func earlierText() throws {
        let text = try registry.text(of: "gw-4")
        let named = try Data(contentsOf: URL(fileURLWithPath: alliance.trustFile))
        try alliance.harborseal("alliance", "sign", "--valid-days", "400")
        try wait(until: "the registry's newer trust file", seconds: 30, instead: { registry.log }) { registry.log.contains("newer trust file taken") }
        let gateway = try BareGateway(alliance, device: "gw-4")
        let told = try gateway.command("enroll", text)
        #expect(told.code == 0 && told.output.contains("trust file version 1"), "\(told)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(gateway.keys)/alliance.hstrust")) == named)
    }

    @Test("a link certificate renews itself 25 days after its end, on a gateway whose clock says 1970, and not after 35; a new code then brings a new one for the keys that are there")
    func late() throws {
        let gateway = try enrolled("gw-2")
        let (link, seal) = (gateway.key("link.key"), gateway.key("seal.key"))
        registry.stop()
        try registry.start(daysAhead: 90 + 25)
        let clock = try ClockShift(seconds: 20 - Int64(Date().timeIntervalSince1970)).wrapper(in: gateway.folder)
        let late = try gateway.command(["renew"], under: clock)
        #expect(late.code == 0, "\(late)\n\(registry.log)")
        #expect(gateway.key("link.key") != link && gateway.key("seal.key") == seal)
        registry.stop()
        try registry.start(daysAhead: 115 + 90 + 35)
        let muchLater = try ClockShift(seconds: 240 * 86_400).wrapper(in: gateway.folder)
        let refused = try gateway.command(["renew"], under: muchLater)
        #expect(refused.code == 77 && refused.output.contains("renewed itself until") && refused.output.contains("harborseal device code"), "\(refused)")
        let text = try registry.device("code", "\(Alliance.firm).gw-2")["enrolmentText"] as? String
        let again = try gateway.command(["enroll", text ?? "", "--accept-trust"], under: muchLater)
        #expect(again.code == 0, "\(again)\n\(registry.log)")
        #expect(gateway.key("seal.key") == seal)
    }

    @Test("a revoked gateway is refused with the registry's reason, and doctor says who helps; a replacement's code brings new keys")
    func revoked() throws {
        let gateway = try enrolled("gw-3")
        let seal = gateway.key("seal.key")
        try registry.device("revoke", "\(Alliance.firm).gw-3", "--since", "\(Int(Date().timeIntervalSince1970) - 1)")
        let refused = try gateway.command("renew")
        #expect(refused.code == 77 && refused.output.contains("revoked") && refused.output.contains("harborseal device"), "\(refused)")
        let replaced = try registry.device("replace", "\(Alliance.firm).gw-3")
        let text = replaced["enrolmentText"] as? String ?? ""
        let told = try gateway.command("enroll", text, "--replace")
        #expect(told.code == 0, "\(told)\n\(registry.log)")
        #expect(gateway.key("seal.key") != seal)
        #expect(try gateway.expectEnrolled())
    }
}
