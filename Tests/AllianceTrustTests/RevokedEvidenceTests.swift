@testable import AllianceTrust
import AttestationFormat
import MerkleTree
import Testing

@Suite("Evidence of a revoked key") struct RevokedEvidenceTests {
    let maker: EvidenceMaker
    let now = EvidenceMaker.nowSeconds

    init() throws {
        maker = try EvidenceMaker()
    }

    private func line(_ verdict: Verdict, _ check: Verdict.Check) -> Verdict.Line? { verdict.lines.first { $0.check == check } }

    @Test("a revocation that a list here makes is said whatever else the line says: of statements from before, beside other keys, faults and what is not judged")
    func revokedIsSaid() async throws {
        var publishing = maker
        publishing.trustContent.revocationListURLs = ["https://example.org/acme.crl"]
        let other = try AllianceSigningKey()
        let (seal, otherSeal) = (try maker.seal(), try maker.seal(other, device: "gw-2"))
        let words = "revoked since \(UTCText.text(seconds: Int64(now) + 5))"
        func list(_ number: Int64, revokes: Bool = true) throws -> [UInt8] {
            let serial = try #require(CertificateFacts(der: seal)).serialNumber
            return try maker.authorities.acme.issueRevocationList(
                entries: revokes ? [.init(serialNumber: serial, sinceSeconds: Int64(now) + 5, revokedSeconds: Int64(now) + 9)] : [],
                number: number, thisUpdateSeconds: Int64(now) + number, nextUpdateSeconds: Int64(now) + 99)
        }
        let before = try maker.batch(first: 0, count: 1)
        let beside = try maker.batch(first: 0, count: 1, device: "gw-2", key: other, numbers: [9])

        let alone = try await publishing.verdict([.batch(before)], certificates: [seal], lists: [list(1)])
        #expect(alone.exitCode == 0 && line(alone, .certified)?.reason.contains("\(words), the receipts that count are from before") == true)
        let both = try await publishing.verdict([.batch(before), .batch(beside)], certificates: [seal, otherSeal], lists: [list(1)])
        #expect(both.exitCode == 0)
        let reason = line(both, .certified)?.reason ?? ""
        #expect(reason.contains("acme.gw-1 \(words), the receipts that count are from before; the others not revoked as of"), "\(reason)")

        // A statement that is shown alone, and one whose receipt is missing, are not judged; the revocation is said all the same.
        let bare = try maker.batch(first: 1, count: 1, previous: before.statement.hash(using: AllianceTrust.SHA256.self), nodes: [])
        let unjudged = try await publishing.verdict([.batch(before), .batch(bare)], certificates: [seal], lists: [list(1)])
        #expect(line(unjudged, .certified)?.state == .notJudged && line(unjudged, .certified)?.reason.contains("the key is \(words)") == true)
        let uncertified = try await publishing.verdict([.batch(before), .batch(beside)], certificates: [seal], lists: [list(1)])
        #expect(line(uncertified, .certified)?.state == .failed)
        #expect(line(uncertified, .certified)?.details.contains("by a revocation list in this evidence: acme.gw-1 \(words)") == true)

        // Nor does a newer list that forgets it hide it.
        let forgotten = try await publishing.verdict([.batch(before)], certificates: [seal], lists: [list(1), list(2, revokes: false)])
        #expect(line(forgotten, .certified)?.reason.contains(words) == true)
        #expect(line(forgotten, .certified)?.details.contains { $0.contains("leaves out, or times later, 1 that an older one here revokes") } == true)
        let whole = try await publishing.verdict([.batch(before)], certificates: [seal], lists: [list(1, revokes: false), list(2)])
        #expect(line(whole, .certified)?.details.isEmpty == true)
    }

