import AttestationFormat
import GatewayAgent
import Testing

@Suite("what is out, and what is said again")
struct PublishingTests {
    private func scene(_ change: (inout GatewayPolicy) -> Void = { _ in }) throws -> Scene {
        var policy = GatewayPolicy()
        change(&policy)
        let scene = try Scene(policy: policy)
        scene.answerHello()
        scene.pass(1)
        return scene
    }

    @Test("at most 64 batches are out without a quorum, however many wait")
    func windowOfBatches() throws {
        let scene = try scene { $0.batchEventCount = 1 }
        for _ in 0..<100 {
            try scene.record(1, isPriority: true)
            scene.pass(1)
        }
        #expect(scene.journal.statements.count >= 100)
        #expect(scene.link.batches.count == 64)
        #expect(scene.gateway.windowBatchCount == 64)
    }

    @Test("at most 2 MiB are out without a quorum")
    func windowOfBytes() throws {
        let scene = try scene()
        for _ in 0..<60 {
            try scene.record(60, byteCount: 1_200)
            scene.pass(1_000)
        }
        // The oldest is repeated meanwhile: each batch counts once.
        let sizes = Dictionary(scene.link.batches.map { ($0, $0.count) }, uniquingKeysWith: { first, _ in first })
        let byteCount = sizes.values.reduce(0, +)
        #expect(byteCount <= 2_097_152)
        #expect(byteCount > 1_900_000)
        #expect(scene.journal.statements.count > sizes.count)
    }

    @Test("when receipts come, the rest follows in chain order, with the same bytes")
    func catchesUp() throws {
        let scene = try scene { $0.batchEventCount = 1; $0.catchUpBatchesPerSecond = 1_000 }
        for _ in 0..<200 {
            try scene.record(1, isPriority: true)
            scene.pass(1)
        }
        var seen: [UInt64] = []
        for _ in 0..<400 {
            let batches = scene.link.takeBatches()
            seen += batches.map(\.statement.header.first)
            try scene.receipts(for: batches, from: [0, 1])
            scene.pass(1)
            if scene.journal.quorumEnd == scene.journal.signedEnd { break }
        }
        #expect(seen == seen.sorted())
        #expect(Set(seen).count == seen.count)
        #expect(scene.journal.quorumEnd == scene.journal.signedEnd)
    }

    @Test("catch-up keeps the rate that is configured")
    func boundedRate() throws {
        let scene = try scene { $0.batchEventCount = 1; $0.catchUpBatchesPerSecond = 10 }
        scene.gateway.linkDisconnected()
        for _ in 0..<60 {
            try scene.record(1, isPriority: true)
            scene.pass(1)
        }
        scene.gateway.linkConnected(at: scene.now)
        for _ in 0..<200 { scene.pass(5) }
        #expect((9...13).contains(scene.link.batches.count), "\(scene.link.batches.count) in a second")
    }

    @Test("what is signed while the link is up is no catch-up, though it waited for the broker")
    func ordinaryStream() throws {
        let scene = try scene { $0.batchEventCount = 1; $0.catchUpBatchesPerSecond = 1 }
        scene.link.canPublish = false
        for _ in 0..<40 {
            try scene.record(1, isPriority: true)
            scene.pass(1)
        }
        scene.link.canPublish = true
        scene.pass(5)
        #expect(scene.link.batches.count >= 40)
    }

    @Test("only the oldest is repeated, after 30 s, doubling to an hour")
    func doubling() throws {
        let scene = try scene()
        try scene.record(1)
        scene.pass(1_000)
        try scene.record(1)
        scene.pass(1_000)
        let first = try #require(scene.link.takeBatches().first)
        var times: [UInt64] = []
        let start = scene.milliseconds - 1_000
        for _ in 0..<9_000 {
            scene.pass(1_000)
            for batch in scene.link.takeBatches() where batch.statement == first.statement {
                times.append((scene.milliseconds - start) / 1_000)
            }
            if times.count == 8 { break }
        }
        // The last pause would be 3,840 s if it were doubled: an hour is the longest.
        #expect(times == [30, 90, 210, 450, 930, 1_890, 3_810, 7_410])
    }

    @Test("a node's answer brings the next repetition forward, never twice within 30 s")
    func answerHurries() throws {
        let scene = try scene()
        try scene.record(1)
        scene.pass(1_000)
        scene.pass(31_000)
        scene.pass(1_000)
        scene.link.batches = []
        scene.receive(scene.nodes[0].position(), from: scene.nodes[0])
        scene.pass(10_000)
        #expect(scene.link.batches.isEmpty)
        scene.pass(21_000)
        #expect(scene.link.batches.count == 1)
    }

