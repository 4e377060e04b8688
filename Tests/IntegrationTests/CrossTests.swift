import AttestationFormat
import Foundation
import Testing

/// The agent's release builds for other machines and Debian releases, run under QEMU in user mode: the same code, compiler and
/// libraries as on a gateway; mbedTLS 2.28 and libmosquitto 2.0.11 on bookworm, 3.6 and 2.0.21 on trixie.
@Suite(.serialized)
struct CrossTests {
    @Test("the program is one for that processor", arguments: CrossBuild.all)
    func isForItsProcessor(build: CrossBuild) throws {
        let head = try [UInt8](Data(contentsOf: URL(fileURLWithPath: build.program)).prefix(20))
        // ELF, its class, little-endian; e_machine.
        #expect(head.count == 20 && Array(head[0..<6]) == [0x7F, 0x45, 0x4C, 0x46, build.elfClass, 1])
        #expect(head.count == 20 && head[18] == build.elfMachine && head[19] == 0)
    }

    @Test("the self-test gives the known answers for hash, signature, tree and CBOR", arguments: CrossBuild.all)
    func selfTest(build: CrossBuild) throws {
        let report = try ChildProcess.run(try build.command() + ["selftest"])
        let lines = report.split(separator: "\n")
        #expect(lines.count >= 8)
        #expect(lines.allSatisfy { $0.hasPrefix("ok ") }, "\(report)")
    }

    @Test("a wrong configuration is refused with the file and the line", arguments: CrossBuild.all)
    func wrongConfiguration(build: CrossBuild) throws {
        let folder = try ScratchFolder(named: "hs-cross")
        let file = folder.file("agent.conf")
        try "[journal]\ncap = many\n".write(toFile: file, atomically: false, encoding: .utf8)
        let report = try ChildProcess.run(try build.command() + ["check-config", "--config", file], acceptable: [78])
        #expect(report.contains("\(file):2"), "\(report)")
    }

    @Test("events go over TLS to a real broker and come back with a node's receipt", arguments: CrossBuild.all)
    func publishes(build: CrossBuild) throws {
        let alliance = try Alliance.ofOneNode()
        let broker = try RunningBroker(alliance)
        let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
        let agent = try RunningAgent(alliance, brokerPorts: [broker.port])
        agent.program = try build.command()
        try agent.start()
        let answer = try agent.intake().send(IntakeClient.line(number: 1))
        try agent.waitUntilReceipted(seconds: 60)
        let place = try #require(node.ledger().events(of: agent.gateway).first { $0.event.documents?["line"] == "wms-1/1" }).place
        #expect(answer == .stored(place))
        #expect(node.conflictCount == 0)
        #expect(agent.terminate().ending == .exited(0))
    }

    @Test("with the wall clock in 2056, and with the largest cap, events are stored with the right time", arguments: CrossBuild.all)
    func after2038(build: CrossBuild) throws {
        let folder = try ScratchFolder(named: "hs-cross")
        let shift = ClockShift(seconds: 30 * 365 * 86_400)
        let library = try build.library(of: ClockShift.source, in: folder)
        let agent = try RunningAgent(try Alliance.ofOneNode(), brokerPorts: [], settings: RunningAgent.quick + ["journal.cap=1024 GiB"])
        agent.program = try build.command(environment: ["LD_PRELOAD=\(library)", shift.setting])
        let before = UInt64(Date().timeIntervalSince1970 * 1_000) + UInt64(shift.seconds) * 1_000
        try agent.start()
        guard case .stored = try agent.intake().send(IntakeClient.line(number: 1)) else { throw IntegrationFailure(agent.tail) }
        #expect(agent.terminate().ending == .exited(0))
        let event = try lastEvent(of: agent)
        #expect((before...before + 120_000).contains(event.wallClockMilliseconds))
    }

    @Test("intake lines get the answers that this machine's agent gives, at the limits of numbers and dates too", arguments: CrossBuild.all)
    func sameAnswers(build: CrossBuild) throws {
        let alliance = try Alliance.ofOneNode()
        let here = try RunningAgent(alliance, brokerPorts: [])
        let there = try RunningAgent(alliance, brokerPorts: [])
        there.program = try build.command()
        var answers: [[String]] = []
        for agent in [here, there] {
            try agent.start()
            let client = try agent.intake()
            answers.append(try CrossLines.all.map { line in
                switch try client.send(line) {
                case .stored(let place): "stored as \(place.sequence)"
                case .refused(let error): error
                }
            })
            #expect(agent.terminate().ending == .exited(0))
        }
        for (index, line) in CrossLines.all.enumerated() { #expect(answers[0][index] == answers[1][index], "\(line)") }
        let refused = zip(CrossLines.acceptable, answers[0]).filter { !$1.hasPrefix("stored") }
        #expect(refused.isEmpty, "\(refused)")
        #expect(answers[0].dropFirst(CrossLines.acceptable.count).allSatisfy { !$0.hasPrefix("stored") })
    }

    private func lastEvent(of agent: RunningAgent) throws -> EventView {
        let report = try ChildProcess.run(
            try (agent.program ?? [Programs.agent]) + ["journal", "tail", "1", "--hex", "--config", agent.configuration])
        let text = try #require(report.split(separator: "\n").last?.split(separator: " ").last)
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = UInt8(rest.prefix(2), radix: 16), rest.count >= 2 {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return try EventView(parsing: bytes)
    }
}

/// Lines whose numbers fit 64 bits and not 32, or neither.
private enum CrossLines {
    private static func line(_ number: String, _ rest: String, kind: String = "unit.packed") -> String {
        #"{"source":"wide","number":\#(number),"kind":"\#(kind)","what":["parent:https://id.gs1.org/00/395212340000000175","bic:CSQU3054383"]\#(rest)}"#
    }

    private static func time(_ number: Int, _ text: String) -> String { line("\(number)", #","time":"\#(text)""#) }

    private static func reading(_ number: Int, _ value: String) -> String {
        line("\(number)", #","readings":[{"sensor":"a","quantity":"temperature","value":\#(value)}]"#)
    }

    static let acceptable: [String] = [
        time(1, "2026-11-22T14:03:07.250+08:00"), time(2, "1970-01-01T00:00:00Z"), time(3, "2038-01-19T03:14:07Z"),
        time(4, "2038-01-19T03:14:08Z"), time(5, "2106-02-07T06:28:16.999Z"), time(6, "9999-12-31T23:59:59.999Z"),
        reading(7, "-273.15"), reading(8, "2147483.648"), reading(9, "-2147483.649"), reading(10, "4.25e2"),
        line("2147483648", ""), line("4294967296", ""), line("9007199254740993", ""),
    ]
    static let unacceptable: [String] = [
        time(21, "1969-12-31T23:59:59Z"), time(22, "10000-01-01T00:00:00Z"), time(23, "2026-02-29T00:00:00Z"),
        reading(24, "1e400"), reading(25, "1e401"), reading(26, "9223372036854775808"), reading(27, "1e99999999999"),
        line("-1", ""), line("18446744073709551616", ""), line("2147483648.5", ""), "{", "[]",
    ]
    static let all = acceptable + unacceptable
}
