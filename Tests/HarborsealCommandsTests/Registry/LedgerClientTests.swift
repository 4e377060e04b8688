import AllianceTrust
import AnchorNode
import AttestationFormat
import MerkleTree
import NodeTesting
import Testing

@testable import DeviceRegistry
@testable import HarborsealCommands

/// What the registry believes of a node's answer: a receipt that verifies, and nothing else.
@Suite struct LedgerClientTests {
    /// A node that takes statements as a test wants it to.
    private struct Desk: EntryTaking {
        let answer: @Sendable ([UInt8]) async throws -> SubmittedEntry
        func submit(entry: [UInt8]) async throws -> SubmittedEntry { try await answer(entry) }
    }

    private let alliance: TestAlliance
    private let gateway: TestGateway
    private let statement: RegistrationStatement
    private let honest: TestNode

    init() async throws {
        alliance = try TestAlliance(nodeCount: 2)
        gateway = try alliance.gateway()
        statement = try alliance.registration(of: gateway)
        honest = try await TestNode(alliance)
    }

    private func delivery(tries: Int) -> StatementDelivery {
        StatementDelivery(
            statementID: 1, kind: .registration, firm: alliance.firmName, gatewayID: gateway.name.gatewayID, node: alliance.settings().name.node,
            state: .due, statement: statement.bytes, madeSeconds: 0, tries: tries, nextTrySeconds: 0, receipt: nil,
            answer: nil)
    }

    private func send(
        to url: String? = nil, tries: Int = 0, clock: ClockWatch? = nil, _ answer: @escaping @Sendable ([UInt8]) async throws -> SubmittedEntry
    ) async throws -> DeliveryResult {
        let answering = try await AnsweringNode(
            answering: LedgerReader(store: honest.store, settings: honest.settings), entries: Desk(answer: answer))
        let client = try LedgerClient(linkCertificate: alliance.link.certificate.der, requestSeconds: 10, clock: clock)
        let result = await client.send(delivery(tries: tries), to: url ?? answering.url, trustFile: alliance.trustFile)
        try await client.shutdown()
        try await answering.stop()
        return result
    }

    private func words(_ result: DeliveryResult) -> String? {
        switch result {
        case .accepted: nil
        case .refused(let words): "refused: \(words)"
        case .failed(let words): "failed: \(words)"
        case .stale(let words): "stale: \(words)"
        case .postponed(let words, let seconds): "postponed by \(seconds) s: \(words)"
        }
    }

    @Test("a receipt that verifies is kept, whether the node took the statement now, had it before, or shows it under its id", arguments: [201, 200, 303])
    func accepted(_ status: Int) async throws {
        let honest = honest
        let result = try await send { bytes in
            let entry = try await honest.submit(entry: bytes)
            return SubmittedEntry(id: entry.id, receipt: status == 303 ? nil : entry.receipt, isNew: status == 201)
        }
        guard case .accepted(let receipt, let entry) = result else { throw Failure(words: "\(result)") }
        #expect(try await honest.core.receipt(ofEntry: statement.hash(using: SHA256.self)) == receipt && entry == nil)
        try honest.remove()
    }

    @Test("a clock that differs from a node's by more than five minutes is said once, in whichever direction", arguments: [-3_600, -200, 200, 3_600] as [Int64])
    func clock(_ ahead: Int64) async throws {
        let (honest, log) = (honest, LogLines())
        let clock = ClockWatch(logger: log.logger) { WallClock.nowSeconds + ahead }
        for _ in 1...2 { _ = try await send(clock: clock) { try await honest.submit(entry: $0) } }
        #expect(log.lines.count == (abs(ahead) == 3_600 ? 1 : 0), "\(log.lines)")
        #expect(log.lines.allSatisfy { $0.hasPrefix("error: this machine's clock and a node's differ") && $0.contains(ahead > 0 ? ": 3" : ": -3") }, "\(log.lines)")
        try honest.remove()
    }

    private struct Failure: Error { let words: String }

    enum Lie: String, CaseIterable {
        case garbage, empty, otherStatement, otherNode, changedByte
    }

