import Foundation
import HarborsealTesting
import Testing

extension BrokersAndNodes {
    /// A gateway whose journal has reached its cap while no node takes anything: who can wait waits, and nothing is lost.
    @Suite(.timeLimit(.minutes(4))) struct Backpressure {
        private static let alliance = Result { try Alliance(name: "gba-cap", nodes: ["hk-1"], quorum: 1) }
        private static let policies = ["newest", "lowest-priority"]
        /// More lines than fit below the cap: each event has about 450 bytes.
        private static let lineCount = 3_500
        private static let padding = 300

        private let broker: RunningBroker

        init() throws { broker = try RunningBroker(try Self.alliance.get()) }

        private func agent(_ policy: String, _ settings: [String] = []) throws -> RunningAgent {
            try RunningAgent(
                try Self.alliance.get(), brokerPorts: [broker.port],
                settings: RunningAgent.quick + ["journal.cap=1 MiB", "journal.segment-bytes=64 KiB", "journal.full-policy=\(policy)"] + settings)
        }

        private func node() throws -> RunningNode { try RunningNode(try Self.alliance.get(), "hk-1", brokerPorts: [broker.port]) }

        /// Waits until the number of events stands still for a second with the journal at its cap, and returns it.
        private func standstill(_ agent: RunningAgent) throws -> Int {
            var last = -1
            return try wait(for: "a standstill", seconds: 30, everyMilliseconds: 1_000, instead: { agent.tail }) {
                let report = try agent.report()
                let count = report.number("journal", "events")
                defer { last = count }
                return count == last && count > 500 && report.text("journal", "space") != "normal" ? count : nil
            }
        }

        /// Reads answers until none comes for ten seconds.
        private func answers(_ client: IntakeClient, atMost count: Int) throws -> [IntakeClient.Answer] {
            var all: [IntakeClient.Answer] = []
            while all.count < count, let answer = try? client.answer(seconds: 10) { all.append(answer) }
            return all
        }

        /// What a node's ledger holds of a gateway's lines, in its order; nothing in it is doubled, missing or in conflict.
        private func lines(_ agent: RunningAgent, _ node: RunningNode) throws -> [String] {
            let ledger = try node.ledger()
            #expect(ledger.doubled(of: agent.gateway).isEmpty && ledger.holes(of: agent.gateway).isEmpty && node.conflictCount == 0)
            // A gap would be declared: event kind 3.
            #expect(!ledger.events(of: agent.gateway).contains { $0.event.kind == "3" })
            return ledger.events(of: agent.gateway).compactMap { $0.event.documents?["line"] }
        }

        @Test(
            "a replayed file waits at the cap, also over a SIGKILL, and goes on when a node takes what is stored: each line once, in order",
            arguments: policies)
        func replay(policy: String) throws {
            let folder = try ScratchFolder(named: "hs-cap")
            let text = (1...Self.lineCount).map { IntakeClient.line(source: "trip", number: $0, padding: Self.padding) + "\n" }.joined()
            try text.write(toFile: folder.file("trip.ndjson"), atomically: false, encoding: .utf8)
            let agent = try agent(
                policy, ["source.trip.type=replay", "source.trip.file=\(folder.file("trip.ndjson"))", "source.trip.pace=fast"])
            try agent.start()
            let held = try standstill(agent)
            #expect(held < Self.lineCount * 9 / 10, "the file fits below the cap: \(held)")
            var report = try agent.report()
            #expect(report.number("journal", "bytes") <= 1 << 20 && report.text("journal", "space") != "normal")
            #expect(report.number("dropped-or-refused", "dropped-events") == 0, "\(agent.tail)")
            #expect(policy != "newest" || report.concerns("journal-full").contains { $0.contains("raise [journal] cap") })
            let before = report.number("sources", "trip", "events")
            agent.kill()
            try agent.start()
            _ = try standstill(agent)
            report = try agent.report()
            #expect(report.number("dropped-or-refused", "dropped-events") == 0, "\(agent.tail)")

            let node = try node()
            try wait(until: "the last line", seconds: 90, everyMilliseconds: 200, instead: { agent.tail }) {
                agent.status.map { $0.journal.events > UInt64(Self.lineCount) } ?? false
            }
            try agent.waitUntilReceipted(seconds: 40)
            let stored = try lines(agent, node)
            #expect(stored == (1...Self.lineCount).map { "trip/\($0)" }, "\(stored.count) lines")
            report = try agent.report()
            #expect(report.number("dropped-or-refused", "dropped-events") == 0 && report.concerns("journal-full").isEmpty)
            #expect(before + report.number("sources", "trip", "events") == Self.lineCount, "what waits is not counted")
        }

        @Test("at the cap a sender's line is refused with the reason and the step, or waits unanswered; sent again it is stored once", arguments: policies)
        func intake(policy: String) throws {
            let agent = try agent(policy)
            try agent.start()
            let client = try agent.intake()
            var stored: Set<Int> = []
            var refused: [Int: String] = [:]
            var next = 1
            // Bursts, as a sender that does not wait for each answer makes them.
            while refused.isEmpty, next < Self.lineCount {
                let burst = Array(next..<next + 200)
                try client.write(burst.map { IntakeClient.line(number: $0, padding: Self.padding) })
                let answers = try answers(client, atMost: burst.count)
                for (number, answer) in zip(burst, answers) {
                    if case .stored = answer { stored.insert(number) }
                    if case .refused(let reason) = answer { refused[number] = reason }
                }
                next += burst.count
                if answers.count < burst.count { break }
            }
            #expect(stored.count > 500 && stored.count < next - 1, "\(stored.count) of \(next - 1) lines are stored")
            let words = "the journal is full: free space, raise [journal] cap, or bring the link back"
            #expect(refused.values.allSatisfy { $0 == words }, "\(Set(refused.values))")
            // Another sender, whom the journal does not know yet: the same reason, or no answer.
            let late = try agent.intake()
            try late.write([IntakeClient.line(source: "late", number: 1, padding: Self.padding)])
            if let answer = try? late.answer(seconds: 1) {
                guard case .refused(let reason) = answer else { throw IntegrationFailure("\(answer) at the cap") }
                #expect(reason.contains("the journal is full"), "\(reason)")
            }
            // The room that lowest-priority keeps is for alarms.
            if policy == "lowest-priority" {
                let alarm = try agent.command("record", "door.opened", "contact=rear-door")
                #expect(alarm.code == 0, "\(alarm.output)")
            }
            #expect(try agent.report().number("dropped-or-refused", "dropped-events") == 0, "who may send again has lost nothing")

            let node = try node()
            try wait(until: "room", seconds: 60, everyMilliseconds: 100, instead: { agent.tail }) {
                try agent.report().number("journal", "unreceipted") == 0
            }
            // What was stored is not sent again; what waited in the socket was taken as soon as there was room, and is not taken twice.
            let again = try agent.intake()
            for number in (1..<next) where !stored.contains(number) {
                let answer = try again.send(IntakeClient.line(number: number, padding: Self.padding))
                guard case .stored = answer else { throw IntegrationFailure("line \(number): \(answer)") }
            }
            guard case .stored = try again.send(IntakeClient.line(source: "late", number: 1, padding: Self.padding)) else {
                throw IntegrationFailure("the late sender is refused with room: \(agent.tail)")
            }
            try agent.waitUntilReceipted(seconds: 40)
            let lines = try lines(agent, node)
            #expect(lines.sorted() == ((1..<next).map { "wms-1/\($0)" } + ["late/1"]).sorted(), "\(lines.count) lines")
            let inOrder = lines.compactMap { Int($0.dropFirst("wms-1/".count)) }.filter { refused[$0] == nil }
            #expect(inOrder == inOrder.sorted(), "what was not refused stands in the order in which it was sent")
        }
    }
}
