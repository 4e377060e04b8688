import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import NodeTesting
import RegistryTesting
import ServiceLifecycle
import Synchronization
import Testing

@testable import HarborsealCommands

/// A firm's own registry, which tells the alliance's what it has revoked.
@Suite struct LinkReporterTests {
    /// The alliance's registry, as a test wants it to answer.
    private final class Listener: LinkSource {
        enum Answer {
            case taken, unknown
            case refusal(RegistryError.Code)
        }

        private struct State {
            var told: [String] = []
            var answers: [String: Answer] = [:]
            var usual = Answer.taken
            var seconds: Int64 = 0
        }

        let url = "https://alliance.example:8443"
        private let state = Mutex(State())
        private let start = ContinuousClock.now

        /// Names, without the firm's, since the last time this was asked.
        func told() -> [String] {
            state.withLock { state in
                defer { state.told = [] }
                return state.told
            }
        }

        func answer(_ answer: Answer, to devices: [String]? = nil) {
            state.withLock { state in
                if let devices { for device in devices { state.answers[device] = answer } } else { (state.usual, state.answers) = (answer, [:]) }
            }
        }
        func advance(_ seconds: Int64) { state.withLock { $0.seconds += seconds } }
        var now: ContinuousClock.Instant { start.advanced(by: .seconds(state.withLock { $0.seconds })) }

        func take(_ report: LinkReport) throws -> Set<[UInt8]> {
            let device = String(report.gatewayID.description.dropFirst("acme.".count))
            let answer = state.withLock { state in
                state.told.append(device)
                return state.answers[device] ?? state.usual
            }
            switch answer {
            case .taken: return []
            case .unknown: return Set(report.revocations.map(\.serialNumber))
            case .refusal(let code): throw RegistryError(code, "it says no")
            }
        }

        func linkCertificate(for gatewayID: GatewayID, request: [UInt8]) throws -> CertificateBytes { throw RegistryError(.allianceAway, "it is away") }
    }

    private let alliance: TestRegistry
    private let registry: Registry
    private let listener = Listener()
    private let now = TestRegistry.nowSeconds
    private let alice = Requester("alice")
    private let deviceCount = 40

    /// A registry that had the link CA's key, and gets link certificates from the alliance's now.
    init() throws {
        alliance = try TestRegistry()
        var settings = try alliance.settings()
        settings.firms.removeLast()
        let before = try alliance.open(settings)
        for index in 1...deviceCount {
            let added = try before.add(NewDevice(firm: "acme", device: "gw-\(index)"), by: alice, nowSeconds: now)
            _ = try before.enrol(
                .link, gatewayID: "acme.gw-\(index)", code: added.code.text, request: TestDeviceKey().request(), by: Requester("acme.gw-\(index)"), nowSeconds: now)
        }
        try before.close()
        settings.link = try CertificateAuthority(withoutKey: alliance.link.certificate)
        settings.linkSource = listener
        registry = try alliance.open(settings)
    }

    private func revoke(_ indices: ClosedRange<Int>) throws -> [String] {
        try indices.map { index in
            _ = try registry.revoke("acme.gw-\(index)", sinceSeconds: now, reason: "lost", by: alice, nowSeconds: now + Int64(index))
            return "gw-\(index)"
        }
    }

    private func sender() -> LinkReportSender {
        var sender = LinkReportSender(registry: registry, logger: TestNode.silentLogger, send: listener.take)
        sender.now = { [listener] in listener.now }
        return sender
    }

    private func round(_ sender: inout LinkReportSender) -> [String] {
        sender.sendDue(nowSeconds: now + 100) { false }
        return listener.told()
    }

    @Test(
        "gateways whose reports are refused keep no other's from being told, however many they are",
        arguments: [RegistryError.Code.requestForm, .tooLarge, .foreignName])
    func refused(_ code: RegistryError.Code) throws {
        let (old, new) = (try revoke(1...30), try revoke(31...40))
        listener.answer(.refusal(code), to: old)
        var sender = sender()
        #expect(round(&sender) == old + new)
        #expect(try registry.dueLinkGateways().map(\.description) == old.map { "acme.\($0)" } && sender.troubles.count == old.count)
        #expect(round(&sender).isEmpty, "each in its time")
        listener.advance(2)
        listener.answer(.taken)
        #expect(round(&sender) == old && sender.troubles.isEmpty)
        #expect(try registry.dueLinkGateways().isEmpty && registry.compareAudit(trustFiles: []).fault == nil)
    }

