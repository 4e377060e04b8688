import AllianceTrust
import DeviceRegistry
import Foundation
import HarborsealTesting
import Testing

/// `simplereenroll`: mutual TLS with the link certificate, whose validity the registry judges itself.
@Suite struct RenewalTests {
    @Test("a valid link certificate renews itself with a new key, and the seal certificate with the registered one")
    func valid() async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        let code = try registry.add("acme.gw-1").text
        let seal = try OpenSSLRequest(registry.folder)
        #expect(try client.enrol("seal", "acme.gw-1", code, seal).status == 200)
        let identity = try client.linkIdentity("acme.gw-1", code)
        registry.clock.advance(days: 61)
        let next = try OpenSSLRequest(registry.folder, subject: "/O=acme/CN=acme.gw-1")
        let renewed = try client.renew("link", next, with: identity)
        #expect(renewed.status == 200, "\(renewed.text)")
        let file = try registry.folder.write(try #require(try client.certificates(renewed).first), to: "renewed.crt")
        let facts = try Tool.openssl(["x509", "-in", file, "-noout", "-subject", "-checkend", "\(145 * 86_400)"]).text
        #expect(facts.contains("O = acme, CN = acme.gw-1"), "the name is the registry's")
        #expect(try client.renew("seal", seal, with: (file, next.keyFile)).status == 200, "with the new certificate")
        #expect(try client.renew("seal", OpenSSLRequest(registry.folder), with: identity).status == 403, "another seal key")
        try await registry.stop()
    }

    enum Shown: String, CaseIterable {
        case none, expiredOneDay, expiredThirtyOneDays, revoked, replaced, ofAnotherAlliance, ofTheFirm, server, selfSigned, withoutItsKey
    }

