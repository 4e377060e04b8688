import AllianceTrust
import AnchorNode
import AttestationFormat
import Foundation
import MerkleTree
import NodeTesting
import ServiceLifecycle

/// Signed batches of several gateways, in an order that keeps each gateway's chain.
struct Load: Sendable {
    let hellos: [BrokerMessage]
    let messages: [BrokerMessage]
    private let statements: [(Statement, CryptoVerifier)]

    var byteCount: Int { messages.reduce(0) { $0 + $1.payload.count } }

    init(_ alliance: TestAlliance, statements count: Int, events eventCount: Int, gateways gatewayCount: Int) async throws {
        var gateways = try (0..<gatewayCount).map { try alliance.gateway("gw-\($0)") }
        hellos = gateways.map { $0.hello() }
        var messages: [BrokerMessage] = []
        var statements: [(Statement, CryptoVerifier)] = []
        let verifiers = gateways.compactMap { CryptoVerifier(publicKey: $0.key.publicKey) }
        for number in 0..<count {
            let place = number % gatewayCount
            let events = (0..<eventCount).map { index in
                // About 88 bytes in all: what README.md's figures take for an event.
                TestGateway.event(number * eventCount + index, saltByteCount: 65)
            }
            let batch = try gateways[place].batch(events)
            messages.append(batch.message())
            statements.append((batch.statement, verifiers[place]))
        }
        self.messages = messages
        self.statements = statements
    }

    /// The limit: nothing but signatures, on all processors.
    func verifyRaw() async throws -> Double {
        let statements = statements
        let tasks = ProcessInfo.processInfo.activeProcessorCount
        let prepared = statements.map { ($0.0.signature, $0.0.bytesToVerify(), $0.1) }
        return await seconds {
            await withTaskGroup(of: Int.self) { group in
                for task in 0..<tasks {
                    group.addTask {
                        var valid = 0
                        for index in stride(from: task, to: prepared.count, by: tasks) {
                            let (signature, message, verifier) = prepared[index]
                            if verifier.isValid(signature, for: message) { valid += 1 }
                        }
                        return valid
                    }
                }
                for await _ in group {}
            }
        }
    }

    /// Everything that ingest does but the store.
    func ingestWithoutStore(_ alliance: TestAlliance) async throws -> Double {
        let metrics = NodeMetrics()
        let nowSeconds = alliance.nowSeconds
        let core = try await NodeCore(
            settings: alliance.settings(), trustFile: alliance.trustFile.bytes, store: ForgetfulStore(), metrics: metrics,
            clock: NodeClock { nowSeconds * 1_000 }, logger: TestNode.silentLogger)
        _ = try await core.handle(hellos)
        let taken = try await seconds {
            for group in groups { _ = try await core.handle(Array(group)) }
        }
        guard metrics.value(.statements) == messages.count else {
            throw NodeError(.stopped, "only \(metrics.value(.statements)) of \(messages.count) were accepted")
        }
        return taken
    }

    /// With the SQLite store, without a broker.
    func throughCore(_ alliance: TestAlliance) async throws {
        let node = try await TestNode(alliance)
        _ = try await node.core.handle(hellos)
        var receipts = 0
        let taken = try await seconds {
            for group in groups {
                _ = try await node.core.handle(Array(group))
                receipts += try await node.core.integrate().count
            }
        }
        NodeBenchmark.report("ingest, ledger and receipts with SQLite, without broker", receipts, taken)
        try node.remove()
    }

    /// Batches of messages as the ingest task takes them from a busy inbox.
    private var groups: [ArraySlice<BrokerMessage>] {
        stride(from: 0, to: messages.count, by: 512).map { messages[$0..<min($0 + 512, messages.count)] }
    }

    /// Through a real broker.
    func throughBroker(_ alliance: TestAlliance) async throws {
        let broker = try TestBroker()
        let node = try await TestNode(alliance, settings: Self.settings(alliance))
        let group = try node.service(brokerPorts: [broker.port])
        let running = Task { try await group.run() }
        let client = try TestClient(
            port: broker.port, clientID: "load", filters: [[UInt8]("hs/1/+/+/reply/+".utf8)], window: 500)
        guard client.turn(seconds: 30, until: { client.isConnected && node.metrics.value(.brokersConnected) == 1 }) else {
            throw NodeError(.broker, "the broker does not answer")
        }
        try await Task.sleep(for: .milliseconds(500))
        for hello in hellos { try client.publish(hello) }
        guard client.turn(seconds: 30, until: { client.received.count >= hellos.count }) else {
            throw NodeError(.broker, "hellos are not answered")
        }
        client.forgetReceived()
        var next = 0
        let taken = try await seconds {
            _ = try drive(client, &next)
        }
        NodeBenchmark.report("through the broker, publish to receipt", client.received.count, taken)
        print("  receipts \(client.received.count) of \(messages.count), dropped replies \(node.metrics.value(.repliesDropped))")
        await group.triggerGracefulShutdown()
        try await running.value
        broker.stop()
        try node.remove()
    }

    private func drive(_ client: TestClient, _ next: inout Int) throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(300)
        while client.received.count < messages.count && ContinuousClock.now < deadline {
            while next < messages.count && client.freeWindow > 0 {
                try client.publish(messages[next])
                next += 1
            }
            client.turn(atMostMilliseconds: 5)
        }
        return client.received.count == messages.count
    }

    private static func settings(_ alliance: TestAlliance) -> NodeSettings {
        var settings = alliance.settings()
        settings.integrateMilliseconds = 200
        return settings
    }
}
