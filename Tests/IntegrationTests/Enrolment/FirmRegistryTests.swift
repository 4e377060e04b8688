import Foundation
import HarborsealTesting
import Testing

/// The real agent at its firm's own registry, which gets link certificates from the alliance's: gateways and technicians see no difference.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct FirmRegistryTests {
    private let alliance: Alliance
    private let broker: RunningBroker
    private let upstream: RunningRegistry
    private let firm: RunningRegistry

    init() throws {
        alliance = try Alliance(name: "gba-own", nodes: ["hk-1"], quorum: 1)
        try alliance.harborseal("alliance", "add-firm", "beta")
        try alliance.harborseal("alliance", "sign")
        let broker = try RunningBroker(alliance)
        self.broker = broker
        upstream = try RunningRegistry(alliance, brokerPort: broker.port, words: ["--firm", "beta"]) { text in
            text + "\n[lists]\nfolder = \(broker.configurationFolder)\nreload = /bin/kill -HUP \(broker.processID ?? 0)\n"
        }
        let upstream = upstream
        firm = try RunningRegistry(
            alliance, brokerPort: broker.port, words: ["--firm", Alliance.firm, "--link-registry", "https://localhost:\(upstream.port)"]
        ) { text in
            let file = try #require(text.split(separator: "\n").first { $0.hasPrefix("code = ") }).dropFirst(7)
            try upstream.registry("firm-code", Alliance.firm, "-o", String(file))
            return text
        }
    }

    private func connections() -> Int { broker.log.components(separatedBy: "u'\(Alliance.firm).gw-1'").count - 1 }

    @Test("a box whose link certificate ended because its name was enrolled elsewhere is told so by its firm's registry, which has no list of them; a new code brings it back, and its seal key stays")
    func superseded() throws {
        let name = "\(Alliance.firm).gw-1"
        func text() throws -> String { try firm.device("code", name)["enrolmentText"] as? String ?? "" }
        func finding(_ gateway: BareGateway) throws -> String {
            let found = try #require(try Diagnosis(gateway).finding("registry"))
            return "\(found.level): \(found.value); \(found.advice)"
        }
        let gateway = try BareGateway(alliance, device: "gw-1")
        let first = try gateway.command("enroll", firm.text(of: "gw-1"))
        #expect(first.code == 0, "\(first)\n\(firm.log)")
        let (link, seal) = (gateway.key("link.key"), gateway.key("seal.key"))
        #expect(try finding(gateway).hasPrefix("ok: answers, and accepts this gateway's link certificate"))
        // Its seal key is refused, and the link certificate is its own all the same.
        #expect(try BareGateway(alliance, device: "gw-1").command("enroll", text()).code == 77)
        let told = try finding(gateway)
        #expect(told.hasPrefix("problem: another box enrolled under this name: \(name) has enrolled with a new code and another link key at 20"), "\(told)")
        #expect(told.hasSuffix("and enroll with it, else take this one out of service"), "\(told)")
        let again = try gateway.command("enroll", text())
        #expect(again.code == 0 && again.output.contains("another box enrolled under this name: ") && again.output.contains("; this code is tried"), "\(again)")
        #expect(try gateway.expectEnrolled() && gateway.key("link.key") != link && gateway.key("seal.key") == seal)
        #expect(try finding(gateway).hasPrefix("ok: "))
        // Of a revoked gateway its seal's list says more than the refusal.
        try firm.device("revoke", name, "--yes", "--since", "\(Int(Date().timeIntervalSince1970) - 1)")
        let revoked = try finding(gateway)
        #expect(revoked.hasPrefix("problem: this gateway is enrolled as \(name), and its seal certificate is revoked"), "\(revoked)")
    }

    @Test("one code, one address: a gateway enrols, connects, renews; revoked there, it is on the alliance's list, and the broker shuts it out")
    func journey() throws {
        let gateway = try BareGateway(alliance, device: "gw-1")
        let told = try gateway.command("enroll", firm.text(of: "gw-1"))
        #expect(told.code == 0, "\(told)\n\(firm.log)\n\(upstream.log)")
        #expect(try gateway.expectEnrolled())
        let link = gateway.certificate("link.crt")
        let renewed = try gateway.command("renew")
        #expect(renewed.code == 0 && gateway.certificate("link.crt") != link, "\(renewed)\n\(firm.log)")
        func run() throws -> ChildProcess {
            try ChildProcess([try Programs.agent, "run", "--config", gateway.configuration], logFile: gateway.folder.file("log"))
        }
        let agent = try run()
        try wait(until: "the connection", instead: { agent.log + broker.log }) { connections() == 1 }
        // While the alliance's registry is away the revocation is open; nothing is lost by that.
        upstream.stop()
        agent.kill()
        let revoked = try firm.device("revoke", "\(Alliance.firm).gw-1", "--yes", "--since", "\(Int(Date().timeIntervalSince1970) - 1)")
        #expect(revoked["linkRevocationOpen"] as? Bool == true)
        try wait(until: "the log says that it is open", seconds: 30, instead: { firm.log }) { firm.log.contains("does not know of revoked link certificates yet") }
        #expect(try firm.device("show", "\(Alliance.firm).gw-1")["linkRevocationOpen"] as? Bool == true)
        let lists = "\(broker.configurationFolder)/link-ca.crl"
        let before = try Data(contentsOf: URL(fileURLWithPath: lists))
        try upstream.start()
        try wait(until: "the alliance's registry has taken it", seconds: 90, everyMilliseconds: 200, instead: { firm.log + upstream.log }) {
            try firm.device("show", "\(Alliance.firm).gw-1")["linkRevocationOpen"] as? Bool == false
        }
        try wait(until: "the broker's new list", seconds: 30, instead: { upstream.log }) {
            try Data(contentsOf: URL(fileURLWithPath: lists)) != before && upstream.log.contains("the broker was told")
        }
        let text = try ChildProcess.run(["/usr/bin/openssl", "crl", "-in", lists, "-noout", "-text"])
        #expect(text.components(separatedBy: "Serial Number:").count == 3, "both link certificates: \(text)")
        let (count, logged) = (connections(), broker.log.count)
        let again = try run()
        defer { again.kill() }
        try wait(until: "the broker's refusal", seconds: 30, instead: { again.log + broker.log }) { broker.log.dropFirst(logged).contains("verify failed") }
        #expect(connections() == count)
        for registry in [upstream, firm] { #expect(try registry.registry("audit", "--check").contains("compared")) }
    }
}
