@testable import AllianceTrust
import AttestationFormat
import Testing

@Suite("Certificates by time and revocation") struct CertificateJudgementTests {
    let alliance: TestAuthorities
    let now = TestAuthorities.nowSeconds

    init() throws {
        alliance = try TestAuthorities()
    }

    private func verifier(_ certificates: [CertificateBytes]) async throws -> SealCertificateVerifier {
        var verifier = try SealCertificateVerifier(issuers: alliance.issuers)
        for one in certificates { verifier.insert(try await verifier.verify(one.der)) }
        return verifier
    }

    private func code(_ verifier: SealCertificateVerifier, at seconds: Int64) -> UInt64? {
        verifier.judge(keyID: alliance.sealKey.keyID, issuer: "hs:gba-test/acme.gw-1", atSeconds: seconds).refusalCode
    }

    @Test("an unknown key is refusal 1, and so is a known key under another issuer")
    func unknown() async throws {
        let empty = try await verifier([])
        #expect(code(empty, at: now) == 1)
        let full = try await verifier([alliance.seal()])
        #expect(full.judge(keyID: alliance.sealKey.keyID, issuer: "hs:gba-test/acme.gw-2", atSeconds: now).refusalCode == 1)
    }

    @Test("the first and the last second count, the ones beside them are refusal 2")
    func edges() async throws {
        let lifetime = CertificateLifetime(notBeforeSeconds: now, notAfterSeconds: now + 100)
        let one = try await verifier([alliance.seal(lifetime: lifetime)])
        #expect(code(one, at: now - 1) == 2)
        #expect(code(one, at: now) == nil)
        #expect(code(one, at: now + 100) == nil)
        #expect(code(one, at: now + 101) == 2)
    }

    @Test("a renewed certificate serves where the ended one does not")
    func renewed() async throws {
        let ended = CertificateLifetime(notBeforeSeconds: now - 100, notAfterSeconds: now)
        let renewal = CertificateLifetime(notBeforeSeconds: now, notAfterSeconds: now + 100)
        let both = try await verifier([alliance.seal(lifetime: ended), alliance.seal(lifetime: renewal)])
        #expect(code(both, at: now - 50) == nil)
        #expect(code(both, at: now + 50) == nil)
        #expect(code(both, at: now + 150) == 2)
    }

    @Test("a seal certificate ends with the issuing certificate above it")
    func endsWithIssuer() async throws {
        let short = CertificateLifetime(notBeforeSeconds: now - 10, notAfterSeconds: now + 10)
        let issuing = try alliance.root.issueFirmAuthority(firm: "acme", key: alliance.acme.key, lifetime: short)
        var issuers = alliance.issuers
        issuers.firms[0].certificates = [issuing.certificate.der]
        var verifier = try SealCertificateVerifier(issuers: issuers)
        verifier.insert(try await verifier.verify(alliance.seal().der))
        #expect(code(verifier, at: now) == nil)
        #expect(code(verifier, at: now + 11) == 2)
    }

    @Test("a retired firm's certificates speak for the time before it went")
    func retiredFirm() async throws {
        var issuers = alliance.issuers
        issuers.firms[0].untilSeconds = now
        var verifier = try SealCertificateVerifier(issuers: issuers)
        verifier.insert(try await verifier.verify(alliance.seal().der))
        #expect(code(verifier, at: now - 1) == nil)
        #expect(code(verifier, at: now) == 2)
    }

    @Test("revocation is of the key: the renewed certificate falls with the one on the list, from invalidityDate on")
    func revoked() async throws {
        let first = try alliance.seal()
        var verifier = try await verifier([first, alliance.seal()])
        let serial = try await verifier.verify(first.der).serialNumber
        try verifier.insert(
            revocationList: alliance.acme.issueRevocationList(
                entries: [.init(serialNumber: serial, sinceSeconds: now - 500, revokedSeconds: now)], number: 2,
                thisUpdateSeconds: now, nextUpdateSeconds: now + 86_400))
        #expect(code(verifier, at: now - 501) == nil)
        #expect(code(verifier, at: now - 500) == 3)
        #expect(code(verifier, at: now + 10) == 3)
        // An older, empty list that comes later undoes nothing.
        try verifier.insert(
            revocationList: alliance.acme.issueRevocationList(
                number: 1, thisUpdateSeconds: now - 1000, nextUpdateSeconds: now + 86_400))
        #expect(code(verifier, at: now) == 3)
    }

