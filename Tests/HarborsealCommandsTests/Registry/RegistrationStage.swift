import AllianceTrust
import AttestationFormat
import Foundation
import HarborsealTesting
import MQTTLink
import NodeTesting

@testable import HarborsealCommands

/// A registry, a node and a broker on loopback, each the real program with files that the commands made, and gateways by curl and openssl.
final class RegistrationStage {
    let registry: RegistryWorkspace
    let broker: RealBroker
    private let registryPort: UInt16
    private let nodePort: UInt16
    private let brokerPort: UInt16

    /// Of the registry's process, beside the tests' own.
    private let environment: [String: String]

    /// - Parameter change: edits registry.conf as a person would.
    init(environment: [String: String] = [:], _ change: (String) -> String = { $0 }) throws {
        self.environment = environment
        registry = try RegistryWorkspace(firms: ["acme"], nodes: ["hk-1"], change)
        registryPort = try LoopbackPort.free()
        nodePort = try LoopbackPort.free()
        brokerPort = try LoopbackPort.free()
        let (alliance, url) = (registry.workspace.alliance, "http://127.0.0.1:\(nodePort)")
        try registry.workspace.editDraft { draft in
            guard var nodes = draft["nodes"] as? [[String: Any]], !nodes.isEmpty else { return }
            nodes[0]["url"] = url
            draft["nodes"] = nodes
        }
        _ = try AllianceSign(directory: alliance, revocationLists: ["https://localhost:\(registryPort)/crl/acme.crl"]).run()
        _ = try AllianceAddServer(directory: alliance, server: "broker", dnsNames: ["localhost"], addresses: ["127.0.0.1"]).run()
        _ = try AllianceBrokerConfig(
            directory: alliance, server: "broker", output: "\(registry.path)/broker", port: Int(brokerPort), bindAddress: "127.0.0.1",
            user: NSUserName()
        ).run()
        broker = try RealBroker(
            configuration: "\(registry.path)/broker/mosquitto.conf", port: Int(brokerPort), log: "\(registry.path)/broker.log")
    }

    var linkAuthority: String { "\(registry.workspace.alliance)/link-ca.crt" }
    var trustFile: String { "\(registry.workspace.alliance)/alliance.hstrust" }

    /// - Parameter isWritingLists: where the broker reads them, and has it read them.
    func startRegistry(isWritingLists: Bool = true) throws -> RunningRegistry {
        let lists = ["lists.folder=\(registry.path)/broker", "lists.reload=/bin/kill -HUP \(broker.processIdentifier)"]
        return try RunningRegistry.start(registry, ["https.port=\(registryPort)"] + (isWritingLists ? lists : []), environment: environment)
    }

    func startNode() throws -> RunningNode {
        try RunningNode(
            configuration: "\(registry.workspace.alliance)/nodes/hk-1/node.conf", port: nodePort, logFile: "\(registry.path)/node.log",
            ["link.brokers=localhost:\(brokerPort)", "trust.fetch-interval=1 s"])
    }

    /// Kills a registry, and starts the next one on the same folder.
    func restart(_ running: RunningRegistry) throws -> RunningRegistry {
        running.kill()
        return try startRegistry()
    }

    /// The gateway that openssl made the seal key of, with the certificate that the registry issued.
    func gateway(_ device: String, seal: String) throws -> TestGateway {
        let key = try AllianceSigningKey(file: "\(registry.path)/acme.\(device)-seal.key")
        guard let alliance = Name("gba-test"), let firm = Name("acme"), let name = Name(UTF8Text(device)),
            let gateway = GatewayName(alliance: alliance, firm: firm, device: name)
        else { throw RunningNode.Failure(description: "\(device) is no name") }
        let der = "\(seal).der"
        _ = try RunningRegistry.run("openssl", ["x509", "-in", seal, "-outform", "DER", "-out", der])
        return TestGateway(name: gateway, key: key, certificate: try DurableFile.read(der), nowSeconds: UInt64(WallClock.nowSeconds))
    }

    /// A connection of the gateway's, with the link certificate that the registry issued.
    func connect(_ gateway: TestGateway, link: String) throws -> TestClient {
        let id = gateway.name.gatewayID
        return try TestClient(
            port: brokerPort, clientID: id.text.string, filters: TopicFilter.replies(to: id, using: SHA256.self).map(\.bytes),
            security: LinkSecurity(
                authorityFile: linkAuthority, certificateFile: link, keyFile: "\(registry.path)/\(id.text.string)-link.key"))
    }

    /// Whether the broker takes a new connection of the gateway's, which ends one that it has.
    func isLetIn(_ gateway: String) throws -> Bool {
        let client = BrokerClient(port: Int(brokerPort), authority: linkAuthority, identity: "\(registry.path)/\(gateway)-link")
        return try client.publish("hs/1/ab/\(gateway)/status", "here") == 0
    }

    /// Asks the node for what it has about a subject, and has the file judged.
    ///
    /// - Parameter isTrusting: whether the command leaves out what has no receipt that counts.
    func verdict(_ subject: String, of node: RunningNode, isTrusting: Bool = true) throws -> (exitCode: Int32, output: String) {
        let file = "\(registry.path)/\(UUID().uuidString).hsev"
        let made = try BuiltProgram.run(
            ["evidence", "--subject", subject, "--node", node.url, "-o", file] + (isTrusting ? ["--trust", trustFile] : []))
        guard FileManager.default.fileExists(atPath: file) else { return made }
        return try verify(file)
    }

    func verify(_ file: String) throws -> (exitCode: Int32, output: String) {
        try BuiltProgram.run(["verify", file, "--trust", trustFile])
    }
}
