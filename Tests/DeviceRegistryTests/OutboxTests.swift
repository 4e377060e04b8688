import AllianceTrust
import AttestationFormat
import DeviceRegistry
import RegistryTesting
import Testing

@Suite("The outbox to the ledgers") struct OutboxTests {
    let alliance: TestRegistry
    let registry: Registry
    let now = Registry.now
    let nodes: [Name]

    init() throws {
        alliance = try TestRegistry()
        registry = try alliance.open()
        nodes = try ["gz-1", "hk-1", "mo-1"].map { try TestRegistry.name($0) }
        try registry.setNodes(nodes, nowSeconds: now)
    }

    private func due(_ seconds: Int64 = 0) throws -> [String] {
        try registry.dueDeliveries(nowSeconds: now + seconds).map { "\($0.statementID) \($0.kind.rawValue) \($0.node)" }
    }

    @Test("each seal certificate and each revocation is a statement for each node; a link certificate is none")
    func statements() throws {
        let device = try EnrolledDevice(in: registry)
        #expect(try due() == ["1 registration gz-1", "1 registration hk-1", "1 registration mo-1"])
        let first = try #require(registry.dueDeliveries(nowSeconds: now).first)
        #expect(first.gatewayID.description == "acme.gw-1" && first.firm.description == "acme" && first.tries == 0)
        #expect(contains(first.statement, device.seal.certificate.der))
        _ = try registry.revoke("acme.gw-1", sinceSeconds: now, reason: "lost", by: Requester("alice"), nowSeconds: now)
        let list = try #require(registry.revocationLists(firm: "acme").first)
        let deliveries = try registry.device("acme.gw-1").deliveries
        #expect(deliveries.map(\.kind) == [.revocation, .revocation, .revocation, .registration, .registration, .registration])
        #expect(contains(deliveries[0].statement, list))
        #expect(try COSESign1(parsing: deliveries[0].statement, limit: 65_536).payload == list)
    }

    private func contains(_ whole: [UInt8], _ part: [UInt8]) -> Bool {
        whole.indices.contains { whole[$0...].starts(with: part) }
    }

    @Test("a refused enrolment leaves no statement")
    func refused() throws {
        let added = try registry.added()
        _ = refusal { try registry.enrol(.seal, gatewayID: "acme.gw-1", code: added.code.text, request: [], by: Requester("x"), nowSeconds: now) }
        #expect(try due().isEmpty)
    }

    @Test("a pause that a clock ahead of its time set does not hold statements up once the clock is right")
    func clockAhead() throws {
        _ = try EnrolledDevice("gw-1", in: registry)
        try registry.record(.failed("no route to host"), of: 1, to: nodes[0], nowSeconds: now + 5 * 86_400)
        #expect(try due() == ["1 registration gz-1", "1 registration hk-1", "1 registration mo-1"])
    }

    @Test("a node gets statements in their order, and one that is away keeps none from the others, nor is asked for each")
    func order() throws {
        _ = try EnrolledDevice("gw-1", in: registry)
        _ = try EnrolledDevice("gw-2", in: registry)
        try registry.record(.accepted(receipt: [1, 2, 3]), of: 1, to: nodes[1], nowSeconds: now)
        try registry.record(.failed("no route to host"), of: 1, to: nodes[2], nowSeconds: now)
        #expect(try due() == ["1 registration gz-1", "2 registration gz-1", "2 registration hk-1"])
        #expect(try due(10).suffix(2) == ["1 registration mo-1", "2 registration mo-1"])
        let shown = try registry.device("acme.gw-1").deliveries
        #expect(shown.map(\.state) == [.due, .accepted, .due] && shown.map(\.receipt) == [nil, [1, 2, 3], nil])
        #expect(shown.map(\.tries) == [0, 1, 1] && shown[2].answer == "no route to host")
    }

