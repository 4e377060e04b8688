@testable import AllianceTrust
import AttestationFormat
import Foundation
import SwiftASN1
import Testing
import X509

/// More than eighty chains, made here and now, before two judges: ours, and `openssl verify`, which knows nothing of our rules.
@Suite("Certificate chains before two judges", .enabled(if: OpenSSLTool.isPresent, "openssl is not installed"))
struct ChainTests {
    @Test("both judges say of a chain what the table says", arguments: ChainCase.all)
    func judged(_ row: ChainCase) async throws {
        var plan = try ChainPlan()
        try row.change(&plan)
        let made = try plan.made()
        let ours = try await Self.ours(plan, made)
        switch row.ours {
        case .accepted: #expect(ours == nil, "\(ours ?? "")")
        case .refused(let words): #expect(ours?.contains(words) == true && !words.isEmpty, "\(ours ?? "accepted")")
        }
        let openssl = try Self.openssl(plan, made)
        switch row.openssl {
        case .accepted: #expect(openssl.exitCode == 0, "\(openssl.output)")
        case .refused(let words): #expect(openssl.exitCode != 0 && openssl.output.contains(words), "\(openssl.output)")
        }
    }

    @Test("the table has eighty chains and more, at least half of them refused, and a reason wherever the judges differ")
    func table() {
        let rows = ChainCase.all
        let refused = rows.filter { $0.ours != .accepted }
        #expect(rows.count >= 80 && refused.count * 2 >= rows.count, "\(refused.count) of \(rows.count) are refused")
        #expect(rows.count - refused.count >= 40, "\(rows.count - refused.count) are accepted")
        #expect(Set(rows.map(\.testDescription)).count == rows.count)
        for row in rows {
            let differs = (row.ours == .accepted) != (row.openssl == .accepted)
            #expect(differs == (row.why != nil), "\(row.testDescription)")
        }
    }

    @Test("Chains.md names each difference with its reason, and no other")
    func document() throws {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: package.appendingPathComponent("Sources/AllianceTrust/AllianceTrust.docc/Chains.md"), encoding: .utf8)
        for (heading, isAccepted) in [("Refused here, accepted by openssl", false), ("Accepted here, refused by openssl", true)] {
            let section = try #require(text.components(separatedBy: "\n## ").first { $0.hasPrefix(heading) })
            let rows = section.split(separator: "\n").filter { $0.hasPrefix("| ") && $0 != "| Chain | Why |" }.map(String.init)
            let expected = ChainCase.all.filter { $0.why != nil && ($0.ours == .accepted) == isAccepted }
            #expect(rows == expected.map { "| \($0.testDescription) | \($0.why ?? "") |" }, "\(heading)")
        }
    }

    @Test("no trust file is signed whose root or issuing certificate has an unknown critical extension", arguments: ["root", "issuing", "none"])
    func drafts(_ spoiled: String) throws {
        var plan = try ChainPlan()
        let unknown = Certificate.Extension(oid: [1, 2, 3, 4], critical: true, value: [5, 0])
        if spoiled == "root" { plan.root.extra = [unknown] }
        if spoiled == "issuing" { plan.issuing.extra = [unknown] }
        let made = try plan.made()
        var content = try EvidenceMaker().trustContent
        content.rootCertificate = made.root
        content.firms[0].issuingCertificates = [made.issuing]
        do {
            try TrustFileSigner.check(content, nowSeconds: EvidenceMaker.nowSeconds)
            #expect(spoiled == "none")
        } catch let error as TrustError {
            #expect(error.code == .draft && error.message == "the \(spoiled) certificate has an unknown critical extension 1.2.3.4")
        }
    }

    /// Why our verifier refuses the chain at the plan's time; nil: it does not.
    private static func ours(_ plan: ChainPlan, _ made: ChainPlan.Made) async throws -> String? {
        var firms: [SealIssuers.Firm] = [.init(name: "beta", certificates: [made.others[0]])]
        if let firm = plan.listedFirm {
            firms.append(
                .init(name: firm, certificates: (made.earlierIssuing.map { [$0] } ?? []) + [made.issuing], untilSeconds: plan.firmUntilSeconds))
        }
        do {
            let verifier = try SealCertificateVerifier(
                issuers: SealIssuers(alliance: "gba-test", rootCertificate: made.root, firms: firms))
            let seal = try await verifier.verify(made.leaf)
            return seal.isValid(atSeconds: plan.atSeconds) ? nil : "not valid at \(plan.atSeconds)"
        } catch let error as TrustError {
            return error.message
        }
    }

    private static func openssl(_ plan: ChainPlan, _ made: ChainPlan.Made) throws -> OpenSSLTool.Result {
        let directory = try TemporaryDirectory()
        func file(_ name: String, _ certificates: [[UInt8]]) throws -> String {
            try directory.file(name, certificates.map { CertificateBytes(der: $0).pem }.joined().utf8)
        }
        let untrusted = [made.issuing] + (made.earlierIssuing.map { [$0] } ?? []) + made.others
        return try OpenSSLTool.run([
            "verify", "-attime", "\(plan.atSeconds)", "-x509_strict", "-CAfile", file("root.pem", [made.root]), "-untrusted",
            file("untrusted.pem", untrusted), file("leaf.pem", [made.leaf]),
        ])
    }
}
