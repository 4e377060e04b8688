import AllianceTrust
import DeviceRegistry
import Foundation
import HarborsealTesting
import Testing

/// `simpleenroll`, with curl and openssl as the gateway.
@Suite struct EnrolmentTests {
    @Test("a request that openssl made is enrolled for both labels, and openssl reads and verifies what comes back")
    func bothLabels() async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        let code = try registry.add("acme.gw-1").text
        let rootFile = try registry.folder.write(registry.root.certificate.pem, to: "root.crt")
        let firm = try #require(registry.firms["acme"])
        let issuingFile = try registry.folder.write(firm.certificate.pem, to: "issuing.crt")
        for label in ["link", "seal"] {
            let request = try OpenSSLRequest(registry.folder, subject: "/O=acme/CN=acme.gw-1")
            let answer = try client.enrol(label, "acme.gw-1", code, request)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.headers["content-type"] == "application/pkcs7-mime; smime-type=certs-only")
            let certificates = try client.certificates(answer)
            #expect(certificates.count == 1, "the certificate alone")
            let file = try registry.folder.write(try #require(certificates.first), to: "\(label).crt")
            let anchors = label == "link" ? ["-CAfile", registry.anchorFile] : ["-CAfile", rootFile, "-untrusted", issuingFile]
            #expect(try Tool.openssl(["verify"] + anchors + [file]).text.contains("OK"))
            let facts = try Tool.openssl(["x509", "-in", file, "-noout", "-text"]).text
            #expect(facts.contains("O = acme, CN = acme.gw-1") && facts.contains("URI:hs:gba-test/acme.gw-1"), "\(facts)")
            // The key is the one that openssl made.
            let own = try Tool.openssl(["pkey", "-in", request.keyFile, "-pubout"]).text
            #expect(try Tool.openssl(["x509", "-in", file, "-noout", "-pubkey"]).text == own)
        }
        try await registry.stop()
    }

    @Test("the code is read as a person types it, in lower case and with O for 0 and L for 1")
    func typedCode() async throws {
        let registry = try await TestRegistry()
        let code = try registry.add("acme.gw-1").text
        let typed = code.lowercased().replacing("-", with: "").replacing("0", with: "o").replacing("1", with: "l")
        let answer = try CurlClient(registry: registry).enrol("link", "acme.gw-1", typed, OpenSSLRequest(registry.folder))
        #expect(answer.status == 200, "\(answer.text)")
        try await registry.stop()
    }

    enum Wrong: String, CaseIterable {
        case code, device, malformedDevice, expired, used, foreignName, foreignFirm, revoked
        case rsa, p384, ed25519, sha1, sha384, signature, notBase64, base64OfNothing, empty, noCredentials, otherScheme
    }

    @Test("what is wrong with an enrolment has the status of RFC 7030, one line that says it, and no certificate", arguments: Wrong.allCases)
    func refused(_ wrong: Wrong) async throws {
        let registry = try await TestRegistry()
        let (answer, status, words) = try ask(wrong, registry)
        #expect(answer.status == status, "\(wrong): \(answer.text)")
        #expect(answer.headers["content-type"] == "text/plain; charset=utf-8")
        #expect(answer.text.contains(words), "\(answer.text)")
        #expect(answer.text.split(separator: "\n").count == 1 && answer.text.hasSuffix("\n"), "\(answer.text)")
        #expect((answer.headers["www-authenticate"]?.hasPrefix("Basic realm=") == true) == (status == 401))
        try await registry.stop()
    }

    private func ask(_ wrong: Wrong, _ registry: TestRegistry) throws -> (CurlAnswer, Int, String) {
        let client = CurlClient(registry: registry)
        let code = try registry.add("acme.gw-1").text
        let path = "/.well-known/est/seal/simpleenroll"
        func enrol(_ request: OpenSSLRequest, user: String = "acme.gw-1", code given: String? = nil) throws -> CurlAnswer {
            try client.enrol("seal", user, given ?? code, request)
        }
        func request(_ kind: OpenSSLRequest.Kind = .p256, subject: String = "/") throws -> OpenSSLRequest {
            try OpenSSLRequest(registry.folder, kind, subject: subject)
        }
        switch wrong {
        case .code: return (try enrol(request(), code: EnrolmentCode().text), 401, "do not belong together: compare both")
        case .device: return (try enrol(request(), user: "acme.gw-2"), 401, "do not belong together: compare both")
        case .malformedDevice: return (try enrol(request(), user: "../..\u{1B}[2J"), 401, "do not belong together: compare both")
        case .expired:
            registry.clock.advance(days: 7, seconds: 1)
            return (try enrol(request()), 403, "was good until")
        case .used:
            _ = try enrol(request())
            return (try enrol(request()), 403, "has been used")
        case .foreignName: return (try enrol(request(subject: "/O=acme/CN=acme.gw-2")), 403, "acme.gw-2")
        case .foreignFirm: return (try enrol(request(subject: "/O=zeta/CN=acme.gw-1")), 403, "zeta")
        case .revoked:
            _ = try registry.registry.revoke(
                "acme.gw-1", sinceSeconds: registry.clock.nowSeconds - 5, reason: "lost", by: Requester("alice"), nowSeconds: registry.clock.nowSeconds)
            return (try enrol(request()), 403, "revoked")
        case .rsa: return (try enrol(request(.rsa)), 400, "RSA")
        case .p384: return (try enrol(request(.p384)), 400, "P-256")
        case .ed25519: return (try enrol(request(.ed25519)), 400, "P-256")
        case .sha1: return (try enrol(request(.sha1)), 400, "SHA-1")
        case .sha384: return (try enrol(request(.sha384)), 400, "ecdsa-with-SHA256")
        case .signature: return (try enrol(request().forged), 400, "signature")
        case .notBase64: return (try client.ask(path, body: Array("-----BEGIN".utf8), user: "acme.gw-1", code: code), 400, "is PEM")
        case .base64OfNothing: return (try client.ask(path, body: Array("MAA=".utf8), user: "acme.gw-1", code: code), 400, "PKCS#10")
        case .empty: return (try client.ask(path, body: [], user: "acme.gw-1", code: code), 400, "neither DER nor base64")
        case .noCredentials: return (try client.ask(path, body: request().line), 401, "HTTP Basic")
        case .otherScheme:
            return (try client.ask(path, body: request().line, extra: ["-H", "Authorization: Bearer \(code)"]), 401, "HTTP Basic")
        }
    }

    @Test("a lost answer burns no code: the same key gets the same certificate again, in either form of base64")
    func lostAnswer() async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        let code = try registry.add("acme.gw-1").text
        let request = try OpenSSLRequest(registry.folder)
        let first = try client.enrol("link", "acme.gw-1", code, request)
        let broken = [UInt8](String(decoding: request.line, as: UTF8.self).enumerated().map { $0.offset % 10 == 9 ? "\($0.element)\r\n\t " : "\($0.element)" }.joined().utf8)
        for body in [request.line, try request.lines, broken, request.der] {
            let again = try client.ask("/.well-known/est/link/simpleenroll", body: body, user: "acme.gw-1", code: code)
            #expect(again.status == 200 && again.body == first.body, "\(again.text)")
        }
        try await registry.stop()
    }

    /// A wrong code, or the right one, from an address of this machine.
    private func knock(_ registry: TestRegistry, _ user: String, _ code: String = EnrolmentCode().text, from address: String = "127.0.0.1") throws -> CurlAnswer {
        try CurlClient(registry: registry).ask(
            "/.well-known/est/link/simpleenroll", body: OpenSSLRequest(registry.folder).line, user: user, code: code, extra: ["--interface", address])
    }

    @Test("wrong codes of several addresses lock a device after as many tries as its firm allows; the right code is told so, and no other")
    func locked() async throws {
        let registry = try await TestRegistry(policy: FirmPolicy(tryLimit: 3))
        let code = try registry.add("acme.gw-1").text
        for address in ["127.0.0.1", "127.0.0.1", "127.0.0.2"] { #expect(try knock(registry, "acme.gw-1", from: address).status == 401) }
        let right = try knock(registry, "acme.gw-1", code)
        #expect(right.status == 429 && right.text.contains("harborseal device code acme.gw-1"), "\(right)")
        #expect(right.headers["harborseal-refusal"] == "codeLocked" && right.headers["retry-after"] == nil, "no time unlocks it: \(right)")
        for address in ["127.0.0.1", "127.0.0.2", "127.0.0.3"] {
            let (known, unknown) = (try knock(registry, "acme.gw-1", from: address), try knock(registry, "acme.gw-9", from: address))
            #expect(known.status == 401 && known.body == unknown.body && unknown.status == 401, "\(known) \(unknown)")
        }
        try await registry.stop()
    }

    @Test("one stranger locks nobody's code, however often it tries, and is told the same of a device that there is and of one that there is not")
    func stranger() async throws {
        let registry = try await TestRegistry(policy: FirmPolicy(tryLimit: 5))
        let code = try registry.add("acme.gw-1").text
        for _ in 1...8 {
            let (known, unknown) = (try knock(registry, "acme.gw-1"), try knock(registry, "acme.gw-9"))
            #expect(known.status == 401 && unknown.status == 401 && known.body == unknown.body)
            let (ours, theirs) = (Set(known.headers.keys), Set(unknown.headers.keys))
            #expect(ours == theirs && known.headers["www-authenticate"] == unknown.headers["www-authenticate"])
        }
        #expect(try registry.registry.device("acme.gw-1").device.triesLeft == 3, "two of its tries count")
        #expect(try knock(registry, "acme.gw-1", code, from: "127.0.0.2").status == 200)
        #expect(try knock(registry, "acme.gw-1", code).status == 403, "used with another key, not locked: the stranger's address is heard too")
        try await registry.stop()
    }

    @Test("tries that come at once share what one address has, and none slips through")
    func atOnce() async throws {
        let registry = try await TestRegistry(policy: FirmPolicy(tryLimit: 50))
        try registry.add("acme.gw-1")
        let request = try registry.folder.write(String(decoding: OpenSSLRequest(registry.folder).line, as: UTF8.self), to: "request")
        let knock = """
            curl -s --max-time 20 --cacert \(registry.anchorFile) -u acme.gw-1:\(EnrolmentCode().text) --data-binary @\(request) -o /dev/null \
            -w '%{http_code} ' https://localhost:\(registry.port)/.well-known/est/link/simpleenroll &
            """
        let statuses = try Tool.run("bash", ["-c", String(repeating: knock + "\n", count: 12) + "wait"]).text.split(separator: " ")
        #expect(statuses == [Substring](repeating: "401", count: 12))
        #expect(try registry.registry.device("acme.gw-1").device.triesLeft == 48)
        try await registry.stop()
    }

    @Test("a wrong code is answered at a tenth of a second, whatever the disk had to do for it")
    func evenTime() async throws {
        let registry = try await TestRegistry()
        try registry.add("acme.gw-1")
        for user in ["acme.gw-1", "acme.gw-9"] {
            let answer = try CurlClient(registry: registry).ask(
                "/.well-known/est/link/simpleenroll", body: OpenSSLRequest(registry.folder).line, user: user, code: EnrolmentCode().text,
                extra: ["-w", "%{stderr}%{time_starttransfer} %{time_pretransfer}%{stdout}%{http_code}"])
            let times = answer.errors.split(separator: " ").compactMap { Double($0) }
            #expect(times.count == 2 && times[0] - times[1] >= 0.09, "\(answer.errors)")
        }
        try await registry.stop()
    }

    @Test("where a firm asks for a second person an enrolment waits with 202 and Retry-After, and goes through once somebody else approved")
    func approval() async throws {
        let registry = try await TestRegistry(policy: FirmPolicy(needsSecondPerson: true))
        let client = CurlClient(registry: registry)
        let code = try registry.add("acme.gw-1", by: "alice").text
        let request = try OpenSSLRequest(registry.folder)
        let waiting = try client.enrol("link", "acme.gw-1", code, request)
        #expect(waiting.status == 202 && Int(waiting.headers["retry-after"] ?? "") != nil, "\(waiting.headers)")
        #expect(waiting.headers["content-type"] == "text/plain; charset=utf-8", "no certificate is promised")
        #expect(throws: RegistryError.self) {
            try registry.registry.approve("acme.gw-1", by: Requester("alice"), nowSeconds: registry.clock.nowSeconds)
        }
        #expect(try client.enrol("link", "acme.gw-1", code, request).status == 202)
        _ = try registry.registry.approve("acme.gw-1", by: Requester("bob"), nowSeconds: registry.clock.nowSeconds)
        #expect(try client.enrol("link", "acme.gw-1", code, request).status == 200)
        try await registry.stop()
    }
}
