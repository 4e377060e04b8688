import AllianceTrust
import AnchorNode
import AttestationFormat
import Foundation
import NodeTesting
import Testing

@testable import HarborsealCommands

@Suite("evidence says the step that helps") struct EvidenceNextStepTests {
    struct Slip: CustomTestStringConvertible, Sendable {
        let words: [String]
        let message: String
        let nextStep: String
        var testDescription: String { words.joined(separator: " ") }
    }

    private static let slips = [
        Slip(words: ["--gateway", "gw-1"], message: "--gateway gw-1 is no gateway's name", nextStep: "give FIRM.DEVICE"),
        Slip(words: ["--gateway", "Acme.gw-1"], message: "--gateway Acme.gw-1 is no gateway's name", nextStep: "give FIRM.DEVICE"),
        Slip(words: ["--gateway", ""], message: "--gateway  is no gateway's name", nextStep: "give FIRM.DEVICE"),
        Slip(words: ["--subject", ""], message: "--subject is empty", nextStep: "give a URI"),
        Slip(words: ["--gateway", "acme.gw-1", "--from", "2", "--to", "1"], message: "--from is after --to", nextStep: "give the earlier time"),
        Slip(words: ["--gateway", "acme.gw-1", "--node", "localhost:8480"], message: "--node localhost:8480 is no node's URL", nextStep: "give https://HOST:PORT, or http://"),
        Slip(words: ["--gateway", "acme.gw-1", "--node", "mqtt://localhost:1883"], message: "is no node's URL", nextStep: "give https://HOST:PORT"),
        Slip(words: ["--gateway", "acme.gw-1", "--node", "http://"], message: "--node http:// is no node's URL", nextStep: "give https://HOST:PORT"),
    ]

    @Test("a slip in the question is 64 with its step, and nobody is asked", arguments: slips)
    func slip(_ slip: Slip) throws {
        let result = try BuiltProgram.run(["evidence", "--node", "http://127.0.0.1:1", "-o", "/nonexistent/x.hsev"] + slip.words)
        #expect(result.exitCode == 64, "\(result.output)")
        #expect(result.output.hasPrefix("error: ") && result.output.contains(slip.message), "\(result.output)")
        #expect(result.output.contains("\n  next: \(slip.nextStep)") && !result.output.contains("NOT included"), "\(result.output)")
    }

    private static func problem(_ texts: [(Int64, String)]) -> [UInt8] {
        var writer = CBORWriter()
        writer.beginMap(texts.count)
        for (label, text) in texts {
            writer.write(label)
            writer.write(UTF8Text(text))
        }
        return writer.bytes
    }

    @Test("a node's refusal is shown in its own words; asking again is advised only where that may help")
    func refusal() {
        let refused = NodeFailure(status: 400, phrase: "Bad Request", body: Self.problem([(-1, "this cannot be asked"), (-2, "from is after to")]))
        #expect(refused.words == "it answers 400 Bad Request: this cannot be asked: from is after to")
        #expect(refused.remedy == .askOtherwise && !refused.remedy.nextStep(["http://a"]).contains("again"))
        let busy = NodeFailure(status: 503, phrase: "Service Unavailable", body: Self.problem([(-1, "not yet")]))
        #expect(busy.words == "it answers 503 Service Unavailable: not yet")
        #expect(busy.remedy.nextStep(["http://a", "http://b"]) == "ask again when http://a and http://b answer, or name other nodes with --node")
    }

    @Test(
        "an answer that is no problem's map adds nothing, and a long one is cut",
        arguments: [[], [0xA0], [0xFF], [0xBB, 255, 255, 255, 255, 255, 255, 255, 255], Array("<html>".utf8), [0xA1, 0x20, 0x01]] as [[UInt8]])
    func strangeRefusal(_ body: [UInt8]) {
        #expect(NodeFailure(status: 400, phrase: "Bad Request", body: body).words == "it answers 400 Bad Request")
        let long = NodeFailure(status: 500, phrase: "", body: Self.problem([(-1, String(repeating: "x", count: 10_000))]))
        #expect(long.words.count == 300)
    }

    @Test("https to a node that speaks none is told apart from a strange certificate, and http is the step")
    func plainNode() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let answering = try await AnsweringNode(alliance, 0)
        var command = EvidenceCommand(
            nodes: [answering.url.replacing("http://", with: "https://")], output: try TestNode.newFolder().path + "/x.hsev")
        command.gateway = "acme.gw-1"
        let error = await #expect(throws: CommandError.self) { try await command.run() }
        #expect(error?.message.contains("it speaks no TLS at this port") == true, "\(error?.message ?? "")")
        #expect(error?.nextStep == "give --node \(answering.url)", "\(error?.nextStep ?? "")")
        try await answering.stop()
    }

    @Test("a node that is away is to be asked again; one name that leads nowhere is to be checked")
    func away() async throws {
        var command = EvidenceCommand(nodes: ["http://127.0.0.1:1"], output: "/nonexistent/x.hsev")
        command.gateway = "acme.gw-1"
        let away = await #expect(throws: CommandError.self) { try await command.run() }
        #expect(away?.message.contains("Connection refused") == true)
        #expect(away?.nextStep == "ask again when http://127.0.0.1:1 answers, or name other nodes with --node")
        let nowhere = NodeFailure("cannot be reached: nowhere.invalid: no such host", .checkAddress)
        #expect(nowhere.remedy.nextStep(["http://nowhere.invalid"]).hasPrefix("check the address http://nowhere.invalid"))
    }

    @Test("with fewer nodes than a batch needs receipts, the step says how many more, and where the trust file knows them")
    func missingNodes() async throws {
        var alliance = try TestAlliance()
        try alliance.update { content in
            for index in content.nodes.indices { content.nodes[index].url = UTF8Text("https://n\(index).example.org") }
        }
        let answering = try await AnsweringNode(alliance, 0)
        var gateway = try alliance.gateway()
        _ = try await answering.node.handle(gateway.hello())
        _ = try await answering.node.receipt(for: try gateway.batch())
        let folder = try TestNode.newFolder()
        let trust = folder.appendingPathComponent("alliance.hstrust").path
        try DurableFile.write(alliance.trustFile.bytes, to: trust, mode: 0o644, replacing: true)
        var command = EvidenceCommand(nodes: [answering.url], output: folder.path + "/x.hsev")
        command.gateway = "acme.gw-1"
        command.trustFile = trust
        let error = await #expect(throws: CommandError.self) { try await command.run() }
        #expect(error?.nextStep == "name 1 more node with --node: https://n0.example.org, https://n1.example.org, https://n2.example.org")
        try await answering.stop()
        try FileManager.default.removeItem(at: folder)
    }
}
