import Foundation
import Testing

/// SIGKILL of the real agent at 200 calls on its journal, with a live broker and node.
@Suite(.serialized)
struct SigkillTests {
    /// Small segments and a small cap: at the cap every new segment deletes an old one, so both come within every run.
    static let settings = RunningAgent.quick + ["journal.segment-bytes=64 KiB", "journal.cap=1 MiB"]
    static let continuedPointCount = 170
    static let freshPointCount = 30

    @Test(
        "killed at any of 170 calls on a journal in use, the agent loses no acknowledged event and doubles none",
        .timeLimit(.minutes(15)))
    func journalInUse() throws {
        let stage = try Stage()
        let agent = try stage.newAgent()
        let source = NumberedSource()
        // Fills the journal up to its cap, then records the calls of a run like those that are killed below.
        try agent.start()
        try source.feed(agent, count: 700)
        try agent.waitUntilReceipted()
        agent.kill()
        let recorded = try stage.record(agent, source, lineCount: 180)
        #expect(recorded.contains("unlinkat") && recorded.contains("fsync"), "a run makes and deletes segments: \(Set(recorded))")
        let points = KillPoint.spread(Self.continuedPointCount, over: recorded)
        #expect(points.count == Self.continuedPointCount)
        stage.planned = Set(points)
        let struck = Set(try points.map { try stage.strike(agent, source, at: $0) })
        #expect(struck.count == Self.continuedPointCount)
        try stage.judge(agent, source)
    }

    @Test("killed at any of the first 30 calls on a new journal, the agent starts again and loses nothing", .timeLimit(.minutes(5)))
    func newJournal() throws {
        let stage = try Stage()
        let recorded = try stage.record(try stage.newAgent(), NumberedSource(), lineCount: 30)
        let points = KillPoint.spread(recorded.count, over: recorded).prefix(Self.freshPointCount)
        #expect(points.count == Self.freshPointCount)
        stage.planned = Set(points)
        var struck: Set<KillPoint> = []
        for point in points {
            let agent = try stage.newAgent()
            let source = NumberedSource()
            struck.insert(try stage.strike(agent, source, at: point))
            try stage.judge(agent, source)
        }
        #expect(struck.count == Self.freshPointCount)
    }
}

/// A source that numbers its lines, keeps what it was told, and repeats what was not answered.
private final class NumberedSource {
    /// A run that is to be killed gets at most this many lines before its point counts as missed.
    static let patience = 600
    private(set) var places: [Int: LedgerReader.Place] = [:]
    private(set) var next = 1
    private var unanswered: [Int] = []
    private var refused: [Int] = []

    static func line(_ number: Int) -> String { IntakeClient.line(number: number, padding: 1_400) }

    /// Sends new lines, three under way at a time, until `count` are answered. Throws `Ended` when the agent goes.
    func feed(_ agent: RunningAgent, count: Int) throws {
        let client = try agent.intake()
        for _ in 0..<(count + 2) / 3 {
            let numbers = Array(next..<next + 3)
            next += 3
            unanswered += numbers
            try client.write(numbers.map(Self.line))
            do {
                for number in numbers { try take(client.answer(), for: number) }
                try repeatRefused(by: client)
            } catch let failure as IntegrationFailure {
                throw IntegrationFailure("\(failure), lines \(numbers); \(agent.status.map { "\($0)" } ?? "no status"); \(agent.tail)")
            }
        }
    }

    /// Repeats every line that has no answer yet, and the latest that have one.
    func repeatLines(_ agent: RunningAgent) throws {
        let client = try agent.intake()
        refused = []
        let known = places.keys.sorted().suffix(10)
        for number in known + unanswered {
            try take(client.send(Self.line(number)), for: number)
            try repeatRefused(by: client)
        }
    }

    /// A journal at its cap refuses until receipts have made room: the line is repeated, as a source would.
    private func repeatRefused(by client: IntakeClient) throws {
        let end = ContinuousClock.now + .seconds(120)
        while let number = refused.first {
            guard ContinuousClock.now < end else { throw IntegrationFailure("line \(number): the journal was full for 120 s") }
            usleep(20_000)
            refused.removeFirst()
            try take(client.send(Self.line(number)), for: number)
        }
    }

