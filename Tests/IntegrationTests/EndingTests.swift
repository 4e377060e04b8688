import Foundation
import Testing

/// SIGTERM, a full disk and a read-only one: the agent goes on, says so, and recovers.
@Suite(.serialized, .timeLimit(.minutes(4)))
struct EndingTests {
    @Test("SIGTERM ends the agent, which waits for no signature, with everything stored; what was not signed is signed at the next start")
    func terminated() throws {
        let alliance = try Alliance.ofOneNode()
        let broker = try RunningBroker(alliance)
        let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
        // Without a broker nothing is signed in the first 10 s, for which an end that waited would take.
        broker.kill()
        let agent = try RunningAgent(alliance, brokerPorts: [broker.port])
        try agent.start()
        let client = try agent.intake()
        for number in 1...20 { _ = try client.send(IntakeClient.line(number: number)) }
        let status = try #require(agent.status)
        #expect(status.journal.signed == 0 && status.journal.events == 21)
        let (ending, milliseconds) = agent.terminate()
        #expect(ending == .exited(0))
        #expect(milliseconds < 8_000)
        #expect(agent.log.contains("21 events wait in the journal for a signature"))
        try broker.start()
        try agent.start()
        try agent.waitUntilReceipted(seconds: 30)
        let ledger = try node.ledger()
        #expect(ledger.leaves(of: agent.gateway).count == 20)
        #expect(ledger.epochs(of: agent.gateway).count == 1 && ledger.holes(of: agent.gateway).isEmpty)
    }

    @Test(
        "with a full disk the agent keeps running, acknowledges nothing that it does not hold, says so, and goes on when there is room",
        .enabled(if: SmallDisk.isPossible, Comment(rawValue: SmallDisk.reason)))
    func diskFull() throws {
        let disk = try SmallDisk(byteCount: 2 << 20)
        let agent = try offlineAgent(on: disk)
        try agent.start()
        let filler = try disk.fill(leaving: 64 << 10)
        let told = try feedUntilStuck(agent)
        #expect(told.count > 5)
        try wait(until: "a concern about the journal", instead: { agent.tail }) { self.complains(agent) }
        try expectRest(of: agent)
        // Once, when it begins; and nobody is sent to look after the nodes.
        let words = "nothing can be stored: writing a segment: No space left on device; sources are held back"
        try wait(until: "the log to say so", instead: { agent.tail }) { agent.log.contains(words) }
        #expect(agent.log.components(separatedBy: words).count == 2, "\(agent.tail)")
        #expect(agent.status?.concerns?.contains { $0.name == "no-quorum" } == false)
        #expect(try agent.command("status").output.contains("space                   full"))
        let doctor = try agent.command("doctor").output
        #expect(doctor.contains("nothing can be stored") && !doctor.contains("refused to its sender"), "\(doctor)")
        try FileManager.default.removeItem(atPath: filler)
        try wait(until: "the journal stores again", instead: { agent.tail }) { !self.complains(agent) }
        try checkAfterRecovery(agent, told)
    }

    @Test(
        "on a read-only disk the agent starts, says so, and stores as soon as it can be written",
        .enabled(if: SmallDisk.isPossible, Comment(rawValue: SmallDisk.reason)))
    func diskReadOnly() throws {
        let disk = try SmallDisk(byteCount: 4 << 20)
        let agent = try offlineAgent(on: disk)
        try agent.start()
        let client = try agent.intake()
        var told: [Int: LedgerReader.Place] = [:]
        for number in 1...10 {
            if case .stored(let place) = try client.send(IntakeClient.line(number: number)) { told[number] = place }
        }
        agent.kill()
        try disk.remount(readOnly: true)
        try agent.start()
        try wait(until: "a concern about the journal", instead: { agent.tail }) { self.complains(agent) }
        #expect(agent.process?.isRunning == true)
        try expectRest(of: agent)
        try disk.remount(readOnly: false)
        try wait(until: "the journal stores again", instead: { agent.tail }) { !self.complains(agent) }
        try checkAfterRecovery(agent, told)
    }

    @Test("with its journal's folder removed the agent acknowledges nothing more, and says so")
    func folderRemoved() throws {
        let agent = try RunningAgent(try Alliance.ofOneNode(), brokerPorts: [], settings: RunningAgent.quick)
        try agent.start()
        let client = try agent.intake()
        guard case .stored = try client.send(IntakeClient.line(number: 1)) else { throw IntegrationFailure(agent.tail) }
        try FileManager.default.removeItem(atPath: agent.journal)
        try client.write([IntakeClient.line(number: 2)])
        if case .stored(let place)? = try? client.answer(seconds: 3) { Issue.record("acknowledged as \(place) in a file without a name") }
        try wait(until: "a concern about the journal", instead: { agent.tail }) { self.complains(agent) }
        try expectRest(of: agent)
        #expect(agent.process?.isRunning == true)
    }

    /// A loop that spins takes nearly all of a processor; this one waits.
    private func expectRest(of agent: RunningAgent) throws {
        let before = try processorTicks(of: agent)
        usleep(2_000_000)
        let ticks = try processorTicks(of: agent) - before
        #expect(ticks < sysconf(Int32(_SC_CLK_TCK)) / 2, "\(ticks) ticks in two seconds: \(agent.tail)")
    }

    /// User and system time, of proc(5) /proc/PID/stat.
    private func processorTicks(of agent: RunningAgent) throws -> Int {
        let process = try #require(agent.process)
        let text = try String(contentsOfFile: "/proc/\(process.processID)/stat", encoding: .utf8)
        let fields = (text.split(separator: ")").last ?? "").split(separator: " ")
        return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
    }

    private func offlineAgent(on disk: SmallDisk) throws -> RunningAgent {
        try RunningAgent(
            try Alliance.ofOneNode(), brokerPorts: [],
            settings: ["journal.directory=\(disk.path)/journal", "journal.sync-interval=0", "journal.segment-bytes=64 KiB"])
    }

    private func complains(_ agent: RunningAgent) -> Bool {
        agent.status?.concerns?.contains { $0.text.contains("nothing can be stored") || $0.text.contains("journal is full") } ?? false
    }

    /// The places of the lines that were acknowledged before one was refused or left without an answer.
    private func feedUntilStuck(_ agent: RunningAgent) throws -> [Int: LedgerReader.Place] {
        var told: [Int: LedgerReader.Place] = [:]
        let client = try agent.intake()
        for number in 1...200 {
            try client.write([IntakeClient.line(number: number, padding: 1_400)])
            // An answer that is late on a busy machine is waited for, until the agent says that there will be none.
            while true {
                if case .stored(let place)? = try? client.answer(seconds: 1) {
                    told[number] = place
                    break
                }
                if complains(agent) { return told }
            }
        }
        throw IntegrationFailure("200 lines fitted a disk that should be full")
    }

    /// Everything acknowledged keeps its place, also over another SIGKILL, and new lines are taken.
    private func checkAfterRecovery(_ agent: RunningAgent, _ told: [Int: LedgerReader.Place]) throws {
        guard case .stored(let new) = try agent.intake().send(IntakeClient.line(number: 1_000)) else {
            throw IntegrationFailure("a new line was refused: \(agent.tail)")
        }
        agent.kill()
        try agent.start()
        let client = try agent.intake()
        for (number, place) in told.merging([1_000: new], uniquingKeysWith: { first, _ in first }) {
            #expect(try client.send(IntakeClient.line(number: number, padding: 1_400)) == .stored(place), "line \(number)")
        }
    }
}
