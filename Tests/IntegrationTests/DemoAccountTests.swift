import Foundation
import Testing

/// The demo's table comes from a program of its own: these tests see it count what is wrong.
@Suite(.serialized)
struct DemoAccountTests {
    private struct Figures: Decodable {
        let fed, made, lost, doubled: Int
        let receipted: [String: Int]
    }

    /// An intake line whose time is its number in seconds: the account finds events again by their times.
    private static func line(number: Int, second: Int) -> String {
        let time = String(format: "2026-11-20T05:%02d:%02d+08:00", second / 60, second % 60)
        return #"{"source":"wms-1","number":\#(number),"kind":"transport.arrived","time":"\#(time)","#
            + #""what":["bic:CSQU3054383"],"readPoint":"https://id.gs1.org/414/9521234000013"}"#
    }

    private static func account(ledger: String, fed lines: [String], in folder: ScratchFolder, acceptable: Set<Int32>) throws -> Figures {
        let file = folder.file("fed.ndjson")
        try lines.map { $0 + "\n" }.joined().write(toFile: file, atomically: true, encoding: .utf8)
        let program = Programs.packageRoot + "/Tests/Demo/account.py"
        let text = try ChildProcess.run([try Programs.python, program, "--json", "--fed", file, "hk-1=" + ledger], acceptable: acceptable)
        return try JSONDecoder().decode(Figures.self, from: Data(text.utf8))
    }

    @Test("the account finds every fed line, a line that no node has is lost, and a line that got two events is doubled")
    func account() throws {
        let alliance = try Alliance.ofOneNode()
        let broker = try RunningBroker(alliance)
        let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
        let agent = try RunningAgent(alliance, brokerPorts: [broker.port])
        try agent.start()
        let lines = (0..<20).map { Self.line(number: $0, second: $0) }
        let intake = try agent.intake()
        for line in lines { _ = try intake.send(line) }
        try agent.waitUntilReceipted()
        let folder = try ScratchFolder()

        let good = try Self.account(ledger: node.ledgerFile, fed: lines, in: folder, acceptable: [0])
        #expect((good.fed, good.lost, good.doubled) == (20, 0, 0))
        #expect(good.receipted["hk-1"] == good.made)

        let withDropped = lines + [Self.line(number: 20, second: 20)]
        let dropped = try Self.account(ledger: node.ledgerFile, fed: withDropped, in: folder, acceptable: [1])
        #expect((dropped.fed, dropped.lost, dropped.doubled) == (21, 1, 0))

        _ = try intake.send(Self.line(number: 21, second: 7))
        try agent.waitUntilReceipted()
        let doubled = try Self.account(ledger: node.ledgerFile, fed: lines, in: folder, acceptable: [1])
        #expect((doubled.fed, doubled.lost, doubled.doubled) == (20, 0, 1))
    }
}
