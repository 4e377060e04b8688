import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import MerkleTree
import NodeTesting
import Testing

@testable import HarborsealCommands

/// From a device's registration to its revocation: registry, node and broker are the real programs, curl and openssl the gateway.
@Suite(.serialized, .enabled(if: RealBroker.isPresent, "needs Debian's mosquitto and mosquitto-clients"))
struct RegistrationJourneyTests {
    private static let first = "https://id.gs1.org/00/395212340000000175"
    private static let second = "https://id.gs1.org/00/395212340000000182"
    private static let gatewayID = "acme.gw-1"

    private let stage: RegistrationStage
    private let trust: TrustFile

    init() throws {
        stage = try RegistrationStage()
        trust = try TrustFileInput.verified(stage.trustFile)
    }

    /// A gateway that is enrolled, connected, and known to the node by its registration alone.
    private struct Enrolled {
        var registry: RunningRegistry
        let node: RunningNode
        var gateway: TestGateway
        let link: String
        let client: TestClient
    }

    /// Adds and enrols the gateway. The registry is killed after each answer, and the last time before any node has heard of it.
    private func enrolled() async throws -> Enrolled {
        var registry = try stage.startRegistry()
        let code = try #require(try await stage.registry.add()["code"] as? String)
        registry = try stage.restart(registry)
        let link = try registry.enrol("link", Self.gatewayID, code: code)
        registry = try stage.restart(registry)
        let seal = try registry.enrol("seal", Self.gatewayID, code: code)
        registry.kill()
        let node = try stage.startNode()
        registry = try stage.startRegistry()
        let gateway = try stage.gateway("gw-1", seal: seal)
        _ = try delivered(.registration)
        let client = try stage.connect(gateway, link: link)
        try await join(client, node)
        return Enrolled(registry: registry, node: node, gateway: gateway, link: link, client: client)
    }

    /// Waits until gateway and node are at the broker, and hear what is said there.
    private func join(_ client: TestClient, _ node: RunningNode) async throws {
        #expect(client.turn(seconds: 60) { client.isSubscribed }, "\(stage.broker.logText)")
        let hasBroker = try RunningRegistry.wait { try node.metric("harborseal_brokers_connected") == 1 }
        #expect(hasBroker, "\(node.log)")
        // The node's SUBSCRIBE is on its way by now, and nothing of it is told: whatever is published waits as long as a busy broker may need for it.
        try await Task.sleep(for: .seconds(2))
    }

    /// Waits until the node has a statement, and gives it with the receipt that the registry keeps.
    private func delivered(_ kind: StatementKind) throws -> StatementDelivery {
        var found: StatementDelivery?
        let isDelivered = try RunningRegistry.wait {
            found = try RegistryDesk.open(stage.registry.configuration, by: nil) { desk in
                try desk.registry.device(Self.gatewayID).deliveries.first { $0.kind == kind }
            }
            return found?.state == .accepted
        }
        #expect(isDelivered, "\(found.map { "\($0.state), \($0.answer ?? "")" } ?? "no statement")")
        return try #require(found)
    }

    /// Publishes the gateway's next batch; its receipt.
    private func receipted(_ subject: String, _ gateway: inout TestGateway, _ client: TestClient) throws -> Receipt {
        gateway.nowSeconds = UInt64(WallClock.nowSeconds)
        let batch = try gateway.batch([TestGateway.event(Int(gateway.next), what: [subject])])
        try client.publish(batch.message())
        var receipts: [Receipt] = []
        let isReceipted = client.turn(seconds: 60) {
            receipts = client.received.compactMap { try? Reply(parsing: $0) }.receipts(for: batch, trustFile: trust)
            return !receipts.isEmpty
        }
        #expect(isReceipted)
        return try #require(receipts.first)
    }

    /// Publishes a batch that the node is to refuse; with which codes it does.
    private func refusalCodes(_ gateway: inout TestGateway, _ client: TestClient) throws -> [UInt64] {
        client.forgetReceived()
        try client.publish(try gateway.batch().message())
        var codes: [UInt64] = []
        _ = client.turn(seconds: 60) {
            codes = client.received.compactMap { try? Reply(parsing: $0) }.refusalCodes
            return !codes.isEmpty
        }
        return codes
    }

    private func stop(_ enrolled: Enrolled) {
        #expect(enrolled.registry.stop() == 0)
        #expect(enrolled.node.stop() == 0)
        stage.broker.stop()
    }