    @Test("hello goes out on each connect, after refusal 1, and when a receipt is overdue; not more often")
    func hello() throws {
        let scene = try scene()
        #expect(scene.link.hellos.count == 1)
        scene.gateway.linkDisconnected()
        scene.gateway.linkConnected(at: scene.now)
        #expect(scene.link.hellos.count == 2)
        let refusal = Reply.refusal(Refusal(first: 0, code: .unknownGateway, text: "unknown")).encoded()
        for _ in 0..<100 { scene.receive(refusal, from: scene.nodes[0]) }
        scene.pass(1)
        #expect(scene.link.hellos.count == 2)
        scene.pass(30_000)
        #expect(scene.link.hellos.count == 3)
        try scene.record(1)
        scene.pass(1_000)
        scene.pass(31_000)
        scene.pass(1)
        #expect(scene.link.hellos.count == 4)
        let sent = try Hello(parsing: #require(scene.link.hellos.last))
        #expect(sent.next == scene.journal.signedEnd)
    }

    @Test("a link that lasts says hello once a day, the only way to a newer trust file; not sooner, and not while it is down")
    func dailyHello() throws {
        let scene = try scene()
        let day: UInt64 = 86_400_000
        /// Whatever the gateway sends meanwhile has its receipts at once: nothing is overdue.
        func quiet(_ duration: UInt64) throws {
            let end = scene.milliseconds + duration
            while scene.milliseconds < end {
                scene.pass(min(600_000, end - scene.milliseconds))
                try scene.receipts(for: scene.link.takeBatches())
            }
        }
        try quiet(day - 2)
        #expect(scene.link.hellos.count == 1)
        #expect(try #require(scene.gateway.wakeMilliseconds(at: scene.now)) <= scene.milliseconds + 1)
        try quiet(1)
        #expect(scene.link.hellos.count == 2)
        let second = try Scene.unverifiedTrust(#require(Name("pearl")), scene.nodes, rootKey: scene.rootKey, version: 2)
        scene.receive(Reply.trustFile(second).encoded(), from: scene.nodes[0])
        try quiet(day)
        #expect(try scene.link.hellos.map { try Hello(parsing: $0).trustVersion } == [1, 1, 2])
        scene.gateway.linkDisconnected()
        scene.pass(3 * day)
        #expect(scene.link.hellos.count == 3)
        scene.gateway.linkConnected(at: scene.now)
        scene.pass(1_000)
        #expect(scene.link.hellos.count == 4)
    }

    @Test("a node that lags gets what it lacks, in order, also what has its quorum")
    func lagging() throws {
        let scene = try scene { $0.batchEventCount = 1; $0.catchUpBatchesPerSecond = 1_000 }
        for _ in 0..<20 {
            try scene.record(1, isPriority: true)
            scene.pass(1)
            try scene.receipts(for: scene.link.takeBatches(), from: [0, 1])
        }
        #expect(scene.journal.quorumEnd == scene.journal.signedEnd)
        scene.pass(31_000)
        scene.receive(scene.nodes[2].position(), from: scene.nodes[2])
        for _ in 0..<100 { scene.pass(2) }
        let firsts = scene.link.takeBatches().map(\.statement.header.first)
        #expect(firsts.first == 0)
        #expect(firsts == firsts.sorted())
        #expect(firsts.last == scene.journal.statements.last?.first)
        // The same wish again is not followed at once.
        scene.receive(scene.nodes[2].position(), from: scene.nodes[2])
        for _ in 0..<100 { scene.pass(2) }
        #expect(scene.link.batches.isEmpty)
    }

    @Test("the pause between repetitions doubles for a node that stands still, and not for one that goes on", arguments: [false, true])
    func laggingPace(goesOn: Bool) throws {
        let scene = try scene { $0.batchEventCount = 1; $0.catchUpBatchesPerSecond = 1_000 }
        for _ in 0..<20 {
            try scene.record(1, isPriority: true)
            scene.pass(1)
            try scene.receipts(for: scene.link.takeBatches(), from: [0, 1])
        }
        scene.pass(31_000)
        var repetitions: [Int] = []
        for asked in 0..<6 {
            let newest = goesOn ? try Statement(parsing: scene.journal.statements[asked].bytes) : nil
            scene.receive(Reply.position(newest).encoded(), from: scene.nodes[2])
            for _ in 0..<100 { scene.pass(2) }
            let sent = scene.link.takeBatches()
            if !sent.isEmpty { repetitions.append(asked) }
            try scene.receipts(for: sent, from: [0, 1])
            scene.pass(30_000)
        }
        // 30 s each: a receipt-timeout apart while it goes on; else after 30, 60 and 120 s.
        #expect(repetitions == (goesOn ? [0, 1, 2, 3, 4, 5] : [0, 1, 3]))
    }

    @Test("a batch whose events are lost goes out with nil in their place")
    func lostEvents() throws {
        let scene = try scene()
        scene.link.canPublish = false
        try scene.record(10)
        scene.pass(1_000)
        try scene.record(10)
        scene.pass(1_000)
        scene.journal.oldestHeld = 15
        scene.link.canPublish = true
        scene.pass(1_000)
        let batches = scene.link.takeBatches()
        try #require(batches.count == 2)
        #expect(batches[0].items?.count == batches[0].statement.header.count, "the newest message is still in memory")
        #expect(batches[1].items == nil)
    }
}
