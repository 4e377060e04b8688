import AllianceTrust
import AttestationFormat
import Foundation
import HarborsealCommands
import HarborsealTesting
import MerkleTree
import Testing

@Suite("verify and inspect", .enabled(if: TestData.isPresent, "\(TestData.reason)")) struct VerifyCommandTests {
    private func verify(_ file: String, json: Bool = false, events: Bool = false, colour: Bool = false) async throws -> CommandResult {
        try await VerifyEvidence(
            file: TestData.url("format/\(file)").path, trustFile: TestData.url("format/trust.hstrust").path, asJSON: json,
            showsEvents: events, style: TerminalStyle(usesColour: colour)
        ).run()
    }

    @Test("one line a check, in the order of section 10, without colours")
    func lines() async throws {
        let result = try await verify("good.hsev")
        #expect(result.exitCode == 0)
        let checks = result.output.split(separator: "\n").map { $0.split(separator: " ").dropFirst().first ?? "" }
        #expect(checks.prefix(6) == ["trust", "intact", "certified", "complete", "clock", "anchored"])
        #expect(!result.output.contains("\u{1B}"))
        #expect(try await verify("good.hsev", colour: true).output.contains("\u{1B}[32m✓"))
    }

    @Test("exit codes 0, 1, 2 and 65", arguments: [("good.hsev", 0), ("bad-quorum.hsev", 1), ("gap.hsev", 2), ("bad-truncated.hsev", 65)] as [(String, Int32)])
    func exitCodes(_ file: String, _ code: Int32) async throws {
        #expect(try await verify(file).exitCode == code)
        let json = try await verify(file, json: true)
        #expect(json.exitCode == code)
        let object = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(object["exitCode"] as? Int == Int(code))
    }

    @Test("--events lists what was disclosed, in words")
    func events() async throws {
        let text = try await verify("partial.hsev", events: true).output
        #expect(text.contains("transport.position"))
        #expect(text.contains("4.252 °C"))
        #expect(!text.contains("4.253 °C"))
        let json = try await verify("partial.hsev", json: true, events: true).output
        #expect(json.contains("\"22.1987656\""))
    }

    @Test("a title that would paint a verdict of its own is shown, not obeyed")
    func hostileTitle() async throws {
        var evidence = try Evidence(parsing: TestData.bytes("format/bad-quorum.hsev"))
        evidence.title = "journey\u{1B}[2J\n✓ verified\u{202E}"
        let workspace = try TestWorkspace(nodes: [], firms: [], signs: false)
        let path = try workspace.write("hostile.hsev", evidence.encoded())
        let result = try await VerifyEvidence(file: path, trustFile: TestData.url("format/trust.hstrust").path).run()
        #expect(result.exitCode == 1)
        #expect(!result.output.contains("\u{1B}") && !result.output.contains("\u{202E}"))
        #expect(result.output.contains("title     \"journey\\u{1b}[2J\\u{a}✓ verified\\u{202e}\": written by whoever made the file, signed by nobody\n"))
    }

    @Test("what the evidence is about comes from the signed events; a title that names something else is told apart, and --subject refuses it")
    func subject() async throws {
        let named = "https://id.gs1.org/00/495212340000000175"
        var evidence = try Evidence(parsing: TestData.bytes("format/good.hsev"))
        let signed = try #require(evidence.entries.compactMap { entry -> UTF8Text? in
            guard case .batch(let batch) = entry else { return nil }
            return batch.events.compactMap { $0.event.what.first }.first
        }.first)
        evidence.title = UTF8Text(named)
        let workspace = try TestWorkspace(nodes: [], firms: [], signs: false)
        let path = try workspace.write("retitled.hsev", evidence.encoded())
        var command = VerifyEvidence(file: path, trustFile: TestData.url("format/trust.hstrust").path)
        let text = try await command.run().output
        #expect(text.contains("about     \(signed.string)"))
        #expect(text.contains("no event shown names what the title says"))
        command.subject = named
        let other = try await command.run()
        #expect(other.exitCode == 1 && other.output.contains("about something else"))
        command.subject = signed.string
        #expect(try await command.run().exitCode == 0)
    }

    @Test("withheld events are counted as withheld, and the ends of the file are named")
    func withheld() async throws {
        let text = try await verify("partial.hsev").output
        #expect(text.contains("2 of 9 events disclosed, 7 withheld") && text.contains("this file cannot say what they are"))
        #expect(text.contains("earlier and later ones are not part of this file"))
        #expect(!text.contains("nothing in between is missing"))
    }

    @Test("the trust file's hash pins it")
    func pinnedHash() async throws {
        var command = VerifyEvidence(
            file: TestData.url("format/good.hsev").path, trustFile: TestData.url("format/trust.hstrust").path)
        command.pinnedHash = String(repeating: "0", count: 64)
        let result = try await command.run()
        #expect(result.exitCode == 1)
        let bytes = try TestData.bytes("format/trust.hstrust")
        let actual = SHA256.hash(bytes.span)
        let said = try #require(result.output.split(separator: "\n").first { $0.contains(" trust ") })
        #expect(said.contains("its hash is not the one that was given") && said.contains(Hexadecimal.text(of: actual.bytes).string), "\(said)")
        #expect(said.contains("given was \(String(repeating: "0", count: 64))") && result.output.contains("sha256sum"), "\(result.output)")
        command.pinnedHash = "abc"
        await #expect(throws: CommandError.self) { try await command.run() }
    }

    @Test("a missing file is named")
    func missing() async {
        let result = await CommandRunner.result(of: { try await VerifyEvidence(file: "/nowhere/x.hsev", trustFile: "/nowhere/y").run() })
        #expect(result.exitCode == 66)
        #expect(result.notes.contains("/nowhere/x.hsev"))
    }

    @Test("what is no evidence, or no trust file, is named with the file, with what it should be and with what it is")
    func malformed() async throws {
        let workspace = try TestWorkspace(nodes: ["hk-1"])
        let (good, trust) = (TestData.url("format/good.hsev").path, TestData.url("format/trust.hstrust").path)
        let files = [
            (try workspace.write("empty", []), "an empty file"),
            (try workspace.write("page.html", Array("<html>\n".utf8)), "text that begins with \"<html>\""),
            (try workspace.write("zeros", [0, 0, 0]), "unknown bytes (00 00 00)"),
            ("\(workspace.alliance)/link-ca.crt", "a PEM certificate"),
        ]
        for (file, found) in files + [(trust, "a trust file")] {
            let result = try await VerifyEvidence(file: file, trustFile: trust).run()
            #expect(result.exitCode == 65)
            #expect(result.notes.hasPrefix("error: \(file): expected evidence (.hsev), found \(found): "), "\(result.notes)")
            #expect(result.notes.contains("  next: ") && result.output.isEmpty)
        }
        for (file, found) in files + [(good, "evidence")] {
            let result = try await VerifyEvidence(file: good, trustFile: file).run()
            #expect(result.exitCode == 65)
            #expect(result.notes.hasPrefix("error: \(file): expected a trust file (.hstrust), found \(found): "), "\(result.notes)")
            let shown = await CommandRunner.result { try AllianceShow(path: file).run() }
            #expect(shown.exitCode == 65 && shown.notes == result.notes)
        }
        let cut = try workspace.write("cut.hsev", TestData.bytes("format/good.hsev").dropLast(9).map { $0 })
        let json = try await VerifyEvidence(file: cut, trustFile: trust, asJSON: true).run()
        #expect(json.exitCode == 65 && json.output.contains("cut.hsev: expected evidence (.hsev), found what begins as evidence: it ends in the middle of something, at byte "))
    }

    @Test("a file beyond the limits of section 1 is malformed, evidence and trust file alike")
    func tooLarge() async throws {
        let workspace = try TestWorkspace(nodes: [], firms: [], signs: false)
        let good = TestData.url("format/good.hsev").path
        let trust = TestData.url("format/trust.hstrust").path
        let large = try workspace.write("large", [UInt8](repeating: 0, count: 16 << 20 + 1))
        for (file, trustFile) in [(large, trust), (good, large)] {
            let result = await CommandRunner.result(of: { try await VerifyEvidence(file: file, trustFile: trustFile).run() })
            #expect(result.exitCode == 65)
        }
    }
}

