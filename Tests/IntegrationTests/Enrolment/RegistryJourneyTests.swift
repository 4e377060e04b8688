import AttestationFormat
import DeviceCrypto
import Foundation
import MerkleTree
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

    private func run(_ gateway: BareGateway) throws -> ChildProcess {
        let agent = try ChildProcess([try Programs.agent, "run", "--config", gateway.configuration], logFile: gateway.folder.file("log"))
        try wait(until: "the intake", instead: { agent.log }) { UnixStream(gateway.intakeSocket) != nil }
        return agent
    }

    /// Hands in an event, and waits until everything has its receipts.
    private func send(_ number: Int, to intake: IntakeClient, of gateway: BareGateway, _ agent: ChildProcess) throws {
        guard case .stored = try intake.send(IntakeClient.line(number: number)) else { throw IntegrationFailure("refused: \(agent.log)") }
        try wait(until: "the receipt", seconds: 30, everyMilliseconds: 200, instead: { agent.log + node.log + registry.log }) {
            guard let report = try? AgentReport(gateway.command("status", "--json").output) else { return false }
            return report.number("journal", "unreceipted") == 0 && report.number("journal", "events") > number
        }
    }

    @Test("a text enrols, the agent runs with what it brought, and a receipt comes; renewals are by mutual TLS, and the agent goes on with the new pair")
    func journey() throws {
        let gateway = try enrolled("gw-1")
        #expect(try gateway.expectEnrolled())
        let agent = try run(gateway)
        defer { agent.kill() }
        let intake = try IntakeClient(gateway.intakeSocket)
        func send(_ number: Int) throws { try self.send(number, to: intake, of: gateway, agent) }
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
        let seen = try #require(try Diagnosis(gateway, under: muchLater).finding("link-certificate"))
        #expect(seen.level == "problem" && seen.value.contains("; renewal worked until 20") && seen.advice.contains("harborseal device code"), "\(seen)")
        let asked = try #require(try Diagnosis(gateway, under: muchLater).finding("registry"))
        #expect(asked.value == "answers; a renewal was not tried", "no line says that the registry would take it: \(asked)")
        let text = try registry.device("code", "\(Alliance.firm).gw-2")["enrolmentText"] as? String
        let again = try gateway.command(["enroll", text ?? "", "--accept-trust"], under: muchLater)
        #expect(again.code == 0, "\(again)\n\(registry.log)")
        #expect(gateway.key("seal.key") == seal)
    }

    @Test("a code for new keys is not spent on a gateway that keeps its seal key: the registry refuses that first, and --replace goes on with the same code")
    func retired() throws {
        let gateway = try enrolled("gw-5")
        let seal = gateway.key("seal.key")
        for name in ["link.crt", "link.key"] { try FileManager.default.removeItem(atPath: "\(gateway.keys)/\(name)") }
        let text = try registry.device("replace", "\(Alliance.firm).gw-5")["enrolmentText"] as? String ?? ""
        let plain = try gateway.command("enroll", text)
        #expect(plain.code == 77 && plain.output.contains("the registry refuses its seal key for this code"), "\(plain)")
        #expect(gateway.key("seal.key") == seal && !gateway.exists("link.crt"))
        let told = try gateway.command("enroll", text, "--replace")
        #expect(told.code == 0, "\(told)\n\(registry.log)")
        #expect(try gateway.expectEnrolled() && gateway.key("seal.key") != seal)
    }

    @Test("a replacement that was refused for a mistyped code leaves the gateway as it was: it renews, and the right text brings new keys")
    func mistyped() throws {
        let gateway = try enrolled("gw-6")
        let (link, seal) = (gateway.key("link.key"), gateway.key("seal.key"))
        let text = try registry.device("replace", "\(Alliance.firm).gw-6")["enrolmentText"] as? String ?? ""
        let mistyped = text.replacing(#/code=[^&]*/#, with: "code=\(TestRegistry.freshCode())")
        let refused = try gateway.command("enroll", mistyped, "--replace")
        #expect(refused.code == 77 && !gateway.exists("enrolment.replacing") && !gateway.exists("enrolment.note"), "\(refused)")
        #expect(try gateway.expectEnrolled() && gateway.key("link.key") == link && gateway.key("seal.key") == seal)
        let renewed = try gateway.command("renew")
        #expect(renewed.code == 0, "\(renewed)")
        let told = try gateway.command("enroll", text, "--replace")
        #expect(told.code == 0, "\(told)\n\(registry.log)")
        #expect(try gateway.expectEnrolled() && gateway.key("link.key") != link && gateway.key("seal.key") != seal)
        #expect(!gateway.exists("enrolment.replacing"))
    }

    @Test("a replacement that was cut between its keys comes through with the text of the next replacement: what the registry has of the one before gives way")
    func replacedTwice() throws {
        let gateway = try enrolled("gw-7")
        let name = "\(Alliance.firm).gw-7"
        func path(_ file: String) -> String { "\(gateway.keys)/\(file)" }
        let old = try ["seal.key", "seal.crt"].map { ($0, try Data(contentsOf: URL(fileURLWithPath: path($0)))) }
        let ended = [gateway.key("link.key"), gateway.key("seal.key")].compactMap { $0?.keyID(using: SHA256.self).bytes }
        let first = try gateway.command("enroll", registry.device("replace", name)["enrolmentText"] as? String ?? "", "--replace")
        #expect(first.code == 0, "\(first)")
        let link = gateway.key("link.key")
        // As the power cut left it: the seal's answer was lost.
        try FileManager.default.moveItem(atPath: path("seal.key"), toPath: path("seal.key.next"))
        for (file, bytes) in old { try bytes.write(to: URL(fileURLWithPath: path(file))) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path("seal.key"))
        try Data(ended.joined()).write(to: URL(fileURLWithPath: path("enrolment.replacing")))
        let lost = gateway.key("seal.key.next")
        let second = try gateway.command("enroll", registry.device("replace", name)["enrolmentText"] as? String ?? "", "--replace")
        #expect(second.code == 0, "\(second)\n\(registry.log)")
        #expect(try gateway.expectEnrolled() && !gateway.exists("enrolment.replacing"))
        #expect(gateway.key("link.key") != link && gateway.key("seal.key") != lost)
        #expect(try gateway.command("doctor").output.contains("accepts this gateway's link certificate"))
    }

    @Test("a gateway whose link certificate ended because its name was enrolled elsewhere comes back with a new code, and keeps its seal key")
    func elsewhere() throws {
        let gateway = try enrolled("gw-8")
        let (link, seal) = (gateway.key("link.key"), gateway.key("seal.key"))
        func text() throws -> String { try registry.device("code", "\(Alliance.firm).gw-8")["enrolmentText"] as? String ?? "" }
        let other = try BareGateway(alliance, device: "gw-8").command("enroll", text())
        #expect(other.code != 0, "\(other)")
        let told = try gateway.command("enroll", text())
        #expect(told.code == 0 && told.output.contains(#/another box enrolled under this name on 20\d\d-\d\d-\d\d; this code is tried/#), "\(told)\n\(registry.log)")
        #expect(try gateway.expectEnrolled() && gateway.key("link.key") != link && gateway.key("seal.key") == seal)
    }

    @Test("a revoked gateway is refused with the registry's reason, and doctor says who helps; a replacement's code brings new keys")
    func revoked() throws {
        let gateway = try enrolled("gw-3")
        let seal = gateway.key("seal.key")
        try registry.device("revoke", "\(Alliance.firm).gw-3", "--yes", "--since", "\(Int(Date().timeIntervalSince1970) - 1)")
        let refused = try gateway.command("renew")
        #expect(refused.code == 77 && refused.output.contains("revoked") && refused.output.contains("harborseal device"), "\(refused)")
        let replaced = try registry.device("replace", "\(Alliance.firm).gw-3")
        let text = replaced["enrolmentText"] as? String ?? ""
        // Without --replace the lists tell, and the code is whole afterwards.
        let plain = try gateway.command("enroll", text)
        #expect(plain.code == 1 && plain.output.contains("enrolled as \(Alliance.firm).gw-3, and its seal certificate is revoked"), "\(plain)")
        #expect(try gateway.command("doctor").output.contains("its seal certificate is revoked"))
        let told = try gateway.command("enroll", text, "--replace")
        #expect(told.code == 0, "\(told)\n\(registry.log)")
        #expect(gateway.key("seal.key") != seal)
        #expect(try gateway.expectEnrolled())
    }

    @Test("new keys on a gateway that keeps its journal begin an epoch that the nodes take: events before and after have their receipts, once each")
    func newKeysOldJournal() throws {
        let gateway = try enrolled("gw-5")
        let name = "\(Alliance.firm).gw-5"
        let before = try run(gateway)
        defer { before.kill() }
        try send(1, to: IntakeClient(gateway.intakeSocket), of: gateway, before)
        // Stored and signed by the old key, without a receipt when it ends.
        broker.kill()
        guard case .stored = try IntakeClient(gateway.intakeSocket).send(IntakeClient.line(number: 2)) else { throw IntegrationFailure(before.log) }
        before.kill()
        try broker.start()
        // A hello that no node hears is said again after the receipt-timeout only.
        try wait(until: "the node is back", instead: { node.log }) { node.log.components(separatedBy: "broker connected").count == 3 }
        let replaced = try registry.device("replace", name, "--since", "\(Int(Date().timeIntervalSince1970))")
        let told = try gateway.command("enroll", replaced["enrolmentText"] as? String ?? "", "--replace")
        #expect(told.code == 0, "\(told)\n\(registry.log)")
        let after = try run(gateway)
        defer { after.kill() }
        try send(3, to: IntakeClient(gateway.intakeSocket), of: gateway, after)
        let ledger = try node.ledger()
        #expect(Set(ledger.leaves(of: name).keys) == ["wms-1/1", "wms-1/2", "wms-1/3"])
        #expect(ledger.epochs(of: name).count == 2 && ledger.doubled(of: name).isEmpty && ledger.holes(of: name).isEmpty)
        let opening = try #require(ledger.statements(of: name).first { $0.epoch == ledger.epochs(of: name).last })
        #expect(opening.first == 0 && opening.previous == String(repeating: "0", count: 64))
        #expect(ledger.events(of: name).contains { $0.place.epoch == opening.epoch && $0.event.fields?["cause"] == "new-key" })
        #expect(node.conflictCount == 0)
    }
}