    @Test("eight statements of a node may be under way at once, and one that fails holds up itself alone, unless it is the first")
    func window() throws {
        for index in 1...10 { _ = try EnrolledDevice("gw-\(index)", in: registry) }
        try registry.setNodes([nodes[0]], nowSeconds: now)
        func statements() throws -> [Int64] { try registry.dueDeliveries(nowSeconds: now).map(\.statementID) }
        #expect(try statements() == Array(1...8))
        try registry.record(.failed("503"), of: 3, to: nodes[0], nowSeconds: now)
        #expect(try statements() == [1, 2, 4, 5, 6, 7, 8], "its place stays taken")
        try registry.record(.accepted(receipt: [1]), of: 1, to: nodes[0], nowSeconds: now)
        #expect(try statements() == [2, 4, 5, 6, 7, 8, 9])
        try registry.record(.failed("no route to host"), of: 2, to: nodes[0], nowSeconds: now)
        #expect(try statements().isEmpty)
        #expect(try registry.dueDeliveries(nowSeconds: now + 10, perNode: 2).map(\.statementID) == [2, 3])
    }

    @Test("a revocation goes before all registrations but those of its own device, and one revocation at a time")
    func revocationFirst() throws {
        for device in ["gw-1", "gw-2", "gw-3"] { _ = try EnrolledDevice(device, in: registry) }
        for device in ["gw-3", "gw-2"] {
            _ = try registry.revoke("acme.\(device)", sinceSeconds: now, reason: "lost", by: Requester("alice"), nowSeconds: now)
        }
        try registry.setNodes([nodes[0]], nowSeconds: now)
        func takes(_ statement: Int64) throws -> [String] {
            try registry.record(.accepted(receipt: [1]), of: statement, to: nodes[0], nowSeconds: now)
            return try due()
        }
        #expect(try due() == ["3 registration gz-1", "1 registration gz-1", "2 registration gz-1"])
        #expect(try takes(3) == ["4 revocation gz-1", "1 registration gz-1", "2 registration gz-1"])
        #expect(try takes(4) == ["2 registration gz-1", "1 registration gz-1"])
        #expect(try takes(2) == ["5 revocation gz-1", "1 registration gz-1"])
        try registry.record(.failed("503"), of: 5, to: nodes[0], nowSeconds: now)
        #expect(try due().isEmpty)
        #expect(try due(10) == ["5 revocation gz-1", "1 registration gz-1"])
        // A node that will not have the registration gets the revocation all the same.
        try registry.record(.refused("400"), of: 1, to: nodes[0], nowSeconds: now)
        _ = try registry.revoke("acme.gw-1", sinceSeconds: now, reason: "lost", by: Requester("alice"), nowSeconds: now)
        #expect(try takes(5) == ["6 revocation gz-1"])
    }

    @Test("a list that a node calls behind is nobody's matter when this registry has made a newer one, and a person's when it has not")
    func stale() throws {
        for device in ["gw-1", "gw-2"] {
            _ = try EnrolledDevice(device, in: registry)
            _ = try registry.revoke("acme.\(device)", sinceSeconds: now, reason: "lost", by: Requester("alice"), nowSeconds: now)
        }
        let words = "it answers 409 Conflict: stale: stale list 5, held 7"
        #expect(try registry.record(.stale(words), of: 2, to: nodes[0], nowSeconds: now) == .superseded)
        #expect(try registry.record(.stale(words), of: 4, to: nodes[0], nowSeconds: now) == .refused)
        #expect(try registry.record(.stale(words), of: 1, to: nodes[0], nowSeconds: now) == .refused, "a registration is no list")
        #expect(try registry.audit().filter { $0.action == .statement }.map(\.outcome) == ["ok", "refused", "refused"])
        #expect(try registry.device("acme.gw-1").deliveries.first { $0.node == nodes[0] }?.answer == words)
        #expect(try registry.record(.accepted(receipt: [1]), of: 2, to: nodes[0], nowSeconds: now) == .accepted)
        #expect(try registry.record(.stale(words), of: 2, to: nodes[0], nowSeconds: now) == .accepted)
    }

    @Test("a node that asks for time is asked again when it says, an hour later at most, and it counts as no try")
    func postponed() throws {
        _ = try EnrolledDevice(in: registry)
        for (seconds, pause) in [(10, 10), (-5, 1), (1_000_000, 3_600)] as [(Int64, Int64)] {
            try registry.record(.postponed("429", seconds: seconds), of: 1, to: nodes[0], nowSeconds: now)
            let shown = try #require(registry.device("acme.gw-1").deliveries.first)
            #expect(shown.nextTrySeconds == now + pause && shown.tries == 0 && shown.state == .due && shown.answer == "429")
        }
    }

