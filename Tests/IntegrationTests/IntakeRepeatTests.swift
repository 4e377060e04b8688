import Foundation
import Testing

/// `source` and `number` make a line idempotent, also after a SIGKILL.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct IntakeRepeatTests {
    private static let sources = ["wms-1", "door-7", "x"]
    private static let lineCount = 3_000

    private static func source(of index: Int) -> String { sources[index % sources.count] }

    private static func line(_ index: Int) -> String {
        IntakeClient.line(source: source(of: index), number: index / sources.count + 1)
    }

    @Test("after a SIGKILL a repeated number gets its old epoch and sequence, with thousands of lines and many segments between")
    func repeated() throws {
        // No broker: nothing of this needs one.
        let agent = try RunningAgent(
            try Alliance.ofOneNode(), brokerPorts: [], settings: ["journal.segment-bytes=64 KiB", "journal.sync-interval=5 ms"])
        try agent.start()
        var told: [LedgerReader.Place] = []
        let client = try agent.intake()
        for first in stride(from: 0, to: Self.lineCount, by: 100) {
            try client.write((first..<first + 100).map(Self.line))
            for _ in 0..<100 { told.append(try place(client.answer())) }
        }
        agent.kill()
        #expect(Set(told).count == Self.lineCount)
        #expect(segmentCount(agent) > 5)
        try agent.start()
        let again = try agent.intake()
        for index in Array(0..<30) + Array(1_480..<1_510) + Array(Self.lineCount - 30..<Self.lineCount) {
            #expect(try place(again.send(Self.line(index))) == told[index], "line \(index)")
        }
        // The next number of each source is new; the same number of another source is another line.
        let before = try #require(agent.status).journal.events
        for source in Self.sources + ["newcomer"] {
            let answer = try place(again.send(IntakeClient.line(source: source, number: Self.lineCount)))
            #expect(!told.contains(answer))
        }
        #expect(try #require(agent.status).journal.events == before + 4)
    }

    @Test("lines whose answers a SIGKILL took are stored once when they are repeated")
    func unanswered() throws {
        let agent = try RunningAgent(try Alliance.ofOneNode(), brokerPorts: [], settings: ["journal.sync-interval=20 ms"])
        var told: [LedgerReader.Place] = []
        for round in 0..<8 {
            try agent.start()
            let lines = (0..<40).map { Self.line(round * 40 + $0) }
            // Killed while its sync is due: some of these are on the medium, none or some are answered.
            try agent.intake().write(lines)
            usleep(useconds_t(round * 6_000))
            agent.kill()
            try agent.start()
            let client = try agent.intake()
            for line in lines { told.append(try place(client.send(line))) }
            agent.kill()
        }
        #expect(Set(told).count == 320, "every line has a place of its own")
        // Nothing is in the journal beside the lines and one agent.started (kind 1) for each start that lived to its first sync.
        let export = try ChildProcess.run([try Programs.agent, "journal", "export", "--config", agent.configuration])
        let kinds = export.split(separator: "\n").map { $0.split(separator: " ").last?.dropFirst(2).prefix(4) }
        let starts = kinds.count { $0 == "0001" }
        #expect(kinds.count - starts == 320)
        #expect((8...16).contains(starts))
    }

    private func place(_ answer: IntakeClient.Answer) throws -> LedgerReader.Place {
        guard case .stored(let place) = answer else { throw IntegrationFailure("\(answer)") }
        return place
    }

    private func segmentCount(_ agent: RunningAgent) -> Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: agent.journal)) ?? []).filter { $0.hasSuffix(".hsj") }.count
    }
}
