import AllianceTrust
import AnchorNode
import AttestationFormat
import DeviceRegistry
import Foundation
import MerkleTree
import NodeTesting
import RegistryTesting
import ServiceLifecycle
import Synchronization
import Testing

@testable import HarborsealCommands
@testable import RegistryHTTP

/// A registry's outbox, brought to nodes that answer over HTTP.
@Suite struct StatementSenderTests {
    /// A node that says which statements it was brought, in their order, and how many at once.
    private final class Desk: EntryTaking {
        private struct State {
            var brought: [RegistrationStatement] = []
            var underWay = 0
            var most = 0
            var isOver = false
        }

        /// A round is answered when all of it is there: what a sender sends next then follows from the answers, not from the machine's speed.
        static let round = 8

        private let node: TestNode?
        private let expected: Int
        private let state = Mutex(State())

        /// - Parameters:
        ///   - node: nil: takes nothing, and says so when the test is over.
        ///   - expected: how many statements there are, so that the last round may be a short one.
        init(_ node: TestNode?, expected: Int = 0) {
            self.node = node
            self.expected = expected
        }

        var brought: [RegistrationStatement] { state.withLock { $0.brought } }
        var mostAtOnce: Int { state.withLock { $0.most } }

        func end() { state.withLock { $0.isOver = true } }

        func submit(entry: [UInt8]) async throws -> SubmittedEntry {
            let statement = try RegistrationStatement(parsing: entry)
            let place = state.withLock { state in
                state.brought.append(statement)
                state.underWay += 1
                state.most = max(state.most, state.underWay)
                return state.brought.count - 1
            }
            defer { state.withLock { $0.underWay -= 1 } }
            guard let node else {
                while !state.withLock({ $0.isOver }) { try await Task.sleep(for: .milliseconds(20)) }
                throw EntryRefusal(.busy, "not now")
            }
            while brought.count < min((place / Self.round + 1) * Self.round, expected) { try await Task.sleep(for: .milliseconds(2)) }
            return try await node.submit(entry: entry)
        }
    }

    private let folder: URL
    private var alliance: TestAlliance
    private let now = WallClock.nowSeconds

    init() throws {
        alliance = try TestAlliance(nodeCount: 2, nowSeconds: WallClock.nowSeconds)
        folder = try TestNode.newFolder()
    }

    private func registry() throws -> Registry {
        let settings = RegistrySettings(
            alliance: alliance.name, root: alliance.root.certificate, firms: [FirmIssuing(firm: alliance.firmName, authority: alliance.firm)],
            link: alliance.link)
        return try Registry(folder: folder.path, settings: settings, statements: FirmStatements())
    }

    private func enrol(_ device: String, in registry: Registry) throws {
        let added = try registry.add(NewDevice(firm: "acme", device: device), by: Requester("alice"), nowSeconds: now)
        _ = try registry.enrol(
            .seal, gatewayID: "acme.\(device)", code: added.code.text, request: TestDeviceKey().request(), by: Requester("acme.\(device)"),
            nowSeconds: now)
    }

    /// Runs the sender until `isDone`, or for two minutes, and `end`s then.
    private func send(_ registry: Registry, _ trust: RegistryTrust, until isDone: () throws -> Bool, end: () -> Void) async throws {
        let sender = StatementSender(
            registry: registry, trust: trust, requestSeconds: 600, metrics: RegistryMetrics(), logger: TestNode.silentLogger)
        let group = ServiceGroup(services: [sender], logger: TestNode.silentLogger)
        let running = Task { try await group.run() }
        let deadline = ContinuousClock.now + .seconds(120)
        while try !isDone(), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
        end()
        await group.triggerGracefulShutdown()
        try await running.value
    }

    private func trust(_ alliance: TestAlliance) throws -> RegistryTrust {
        let path = folder.appendingPathComponent("alliance.hstrust").path
        try DurableFile.write(alliance.trustFile.bytes, to: path)
        return try RegistryTrust(path: path, folder: folder.appendingPathComponent("trust").path)
    }

    @Test("a node gets eight statements at once, a revocation of a device not before its registration, and one that is away holds it up in nothing")
    mutating func eightAtOnce() async throws {
        let (honest, away) = (try await TestNode(alliance), try await TestNode(alliance, settings: alliance.settings(node: 1)))
        let (desk, hanging) = (Desk(honest, expected: 42), Desk(nil))
        let node = try await AnsweringNode(answering: LedgerReader(store: honest.store, settings: honest.settings), entries: desk)
        let other = try await AnsweringNode(answering: LedgerReader(store: away.store, settings: away.settings), entries: hanging)
        let urls = [node.url, other.url]
        try alliance.update { content in
            for index in 0..<2 { content.nodes[index].url = UTF8Text(urls[index]) }
        }
        let (registry, trust) = (try registry(), try trust(alliance))
        try registry.setNodes(RegistryTrust.nodes(of: trust.file).map(\.name), nowSeconds: now)
        for index in 0..<40 { try enrol("gw-\(index)", in: registry) }
        for index in [30, 39] { _ = try registry.revoke("acme.gw-\(index)", sinceSeconds: now, reason: "lost", by: Requester("alice"), nowSeconds: now) }
        var hung: [RegistrationStatement] = []
        try await send(registry, trust) {
            honest.metrics.value(.registrations) == 40 && honest.metrics.value(.revocations) == 2 && hanging.mostAtOnce == 8
        } end: {
            hung = hanging.brought
            hanging.end()
        }
        let brought = desk.brought
        #expect(brought.count == 42 && Set(brought.map(\.bytes)).count == 42, "each once")
        #expect(desk.mostAtOnce == 8)
        let revocations = brought.indices.filter { brought[$0].header.kind == .revocation }
        // A round for each step: registration, revocation, the next device.
        let rounds = try zip(["gw-30", "gw-39"], revocations).map { device, place in
            let registered = try #require(brought.firstIndex { $0.header.gateway?.gatewayID.text.string == "acme.\(device)" })
            return [registered / Desk.round, place / Desk.round]
        }
        #expect(rounds == [[0, 1], [2, 3]])
        #expect(hung.count == 8 && hanging.mostAtOnce == 8, "\(hung.count): the first eight, which wait to this end")
        try registry.close()
        for node in [node, other] { try await node.stop() }
        for node in [honest, away] { try node.remove() }
        try FileManager.default.removeItem(at: folder)
    }

    @Test("another link CA in the trust file is believed from the next look on, and one that is none changes nothing")
    mutating func linkAuthority() async throws {
        let trust = try trust(alliance)
        let clients = try LedgerClients(trust: trust, requestSeconds: 1, logger: TestNode.silentLogger)
        let first = await clients.pinned
        await clients.follow(isIdle: true)
        #expect(first == alliance.link.certificate.der)
        let newer = try CertificateAuthority.linkAuthority(
            alliance: "test", key: AllianceSigningKey(), lifetime: .starting(at: now, days: 30))
        try alliance.update { $0.linkCertificate = newer.certificate.der }
        try DurableFile.write(alliance.trustFile.bytes, to: folder.appendingPathComponent("alliance.hstrust").path)
        #expect(try trust.refresh())
        await clients.follow(isIdle: false)
        #expect(await clients.pinned == newer.certificate.der)
        #expect(await clients.formerCount == 1)
        await clients.follow(isIdle: true)
        #expect(await clients.formerCount == 0)
        try await clients.shutdown()
        try FileManager.default.removeItem(at: folder)
    }
}