    @Test("an answer that is no receipt of this node for this statement is none: it is sent again", arguments: Lie.allCases)
    func lies(_ lie: Lie) async throws {
        let other = try alliance.registration(of: alliance.gateway("gw-2")).bytes
        let second = try await TestNode(alliance, settings: alliance.settings(node: 1))
        let honest = honest
        let result = try await send { bytes in
            let node = lie == .otherNode ? second : honest
            let entry = try await node.submit(entry: lie == .otherStatement ? other : bytes)
            var receipt = entry.receipt ?? []
            switch lie {
            case .garbage: receipt = [0xFF, 0xD8]
            case .empty: receipt = []
            case .changedByte: receipt[receipt.count - 1] ^= 1
            case .otherNode, .otherStatement: break
            }
            return SubmittedEntry(id: entry.id, receipt: receipt, isNew: true)
        }
        let said: [Lie: String] = [
            .garbage: "its answer is no receipt", .empty: "its answer is no receipt", .otherStatement: "the entry that it names is about something else",
            .otherNode: "its receipt is n1's, not n0's", .changedByte: "its receipt does not verify",
        ]
        #expect(words(result)?.hasPrefix("failed: \(said[lie] ?? "?")") == true, "\(result)")
        try honest.remove()
        try second.remove()
    }

    @Test("a refusal is tried again for ten minutes, since the node's trust file may be older than the registry's, and is then a person's matter")
    func refused() async throws {
        for (tries, start) in [(0, "failed: "), (5, "failed: "), (6, "refused: ")] {
            let result = try await send(tries: tries) { _ in throw EntryRefusal(.rejected, "no issuing key \u{1B}[2J") }
            #expect(words(result) == "\(start)it answers 400 Bad Request: rejected: no issuing key \\u{1b}[2J", "\(tries): \(result)")
        }
        try honest.remove()
    }

    @Test("a node that holds a newer list, and one whose share for the firm is used up, are no refusals")
    func staleAndPostponed() async throws {
        let stale = try await send(tries: 9) { _ in throw EntryRefusal(.stale, "stale list 5, held 7") }
        #expect(words(stale) == "stale: it answers 409 Conflict: stale: stale list 5, held 7", "\(stale)")
        let later = try await send(tries: 9) { _ in throw EntryRefusal(.limited, "firm acme brings more") }
        #expect(words(later) == "postponed by 10 s: it answers 429 Too Many Requests: too many of one firm: firm acme brings more", "\(later)")
        try honest.remove()
    }

    @Test("a node that has the certificate by another statement shows that one, and its receipt counts; what it shows instead is judged as a node judges it")
    func otherStatement() async throws {
        let honest = honest
        let other = try alliance.registration(of: gateway)
        #expect(other.bytes != statement.bytes)
        let first = try await honest.submit(entry: other.bytes)
        let result = try await send { try await honest.submit(entry: $0) }
        guard case .accepted(let receipt, let entry) = result else { throw Failure(words: "\(result)") }
        #expect(receipt == first.receipt && entry == other.bytes, "kept, so that the receipt can be verified without the node")
        let strange = try await honest.submit(entry: alliance.registration(of: alliance.gateway("gw-2")).bytes)
        let lied = try await send { _ in SubmittedEntry(id: strange.id, receipt: strange.receipt, isNew: false) }
        #expect(words(lied) == "failed: the entry that it names is about something else", "\(lied)")
        let absent = try await send { _ in SubmittedEntry(id: Digest(), receipt: first.receipt, isNew: false) }
        #expect(words(absent)?.hasPrefix("failed: it answers 404") == true, "\(absent)")
        try honest.remove()
    }

    @Test("what passes is tried again however often: a busy node, one that is away, one without an answer yet, and an address that is none")
    func passing() async throws {
        let honest = honest
        let taken = try await send(tries: 30) { bytes in
            SubmittedEntry(id: try await honest.core.take(entry: bytes).id, receipt: nil, isNew: true)
        }
        #expect(words(taken)?.contains("503") == true && words(taken)?.hasPrefix("failed: ") == true, "not under a root yet: \(taken)")
        let busy = try await send(tries: 30) { _ in throw EntryRefusal(.busy, "64 wait") }
        #expect(words(busy) == "failed: it answers 503 Service Unavailable: busy: 64 wait")
        for url in ["http://127.0.0.1:1", "http://", "nowhere"] {
            let away = try await send(to: url, tries: 30) { _ in throw EntryRefusal(.busy, "not asked") }
            #expect(words(away)?.hasPrefix("failed: ") == true && words(away)?.contains("not asked") == false, "\(away)")
        }
        try honest.remove()
    }
}