    @Test("another firm's list, the link CA's list and a changed list revoke nothing")
    func strangersLists() async throws {
        let seal = try alliance.seal()
        var verifier = try await verifier([seal])
        let serial = try await verifier.verify(seal.der).serialNumber
        let entries = [UnverifiedRevocationList.Entry(serialNumber: serial, sinceSeconds: 0, revokedSeconds: 0)]
        try verifier.insert(
            revocationList: alliance.beta.issueRevocationList(
                entries: entries, number: 1, thisUpdateSeconds: now, nextUpdateSeconds: now + 1))
        let link = try alliance.link.issueRevocationList(
            entries: entries, number: 1, thisUpdateSeconds: now, nextUpdateSeconds: now + 1)
        #expect(throws: TrustError.self) { try verifier.insert(revocationList: link) }
        var changed = try alliance.acme.issueRevocationList(number: 1, thisUpdateSeconds: now, nextUpdateSeconds: now + 1)
        changed[changed.count - 1] ^= 1
        #expect(throws: TrustError.self) { try verifier.insert(revocationList: changed) }
        #expect(code(verifier, at: now) == nil)
    }

    /// A list of the firm with one certificate on it.
    private func list(_ der: [UInt8], since: Int64) throws -> [UInt8] {
        let serial = try #require(CertificateFacts(der: der)).serialNumber
        return try alliance.acme.issueRevocationList(
            entries: [.init(serialNumber: serial, sinceSeconds: since, revokedSeconds: now)], number: 2, thisUpdateSeconds: now,
            nextUpdateSeconds: now + 86_400)
    }

    @Test("no number of fresh certificates takes a revocation back, or keeps one away, wherever among them the revoked one is", arguments: [0, 32, 64])
    func manyCertificates(place: Int) async throws {
        let seals = try (0..<65).map { _ in try alliance.seal() }
        let list = try list(seals[place].der, since: now - 500)
        var after = try await verifier([seals[place]])
        try after.insert(revocationList: list)
        for one in seals { after.insert(try await after.verify(one.der)) }
        var before = try await verifier(seals)
        try before.insert(revocationList: list)
        for verifier in [after, before] {
            #expect(code(verifier, at: now - 501) == nil && code(verifier, at: now - 500) == 3)
            #expect(verifier.revokedKeys.map(\.sinceSeconds) == [now - 500])
        }
    }

    @Test("the earliest time of a key's certificates counts, in whatever order certificates and lists come")
    func earliest() async throws {
        let (first, second) = (try alliance.seal(), try alliance.seal())
        let lists = try [list(first.der, since: now - 5), list(second.der, since: now - 50), list(second.der, since: now - 20)]
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            var verifier = try await verifier([first])
            for index in order { try verifier.insert(revocationList: lists[index]) }
            #expect(verifier.revokedKeys.map(\.sinceSeconds) == [now - 5])
            verifier.insert(try await verifier.verify(second.der))
            #expect(verifier.revokedKeys.map(\.sinceSeconds) == [now - 50])
        }
    }

    @Test("a key has room for so many certificates by one issuing key; one that a list revokes has room always, and another issuing key's, and another key's")
    func room() async throws {
        let second = try alliance.root.issueFirmAuthority(firm: "acme", key: AllianceSigningKey(), lifetime: TestAuthorities.lifetime)
        var issuers = alliance.issuers
        issuers.firms[0].certificates.append(second.certificate.der)
        var verifier = try SealCertificateVerifier(issuers: issuers)
        for _ in 1..<SealCertificateVerifier.certificatesPerKeyLimit { verifier.insert(try await verifier.verify(alliance.seal().der)) }
        let (last, beyond) = (try await verifier.verify(alliance.seal().der), try await verifier.verify(alliance.seal().der))
        try verifier.requireRoom(for: last)
        verifier.insert(last)
        let error = #expect(throws: TrustError.self) { try verifier.requireRoom(for: beyond) }
        #expect(error?.code == .certificateRule && error?.message.contains("acme.gw-1 has 1024 certificates by this issuing key") == true)
        let other = try second.issueSeal(
            firm: "acme", gatewayID: "acme.gw-1", issuer: "hs:gba-test/acme.gw-1", publicKey: alliance.sealKey.publicKey, lifetime: TestAuthorities.lifetime)
        try verifier.requireRoom(for: try await verifier.verify(other.der))
        let otherKey = try alliance.acme.issueSeal(
            firm: "acme", gatewayID: "acme.gw-1", issuer: "hs:gba-test/acme.gw-1", publicKey: AllianceSigningKey().publicKey, lifetime: TestAuthorities.lifetime)
        try verifier.requireRoom(for: try await verifier.verify(otherKey.der))
        try verifier.insert(revocationList: list(beyond.der, since: now))
        try verifier.requireRoom(for: beyond)
        verifier.insert(beyond)
        #expect(code(verifier, at: now) == 3)
    }
}
