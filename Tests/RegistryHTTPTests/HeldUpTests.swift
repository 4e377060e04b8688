import DeviceRegistry
import Foundation
import HarborsealTesting
import Testing

@testable import RegistryHTTP

/// An address that failed too often, and the gateways behind it that did nothing wrong.
@Suite struct HeldUpTests {
    private static let failures = 4

    /// A registry at which this machine's address has failed as often as it may.
    private func indebted(_ registry: TestRegistry) throws {
        let (client, request) = (CurlClient(registry: registry), try OpenSSLRequest(registry.folder))
        for _ in 1...Self.failures { #expect(try client.enrol("link", "acme.gw-9", EnrolmentCode().text, request).status == 401) }
        #expect(try client.enrol("link", "acme.gw-9", EnrolmentCode().text, request).status == 429)
    }

    private func registry() async throws -> TestRegistry {
        try await TestRegistry {
            $0.failureLimit = Self.failures
            $0.forgivingSeconds = 600
        }
    }

    @Test("at an address in debt a valid link certificate renews itself, and a right code enrols")
    func honest() async throws {
        let registry = try await registry()
        let client = CurlClient(registry: registry)
        let identity = try client.linkIdentity("acme.gw-1", registry.add("acme.gw-1").text)
        let code = try registry.add("acme.gw-2").text
        registry.clock.advance(days: 61)
        let newCode = try registry.registry.reissue("acme.gw-2", by: Requester("alice"), nowSeconds: registry.clock.nowSeconds).code.text
        try indebted(registry)
        #expect(try client.renew("link", OpenSSLRequest(registry.folder), with: identity).status == 200)
        let seal = try OpenSSLRequest(registry.folder)
        #expect(try client.enrol("seal", "acme.gw-2", newCode, seal).status == 200)
        #expect(try client.enrol("seal", "acme.gw-2", newCode, OpenSSLRequest(registry.folder)).status == 403, "its own refusal, for it alone")
        for (gateway, wrong) in [("acme.gw-2", code), ("acme.gw-1", newCode), ("acme.gw-9", newCode)] {
            let refused = try client.enrol("link", gateway, wrong, seal)
            #expect(refused.status == 429 && refused.text.contains("from this address"), "nobody learns which names there are: \(refused)")
        }
        try await registry.stop()
    }

    @Test("at an address in debt nobody passes without a certificate, with a revoked one, or with one that is too old")
    func others() async throws {
        let registry = try await registry()
        let (client, requester) = (CurlClient(registry: registry), Requester("alice"))
        let old = try client.linkIdentity("acme.gw-1", registry.add("acme.gw-1").text)
        registry.clock.advance(days: 125)
        let revoked = try client.linkIdentity("acme.gw-2", registry.add("acme.gw-2").text)
        let now = registry.clock.nowSeconds
        _ = try registry.registry.revoke("acme.gw-2", sinceSeconds: now - 5, reason: "stolen", by: requester, nowSeconds: now)
        try indebted(registry)
        for identity in [nil, old, revoked] {
            #expect(try client.renew("link", OpenSSLRequest(registry.folder), with: identity).status == 429)
        }
        try await registry.stop()
    }

    @Test("a gateway that asks and asks waits by itself, whether it is refused or not, and nobody else at its address")
    func hostileGateway() async throws {
        let registry = try await registry()
        let client = CurlClient(registry: registry)
        let hostile = try client.linkIdentity("acme.gw-1", registry.add("acme.gw-1").text)
        let honest = try client.linkIdentity("acme.gw-2", registry.add("acme.gw-2").text)
        let request = try OpenSSLRequest(registry.folder)
        for _ in 1...2 { #expect(try client.renew("link", request, with: hostile).status == 200) }
        for _ in 1...2 { #expect(try client.renew("link", request.forged, with: hostile).status == 400) }
        let rows = try registry.registry.auditHead().count
        let refused = try client.renew("link", request, with: hostile)
        #expect(refused.status == 429 && refused.text.contains("acme.gw-1 has asked too often") && refused.headers["retry-after"] != nil, "\(refused)")
        #expect(try registry.registry.auditHead().count == rows)
        #expect(try client.renew("link", OpenSSLRequest(registry.folder), with: honest).status == 200)
        #expect(try client.enrol("link", "acme.gw-9", EnrolmentCode().text, request).status == 401, "the address owes nothing for it")
        try await registry.stop()
    }

    @Test("failures that come all at once are forgiven as soon as those that come one by one")
    func cappedDebt() {
        let limiter = FailureLimiter(.init(count: 20, forgivingSeconds: 60))
        for _ in 0..<300 { limiter.addFailure(of: "a", nowMilliseconds: 0) }
        #expect(limiter.waitSeconds(of: "a", nowMilliseconds: 0) == 60)
        #expect(limiter.waitSeconds(of: "a", nowMilliseconds: 60_000) == nil)
        limiter.addFailure(of: "a", nowMilliseconds: 60_000)
        #expect(limiter.waitSeconds(of: "a", nowMilliseconds: 60_000) == 60, "one more is one more minute")
    }
}
