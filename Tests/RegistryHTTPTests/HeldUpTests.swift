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

    @Test("new gateways of a firm cost it nothing, and refusals of theirs hold up new ones of that firm alone, however many names they have")
    func newNames() async throws {
        let registry = try await registry()
        let client = CurlClient(registry: registry)
        let codes = try ["gamma", "delta"].map { try registry.registry.makeFirmCode($0, by: Requester("alice"), nowSeconds: registry.clock.nowSeconds).text }
        func ask(_ name: String, _ code: String) throws -> CurlAnswer { try client.enrol("link", name, code, OpenSSLRequest(registry.folder)) }
        for number in 1...6 { #expect(try ask("gamma.gw-\(number)", codes[0]).status == 200) }
        let forged = try OpenSSLRequest(registry.folder).forged
        for number in 1...Self.failures { #expect(try client.enrol("link", "gamma.n-\(number)", codes[0], forged).status == 400) }
        let refused = try client.enrol("link", "gamma.n-5", codes[0], forged)
        #expect(refused.status == 429 && refused.text.contains("new gateways of firm gamma") && refused.headers["retry-after"] != nil, "\(refused)")
        #expect(try ask("gamma.gw-7", codes[0]).status == 429)
        #expect(try ask("gamma.gw-1", codes[0]).status == 200 && ask("delta.gw-1", codes[1]).status == 200)
        #expect(try ask("gamma.gw-8", EnrolmentCode().text).status == 401, "the address owes nothing for it")
        try await registry.stop()
    }

    @Test("at an address in debt a wrong code is answered at once and ends its connection, whatever waits behind it, and a right one does not")
    func atOnce() async throws {
        let registry = try await registry()
        let code = try registry.add("acme.gw-1").text
        try indebted(registry)
        let url = "https://localhost:\(registry.port)/.well-known/est/link/simpleenroll"
        var times: [Double] = []
        for gateway in ["acme.gw-1", "acme.gw-9"] {
            for _ in 1...5 {
                let words = try Tool.run(
                    "curl", ["-sS", "-o", "/dev/null", "--cacert", registry.anchorFile, "-u", "\(gateway):\(EnrolmentCode().text)", "-d", "x", "-w",
                        "%{http_code} %{time_pretransfer} %{time_starttransfer}", url]).text.split(separator: " ").compactMap { Double($0) }
                #expect(words.count == 3 && words[0] == 429, "\(words)")
                if words.count == 3 { times.append(words[2] - words[1]) }
            }
        }
        #expect(times.min().map { $0 < 0.08 } == true, "no whole tenth of a second: \(times)")
        func basic(_ code: String) -> String { Data("acme.gw-1:\(code)".utf8).base64EncodedString() }
        func ask(_ code: String) -> String {
            "POST /.well-known/est/link/simpleenroll HTTP/1.1\r\nHost: a\r\nAuthorization: Basic \(basic(code))\r\nContent-Length: 1\r\n\r\nx"
        }
        let last = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        let client = ["-s", "KILL", "60", "openssl", "s_client", "-quiet", "-connect", "127.0.0.1:\(registry.port)", "-CAfile", registry.anchorFile]
        let refused = try Tool.run("timeout", client, input: Array((ask(EnrolmentCode().text) + last).utf8)).text
        #expect(refused.hasPrefix("HTTP/1.1 429 ") && refused.contains("close\r\n") && !refused.contains("alive"), "\(refused)")
        let heard = try Tool.run("timeout", client, input: Array((ask(code) + last).utf8)).text
        #expect(heard.hasPrefix("HTTP/1.1 400 ") && heard.contains("alive"), "\(heard)")
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
