import Foundation
import Testing

/// The agent's release build for 64-bit ARM, run under QEMU in user mode: the same code, compiler and libraries as on a gateway.
@Suite(.serialized)
struct ARM64Tests {
    @Test("the program is one for 64-bit ARM")
    func isForARM64() throws {
        let command = try Programs.agentForARM64
        let program = try #require(command.last)
        let head = try [UInt8](Data(contentsOf: URL(fileURLWithPath: program)).prefix(20))
        // ELF, 64 bits, little-endian; e_machine 183 is AArch64.
        #expect(head.count == 20 && Array(head[0..<6]) == [0x7F, 0x45, 0x4C, 0x46, 2, 1] && head[18] == 183 && head[19] == 0)
    }

    @Test("on 64-bit ARM the self-test gives the known answers for hash, signature, tree and CBOR")
    func selfTest() throws {
        let report = try ChildProcess.run(try Programs.agentForARM64 + ["selftest"])
        let lines = report.split(separator: "\n")
        #expect(lines.count >= 8)
        #expect(lines.allSatisfy { $0.hasPrefix("ok ") }, "\(report)")
    }

    @Test("on 64-bit ARM a wrong configuration is refused with the file and the line")
    func wrongConfiguration() throws {
        let folder = try ScratchFolder(named: "hs-arm64")
        let file = folder.file("agent.conf")
        try "[journal]\ncap = many\n".write(toFile: file, atomically: false, encoding: .utf8)
        let report = try ChildProcess.run(try Programs.agentForARM64 + ["check-config", "--config", file], acceptable: [78])
        #expect(report.contains("\(file):2"), "\(report)")
    }

    @Test("on 64-bit ARM events go over TLS to a real broker and come back with a node's receipt")
    func publishes() throws {
        let alliance = try Alliance.ofOneNode()
        let broker = try RunningBroker(alliance)
        let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
        let agent = try RunningAgent(alliance, brokerPorts: [broker.port])
        agent.program = try Programs.agentForARM64
        try agent.start()
        let answer = try agent.intake().send(IntakeClient.line(number: 1))
        try agent.waitUntilReceipted(seconds: 60)
        let place = try #require(node.ledger().events(of: agent.gateway).first { $0.event.documents?["line"] == "wms-1/1" }).place
        #expect(answer == .stored(place))
        #expect(node.conflictCount == 0)
        #expect(agent.terminate().ending == .exited(0))
    }
}
