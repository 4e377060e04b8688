import AllianceTrust
import AttestationFormat
import Foundation
import NodeTesting
import Testing

@testable import HarborsealCommands

@Suite struct EvidenceCommandTests {
    @Test("evidence of two nodes has both receipts, names the node that is down, and verifies")
    func merged() async throws {
        let alliance = try TestAlliance()
        let nodes = [try await AnsweringNode(alliance, 0), try await AnsweringNode(alliance, 1)]
        var gateway = try alliance.gateway()
        var batches: [TestBatch] = []
        for number in 0..<6 {
            let what = number.isMultiple(of: 2) ? ["https://id.gs1.org/00/395212340000000175"] : []
            batches.append(try gateway.batch(gateway.events(3) + gateway.events(1, what: what)))
        }
        for answering in nodes {
            _ = try await answering.node.handle(gateway.hello())
            for batch in batches { _ = try await answering.node.receipt(for: batch) }
        }
        let folder = try TestNode.newFolder()
        let output = folder.appendingPathComponent("journey.hsev").path
        var command = EvidenceCommand(nodes: nodes.map(\.url) + ["http://127.0.0.1:1"], output: output)
        command.subject = "https://id.gs1.org/00/395212340000000175"
        let result = try await command.run()
        #expect(result.output.contains("3 events in 3 batches, 2 more by their statements"))
        #expect(result.notes.contains("http://127.0.0.1:1: NOT included"))
        #expect(result.exitCode == 2)
        #expect(result.notes.contains("\(nodes[0].url): answered"))
        #expect(result.notes.contains("WARNING: without --trust"))
        let trust = folder.appendingPathComponent("alliance.hstrust").path
        try DurableFile.write(alliance.trustFile.bytes, to: trust, mode: 0o644, replacing: true)
        let verdict = try await VerifyEvidence(file: output, trustFile: trust).run()
        #expect(verdict.exitCode == 0, "\(verdict.output)")
        for node in nodes { try await node.stop() }
    }

    @Test("one node is below the quorum: the evidence is written, and the verdict says so")
    func oneNode() async throws {
        let alliance = try TestAlliance()
        let answering = try await AnsweringNode(alliance, 0)
        var gateway = try alliance.gateway()
        _ = try await answering.node.handle(gateway.hello())
        _ = try await answering.node.receipt(for: try gateway.batch())
        let folder = try TestNode.newFolder()
        let output = folder.appendingPathComponent("gateway.hsev").path
        var command = EvidenceCommand(nodes: [answering.url], output: output)
        command.gateway = "acme.gw-1"
        let result = try await command.run()
        #expect(result.output.contains("3 events in 1 batches"))
        #expect(result.exitCode == 0)
        let trust = folder.appendingPathComponent("alliance.hstrust").path
        try DurableFile.write(alliance.trustFile.bytes, to: trust, mode: 0o644, replacing: true)
        let verdict = try await VerifyEvidence(file: output, trustFile: trust).run()
        #expect(verdict.exitCode == 1)
        try await answering.stop()
    }

    @Test("nothing held, no node and two questions are errors with a next step")
    func refused() async throws {
        let alliance = try TestAlliance()
        let answering = try await AnsweringNode(alliance, 0)
        var command = EvidenceCommand(nodes: [answering.url], output: "/nonexistent/x.hsev")
        await #expect(throws: CommandError.self) { try await command.run() }
        command.subject = "urn:none"
        let nothing = await #expect(throws: CommandError.self) { try await command.run() }
        #expect(nothing?.message.contains("holds nothing about this") == true)
        command.gateway = "acme.gw-1"
        await #expect(throws: CommandError.self) { try await command.run() }
        var nobody = EvidenceCommand(nodes: [], output: "x")
        nobody.subject = "urn:none"
        await #expect(throws: CommandError.self) { try await nobody.run() }
        try await answering.stop()
    }
}
