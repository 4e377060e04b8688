import Foundation
import HarborsealTesting
import Testing

/// What `enroll`, `renew` and `doctor` say of each way in which the real registry refuses a gateway or cannot be had: the check, the cause and the step.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct CauseTableTests {
    private let alliance: Alliance
    private let registry: RunningRegistry

    init() throws {
        alliance = try Alliance(name: "gba-causes", nodes: ["hk-1"], quorum: 1)
        registry = try RunningRegistry(alliance, brokerPort: 1)
    }

    private func enrolled(_ device: String) throws -> BareGateway {
        let gateway = try BareGateway(alliance, device: device)
        let told = try gateway.command("enroll", registry.text(of: device))
        guard told.code == 0 else { throw IntegrationFailure("\(told)\n\(registry.log)") }
        return gateway
    }

    private func newText(_ verb: String, _ device: String) throws -> String {
        try registry.device(verb, "\(Alliance.firm).\(device)")["enrolmentText"] as? String ?? ""
    }

    /// A code of the same form.
    private func other(_ text: String) -> String { text.replacing(#/code=[^&]*/#, with: "code=\(TestRegistry.freshCode())") }

    private func expect(_ found: Diagnosis.Finding?, _ cause: String, _ step: String, not harm: String = "\n", _ place: SourceLocation = #_sourceLocation) {
        guard let found else {
            Issue.record("no finding says: \(cause)", sourceLocation: place)
            return
        }
        #expect(found.level != "ok" && found.value.contains(cause) && found.advice.contains(step), "\(found)", sourceLocation: place)
        #expect(!found.value.contains(harm) && !found.advice.contains(harm), "\(found)", sourceLocation: place)
    }

    /// An enrolment that the registry refuses: `enroll` says it, and doctor says it first and alone, also in JSON.
    private func expectRefused(_ gateway: BareGateway, _ text: String, _ code: Int32, _ cause: String, _ step: String, _ place: SourceLocation = #_sourceLocation) throws {
        let told = try gateway.command("enroll", text)
        #expect(told.code == code && told.output.contains(cause) && told.output.contains(step), "\(told)", sourceLocation: place)
        let diagnosis = try Diagnosis(gateway)
        #expect(diagnosis.code == 78 && diagnosis.findings.map(\.check) == ["enrolment"], "\(diagnosis)", sourceLocation: place)
        expect(diagnosis.findings.first, cause, step, place)
    }

    /// Wrong codes of several addresses: of one only two count.
    private func lock(_ device: String) throws {
        for address in ["127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.3", "127.0.0.4"] {
            let status = try ChildProcess.run([
                "/usr/bin/curl", "-sk", "-m", "10", "--interface", address, "-o", "/dev/null", "-w", "%{http_code}", "-u", "\(Alliance.firm).\(device):\(TestRegistry.freshCode())",
                "--data-binary", "x", "-H", "Content-Type: application/pkcs10", "https://localhost:\(registry.port)/.well-known/est/link/simpleenroll",
            ])
            guard status == "401" else { throw IntegrationFailure(status) }
        }
    }

    @Test("a code that is wrong, locked, used or expired: each has its cause and its step")
    func codes() throws {
        let text = try registry.text(of: "gw-1")
        let gateway = try BareGateway(alliance, device: "gw-1")
        try expectRefused(gateway, other(text), 77, "the registry does not know this device and code", "harborseal device code")
        try lock("gw-1")
        try expectRefused(gateway, text, 77, "no waiting unlocks it", "ask the firm's operator for a new code (harborseal device code)")
        #expect(try !gateway.command("doctor").output.contains("3600"))
        let second = try newText("code", "gw-1")
        let told = try gateway.command("enroll", second)
        #expect(told.code == 0, "\(told)\n\(registry.log)")
        try expectRefused(BareGateway(alliance, device: "gw-1"), second, 77, "with another key: the same gateway: harborseal device code \(Alliance.firm).gw-1 makes a new code", "enroll with a new code")
        // The longest id: what the registry says has the whole of it to its end, since half of it would be another device's command.
        let long = "gw-" + String(repeating: "6", count: 28)
        let used = try registry.text(of: long)
        #expect(try BareGateway(alliance, device: long).command("enroll", used).code == 0)
        try expectRefused(
            BareGateway(alliance, device: long), used, 77, "other hardware: harborseal device replace \(Alliance.firm).\(long)", "ask the firm's operator (harborseal device show)")
        let late = try registry.text(of: "gw-2")
        registry.stop()
        try registry.start(daysAhead: 9)
        try expectRefused(BareGateway(alliance, device: "gw-2"), late, 77, "the code of \(Alliance.firm).gw-2 was good until 20", "enroll with a new code")
    }

    @Test("a box whose name another one enrolled under is told so, and when, and is not sent for a code that would end the other's link", arguments: ["replace", "code"])
    func superseded(verb: String) throws {
        let gateway = try enrolled("gw-3")
        let other = try BareGateway(alliance, device: "gw-3")
        let told = try other.command("enroll", newText(verb, "gw-3"))
        // With a code of the old device only the link certificate is the new box's: its seal key is another.
        #expect((told.code == 0) == (verb == "replace"), "\(told)")
        let today = ISO8601DateFormatter().string(from: Date()).prefix(10)
        expect(try Diagnosis(gateway).finding("registry"), "another box enrolled under this name on \(today)", "else take this one out of service", not: "revoked")
        let renewed = try gateway.command("renew")
        #expect(renewed.code == 77 && renewed.output.contains("another box enrolled under this name: ") && renewed.output.contains(" at \(today)"), "\(renewed)")
        #expect(renewed.output.contains("else take this one out of service"), "\(renewed)")
        guard verb == "replace" else { return }
        #expect(try other.command("renew").code == 0 && other.expectEnrolled())
    }

    @Test("a revoked gateway is not told of another box")
    func revoked() throws {
        let gateway = try enrolled("gw-4")
        try registry.device("revoke", "\(Alliance.firm).gw-4", "--yes", "--since", "\(Int(Date().timeIntervalSince1970) - 1)")
        expect(try Diagnosis(gateway).finding("registry"), "its seal certificate is revoked", "harborseal device replace", not: "another box")
    }

    @Test("a registry that cannot be reached, has another name or another CA: each has its cause and its step")
    func ways() throws {
        let gateway = try enrolled("gw-5")
        let stranger = try Alliance(name: "gba-other", nodes: ["hk-1"], quorum: 1)
        for (setting, cause, step) in [
            ("registry.address=localhost:\(try LoopbackPort.free())", "Connection refused", "check network and firewall"),
            ("registry.address=127.0.0.1:\(registry.port)", "is for another name", "add-server --dns NAME"),
            ("link.ca=\(stranger.linkAuthority)", "was not issued by the alliance's link CA", "check the address"),
        ] {
            expect(try Diagnosis(gateway, ["--set", setting]).finding("registry"), cause, step)
        }
        expect(try Diagnosis(gateway, ["--set", "registry.adress=x"]).finding("configuration"), "adress", "check-config")
    }
}