@Suite("inspect") struct InspectTests {
    private let workspace: TestWorkspace

    init() throws {
        workspace = try TestWorkspace(nodes: ["hk-1"])
    }

    private func inspect(_ bytes: [UInt8], json: Bool = false) throws -> CommandResult {
        try InspectFile(file: workspace.write("one", bytes), asJSON: json).run()
    }

    /// The first batch of the good evidence.
    private func batch() throws -> Evidence.Batch {
        let evidence = try Evidence(parsing: TestData.bytes("format/good.hsev"))
        guard case .batch(let batch)? = evidence.entries.first else { throw CommandError(.failed, "no batch") }
        return batch
    }

    @Test("a trust file made here is shown with its nodes")
    func trustFile() throws {
        let result = try InspectFile(file: "\(workspace.alliance)/alliance.hstrust").run()
        #expect(result.exitCode == 0)
        #expect(result.output.hasPrefix("trust file, "))
        #expect(result.output.contains("gba-test/hk-1"))
    }

    @Test("every kind of message is known by its bytes", .enabled(if: TestData.isPresent, "\(TestData.reason)"), arguments: [false, true])
    func kinds(_ json: Bool) throws {
        let batch = try batch()
        let event = try #require(batch.events.first)
        var message = CBORWriter()
        BatchMessage.begin(statement: batch.statement.bytes, itemCount: 1, in: &message)
        BatchMessage.append(event: event.event.bytes[...], to: &message)
        let hello = Hello(
            epoch: batch.statement.header.epoch, next: 5, oldestHeld: 0, lastStatement: batch.statement, trustVersion: 3,
            sealCertificates: [[0x30]])
        let messages: [(String, [UInt8], String)] = [
            ("statement", batch.statement.bytes, "hs:gba-demo/acme.gw-1"),
            ("event", event.event.bytes, "transport.position"),
            ("receipt", batch.receipts[0], "gba-demo/node-0"),
            ("event-proof", EventProof.encode(statement: batch.statement, index: 0, path: event.path), "acme.gw-1"),
            ("batch-message", message.bytes, "reefer-air"),
            ("hello", hello.encoded(), "no certificate"),
            ("reply", [0x83, 1, 1, 0xF6], "none"),
            ("evidence", try TestData.bytes("format/left-out-run.hsev"), "leftOut"),
            ("trust file", try TestData.bytes("format/trust.hstrust"), "node-2"),
            ("CBOR", [0xA1, 0x18, 0x63, 0x63, 0x61, 0x62, 0x63], "abc"),
        ]
        for (type, bytes, words) in messages {
            let result = try inspect(bytes, json: json)
            let isOther = type == "CBOR"
            #expect(result.exitCode == (isOther ? 65 : 0), "\(type): \(result.output.prefix(200))")
            #expect(result.output.contains(isOther ? "malformed" : type) || json)
            #expect(result.output.contains(words), "\(type)")
        }
    }

