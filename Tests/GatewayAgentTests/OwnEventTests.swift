import AttestationFormat
import GatewayAgent
import Testing

@Suite("what the agent says itself")
struct OwnEventTests {
    private func kinds(_ scene: Scene) throws -> [UInt64] {
        try scene.journal.events.map { bytes in
            guard case .number(let number) = try EventView(parsing: bytes).kind else { return 0 }
            return number
        }
    }

    @Test("the first event says what started")
    func started() throws {
        let scene = try Scene()
        scene.pass(1)
        #expect(try kinds(scene) == [1])
    }

    @Test("another configuration in force is told with its hash, the same one is not; one that the journal cannot take waits")
    func reloaded() throws {
        func told(_ scene: Scene) throws -> [[EventExtension.Value?]] {
            try scene.journal.events.map { try EventView(parsing: $0) }.filter { $0.kind == .number(1) }.map { view in
                [view.extensionValue("why"), view.extensionValue("config-sha256")]
            }
        }
        let scene = try Scene()
        scene.pass(1)
        let first = [UInt8](repeating: 7, count: 32), second = [UInt8](repeating: 8, count: 32)
        scene.gateway.adopt(configurationHash: first, at: scene.now)
        #expect(try told(scene) == [[.text("boot"), .bytes(first)]])
        scene.gateway.adopt(configurationHash: second, at: scene.now)
        #expect(try told(scene).dropFirst() == [[.text("reload"), .bytes(second)]])
        scene.journal.failure = .full
        scene.gateway.adopt(configurationHash: first, at: scene.now)
        scene.journal.failure = nil
        scene.pass(1_000)
        #expect(try told(scene).dropFirst(2) == [[.text("reload"), .bytes(first)]])
        scene.pass(1)
        #expect(try told(scene).count == 3)
    }

    @Test("a step of the wall clock above a second becomes an event; drift does not", arguments: [
        (UInt64(900), 0), (UInt64(2_000), 1), (UInt64(300_000_000_000), 1),
    ])
    func clockStep(_ step: UInt64, _ count: Int) throws {
        let scene = try Scene()
        scene.pass(1)
        scene.wallOffset += step
        scene.pass(1)
        scene.pass(1)
        #expect(try kinds(scene).filter { $0 == 4 }.count == count)
    }

    @Test("a clock that falls back to 1970 stops nothing")
    func nineteenSeventy() throws {
        let scene = try Scene()
        scene.answerHello()
        scene.pass(1)
        scene.wallOffset = 0
        try scene.record(64)
        scene.pass(1_000)
        #expect(try kinds(scene).contains(4))
        #expect(scene.journal.signedEnd > 60)
    }

    @Test("drops are counted and declared in an event")
    func drops() throws {
        let scene = try Scene()
        scene.pass(1)
        scene.gateway.dropped(eventCount: 7, at: scene.now)
        scene.journal.failure = .full
        scene.pass(1)
        #expect(try kinds(scene) == [1])
        scene.journal.failure = nil
        scene.pass(1_000)
        scene.pass(1)
        #expect(try kinds(scene) == [1, 3])
        #expect(scene.gateway.counters.droppedEventCount == 7)
    }

    @Test("what the journal cannot take is tried again once a second, not on every turn, and wakes nobody before")
    func notOnEveryTurn() throws {
        let scene = try Scene()
        scene.journal.failure = .medium(errno: 30)
        scene.pass(1)
        let failureCount = scene.gateway.counters.journalFailureCount
        for _ in 0..<50 { scene.pass(10) }
        #expect(scene.gateway.counters.journalFailureCount == failureCount)
        let wake = try #require(scene.gateway.wakeMilliseconds(at: scene.now))
        #expect(wake > scene.now.monotonicMilliseconds)
        scene.pass(500)
        #expect(scene.gateway.counters.journalFailureCount == failureCount + 1)
        scene.journal.failure = nil
        scene.pass(1_000)
        #expect(try kinds(scene) == [1])
    }

    @Test("a heartbeat comes after 15 min of silence, and not before")
    func heartbeat() throws {
        let scene = try Scene()
        scene.pass(1)
        scene.pass(899_000)
        #expect(try kinds(scene) == [1])
        scene.pass(1_000)
        #expect(try kinds(scene) == [1, 7])
        scene.pass(1_000)
        #expect(try kinds(scene) == [1, 7])
    }

    @Test("the newest root is recorded at most once an hour, and never opens a batch")
    func checkpoint() throws {
        let scene = try Scene()
        scene.answerHello()
        scene.pass(1)
        scene.pass(1_000)
        try scene.receipts(for: scene.link.takeBatches())
        scene.pass(100_000)
        #expect(try !kinds(scene).contains(5))
        for _ in 0..<5 {
            try scene.record(1)
            scene.pass(0)
            scene.pass(1_000)
            try scene.receipts(for: scene.link.takeBatches())
        }
        #expect(try kinds(scene).filter { $0 == 5 }.count == 1)
        scene.pass(3_600_000)
        try scene.record(1)
        scene.pass(0)
        #expect(try kinds(scene).filter { $0 == 5 }.count == 2)
    }

    @Test("a repeated number of a source gets its first place, and is not stored again")
    func repeated() throws {
        let scene = try Scene()
        let event = try Event(kind: .number(31), wallClockMilliseconds: 1, monotonicMilliseconds: 1).encoded()
        let origin = EventOrigin(source: 0, number: 12)
        let first = try scene.gateway.record(event, EventTraits(kind: 31), origin: origin, at: scene.now)
        let second = try scene.gateway.record(event, EventTraits(kind: 31), origin: origin, at: scene.now)
        #expect(first == .stored(sequence: 0))
        #expect(second == .repeated(epoch: scene.journal.epoch, sequence: 0))
        #expect(scene.journal.events.count == 1)
    }
}