    @Test("the pause doubles from 10 s to an hour, and stays there")
    func pauses() throws {
        _ = try EnrolledDevice(in: registry)
        var pauses: [Int64] = []
        for _ in 0..<12 {
            try registry.record(.failed("503"), of: 1, to: nodes[0], nowSeconds: now)
            pauses.append(try #require(registry.device("acme.gw-1").deliveries.first).nextTrySeconds - now)
        }
        #expect(pauses == [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600, 3_600])
        for _ in 0..<100 { try registry.record(.failed("503"), of: 1, to: nodes[0], nowSeconds: now) }
        #expect(try registry.device("acme.gw-1").deliveries.first?.nextTrySeconds == now + 3_600)
    }

    @Test("a refused statement is a person's matter: it is not sent again, the next one is, and the audit table says so")
    func refusedByNode() throws {
        _ = try EnrolledDevice("gw-1", in: registry)
        _ = try EnrolledDevice("gw-2", in: registry)
        try registry.record(.refused("400: issuer not in the trust file\r\nX: y"), of: 1, to: nodes[0], nowSeconds: now)
        #expect(try due(100_000).first == "2 registration gz-1")
        let row = try #require(registry.audit().last)
        #expect(row.action == .statement && row.outcome == "refused" && row.who == "registry" && row.gatewayID == "acme.gw-1")
        #expect(row.detail.contains("issuer not in the trust file??X: y"))
    }

    @Test("a late failure does not undo a receipt, and a receipt mends a refusal")
    func late() throws {
        _ = try EnrolledDevice(in: registry)
        try registry.record(.refused("409"), of: 1, to: nodes[0], nowSeconds: now)
        try registry.record(.accepted(receipt: [7]), of: 1, to: nodes[0], nowSeconds: now)
        try registry.record(.failed("timeout"), of: 1, to: nodes[0], nowSeconds: now)
        try registry.record(.refused("409"), of: 1, to: nodes[0], nowSeconds: now)
        let shown = try #require(registry.device("acme.gw-1").deliveries.first)
        #expect(shown.state == .accepted && shown.receipt == [7])
        #expect(try registry.audit().filter { $0.action == .statement }.map(\.outcome) == ["refused", "ok"])
    }

    @Test("a receipt that is too large and an unknown delivery are refused")
    func unknown() throws {
        _ = try EnrolledDevice(in: registry)
        #expect(refusal { try registry.record(.accepted(receipt: [UInt8](repeating: 0, count: 4_097)), of: 1, to: nodes[0], nowSeconds: now) } == .argument)
        #expect(refusal { try registry.record(.failed(""), of: 2, to: nodes[0], nowSeconds: now) } == .argument)
        #expect(refusal { try registry.record(.failed(""), of: 1, to: TestRegistry.name("xx-1"), nowSeconds: now) } == .argument)
    }

    @Test("a node that joins gets every statement, one that leaves none any more, and one that comes back what it lacks")
    func membership() throws {
        _ = try EnrolledDevice("gw-1", in: registry)
        _ = try EnrolledDevice("gw-2", in: registry)
        let newcomer = try TestRegistry.name("sz-1")
        try registry.record(.accepted(receipt: [1]), of: 1, to: nodes[0], nowSeconds: now)
        try registry.setNodes([nodes[1], newcomer], nowSeconds: now)
        #expect(try due() == ["1 registration hk-1", "2 registration hk-1", "1 registration sz-1", "2 registration sz-1"])
        #expect(try Set(registry.device("acme.gw-2").deliveries.map { "\($0.node) \($0.state.rawValue)" }) == ["gz-1 withdrawn", "hk-1 due", "mo-1 withdrawn", "sz-1 due"])
        _ = try EnrolledDevice("gw-3", in: registry)
        try registry.setNodes([nodes[0]], nowSeconds: now)
        #expect(try due() == ["2 registration gz-1", "3 registration gz-1"])
        try registry.record(.accepted(receipt: [1]), of: 2, to: nodes[0], nowSeconds: now)
        #expect(try due() == ["3 registration gz-1"])
        let count = try registry.audit().count
        try registry.setNodes([nodes[0]], nowSeconds: now)
        #expect(try registry.audit().count == count)
    }
}
