import AllianceTrust
import Foundation
import HarborsealTesting
import Testing

/// One case of `format/cases.json`: evidence or a trust file that another implementation of wire-format.md made.
struct FormatCase: Codable, CustomTestStringConvertible, Sendable {
    var file: String
    var expect: String
    var exit: Int32
    var check: String?
    var why: String

    var testDescription: String { "\(file): \(why)" }

    private struct Cases: Codable {
        var cases: [FormatCase]
    }

    static let all: [FormatCase] = {
        guard let data = try? Data(contentsOf: TestData.url("format/cases.json")),
            let cases = try? JSONDecoder().decode(Cases.self, from: data)
        else { return [] }
        return cases.cases
    }()

    /// A trust file is judged with the good evidence, evidence with the good trust file.
    func report() async throws -> EvidenceReport {
        let isTrustFile = file.hasSuffix(".hstrust")
        return await EvidenceVerifier.report(
            evidence: try TestData.bytes(isTrustFile ? "format/good.hsev" : "format/\(file)"),
            trustFile: try TestData.bytes(isTrustFile ? "format/\(file)" : "format/trust.hstrust"))
    }
}

@Suite("Evidence of another implementation") struct FormatCaseTests {
    @Test("all 66 cases are there", .enabled(if: TestData.isPresent, "\(TestData.reason)"))
    func count() {
        #expect(FormatCase.all.count == 66)
    }

    @Test(
        "the verdict, the failing check and the exit code are those that cases.json states",
        .enabled(if: TestData.isPresent, "\(TestData.reason)"), arguments: FormatCase.all)
    func verdict(_ one: FormatCase) async throws {
        let verdict = try await one.report().verdict
        let shown = verdict.malformed ?? verdict.lines.map { "\($0.check): \($0.state), \($0.reason)" }.joined(separator: "\n")
        #expect(verdict.exitCode == one.exit, "\(shown)")
        switch one.expect {
        case "ok":
            #expect(verdict.lines.map(\.check) == Verdict.Check.allCases.filter { $0 != .subject })
            #expect(verdict.lines.allSatisfy { $0.state == .passed || $0.state == .information }, "\(shown)")
        case "gap":
            #expect(verdict.firstFailure == nil, "\(shown)")
            #expect(verdict.lines.filter { $0.state == .notJudged }.map(\.check) == [.complete], "\(shown)")
        default:
            if one.check == "form" {
                #expect(verdict.malformed != nil && verdict.lines.isEmpty, "\(shown)")
            } else {
                // The check named fails, and it alone: a verdict says what is wrong, not that something is.
                #expect(verdict.lines.filter { $0.state == .failed }.map(\.check.rawValue) == [one.check], "\(shown)")
            }
        }
    }

    @Test(
        "the words of a verdict name what is wrong and where", .enabled(if: TestData.isPresent, "\(TestData.reason)"),
        arguments: [
            ("trust-minority.hstrust", "1 of 3 nodes is no majority"), ("trust-wrong-key.hstrust", "root key"),
            ("trust-node-twice.hstrust", "have one key, so they are one node"), ("gap.hsev", "5 to 7 are not covered"),
            ("left-out-run.hsev", "left out on purpose: acme.gw-1 epoch 00c0ffee00c0ffee, 5 to 7"),
            ("extra-receipt.hsev", "no node with this key"), ("receipt-without-held.hsev", "label -70007 is missing"),
            ("partial.hsev", "2 of 9 events disclosed"), ("bad-split-view.hsev", "node-2 signed two roots for its ledger at 6"),
            ("bad-quorum.hsev", "1 receipt where the trust file asks for 2"),
            ("bad-certificate-usage.hsev", "documentSigning"), ("bad-link-key.hsev", "no issuing certificate"),
            ("bad-issuer-not-certificate.hsev", "is not the certificate's name"),
            ("bad-certificate-expired.hsev", "2026-02-01 00:00:00Z"), ("bad-other-alliance.hsev", "elsewhere"),
            ("good.hsev", "node-0, node-2"), ("good.hsev", "GNSS for 11; largest error 40 ms"),
            ("good.hsev", "not published by this alliance"), ("bad-jump.hsev", "5 to 6 are skipped"),
        ])
    func words(_ file: String, _ words: String) async throws {
        let one = try #require(FormatCase.all.first { $0.file == file })
        let verdict = try await one.report().verdict
        let all = verdict.lines.flatMap { [$0.reason] + $0.details }
        #expect(all.contains { $0.contains(words) }, "\(all)")
    }

    @Test(
        "every truncation of good evidence and every changed byte is malformed or fails, and never traps",
        .enabled(if: TestData.isPresent, "\(TestData.reason)"))
    func changedBytes() async throws {
        let good = try TestData.bytes("format/partial.hsev")
        let trust = try TestData.bytes("format/trust.hstrust")
        for index in stride(from: 0, to: good.count, by: 7) {
            let cut = await EvidenceVerifier.report(evidence: Array(good[..<index]), trustFile: trust)
            #expect(cut.verdict.exitCode == 65)
            var changed = good
            changed[index] ^= 0x01
            let report = await EvidenceVerifier.report(evidence: changed, trustFile: trust)
            #expect(report.verdict.exitCode != 0, "byte \(index)")
        }
        for index in stride(from: 0, to: trust.count, by: 7) {
            var changed = trust
            changed[index] ^= 0x01
            let report = await EvidenceVerifier.report(evidence: good, trustFile: changed)
            #expect(report.verdict.exitCode == 1 || report.verdict.exitCode == 65, "byte \(index) of the trust file")
        }
    }
}
