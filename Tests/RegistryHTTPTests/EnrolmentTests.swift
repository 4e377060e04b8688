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
        case .code: return (try enrol(request(), code: EnrolmentCode().text), 401, "not known here")
        case .device: return (try enrol(request(), user: "acme.gw-2"), 401, "not known here")
        case .malformedDevice: return (try enrol(request(), user: "../..\u{1B}[2J"), 401, "not known here")
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

    @Test("wrong codes lock a device after as many tries as its firm allows, and the right code then is refused too")
    func locked() async throws {
        let registry = try await TestRegistry(policy: FirmPolicy(tryLimit: 3))
        let client = CurlClient(registry: registry)
        let code = try registry.add("acme.gw-1").text
        let request = try OpenSSLRequest(registry.folder)
        for _ in 1...3 { #expect(try client.enrol("link", "acme.gw-1", EnrolmentCode().text, request).status == 401) }
        #expect(try client.enrol("link", "acme.gw-1", code, request).status == 429)
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
