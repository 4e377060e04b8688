import AllianceTrust
import AttestationFormat
import Foundation
import HarborsealCommands
import HarborsealTesting
import NodeTesting
import Testing

@Suite("verify --subject") struct VerifySubjectTests {
    private struct Outcome {
        let result: CommandResult
        let exitCode: Int?
        let subject: String?
        let check: [String: Any]?

        init(_ result: CommandResult) throws {
            self.result = result
            let object = try #require(JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
            exitCode = object["exitCode"] as? Int
            subject = object["subject"] as? String
            check = (object["checks"] as? [[String: Any]])?.first { $0["check"] as? String == "subject" }
        }
    }

    @Test(
        "a subject that no event names is a check that failed: line, ending, JSON and exit code say the same",
        .enabled(if: TestData.isPresent, "\(TestData.reason)"), arguments: ["good.hsev", "gap.hsev", "bad-quorum.hsev"])
    func wrong(_ file: String) async throws {
        var command = VerifyEvidence(file: TestData.url("format/\(file)").path, trustFile: TestData.url("format/trust.hstrust").path)
        command.subject = "urn:none\u{1B}[2J"
        let text = try await command.run()
        #expect(text.exitCode == 1 && text.notes.isEmpty, "\(text)")
        #expect(text.output.contains("✗ subject   no event shown names urn:none\\u{1b}[2J: whatever is verified here is about something else\n"))
        #expect(text.output.hasSuffix("\nnot verified: what is marked ✗ failed\n"), "\(text.output)")
        command.asJSON = true
        let json = try Outcome(try await command.run())
        #expect(json.result.exitCode == 1 && json.exitCode == 1 && json.subject == command.subject && json.result.notes.isEmpty)
        #expect(json.check?["state"] as? String == "failed")
    }

    @Test("without --subject there is no such check", .enabled(if: TestData.isPresent, "\(TestData.reason)"))
    func notAsked() async throws {
        var command = VerifyEvidence(file: TestData.url("format/good.hsev").path, trustFile: TestData.url("format/trust.hstrust").path)
        #expect(try await !command.run().output.contains(" subject "))
        command.asJSON = true
        let json = try Outcome(try await command.run())
        #expect(json.exitCode == 0 && json.subject == nil && json.check == nil)
    }

    @Test(
        "where the trust file is refused or events were changed, the subject is not judged, whatever they name",
        .enabled(if: TestData.isPresent, "\(TestData.reason)"))
    func notJudged() async throws {
        var command = VerifyEvidence(file: TestData.url("format/good.hsev").path, trustFile: TestData.url("format/trust.hstrust").path)
        command.subject = "urn:none"
        command.pinnedHash = String(repeating: "0", count: 64)
        let refused = try await command.run()
        #expect(refused.exitCode == 1 && refused.output.contains("? subject   what the events name was not looked at"), "\(refused.output)")
    }

    /// Evidence of one pallet in one container, as `evidence --subject` writes it, and the trust file.
    private func journey(_ folder: URL) async throws -> VerifyEvidence {
        let alliance = try TestAlliance(nodeCount: 1)
        let answering = try await AnsweringNode(alliance, 0)
        var gateway = try alliance.gateway()
        _ = try await answering.node.handle(gateway.hello())
        let loaded = TestGateway.event(1, what: ["parent:bic:CSQU3054383", "https://id.gs1.org/00/395212340000000175"])
        _ = try await answering.node.receipt(for: try gateway.batch([loaded, TestGateway.event(2)]))
        let trust = folder.appendingPathComponent("alliance.hstrust").path
        try DurableFile.write(alliance.trustFile.bytes, to: trust, mode: 0o644, replacing: true)
        var command = EvidenceCommand(nodes: [answering.url], output: folder.appendingPathComponent("journey.hsev").path)
        command.subject = "bic:CSQU3054383"
        command.trustFile = trust
        #expect(try await command.run().output.contains("1 event in 1 batch"))
        try await answering.stop()
        return VerifyEvidence(file: command.output, trustFile: trust)
    }

    @Test("--events fits a terminal by cutting what is longest; what goes into a pipe is whole, and so is --json")
    func width() async throws {
        let folder = try TestNode.newFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var command = try await journey(folder)
        command.showsEvents = true
        func rows() async throws -> [Substring] {
            try await command.run().output.split(separator: "\n").filter { $0.hasPrefix("gateway ") || $0.hasPrefix("acme.gw-1 ") }
        }
        let named = "parent:bic:CSQU3054383 https://id.gs1.org/00/395212340000000175"
        let whole = try await rows()
        #expect(whole.count == 2 && whole[1].contains(named) && whole[1].count > 120, "\(whole)")
        command.style.columnCount = 120
        let cut = try await rows()
        #expect(cut.count == 2 && cut.allSatisfy { $0.count <= 120 }, "\(cut)")
        #expect(cut[1].contains("parent:bic:CSQU3054383 ") && cut[1].contains("…") && cut[1].hasPrefix(whole[1].prefix(60)), "\(cut)")
        // Narrower than what is never cut: the lines wrap, and nothing of that is lost.
        command.style.columnCount = 20
        #expect(try await rows()[1].hasPrefix(whole[1].prefix(60)))
        command.style.columnCount = 1_000
        #expect(try await rows() == whole)
        (command.style.columnCount, command.asJSON) = (20, true)
        #expect(try await command.run().output.contains("https://id.gs1.org/00/395212340000000175"))
    }

    @Test("what evidence --subject found as a parent, verify --subject accepts, and the title names it; what only looks like it is refused")
    func parent() async throws {
        let folder = try TestNode.newFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var command = try await journey(folder)
        for named in ["bic:CSQU3054383", "parent:bic:CSQU3054383", "https://id.gs1.org/00/395212340000000175"] {
            command.subject = named
            let result = try await command.run()
            #expect(result.exitCode == 0 && result.output.hasSuffix("\nverified\n"), "\(result.output)")
            #expect(result.output.contains("✓ subject   1 of 1 event shown names \(named)\n"), "\(result.output)")
            #expect(!result.output.contains("no event shown names"), "\(result.output)")
        }
        for other in ["bic:CSQU305438", "parent:", "parent:parent:bic:CSQU3054383", "parent:https://id.gs1.org/00/395212340000000175", "BIC:CSQU3054383", ""] {
            command.subject = other
            #expect(try await command.run().exitCode == 1, "\(other)")
        }
        command.subject = "bic:CSQU3054383"
        #expect(try await command.run().output.contains("about     bic:CSQU3054383 and 1 more, as the signed events name it"))
    }
}