    @Test("an enrolled device is in the ledger with a receipt that verifies, although the registry was killed after each step, and its batches count")
    func registered() async throws {
        var enrolled = try await enrolled()
        let registration = try delivered(.registration)
        let statement = try RegistrationStatement(parsing: registration.statement)
        #expect(statement.payload == enrolled.gateway.certificate)
        let kept = try #require(registration.receipt)
        let receipt = try UnverifiedReceipt(parsing: kept).verified(
            for: statement, trustFile: trust, verifier: CryptoVerifier.self, using: SHA256.self)
        #expect(receipt.header.node.node == Name("hk-1"))
        let id = Hexadecimal.text(of: statement.hash(using: SHA256.self).bytes).string
        #expect(try enrolled.node.entry(id, in: stage.registry.path) == kept)
        #expect(try enrolled.node.metric("harborseal_registrations_taken_total") == 1, "one statement, however often it was sent")
        // No hello was sent: the node knows the key by the registration alone.
        _ = try receipted(Self.first, &enrolled.gateway, enrolled.client)
        let isJudged = try RunningRegistry.wait { try stage.verdict(Self.first, of: enrolled.node).output.contains("not revoked as of") }
        let verdict = try stage.verdict(Self.first, of: enrolled.node)
        #expect(isJudged && verdict.exitCode == 0, "the registry's list came by HTTPS: \(verdict.output)\n\(enrolled.node.log)")
        stop(enrolled)
    }

    @Test("a device that is revoked while the registry is down: node and broker take nothing new, what came after is marked, what came before stays valid")
    func revoked() async throws {
        var enrolled = try await enrolled()
        let since = Int64(try receipted(Self.first, &enrolled.gateway, enrolled.client).header.issuedAtSeconds) + 1
        #expect(try RunningRegistry.wait { WallClock.nowSeconds > since })
        let copied = enrolled.gateway
        _ = try receipted(Self.second, &enrolled.gateway, enrolled.client)
        #expect(try stage.isLetIn(Self.gatewayID))
        // A thief's connection, open before the broker hears of it.
        let client = try stage.connect(enrolled.gateway, link: enrolled.link)
        #expect(client.turn(seconds: 60) { client.isConnected }, "\(stage.broker.logText)")
        try forked(enrolled, by: copied, client)
        enrolled.registry.kill()
        let answer = try BuiltProgram.run([
            "device", "revoke", Self.gatewayID, "--since", "\(since)", "--reason", "stolen", "--config", stage.registry.configuration,
        ])
        #expect(answer.exitCode == 2 && answer.output.contains("no registry runs here"), "\(answer.output)")
        enrolled.registry = try stage.startRegistry()
        let isKnown = try RunningRegistry.wait { try enrolled.node.metric("harborseal_seal_keys_revoked") == 1 }
        #expect(isKnown, "\(enrolled.node.log)")
        #expect(try refusalCodes(&enrolled.gateway, client) == [3])
        let isMarked = try RunningRegistry.wait { try enrolled.node.metric("harborseal_statements_after_revocation") == 1 }
        #expect(isMarked, "the second batch, and not the first: \(enrolled.node.log)")
        try judged(enrolled, sinceSeconds: since)
        let isShutOut = try RunningRegistry.wait { try !stage.isLetIn(Self.gatewayID) }
        #expect(isShutOut, "\(enrolled.registry.log)\n\(stage.broker.logText)")
        stop(enrolled)
    }