    @Test("beside a firm whose list is not enclosed, a revocation of the other firm's key is said")
    func revokedBesideUnjudged() async throws {
        var publishing = maker
        publishing.trustContent.revocationListURLs = ["https://example.org/acme.crl"]
        // A second issuing key of the firm, of which no list is enclosed.
        let second = try maker.authorities.root.issueFirmAuthority(firm: "acme", key: AllianceSigningKey(), lifetime: TestAuthorities.lifetime)
        publishing.trustContent.firms[0].issuingCertificates.append(second.certificate.der)
        let other = try AllianceSigningKey()
        let otherSeal = try second.issueSeal(
            firm: "acme", gatewayID: "acme.gw-2", issuer: "hs:gba-test/acme.gw-2", publicKey: other.publicKey, lifetime: TestAuthorities.lifetime).der
        let seal = try maker.seal()
        let serial = try #require(CertificateFacts(der: seal)).serialNumber
        let list = try maker.authorities.acme.issueRevocationList(
            entries: [.init(serialNumber: serial, sinceSeconds: Int64(now) + 5, revokedSeconds: Int64(now) + 5)], number: 1,
            thisUpdateSeconds: Int64(now), nextUpdateSeconds: Int64(now) + 9)
        let batches = [try maker.batch(first: 0, count: 1), try maker.batch(first: 0, count: 1, device: "gw-2", key: other, numbers: [9])]
        let verdict = try await publishing.verdict(batches.map { .batch($0) }, certificates: [seal, otherSeal], lists: [list])
        let reason = line(verdict, .certified)?.reason ?? ""
        #expect(verdict.exitCode == 2 && reason.contains("acme.gw-1 revoked since") && reason.contains("for the rest revocation is not judged"), "\(reason)")
    }

    @Test("however many certificates of the key stand beside the revoked one, before it or behind it, it is revoked", arguments: [0, 40, 80])
    func manyCertificates(place: Int) async throws {
        var publishing = maker
        publishing.trustContent.revocationListURLs = ["https://example.org/acme.crl"]
        let seals = try (0..<81).map { _ in try maker.seal() }
        let serial = try #require(CertificateFacts(der: seals[place])).serialNumber
        let list = try maker.authorities.acme.issueRevocationList(
            entries: [.init(serialNumber: serial, sinceSeconds: Int64(now), revokedSeconds: Int64(now))], number: 1,
            thisUpdateSeconds: Int64(now), nextUpdateSeconds: Int64(now) + 9)
        let batch = try maker.batch(first: 0, count: 1)
        let verdict = try await publishing.verdict([.batch(batch)], certificates: seals, lists: [list])
        #expect(verdict.exitCode == 1 && line(verdict, .certified)?.reason.contains("revoked since") == true, "\(verdict.lines)")
        // Nor do they push out the one that was valid when the receipts were given.
        let late = CertificateLifetime(notBeforeSeconds: Int64(now) + 5, notAfterSeconds: Int64(now) + 50)
        let later = try (0..<81).map { try $0 == place ? maker.seal() : maker.authorities.seal(lifetime: late).der }
        let valid = try await publishing.verdict([.batch(batch)], certificates: later, lists: [list])
        #expect(valid.exitCode == 0, "\(valid.lines)")
    }

    @Test("certificates beyond what is used are said, and revoke the key all the same")
    func beyond() async throws {
        let seals = try (0..<6).map { _ in try maker.seal() }
        let serial = try #require(CertificateFacts(der: seals[5])).serialNumber
        let list = try maker.authorities.acme.issueRevocationList(
            entries: [.init(serialNumber: serial, sinceSeconds: Int64(now) + 5, revokedSeconds: Int64(now) + 5)], number: 1,
            thisUpdateSeconds: Int64(now), nextUpdateSeconds: Int64(now) + 9)
        let batch = try maker.batch(first: 0, count: 1)
        var evidence = Evidence(alliance: EvidenceMaker.name("gba-test"), entries: [.batch(batch)], sealCertificates: seals)
        evidence.revocationLists = [list]
        let certificates = await EvidenceCertificates(evidence, trustFile: try maker.trustFile(), keyLimit: 4)
        #expect(certificates.certificates(for: batch.statement.header).count == 4)
        #expect(certificates.unusedWords == ["certificates beyond 4 of one key are not used: 2"])
        #expect(certificates.revokedSinceSeconds(batch.statement.header) == Int64(now) + 5)
        let all = await EvidenceCertificates(evidence, trustFile: try maker.trustFile(), keyLimit: 6)
        #expect(all.unusedWords.isEmpty && all.revokedSinceSeconds(batch.statement.header) == Int64(now) + 5)
    }
}
