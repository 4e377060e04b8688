import AllianceTrust
import AttestationFormat
import MerkleTree
import NodeTesting
import ServiceLifecycle
import Testing

@testable import AnchorNode

@Suite struct DeskTests {
    /// Runs a node's service without a broker for as long as `body` takes.
    private func serving<Answer>(
        _ node: TestNode, health: NodeHealth = NodeHealth(), _ body: (NodeDesk) async throws -> Answer
    ) async throws -> (Answer, NodeDesk) {
        let desk = NodeDesk()
        let group = try node.service(brokerPorts: [], health: health, desk: desk)
        let running = Task { try await group.run() }
        let answer = try await body(desk)
        await group.triggerGracefulShutdown()
        try await running.value
        return (answer, desk)
    }

    @Test("twenty registrations at once get a receipt each, from a running node")
    func manyEntries() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        let statements = try (0..<20).map { try alliance.registration(of: try alliance.gateway("gw-\($0)")) }
        let (entries, desk) = try await serving(node) { desk in
            try await withThrowingTaskGroup(of: SubmittedEntry.self) { group in
                for statement in statements { group.addTask { try await desk.submit(entry: statement.bytes) } }
                return try await group.reduce(into: [SubmittedEntry]()) { $0.append($1) }
            }
        }
        #expect(Set(entries.map(\.id)) == Set(statements.map { $0.hash(using: SHA256.self) }))
        #expect(entries.allSatisfy { $0.isNew && $0.receipt != nil })
        #expect(try node.store.read { try $0.entryCount() } == 21)
        // Whoever comes after the node has stopped is told so, and does not wait for ever.
        let refusal = await #expect(throws: EntryRefusal.self) { try await desk.submit(entry: statements[0].bytes) }
        #expect(refusal?.code == .stopping)
        try node.remove()
    }

    @Test("a bad entry between good ones is refused alone")
    func badEntry() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        let good = try alliance.registration(of: try alliance.gateway())
        let ((refusal, entry), _) = try await serving(node) { desk in
            async let refused = #expect(throws: EntryRefusal.self) { try await desk.submit(entry: [1, 2, 3]) }
            async let taken = desk.submit(entry: good.bytes)
            return (await refused, try await taken)
        }
        #expect(refusal?.code == .malformed && entry.isNew)
        try node.remove()
    }

    @Test("a list and a trust file are taken at the desk, and an older or another root's file is refused there")
    func listsAndFiles() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var newer = alliance
        try newer.update { $0.revocationListURLs = ["https://registry.example/acme.crl"] }
        let list = try alliance.revocationList(1)
        let strangers = try TestAlliance(nodeCount: 1).trustFile.bytes
        let newest = newer.trustFile.bytes
        _ = try await serving(node) { (desk) async throws -> Void in
            #expect(try await desk.submit(revocationList: list))
            #expect(try await !desk.submit(revocationList: list))
            #expect(try await desk.submit(trustFile: newest))
            await #expect(throws: NodeError.self) { try await desk.submit(trustFile: strangers) }
            await #expect(throws: NodeError.self) { try await desk.submit(trustFile: alliance.trustFile.bytes) }
            await #expect(throws: TrustError.self) { try await desk.submit(revocationList: [0x30, 0]) }
        }
        #expect(try node.store.read { try $0.trustFile() } == newest)
        try node.remove()
    }

    @Test("more than the desk holds is sent away at once")
    func full() async throws {
        let desk = NodeDesk()
        let waiting = Task {
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<80 { group.addTask { (try? await desk.submit(entry: [])) == nil } }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
        }
        // Sixteen of the eighty are refused, whatever their order; the rest waits for a node that never comes.
        while desk.waitingCount < 64 { await Task.yield() }
        let refusal = await #expect(throws: EntryRefusal.self) { try await desk.submit(entry: []) }
        #expect(refusal?.code == .busy)
        desk.close()
        #expect(await waiting.value == 80)
    }

    @Test("one firm's entries take half of the places at most, and another's find one")
    func places() async throws {
        let desk = NodeDesk()
        let alliance = try TestAlliance(nodeCount: 1)
        let statement = try alliance.registration(of: try alliance.gateway()).bytes
        let waiting = Task {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<40 { group.addTask { _ = try? await desk.submit(entry: statement) } }
            }
        }
        while desk.waitingCount < 32 { await Task.yield() }
        let refusal = await #expect(throws: EntryRefusal.self) { try await desk.submit(entry: statement) }
        #expect(refusal?.code == .busy && refusal?.reason.contains("32 of this firm") == true)
        let other = Task { try? await desk.submit(revocationList: [0]) }
        while desk.waitingCount < 33 { await Task.yield() }
        desk.close()
        await waiting.value
        _ = await other.value
    }

    @Test("a trust file past its not-after is a warning of readiness, an ended key is red")
    func readiness() async throws {
        var alliance = try TestAlliance(nodeCount: 3)
        let now = UInt64(alliance.nowSeconds)
        try alliance.update { content in
            content.notAfterSeconds = now - 1
            content.nodes[0].keys[0].untilSeconds = now + 86_400
        }
        let health = NodeHealth()
        let node = try await TestNode(alliance)
        _ = try await serving(node, health: health) { (_) async throws -> Void in
            while health.warnings[.trust] == nil { try await Task.sleep(for: .milliseconds(20)) }
        }
        let words = try #require(health.warnings[.trust])
        #expect(words.contains("out of date by its own words") && words.contains("ends at"), "\(words)")
        #expect(health.report[.key] == nil)
        var ended = alliance
        try ended.update { $0.nodes[0].keys[0].untilSeconds = now }
        _ = try await node.core.take(trustFile: ended.trustFile.bytes)
        _ = try await serving(node, health: health) { (_) async throws -> Void in
            while health.report[.key] == nil { try await Task.sleep(for: .milliseconds(20)) }
        }
        #expect(health.report[.key]?.contains("no receipt is given") == true)
        try node.remove()
    }
}