    @Test("a gateway that device issue made, and no registry knows, is revoked by its certificates: the node refuses it within a minute, marks what came after, and the broker shuts it out")
    func madeByHand() async throws {
        let registry = try stage.startRegistry()
        _ = try await stage.registry.add("gw-1")
        let folder = "\(stage.registry.path)/by-hand"
        _ = try DeviceIssue(directory: stage.registry.workspace.alliance, firm: "acme", device: "gw-1", output: folder).run()
        for (name, place) in [("seal.key", "acme.gw-1-seal.key"), ("link.key", "acme.gw-1-link.key"), ("link.crt", "acme.gw-1-link.crt")] {
            try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: "\(stage.registry.path)/\(place)")
        }
        let node = try stage.startNode()
        var gateway = try stage.gateway("gw-1", seal: "\(folder)/seal.crt")
        let client = try stage.connect(gateway, link: "\(folder)/link.crt")
        try await join(client, node)
        // The node learns of the key by the gateway's own word.
        try client.publish(gateway.hello())
        let since = Int64(try receipted(Self.first, &gateway, client).header.issuedAtSeconds) + 1
        #expect(try RunningRegistry.wait { WallClock.nowSeconds > since })
        client.forgetReceived()
        _ = try receipted(Self.second, &gateway, client)
        for file in ["seal.crt", "link.crt"] {
            let answer = try BuiltProgram.run([
                "device", "revoke", Self.gatewayID, "--certificate", "\(folder)/\(file)", "--since", "\(since)", "--config", stage.registry.configuration,
            ])
            #expect(answer.exitCode == 0, "\(answer.output)")
        }
        let isKnown = try RunningRegistry.wait { try node.metric("harborseal_seal_keys_revoked") == 1 }
        #expect(isKnown, "\(node.log)\n\(registry.log)")
        #expect(try refusalCodes(&gateway, client) == [3])
        let isMarked = try RunningRegistry.wait { try node.metric("harborseal_statements_after_revocation") == 1 }
        #expect(isMarked, "the second batch, and not the first: \(node.log)")
        #expect(try stage.verdict(Self.first, of: node).exitCode == 0 && stage.verdict(Self.second, of: node).exitCode == 1)
        let isShutOut = try RunningRegistry.wait { try !stage.isLetIn(Self.gatewayID) }
        #expect(isShutOut, "\(registry.log)\n\(stage.broker.logText)")
        _ = try delivered(.revocation)
        let audit = try BuiltProgram.run(["registry", "audit", "--check", "--config", stage.registry.configuration])
        #expect(audit.exitCode == 0 && audit.output.contains("2 revocations") && audit.output.contains("1 receipt:"), "a node's own receipt verifies: \(audit.output)")
        #expect(registry.stop() == 0 && node.stop() == 0)
        stage.broker.stop()
    }

    /// A thief signs what the gateway signed already, with its key: the node keeps both, marks the gateway, and gives a receipt to the first alone;
    /// whoever has both branches sees the fork, and neither is taken for complete.
    private func forked(_ enrolled: Enrolled, by thief: TestGateway, _ client: TestClient) throws {
        let rival = try thief.signed([TestGateway.event(9, what: [Self.second])], first: thief.next, previous: thief.previous)
        client.forgetReceived()
        try client.publish(rival.message())
        var replies: [Reply] = []
        _ = client.turn(seconds: 60) {
            replies = client.received.compactMap { try? Reply(parsing: $0) }
            return !replies.isEmpty
        }
        #expect(replies.refusalCodes == [6] && replies.receipts(for: rival, trustFile: trust).isEmpty)
        #expect(try RunningRegistry.wait { try enrolled.node.metric("harborseal_conflicts_total") == 1 })
        #expect(try RunningRegistry.wait { try enrolled.node.metric("harborseal_gateways_marked") == 1 })
        #expect(enrolled.node.log.contains("both are kept, the gateway is marked"))

        let file = "\(stage.registry.path)/branch.hsev"
        _ = try BuiltProgram.run(["evidence", "--gateway", Self.gatewayID, "--node", enrolled.node.url, "-o", file])
        var evidence = try Evidence(parsing: DurableFile.read(file))
        let owners = try stage.verify(file)
        #expect(evidence.entries.count == 2 && owners.exitCode == 0 && !owners.output.contains("fork"), "\(owners.output)")
        let stolen = Evidence.Batch(
            statement: rival.statement, events: [.init(event: try EventView(parsing: rival.events[0]), index: 0, path: [])], receipts: [])
        func verdict(_ name: String) throws -> (exitCode: Int32, output: String) {
            try DurableFile.write(evidence.encoded(), to: "\(stage.registry.path)/\(name).hsev")
            return try stage.verify("\(stage.registry.path)/\(name).hsev")
        }
        evidence.entries.append(.batch(stolen))
        let both = try verdict("both")
        let words = "fork: \(Self.gatewayID) epoch \(Epoch(1)), 1, and epoch \(Epoch(1)), 1: both follow one and the same statement; the key is in two hands"
        #expect(both.exitCode == 1 && both.output.contains(words), "\(both.output)")
        let inspected = try BuiltProgram.run(["inspect", "\(stage.registry.path)/both.hsev"])
        #expect(inspected.exitCode == 0 && inspected.output.contains(words), "\(inspected.output)")
        evidence.entries.remove(at: 1)
        let thiefs = try verdict("stolen")
        #expect(thiefs.exitCode == 1 && thiefs.output.contains("0 receipts where the trust file asks for 1"), "\(thiefs.output)")
    }

    /// What verifiers say of evidence from before and after.
    private func judged(_ enrolled: Enrolled, sinceSeconds since: Int64) throws {
        let revocation = try delivered(.revocation)
        #expect(try enrolled.node.entry(Self.id(of: revocation), in: stage.registry.path) == revocation.receipt)
        let before = try stage.verdict(Self.first, of: enrolled.node)
        let words = "revoked since \(UTCText.text(seconds: since)), the receipts that count are from before"
        #expect(before.exitCode == 0 && before.output.contains(words), "\(before.output)")
        let after = try stage.verdict(Self.second, of: enrolled.node, isTrusting: false)
        let left = try stage.verdict(Self.second, of: enrolled.node)
        #expect(left.exitCode == 1 && left.output.contains("receipts that they need: its key is revoked since \(UTCText.text(seconds: since)), and"), "\(left.output)")
        #expect(after.exitCode == 1 && after.output.contains("the key is revoked since \(UTCText.text(seconds: since))"), "\(after.output)")
    }

    private static func id(of delivery: StatementDelivery) throws -> String {
        Hexadecimal.text(of: try RegistrationStatement(parsing: delivery.statement).hash(using: SHA256.self).bytes).string
    }
}