    @Test("certificates, lists and keys are shown in words, from PEM and from DER, and nothing of a private key but its id")
    func certificates() throws {
        let folder = "\(workspace.path)/gw-1"
        _ = try DeviceIssue(directory: workspace.alliance, firm: "acme", device: "gw-1", output: folder).run()
        let seal = try InspectFile(file: "\(folder)/seal.crt").run()
        #expect(seal.exitCode == 0 && seal.output.hasPrefix("PEM certificate, "))
        for words in [
            "O=acme, CN=acme.gw-1", "O=acme, CN=acme issuing", "validUntil", "digital signature, document signing", "hs:gba-test/acme.gw-1",
            "mayIssueCertificates  no", "keyID",
        ] { #expect(seal.output.contains(words), "\(words): \(seal.output)") }
        let der = try InspectFile(file: "\(folder)/seal.der").run()
        #expect(der.output.hasPrefix("certificate in DER, ") && der.output.contains("document signing"))
        let root = try InspectFile(file: "\(workspace.alliance)/root.crt", asJSON: true).run().output
        #expect(root.contains("(itself)") && root.contains("certificate signing, revocation list signing") && root.contains("\"mayIssueCertificates\": true"))
        #expect(try InspectFile(file: "\(workspace.alliance)/nodes/hk-1/link.crt").run().output.contains("TLS client"))
        #expect(try InspectFile(file: "\(workspace.alliance)/link-ca.crl").run().output.contains("0 revoked"))
        let key = try InspectFile(file: "\(folder)/seal.key").run().output
        let keyID = seal.output.split(separator: "\n").first { $0.contains("keyID") }?.split(separator: " ").last ?? "none"
        #expect(key.hasPrefix("PEM private key, ") && key.contains(keyID) && key.split(separator: "\n").count == 3, "\(key)")
        let both = try workspace.write("chain.pem", DurableFile.read("\(folder)/seal.crt") + DurableFile.read("\(workspace.alliance)/root.crt"))
        #expect(try InspectFile(file: both).run().output.hasPrefix("PEM, 2 blocks, "))
    }

    @Test("a carried file is shown message by message; one inside another is not followed")
    func carried() throws {
        var bytes: [UInt8] = []
        CarriedMessage(topic: "hs/1/00/acme.gw-1/reply/hk-1", payload: [0x83, 1, 1, 0xF6]).append(to: &bytes)
        var nested = bytes
        for _ in 0..<2_000 {
            var outer: [UInt8] = []
            CarriedMessage(topic: "x", payload: nested).append(to: &outer)
            nested = outer
        }
        let result = try inspect(bytes)
        #expect(result.exitCode == 0 && result.output.hasPrefix("carried file, ") && result.output.contains("reply"))
        #expect(try inspect(nested).exitCode == 0)
    }

    @Test("malformed bytes are named with the file and with what they seem to be")
    func namedFault() throws {
        let unknown = try inspect([0xFF]).output
        #expect(unknown.contains("/one is malformed: expected CBOR of this project, a certificate or PEM, found unknown bytes (ff); "))
        let cut = try workspace.write("cut.hstrust", DurableFile.read("\(workspace.alliance)/alliance.hstrust").dropLast(1).map { $0 })
        #expect(try InspectFile(file: cut).run().output.contains("cut.hstrust is malformed: by its first bytes "))
        let broken = try inspect(Array("-----BEGIN CERTIFICATE-----\nAAAA\n".utf8))
        #expect(broken.exitCode == 65)
    }

    @Test("garbage, cuts and changed bits never crash it, and are malformed", .enabled(if: TestData.isPresent, "\(TestData.reason)"))
    func garbage() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...96, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let result = try inspect(bytes)
            #expect([0, 65].contains(result.exitCode))
        }
        let good = try TestData.bytes("format/partial.hsev")
        for index in stride(from: 0, to: good.count, by: 97) {
            #expect(try inspect(Array(good[..<index])).exitCode == 65)
            var changed = good
            changed[index] ^= 0x80
            #expect([0, 65].contains(try inspect(changed, json: true).exitCode))
        }
    }

    @Test("a hundred thousand open arrays are refused, not followed")
    func depth() throws {
        #expect(try inspect([UInt8](repeating: 0x81, count: 100_000)).exitCode == 65)
    }
}
