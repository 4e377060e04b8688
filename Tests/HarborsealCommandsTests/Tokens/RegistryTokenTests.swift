import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import Testing

@testable import HarborsealCommands

/// A registry whose firm acme has its issuing key in a token: the built program, curl and openssl as gateways.
@Suite("a registry with an issuing key in a token", .enabled(if: KeyStore.isInstalled, "softhsm2 or opensc is not installed"), .serialized)
struct RegistryTokenTests {
    private let store: KeyStore

    init() throws { store = try KeyStore() }

    private func wait(seconds: Double = 90, until condition: () throws -> Bool) throws -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        while Date() < end {
            if try condition() { return true }
            Thread.sleep(forTimeInterval: 0.2)
        }
        return false
    }

    /// A firm's key is in the token, and its file is gone.
    private func moved(_ text: String, firm: String = "acme", as name: String = "issuing") -> String {
        let marker = "/firms/\(firm)/issuing.key"
        guard let line = text.split(separator: "\n").first(where: { $0.hasSuffix(marker) }) else { return text }
        let path = String(line.dropFirst("key = ".count))
        do {
            try store.take(path, as: name)
            try FileManager.default.removeItem(atPath: path)
        } catch { Issue.record(error) }
        return text.replacing(line, with: "key = \(store.uri(name))")
    }

    private func added(_ device: String, firm: String = "acme", in workspace: RegistryWorkspace) async throws -> String {
        let result = try await DeviceAdd(configurationFile: workspace.configuration, firm: firm, device: device, asJSON: true).run()
        return try #require(try RegistryWorkspace.object(result.output)["code"] as? String)
    }

    @Test(
        "a device enrols and is revoked: openssl takes certificate and list, and a node takes both statements",
        .enabled(if: RealBroker.isPresent, "needs Debian's mosquitto and mosquitto-clients"))
    func journey() async throws {
        let stage = try RegistrationStage(environment: store.environment) { moved($0) }
        let (registry, node) = (try stage.startRegistry(), try stage.startNode())
        let code = try await added("gw-1", in: stage.registry)
        _ = try registry.enrol("link", "acme.gw-1", code: code)
        let seal = try registry.enrol("seal", "acme.gw-1", code: code)
        let alliance = stage.registry.workspace.alliance
        let chain = try stage.registry.write(
            "chain.pem",
            String(contentsOfFile: "\(alliance)/root.crt", encoding: .utf8) + String(contentsOfFile: "\(alliance)/firms/acme/issuing.crt", encoding: .utf8))
        #expect(try RunningRegistry.run("openssl", ["verify", "-CAfile", chain, "-purpose", "any", seal]).code == 0)
        let revoked = try store.harborseal(
            "device", "revoke", "acme.gw-1", "--since", "\(WallClock.nowSeconds - 1)", "--reason", "stolen", "--config", stage.registry.configuration)
        #expect(revoked.exitCode == 0, "\(revoked)")
        for kind in [StatementKind.registration, .revocation] {
            let isReceipted = try wait {
                try RegistryDesk.open(stage.registry.configuration, by: nil) { desk in
                    try desk.registry.device("acme.gw-1").deliveries.contains { $0.kind == kind && $0.state == .accepted }
                }
            }
            #expect(isReceipted, "\(kind): \(registry.log)\(node.log)")
        }
        let list = "\(stage.registry.path)/broker/acme.crl"
        let serial = try RunningRegistry.run("openssl", ["x509", "-in", seal, "-noout", "-serial"]).text.dropFirst("serial=".count).dropLast()
        let isListed = try wait { try RunningRegistry.run("openssl", ["crl", "-in", list, "-noout", "-text"]).text.contains(serial) }
        #expect(isListed, "\(registry.log)")
        #expect(try RunningRegistry.run("openssl", ["crl", "-in", list, "-CAfile", "\(alliance)/firms/acme/issuing.crt", "-noout"]).code == 0)
        #expect(try RunningRegistry.run("openssl", ["verify", "-crl_check", "-partial_chain", "-CAfile", chain, "-CRLfile", list, seal]).code == 2)
        #expect(registry.stop() == 0)
    }

    @Test("a token that hangs answers 503 to its own firm alone, and the same code enrols once it is back")
    func hangs() async throws {
        let workspace = try RegistryWorkspace { moved($0) }
        let registry = try RunningRegistry.start(workspace, environment: store.environment)
        let code = try await added("gw-1", in: workspace)
        let others = try await added("gw-9", firm: "zeta", in: workspace)
        try store.disturb("hang")
        // More than may wait for it, and as many as wait must not keep the others from the store.
        let asked = try (0..<6).map { _ in try registry.question("seal", "acme.gw-1", code: code) }
        let other = try ["link", "seal"].map { try registry.question($0, "zeta.gw-9", code: others) }
        for question in asked { try question.ask() }
        try await Task.sleep(for: .seconds(1))
        for question in other {
            try question.ask()
            #expect(question.text.hasPrefix("200 "), "\(question.text)")
        }
        #expect(asked.contains { $0.process.isRunning }, "nobody waits for another firm's token: \(registry.log)")
        for answer in asked.map({ $0.text }) { #expect(answer.hasPrefix("503 ") && answer.contains("try again later") && !answer.contains("token"), "\(answer)") }
        #expect(registry.log.contains("did not answer in time"), "\(registry.log)")
        try store.disturb("")
        let isBack = try wait { (try? registry.enrol("seal", "acme.gw-1", code: code)) != nil }
        #expect(isBack, "\(registry.log)")
        #expect(registry.stop() == 0)
    }

    @Test("with a wrong PIN the registry starts and says so; it is tried once, and everything but that firm's seal certificates goes on")
    func wrongPIN() async throws {
        let workspace = try RegistryWorkspace { moved($0) }
        try store.setPIN("wrong")
        let registry = try RunningRegistry.start(workspace, environment: store.environment)
        #expect(registry.log.contains("section=firm.acme") && registry.log.contains("the token refused the PIN"), "\(registry.log)")
        let code = try await added("gw-1", in: workspace)
        _ = try registry.enrol("link", "acme.gw-1", code: code)
        #expect(try registry.ask("seal", "acme.gw-1", code: code).text.hasPrefix("503 "))
        let others = try await added("gw-9", firm: "zeta", in: workspace)
        _ = try registry.enrol("seal", "zeta.gw-9", code: others)
        #expect(store.calls("login").count == 1, "\(store.calls("login"))")
        #expect(registry.stop() == 0)
        try store.setPIN(KeyStore.pin)
        let next = try RunningRegistry.start(workspace, environment: store.environment)
        _ = try next.enrol("seal", "acme.gw-1", code: code)
        #expect(next.stop() == 0)
    }

    @Test("of two keys in one token a wrong PIN is tried once: a few tries lock it")
    func wrongPINOfTwo() throws {
        let workspace = try RegistryWorkspace { moved(moved($0), firm: "zeta", as: "other") }
        try store.setPIN("wrong")
        let registry = try RunningRegistry.start(workspace, environment: store.environment)
        for firm in ["acme", "zeta"] { #expect(registry.log.contains("section=firm.\(firm)"), "\(registry.log)") }
        #expect(registry.log.contains("with another of its keys") && store.calls("login").count == 1, "\(store.calls("login")) \(registry.log)")
        #expect(registry.stop() == 0)
    }

    @Test("a certificate that is not for the key in the token ends the start with words")
    func otherKey() throws {
        let workspace = try RegistryWorkspace { moved($0).replacing("object=issuing", with: "object=stranger") }
        try store.makeKey("stranger")
        let result = try store.harborseal("registry", "serve", "--config", workspace.configuration, "--set", "https.port=0")
        #expect(result.exitCode == 78, "\(result)")
        #expect(result.output.contains("[firm.acme] key: token \"alliance\" in slot ") && result.output.contains("is not the one of the certificate"), "\(result)")
    }
}

extension RunningRegistry {
    /// A request, and its answer once it was asked.
    struct Question {
        let process: Process
        let file: String

        func ask() throws { try process.runHearingSignals() }

        /// Status and words, once they are there.
        var text: String {
            process.waitUntilExit()
            return ["code", "words"].map { (try? String(contentsOfFile: "\(file).\($0)", encoding: .utf8)) ?? "" }.joined(separator: " ")
        }
    }

    /// Asks for a certificate of a new key.
    func ask(_ label: String, _ gateway: String, code: String) throws -> Question {
        let question = try question(label, gateway, code: code)
        try question.ask()
        return question
    }

    /// A certificate of a new key, to be asked for.
    func question(_ label: String, _ gateway: String, code: String) throws -> Question {
        let name = "\(workspace.path)/\(UUID().uuidString)"
        _ = try Self.run("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key"])
        _ = try Self.run("openssl", ["req", "-new", "-key", name + ".key", "-subj", "/", "-outform", "DER", "-out", name + ".csr"])
        let base64 = try Self.run("openssl", ["base64", "-A", "-in", name + ".csr"]).text
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        process.arguments = [
            "-sS", "--max-time", "60", "--cacert", "\(workspace.workspace.alliance)/link-ca.crt", "-u", "\(gateway):\(code)", "-d", base64, "-H",
            "Content-Type: application/pkcs10", "-o", "\(name).words", "-w", "%{http_code}", "https://localhost:\(port)/.well-known/est/\(label)/simpleenroll",
        ]
        _ = FileManager.default.createFile(atPath: "\(name).code", contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: "\(name).code")
        process.standardInput = FileHandle.nullDevice
        return Question(process: process, file: name)
    }
}