    @Test("a certificate that the alliance does not know leaves its gateway open, with a word why, and all others are told")
    func unknown() throws {
        let names = try revoke(1...3)
        listener.answer(.unknown, to: ["gw-2"])
        var sender = sender()
        #expect(round(&sender) == names)
        #expect(try sender.troubles.count == 1 && sender.troubles.first?.contains("acme.gw-2: ") == true && registry.dueLinkGateways().map(\.description) == ["acme.gw-2"])
        #expect(try registry.device("acme.gw-2").device.isLinkRevocationOpen && !registry.device("acme.gw-1").device.isLinkRevocationOpen)
    }

    @Test("while the alliance's registry is away a round has one try, of a gateway that was not tried before others, and the newest waits for none", arguments: [
        RegistryError.Code.allianceAway, .allianceRefused,
    ])
    func away(_ code: RegistryError.Code) throws {
        _ = try revoke(1...3)
        listener.answer(.refusal(code))
        var sender = sender()
        #expect((1...4).map { _ in round(&sender) } == [["gw-1"], ["gw-2"], ["gw-3"], []])
        #expect(sender.troubles == ["it says no"])
        listener.advance(2)
        _ = try revoke(4...4)
        #expect((1...5).map { _ in round(&sender) } == [["gw-4"], ["gw-1"], ["gw-2"], ["gw-3"], []])
        // One that is refused so for ever, by something between the two, takes its turns, and no other's.
        listener.advance(60)
        listener.answer(.taken)
        listener.answer(.refusal(code), to: ["gw-1"])
        #expect((1...3).map { _ in round(&sender) } == [["gw-4", "gw-1"], ["gw-2", "gw-3"], []])
        #expect(try registry.dueLinkGateways().map(\.description) == ["acme.gw-1"])
        for index in 5...9 {
            listener.advance(60)
            #expect(try revoke(index...index) + ["gw-1"] == round(&sender))
        }
    }

    @Test("after a start what was taken is told once more, behind what is due, and the store stays as it is")
    func again() throws {
        _ = try revoke(1...3)
        var first = sender()
        _ = round(&first)
        let head = try registry.auditHead()
        var second = sender()
        listener.answer(.refusal(.allianceAway))
        #expect(round(&second) == ["gw-1"] && second.troubles.isEmpty && second.troublesAgain == ["it says no"])
        #expect(try !registry.device("acme.gw-1").device.isLinkRevocationOpen)
        listener.answer(.taken)
        listener.advance(2)
        #expect(round(&second) == ["gw-2", "gw-3", "gw-1"] && round(&second).isEmpty && second.troublesAgain.isEmpty)
        #expect(try registry.auditHead() == head)
        var third = sender()
        _ = try revoke(4...4)
        #expect(round(&third) == ["gw-4", "gw-1", "gw-2", "gw-3"])
        var late = sender()
        late.sendDue(nowSeconds: now + 400 * 86_400) { false }
        #expect(listener.told().isEmpty, "their certificates have ended")
    }

    @Test("a registry that is told to stop sends no other report than the one that is under way")
    func stops() async throws {
        _ = try revoke(1...deviceCount)
        let gate = Gate()
        let reporter = LinkReporter(
            registry: registry, logger: TestNode.silentLogger,
            send: { [listener] report in
                gate.begin()
                while !gate.isOpen { Thread.sleep(forTimeInterval: 0.01) }
                // As long as another registry may take.
                Thread.sleep(forTimeInterval: 0.3)
                return try listener.take(report)
            }, shutDown: { gate.end() })
        let group = ServiceGroup(services: [reporter], logger: TestNode.silentLogger)
        let running = Task { try await group.run() }
        while !gate.hasBegun { try await Task.sleep(for: .milliseconds(10)) }
        await group.triggerGracefulShutdown()
        gate.open()
        try await running.value
        let count = listener.told().count
        #expect((1...3).contains(count) && gate.hasEnded, "\(count)")
        #expect(try registry.dueLinkGateways().count == deviceCount - count, "what was taken is stored")
    }

    private final class Gate: Sendable {
        private let state = Mutex((begun: false, open: false, ended: false))

        var hasBegun: Bool { state.withLock { $0.begun } }
        var isOpen: Bool { state.withLock { $0.open } }
        var hasEnded: Bool { state.withLock { $0.ended } }
        func begin() { state.withLock { $0.begun = true } }
        func open() { state.withLock { $0.open = true } }
        func end() { state.withLock { $0.ended = true } }
    }
}