    @Test("a link certificate renews itself until 30 days after its end, and no other certificate does; who asks with it for the link CA is told where it is revoked", arguments: Shown.allCases)
    func judged(_ shown: Shown) async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        let identity = try client.linkIdentity("acme.gw-1", registry.add("acme.gw-1").text)
        let (used, status, words) = try prepare(shown, registry, identity)
        let refusal = [Shown.revoked: "deviceRevoked", .replaced: "deviceReplaced"][shown]
        let told = try client.ask("/.well-known/est/link/cacerts", identity: used)
        #expect(told.status == (shown == .withoutItsKey ? 0 : refusal == nil ? 200 : 403) && told.headers["harborseal-refusal"] == refusal, "\(told)")
        let answer = try client.renew("link", OpenSSLRequest(registry.folder), with: used)
        #expect(answer.status == status, "\(answer.status) \(answer.text)")
        #expect(words.isEmpty || answer.text.contains(words), "\(answer.text)")
        try await registry.stop()
    }

    @Test("a link certificate that another box's ended is refused to its holder, at a firm's own registry as at the alliance's, and the new one is not")
    func superseded() async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        let old = try client.linkIdentity("acme.gw-1", registry.add("acme.gw-1").text)
        #expect(try client.ask("/.well-known/est/link/cacerts", identity: old).status == 200)
        let now = registry.clock.nowSeconds
        let new = try client.linkIdentity("acme.gw-1", registry.registry.reissue("acme.gw-1", by: Requester("alice"), nowSeconds: now).code.text)
        let answer = try client.ask("/.well-known/est/link/cacerts", identity: old)
        #expect(answer.status == 403 && answer.headers["harborseal-refusal"] == "linkKeyReplaced" && answer.text.contains("acme.gw-1 has enrolled with a new code"), "\(answer)")
        #expect(try client.ask("/.well-known/est/link/cacerts", identity: new).status == 200)
        try await registry.stop()
    }

    typealias Identity = (certificate: String, key: String)

    private func prepare(_ shown: Shown, _ registry: TestRegistry, _ own: Identity) throws -> (Identity?, Int, String) {
        let (clock, requester) = (registry.clock, Requester("alice"))
        switch shown {
        case .none: return (nil, 403, "link certificate in the TLS handshake")
        case .expiredOneDay:
            clock.advance(days: 91)
            return (own, 200, "")
        case .expiredThirtyOneDays:
            clock.advance(days: 121, seconds: 60)
            return (own, 403, "renewed itself until")
        case .revoked:
            _ = try registry.registry.revoke(
                "acme.gw-1", sinceSeconds: clock.nowSeconds - 5, reason: "stolen", by: requester, nowSeconds: clock.nowSeconds)
            return (own, 403, "revoked")
        case .replaced:
            // Its seal key is needed first: a device that never enrolled is not replaced.
            let code = try registry.registry.reissue("acme.gw-1", by: requester, nowSeconds: clock.nowSeconds).code.text
            let client = CurlClient(registry: registry)
            #expect(try client.enrol("seal", "acme.gw-1", code, OpenSSLRequest(registry.folder)).status == 200)
            let next = try registry.registry.replace("acme.gw-1", oldKey: .retire, by: requester, nowSeconds: clock.nowSeconds).code.text
            _ = try client.linkIdentity("acme.gw-1", next)
            return (own, 403, "taken the name acme.gw-1 over")
        case .ofAnotherAlliance:
            let lifetime = CertificateLifetime.starting(at: clock.nowSeconds, days: 30)
            let strange = try CertificateAuthority.linkAuthority(alliance: "gba-test", key: AllianceSigningKey(), lifetime: lifetime)
            return (try issue(strange, registry, "strange"), 401, "no link certificate of this registry")
        case .ofTheFirm:
            guard let firm = registry.firms["zeta"] else { return (nil, 0, "") }
            return (try issue(firm, registry, "firm"), 401, "no link certificate of this registry")
        case .server: return ((registry.folder.file("server.crt"), registry.folder.file("server.key")), 401, "no link certificate of this registry")
        case .selfSigned:
            let (certificate, key) = (registry.folder.file("self.crt"), registry.folder.file("self.key"))
            try Tool.openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
            try Tool.openssl(["req", "-x509", "-new", "-key", key, "-subj", "/O=acme/CN=acme.gw-1", "-days", "3", "-out", certificate])
            return ((certificate, key), 401, "no link certificate of this registry")
        case .withoutItsKey:
            // Whoever only saw the certificate: the handshake fails, or curl refuses to try.
            let key = registry.folder.file("other.key")
            try Tool.openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
            return ((own.certificate, key), 0, "")
        }
    }

    /// A link certificate for the same gateway, of another issuer.
    private func issue(_ authority: CertificateAuthority, _ registry: TestRegistry, _ name: String) throws -> Identity {
        let key = try AllianceSigningKey()
        try key.write(to: registry.folder.file("\(name).key"))
        let certificate = try authority.issueLink(
            organisation: "acme", commonName: "acme.gw-1", issuer: "hs:gba-test/acme.gw-1", publicKey: key.publicKey,
            lifetime: .starting(at: registry.clock.nowSeconds, days: 30))
        return (try registry.folder.write(certificate.pem, to: "\(name).crt"), registry.folder.file("\(name).key"))
    }

    @Test("one firm's certificate renews nothing of another firm: the name in the request is refused")
    func otherFirm() async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        try registry.add("acme.gw-1")
        let identity = try client.linkIdentity("zeta.gw-1", registry.add("zeta.gw-1").text)
        let answer = try client.renew("link", OpenSSLRequest(registry.folder, subject: "/O=acme/CN=acme.gw-1"), with: identity)
        #expect(answer.status == 403 && answer.text.contains("acme"), "\(answer.text)")
        try await registry.stop()
    }

    @Test("a wrong request of the right gateway is refused as at enrolment", arguments: [OpenSSLRequest.Kind.rsa, .p384, .sha1])
    func wrongRequest(_ kind: OpenSSLRequest.Kind) async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        let identity = try client.linkIdentity("acme.gw-1", registry.add("acme.gw-1").text)
        #expect(try client.renew("link", OpenSSLRequest(registry.folder, kind), with: identity).status == 400)
        #expect(try client.renew("link", OpenSSLRequest(registry.folder).forged, with: identity).status == 400)
        try await registry.stop()
    }
}
