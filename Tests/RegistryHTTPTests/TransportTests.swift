import AllianceTrust
import CPosixShims
import DeviceRegistry
import Foundation
import HarborsealTesting
import RegistryHTTP
import Testing

/// Everything of the server but enrolments: what it gives to everybody, and what it does to those who are rude.
@Suite struct TransportTests {
    @Test("cacerts gives the link CA for link, and the firms' issuing certificates and the root for seal")
    func authorities() async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        let link = try client.ask("/.well-known/est/link/cacerts")
        #expect(link.status == 200 && link.headers["content-type"] == "application/pkcs7-mime; smime-type=certs-only")
        #expect(try client.certificates(link).map { try CertificateBytes(pemOrDER: Array($0.utf8)) } == [registry.link.certificate])
        let seal = try client.certificates(client.ask("/.well-known/est/seal/cacerts")).map { try CertificateBytes(pemOrDER: Array($0.utf8)) }
        #expect(Set(seal) == Set(registry.firms.values.map(\.certificate) + [registry.root.certificate]))
        try await registry.stop()
    }

    @Test("csrattrs says P-256 and ecdsa-with-SHA256, as openssl reads it", arguments: ["link", "seal"])
    func attributes(_ label: String) async throws {
        let registry = try await TestRegistry()
        let answer = try CurlClient(registry: registry).ask("/.well-known/est/\(label)/csrattrs")
        #expect(answer.status == 200 && answer.headers["content-type"] == "application/csrattrs")
        let der = try Tool.openssl(["base64", "-d"], input: answer.body).output
        let text = try Tool.openssl(["asn1parse", "-inform", "DER"], input: der).text
        for name in ["id-ecPublicKey", "prime256v1", "ecdsa-with-SHA256"] { #expect(text.contains(":\(name)"), "\(text)") }
        try await registry.stop()
    }

    @Test("trust file and revocation lists are served, and openssl verifies the lists under their issuers")
    func files() async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        #expect(try client.ask("/alliance.hstrust").text == "the trust file")
        #expect(try client.ask("/alliance.hstrust?sha256=00FF").text == "an older one")
        #expect(try client.ask("/alliance.hstrust?sha256=01").status == 404)
        let firm = try #require(registry.firms["acme"])
        let issuer = try registry.folder.write(firm.certificate.pem, to: "issuing.crt")
        for (name, anchor) in [("link", registry.anchorFile), ("acme", issuer)] {
            let list = try client.ask("/crl/\(name).crl")
            #expect(list.status == 200 && list.headers["content-type"] == "application/pkix-crl")
            let verdict = try Tool.openssl(["crl", "-inform", "DER", "-noout", "-CAfile", anchor], input: list.body)
            #expect(verdict.errors.contains("verify OK"), "\(verdict)")
        }
        for path in ["/crl/nobody.crl", "/crl/acme", "/crl/acme.2.crl", "/crl/acme.1.1.crl", "/crl/..%2Fserver.key", "/crl/acme.0.crl", "/crl/acme.-9223372036854775808.crl", "/crl/acme.300.crl"] {
            #expect(try client.ask(path).status == 404, "\(path)")
        }
        try await registry.stop()
    }

    @Test("a revoked gateway stands on the link CA's list at once")
    func revoked() async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        let identity = try client.linkIdentity("acme.gw-1", registry.add("acme.gw-1").text)
        _ = try registry.registry.revoke(
            "acme.gw-1", sinceSeconds: registry.clock.nowSeconds - 5, reason: "stolen", by: Requester("alice"), nowSeconds: registry.clock.nowSeconds)
        let serial = try Tool.openssl(["x509", "-in", identity.certificate, "-noout", "-serial"]).text.dropFirst("serial=".count).dropLast()
        let list = try client.ask("/crl/link.crl")
        #expect(try Tool.openssl(["crl", "-inform", "DER", "-noout", "-text"], input: list.body).text.contains(serial))
        try await registry.stop()
    }

    @Test("health and metrics are answered, and metrics count what was refused, and why")
    func metrics() async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        let code = try registry.add("acme.gw-1").text
        let request = try OpenSSLRequest(registry.folder)
        _ = try client.enrol("link", "acme.gw-1", EnrolmentCode().text, request)
        _ = try client.enrol("link", "acme.gw-1", code, request)
        #expect(try client.ask("/healthz").text == "alive\n")
        let text = try client.ask("/metrics").text
        #expect(text.contains(#"harborseal_registry_requests_total{operation="enrol",label="link",outcome="wrongCode"} 1"#), "\(text)")
        #expect(text.contains(#"harborseal_registry_requests_total{operation="enrol",label="link",outcome="ok"} 1"#), "\(text)")
        try await registry.stop()
    }

    @Test(
        "what nobody answers has its status and says what there is",
        arguments: [
            ("/.well-known/est/seal/simpleenroll", "GET", 405), ("/.well-known/est/link/cacerts", "POST", 405),
            ("/.well-known/est/simpleenroll", "POST", 404), ("/.well-known/est/other/simpleenroll", "POST", 404),
            ("/.well-known/est/seal/fullcmc", "POST", 404), ("/.well-known/est/seal/serverkeygen", "POST", 404), ("/", "GET", 404),
        ])
    func unknown(_ path: String, _ method: String, _ status: Int) async throws {
        let registry = try await TestRegistry()
        let answer = try CurlClient(registry: registry).ask(path, extra: ["-X", method])
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.text.hasSuffix("\n") && !answer.text.isEmpty)
        if status == 405 { #expect(answer.headers["allow"] == (method == "GET" ? "POST" : "GET")) }
        try await registry.stop()
    }

    @Test("there is no answer without TLS, none below TLS 1.2, and none for a client that wants another anchor")
    func tls() async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        #expect(try client.ask("/healthz", scheme: "http").status == 0)
        #expect(try client.ask("/healthz", extra: ["--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"]).status == 0)
        #expect(try client.ask("/healthz", extra: ["--cacert", "/etc/ssl/certs/ca-certificates.crt"]).exitCode == 60)
        #expect(try client.ask("/healthz", extra: ["--tls-max", "1.2"]).status == 200)
        #expect(try client.ask("/healthz", extra: ["--tlsv1.3"]).status == 200)
        try await registry.stop()
    }

    @Test("a body beyond 16 KiB is refused with 413, announced or not, and the registry goes on answering")
    func oversize() async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        let code = try registry.add("acme.gw-1").text
        let path = "/.well-known/est/link/simpleenroll"
        let body = [UInt8](repeating: UInt8(ascii: "A"), count: 200_000)
        for extra in [[], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"]] {
            let answer = try client.ask(path, body: body, user: "acme.gw-1", code: code, extra: extra)
            #expect(answer.status == 413 && answer.text.contains("16384"), "\(answer)")
        }
        let wide = try client.ask("/healthz", extra: ["-H", "X-Wide: " + String(repeating: "x", count: 60_000)])
        #expect(wide.status == 400 || wide.status == 0, "\(wide.status)")
        #expect(try client.enrol("link", "acme.gw-1", code, OpenSSLRequest(registry.folder)).status == 200)
        try await registry.stop()
    }

    @Test("an address that fails too often waits, with 429 and Retry-After, whatever it asks for, and files are given to it all the same")
    func addressLimit() async throws {
        let registry = try await TestRegistry {
            $0.failureLimit = 4
            $0.forgivingSeconds = 600
        }
        let client = CurlClient(registry: registry)
        try registry.add("acme.gw-1")
        let request = try OpenSSLRequest(registry.folder)
        // Asking without credentials, as clients may first, is no failure.
        for _ in 1...6 { #expect(try client.ask("/.well-known/est/link/simpleenroll", body: request.line).status == 401) }
        for _ in 1...4 { #expect(try client.enrol("link", "acme.gw-9", EnrolmentCode().text, request).status == 401) }
        let refused = try client.enrol("link", "acme.gw-1", EnrolmentCode().text, request)
        let seconds = try #require(Int(refused.headers["retry-after"] ?? ""))
        #expect(refused.status == 429 && (1...600).contains(seconds), "\(refused)")
        #expect(try client.ask("/crl/link.crl").status == 200)
        try await registry.stop()
    }

    @Test("a connection that says nothing is closed, before the handshake and after it, and so is a body that does not end")
    func silence() async throws {
        let registry = try await TestRegistry { $0.idleSeconds = 3 }
        let client = CurlClient(registry: registry)
        #expect(try Tool.run("curl", ["-sS", "--max-time", "60", "telnet://127.0.0.1:\(registry.port)"]).code != 28, "closed before the handshake")
        let address = "127.0.0.1:\(registry.port)"
        _ = try Tool.run("openssl", ["s_client", "-quiet", "-no_ign_eof", "-connect", address, "-CAfile", registry.anchorFile])
        let code = try registry.add("acme.gw-1").text
        let fifo = try registry.folder.write(String(repeating: "A", count: 4_000), to: "slow")
        // 100 bytes a second: each piece comes in time, the whole does not.
        let slow = try client.ask(
            "/.well-known/est/link/simpleenroll", user: "acme.gw-1", code: code, extra: ["-X", "POST", "--limit-rate", "100", "--data-binary", "@\(fifo)"])
        #expect(slow.status == 0 && slow.exitCode != 28, "cut off: \(slow)")
        #expect(try client.ask("/healthz").status == 200)
        try await registry.stop()
    }

    @Test("a body that is no request is refused in words that name no source file of ours or of others", arguments: ["", "MA==", "MIIBAjCB", "MAQCAgAB", "MAMCAQE="])
    func noDER(_ body: String) async throws {
        let registry = try await TestRegistry()
        let answer = try CurlClient(registry: registry).ask(
            "/.well-known/est/link/simpleenroll", body: Array(body.utf8), user: "acme.gw-1", code: registry.add("acme.gw-1").text)
        #expect(answer.status == 400 && answer.text.hasPrefix("the request is ") && answer.text.contains("openssl req"), "\(answer.text)")
        #expect(!answer.text.contains(".swift") && !answer.text.contains("ASN1"), "\(answer.text)")
        try await registry.stop()
    }

    /// The second question is on its way before the first is answered: whoever closes behind an answer never reads it.
    @Test(
        "a connection ends after its answer where HTTP says so, and goes on otherwise",
        arguments: [
            ("GET /healthz HTTP/1.0\r\n", true), ("GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n", false),
            ("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Close, TE\r\n", true), ("GET /healthz HTTP/1.1\r\nHost: a\r\n", false),
        ])
    func ending(_ head: String, _ ends: Bool) async throws {
        let registry = try await TestRegistry { $0.idleSeconds = 600 }
        let last = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        // SIGTERM is blocked in this process's threads, and in what they start.
        let client = ["-s", "KILL", "60", "openssl", "s_client", "-quiet", "-connect", "127.0.0.1:\(registry.port)", "-CAfile", registry.anchorFile]
        let ending = try Tool.run("timeout", client, input: Array("\(head)\r\n\(last)".utf8))
        #expect(ending.text.split(separator: "alive\n", omittingEmptySubsequences: false).count == (ends ? 2 : 3), "\(ending.text)")
        #expect(ending.code != 137, "closed behind the last answer")
        try await registry.stop()
    }

    @Test("a registry that is to stop waits for no connection that is kept, silent or half asked")
    func stop() async throws {
        let registry = try await TestRegistry { $0.idleSeconds = 600 }
        let crowds = try [Crowd.Manner.mute, .silent, .bodiless, .kept].map { try Crowd($0, count: 2, ofEachAddress: 2, port: registry.port) }
        let begun = Date()
        try await registry.stop(isTold: true)
        #expect(Date().timeIntervalSince(begun) < 120)
        for crowd in crowds { try crowd.leave() }
    }

    @Test("more connections than the limit wait, and none is lost")
    func connections() async throws {
        let registry = try await TestRegistry {
            $0.connectionLimit = 4
            $0.idleSeconds = 2
        }
        // Four that say nothing have all places until they are closed.
        let silent = (0..<4).map { _ in posix_tcp_connect("127.0.0.1", UInt16(registry.port)) }
        let answer = try CurlClient(registry: registry).ask("/healthz")
        #expect(answer.status == 200)
        for descriptor in silent where descriptor >= 0 { _ = posix_socket_close(descriptor) }
        try await registry.stop()
    }

    @Test("a body that is none for HTTP is refused with 400, and charged to its address", arguments: ["coding", "trailers", "chunk"])
    func spoiltBody(_ what: String) async throws {
        let registry = try await TestRegistry { ($0.failureLimit, $0.forgivingSeconds) = (3, 600) }
        let basic = Data("acme.gw-9:\(EnrolmentCode().text)".utf8).base64EncodedString()
        let head = "POST /.well-known/est/link/simpleenroll HTTP/1.1\r\nHost: a\r\nAuthorization: Basic \(basic)\r\n"
        let rest =
            switch what {
            case "coding": "Transfer-Encoding: xchunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
            case "trailers": "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Wide: \(String(repeating: "x", count: 60_000))\r\n\r\n"
            default: "Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n"
            }
        let client = ["-s", "KILL", "60", "openssl", "s_client", "-quiet", "-connect", "127.0.0.1:\(registry.port)", "-CAfile", registry.anchorFile]
        for _ in 1...3 {
            let answer = try Tool.run("timeout", client, input: Array((head + rest).utf8)).text
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer.prefix(300))")
        }
        #expect(try CurlClient(registry: registry).enrol("link", "acme.gw-9", EnrolmentCode().text, OpenSSLRequest(registry.folder)).status == 429)
        try await registry.stop()
    }
}