    private func take(_ answer: IntakeClient.Answer, for number: Int) throws {
        if case .refused(let reason) = answer, reason.hasPrefix("the journal is full") {
            return refused.append(number)
        }
        guard case .stored(let place) = answer else { throw IntegrationFailure("line \(number): \(answer)") }
        if let told = places[number] {
            #expect(told == place, "line \(number) was told \(told) before")
        }
        places[number] = place
        unanswered.removeAll { $0 == number }
    }
}

/// One broker and one node for all points of a test.
private final class Stage {
    let alliance: Alliance
    let broker: RunningBroker
    let node: RunningNode
    let folder: ScratchFolder
    /// Where a kill is meant to strike or did: none strikes there instead of another.
    var planned: Set<KillPoint> = []

    init() throws {
        alliance = try Alliance.ofOneNode()
        broker = try RunningBroker(alliance)
        node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
        folder = try ScratchFolder(named: "hs-trace")
    }

    func newAgent() throws -> RunningAgent {
        try RunningAgent(alliance, brokerPorts: [broker.port], settings: SigkillTests.settings)
    }

    private func tracer(_ agent: RunningAgent) -> JournalTracer {
        JournalTracer(journal: agent.journal, logFile: folder.file("strace"))
    }

    /// The calls of one run, from the start to some lines with their receipts.
    func record(_ agent: RunningAgent, _ source: NumberedSource, lineCount: Int) throws -> [String] {
        let tracer = tracer(agent)
        try agent.start(under: tracer.wrapper())
        try source.feed(agent, count: lineCount)
        try agent.waitUntilReceipted()
        agent.kill()
        return try tracer.recordedCalls
    }

    /// Feeds the agent until it is killed at the point, starts it again, and waits until everything is receipted. Returns where it was killed.
    func strike(_ agent: RunningAgent, _ source: NumberedSource, at point: KillPoint) throws -> KillPoint {
        let tracer = tracer(agent)
        try agent.launch(under: tracer.wrapper(killingAt: point))
        try wait(until: "the agent's intake or its end", everyMilliseconds: 2, instead: { agent.tail }) {
            guard let process = agent.process, process.isRunning else { return true }
            return UnixStream(agent.intakeSocket) != nil
        }
        do {
            try source.feed(agent, count: NumberedSource.patience)
        } catch is IntakeClient.Ended {}
        let ending = agent.process?.waitUntilEnded(seconds: 5)
        if ending == nil, let earlier = point.earlier(notIn: planned) {
            // On a busy machine the recorded run repeated batches, and reading them back opened files that this run did not need:
            // an earlier call of the same kind strikes instead.
            agent.kill()
            planned.insert(earlier)
            return try strike(agent, source, at: earlier)
        }
        #expect(ending == .signalled(SIGKILL), "\(point): \(ending.map { "\($0)" } ?? "still running")")
        #expect(try tracer.didStrike(point), "\(point) did not strike")
        try agent.start()
        try source.repeatLines(agent)
        try agent.waitUntilReceipted()
        #expect(agent.status?.journal.damages == 0, "\(point): a cut tail is no damage")
        agent.kill()
        return point
    }

    /// What the source was told against what the node's ledger holds.
    func judge(_ agent: RunningAgent, _ source: NumberedSource) throws {
        let ledger = try node.ledger()
        let events = ledger.events(of: agent.gateway)
        var held: [String: [LedgerReader.Place]] = [:]
        for (place, event) in events {
            if let line = event.documents?["line"] { held[line, default: []].append(place) }
        }
        for (number, place) in source.places {
            #expect(held["wms-1/\(number)"] == [place], "line \(number)")
        }
        #expect(source.places.count == source.next - 1, "every line has an answer")
        #expect(held.count == source.places.count)
        #expect(ledger.epochs(of: agent.gateway).count == 1, "SIGKILL closes no epoch")
        #expect(ledger.doubled(of: agent.gateway).isEmpty)
        #expect(ledger.holes(of: agent.gateway).isEmpty)
        #expect(node.conflictCount == 0)
    }
}
