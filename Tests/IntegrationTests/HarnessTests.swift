import Foundation
import Testing

/// The wiring that every other test here stands on.
@Suite(.serialized)
struct HarnessTests {
    @Test("an event that the intake acknowledged stands in the node's ledger at the place it was told, and is receipted")
    func wholeWay() throws {
        let alliance = try Alliance.ofOneNode()
        let broker = try RunningBroker(alliance)
        let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
        let agent = try RunningAgent(alliance, brokerPorts: [broker.port])
        try agent.start()
        let answer = try agent.intake().send(IntakeClient.line(number: 1))
        try agent.waitUntilReceipted()
        let events = try node.ledger().events(of: agent.gateway)
        let place = try #require(events.first { $0.event.documents?["line"] == "wms-1/1" }, "\(answer) \(events) \(agent.tail)").place
        #expect(answer == .stored(place))
        #expect(node.conflictCount == 0)
    }

    /// One file put in place as it should be: strace's own lines.
    private static let steps = [
        #"7 openat(AT_FDCWD</tmp>, "/k/a.next.new", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = 5</k/a.next.new>"#, #"7 write(5</k/a.next.new>, "4<x> \"/k/b\"", 9) = 9"#,
        "7 fsync(5</k/a.next.new>) = 0", "7 close(5</k/a.next.new>) = 0",
        #"7 renameat2(AT_FDCWD</tmp>, "/k/a.next.new", AT_FDCWD</tmp>, "/k/a.next", RENAME_NOREPLACE) = 0"#, "7 fsync(5</k>) = 0", #"8 rename("/k/a.next", "/k/a") = 0"#,
        "8 fsync(6</k>) = 0", #"8 unlink("/k/b") = -1 ENOENT (No such file or directory)"#,
    ]

    @Test("an order that survives a power cut is told from one that lacks a sync, has it too late, or of another file")
    func durableSteps() throws {
        func faults(_ lines: [String]) throws -> [String] {
            let folder = try ScratchFolder(named: "hs-steps")
            try lines.joined(separator: "\n").write(toFile: folder.file("log"), atomically: false, encoding: .utf8)
            return try DurableSteps(folder.file("log")).faults
        }
        #expect(try faults(Self.steps).isEmpty)
        for lost in [2, 5, 7] {
            var lines = Self.steps
            lines.remove(at: lost)
            #expect(try faults(lines).count == 1, "without \(Self.steps[lost])")
        }
        for (one, other) in [(1, 2), (4, 5), (5, 6)] {
            var lines = Self.steps
            lines.swapAt(one, other)
            #expect(try !faults(lines).isEmpty, "\(Self.steps[one]) and what follows it the other way round")
        }
        var elsewhere = Self.steps
        elsewhere[7] = "8 fsync(6</other>) = 0"
        #expect(try faults(elsewhere).count == 1)
    }
}
