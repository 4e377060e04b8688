import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import HarborsealTesting
import Testing

@testable import RegistryHTTP

/// A firm's own registry in front of the alliance's, both over TLS, with curl and openssl for gateways and for the firm's registry itself.
@Suite(.timeLimit(.minutes(2))) struct AllianceRegistryTests {
    private let upstream: TestRegistry
    private let code: String

    init() async throws {
        upstream = try await TestRegistry()
        code = try upstream.registry.makeFirmCode("gamma", by: Requester("alice"), nowSeconds: upstream.clock.nowSeconds).text
    }

    private func firm(url: String? = nil, code: String? = nil, timeoutSeconds: Int64 = 10) async throws -> TestRegistry {
        try await TestRegistry(
            ofFirm: "gamma", upstream: upstream,
            source: AllianceRegistry(
                url: url ?? "https://localhost:\(upstream.port)", code: try #require(EnrolmentCode(code ?? self.code)),
                anchor: upstream.link.certificate.der, timeoutSeconds: timeoutSeconds))
    }

    /// What waits for a program or for another registry, while both registries need the threads of tasks.
    private func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result(catching: work)) }
        }
    }

    private func stop(_ registries: TestRegistry...) async throws {
        for registry in registries { try await registry.stop() }
    }

    /// Serial numbers on the list that brokers take from the alliance's registry, as openssl reads it.
    private func listed() throws -> String {
        let der = try CurlClient(registry: upstream).ask("/crl/link.crl").body
        return try Tool.openssl(["crl", "-inform", "DER", "-noout", "-text"], input: der).text
    }

    private func serial(_ certificateFile: String) throws -> String {
        try Tool.openssl(["x509", "-in", certificateFile, "-noout", "-serial"]).text.trimmingCharacters(in: .whitespacesAndNewlines).replacing("serial=", with: "")
    }

    @Test("a gateway enrols, repeats, renews and is revoked at its firm's registry alone, and the alliance's has its link certificates and their end")
    func journey() async throws {
        let firm = try await firm()
        let client = CurlClient(registry: firm)
        let deviceCode = try firm.add("gamma.gw-1").text
        let (link, seal) = (try OpenSSLRequest(firm.folder), try OpenSSLRequest(firm.folder))
        let first = try client.enrol("link", "gamma.gw-1", deviceCode, link)
        #expect(first.status == 200, "\(first.text)")
        #expect(try client.enrol("link", "gamma.gw-1", deviceCode, link).body == first.body)
        #expect(try client.enrol("seal", "gamma.gw-1", deviceCode, seal).status == 200)
        let file = try firm.folder.write(try #require(try client.certificates(first).first), to: "link.crt")
        #expect(try Tool.openssl(["verify", "-CAfile", firm.anchorFile, file]).text.contains("OK"))
        firm.clock.advance(days: 61)
        let next = try OpenSSLRequest(firm.folder)
        let renewed = try client.renew("link", next, with: (file, link.keyFile))
        #expect(renewed.status == 200, "\(renewed.text)")
        let newFile = try firm.folder.write(try #require(try client.certificates(renewed).first), to: "renewed.crt")
        // Past its firm's registry it gets nothing.
        let direct = try CurlClient(registry: upstream).renew("link", OpenSSLRequest(firm.folder), with: (newFile, next.keyFile))
        #expect(direct.status == 403 && direct.headers["harborseal-refusal"] == "firmRegistry", "\(direct)")
        _ = try firm.registry.revoke("gamma.gw-1", sinceSeconds: firm.clock.nowSeconds, reason: "stolen", by: Requester("bob"), nowSeconds: firm.clock.nowSeconds)
        #expect(try client.renew("link", next, with: (newFile, next.keyFile)).status == 403)
        let name = try #require(GatewayID("gamma.gw-1"))
        let report = try #require(firm.registry.linkReports(of: name).first)
        let alliance = try #require(firm.source)
        let strange = LinkReport(gatewayID: name, revocations: report.revocations + [LinkRevocation(serialNumber: [1, 2], sinceSeconds: 5, reason: .revoked)])
        let unknown = try await onThread { try [report, report, strange].map { try alliance.send($0) } }
        #expect(unknown == [[], [], [[1, 2]]])
        try firm.registry.recordTaken(report, nowSeconds: firm.clock.nowSeconds)
        let list = try listed()
        #expect(try list.contains(serial(file)) && list.contains(serial(newFile)), "\(list)")
        #expect(try upstream.registry.device("gamma.gw-1").certificates.count == 2)
        let none = try client.ask("/crl/link.crl")
        #expect(none.status == 404 && none.text.contains("https://localhost:\(upstream.port)/crl/link.crl"), "\(none)")
        for registry in [upstream.registry, firm.registry] {
            #expect(try registry.compareAudit(trustFiles: []).fault == nil && registry.checkAudit() == .intact(registry.auditHead()))
        }
        try await stop(firm, upstream)
    }

    @Test("the firm code is plain EST's: curl gets a link certificate with it, and nothing else of anybody's")
    func plain() async throws {
        let client = CurlClient(registry: upstream)
        let request = try OpenSSLRequest(upstream.folder)
        let first = try client.enrol("link", "gamma.gw-1", code, request)
        #expect(try first.status == 200 && client.enrol("link", "gamma.gw-1", code, request).body == first.body, "\(first)")
        let seal = try client.enrol("seal", "gamma.gw-1", code, OpenSSLRequest(upstream.folder))
        #expect(seal.status == 403 && seal.text.contains("for link certificates alone"), "\(seal)")
        #expect(try client.enrol("link", "gamma.gw-2", code, request).headers["harborseal-refusal"] == "keyInUse")
        #expect(try client.enrol("link", "gamma.gw-1", code, request.forged).status == 400)
        let deviceCode = try upstream.add("acme.gw-1").text
        var told: Set<String> = []
        for (name, wrong) in [("gamma.gw-1", deviceCode), ("acme.gw-1", code), ("delta.gw-1", code), ("gamma", code), ("zeta.gw-1", code)] {
            let refused = try client.enrol("link", name, wrong, OpenSSLRequest(upstream.folder))
            #expect(refused.status == 401, "\(name)")
            told.insert(refused.text)
        }
        #expect(told.count == 1)
        let file = try upstream.folder.write(try #require(try client.certificates(first).first), to: "link.crt")
        func report(_ user: String, _ code: String, _ body: String) throws -> CurlAnswer {
            try client.ask("/link/revocations", body: Array(body.utf8), user: user, code: code, contentType: "text/plain")
        }
        let line = try "\(serial(file).lowercased()) \(upstream.clock.nowSeconds) revoked\n"
        #expect(try report("gamma.gw-1", deviceCode, line).status == 401)
        #expect(try report("acme.gw-1", code, line).status == 401)
        #expect(try report("gamma.gw-2", code, line).text == "taken\nunknown \(serial(file).lowercased())\n")
        #expect(try report("gamma.gw-1", code, "x").status == 400)
        #expect(try client.ask("/link/revocations").status == 405 && client.ask("/link/revocations", body: Array(line.utf8)).status == 401)
        #expect(try !listed().contains(serial(file)))
        for _ in 0..<2 { #expect(try report("gamma.gw-1", code, line).status == 200) }
        #expect(try listed().contains(serial(file)))
        try await upstream.stop()
    }

    @Test("while the alliance's registry is away, link certificates wait, seal certificates do not, and nothing is burnt")
    func away() async throws {
        let firm = try await firm()
        let client = CurlClient(registry: firm)
        let (deviceCode, request) = (try firm.add("gamma.gw-1").text, try OpenSSLRequest(firm.folder))
        await upstream.pause()
        let refused = try client.enrol("link", "gamma.gw-1", deviceCode, request)
        #expect(refused.status == 503 && refused.headers["retry-after"] == "10" && refused.headers["harborseal-refusal"] == "allianceAway", "\(refused)")
        #expect(try client.enrol("seal", "gamma.gw-1", deviceCode, OpenSSLRequest(firm.folder)).status == 200)
        try await upstream.resume()
        let issued = try client.enrol("link", "gamma.gw-1", deviceCode, request)
        #expect(issued.status == 200, "\(issued.text)")
        try await stop(firm, upstream)
    }

    @Test("of an alliance's registry that hangs eight requests wait, and whoever comes then is told at once")
    func hanging() async throws {
        let peer = try ScriptedPeer { $0.drain() }
        defer { peer.end() }
        let alliance = try AllianceRegistry(
            url: "https://localhost:\(peer.port)", code: #require(EnrolmentCode(code)), anchor: upstream.link.certificate.der, timeoutSeconds: 600)
        try await withThrowingTaskGroup(of: String.self) { group in
            for number in 1...12 {
                group.addTask {
                    try await onThread {
                        let error = #expect(throws: RegistryError.self) {
                            _ = try alliance.linkCertificate(for: #require(GatewayID("gamma.gw-\(number)")), request: [1])
                        }
                        #expect(error?.code == .allianceAway)
                        return error?.message ?? ""
                    }
                }
            }
            for _ in 1...4 { #expect(try await group.next()?.contains("8 requests wait for it already") == true) }
            peer.end()
            while let words = try await group.next() { #expect(!words.contains("wait for it already"), "\(words)") }
        }
        try await alliance.shutDown()
        try await upstream.stop()
    }

    @Test("a request to an alliance's registry that hangs ends with its time")
    func timeout() async throws {
        let peer = try ScriptedPeer { $0.drain() }
        defer { peer.end() }
        let firm = try await firm(url: "https://localhost:\(peer.port)", timeoutSeconds: 1)
        let refused = try CurlClient(registry: firm).enrol("link", "gamma.gw-1", firm.add("gamma.gw-1").text, OpenSSLRequest(firm.folder))
        #expect(refused.status == 503 && refused.headers["harborseal-refusal"] == "allianceAway", "\(refused)")
        try await stop(firm, upstream)
    }

    @Test("a code that was withdrawn is the operator's affair: the gateway is told to come again, and learns nothing of it")
    func withdrawn() async throws {
        let firm = try await firm()
        let client = CurlClient(registry: firm)
        let (deviceCode, request) = (try firm.add("gamma.gw-1").text, try OpenSSLRequest(firm.folder))
        try upstream.registry.withdrawFirmCode("gamma", by: Requester("alice"), nowSeconds: upstream.clock.nowSeconds)
        let refused = try client.enrol("link", "gamma.gw-1", deviceCode, request)
        #expect(refused.status == 503 && refused.headers["harborseal-refusal"] == "allianceRefused" && refused.text.contains("its operator"), "\(refused)")
        #expect(!refused.text.contains("firm-code"), "\(refused.text)")
        let alliance = try #require(firm.source)
        let error = await #expect(throws: RegistryError.self) {
            try await onThread { try alliance.linkCertificate(for: #require(GatewayID("gamma.gw-1")), request: request.der) }
        }
        #expect(error?.message.contains("does not take the code of firm gamma") == true && error?.nextStep?.contains("have registry firm-code gamma make one") == true)
        try await stop(firm, upstream)
    }

    @Test("a firm that has left gets nothing by its code, and its gateway is told why")
    func retired() async throws {
        let firm = try await firm()
        let (deviceCode, request) = (try firm.add("gamma.gw-1").text, try OpenSSLRequest(firm.folder))
        upstream.registry.setRetiredFirms([try TestRegistry.name("gamma"): upstream.clock.nowSeconds])
        let refused = try CurlClient(registry: firm).enrol("link", "gamma.gw-1", deviceCode, request)
        #expect(refused.status == 403 && refused.headers["harborseal-refusal"] == "firmRetired" && refused.text.contains("has left the alliance"), "\(refused)")
        try await stop(firm, upstream)
    }

    enum Answer: String, CaseIterable {
        case garbage, empty, certificateOfAnother, twoCertificates, tooLong, redirect, failure, forbidden, notFound, limited
    }

    /// The status, further fields, and the body.
    private func prepare(_ answer: Answer) throws -> (String, String, String) {
        func certificate() throws -> CertificateBytes {
            try upstream.link.issueLink(
                organisation: "gamma", commonName: "gamma.gw-1", issuer: "hs:gba-test/gamma.gw-1", publicKey: AllianceSigningKey().publicKey,
                lifetime: .starting(at: upstream.clock.nowSeconds, days: 90))
        }
        return switch answer {
        case .garbage: ("200", "", "!!")
        case .empty: ("200", "", "")
        case .certificateOfAnother: ("200", "", try CertsOnlyMessage.base64([certificate()]))
        case .twoCertificates: ("200", "", try CertsOnlyMessage.base64([certificate(), certificate()]))
        case .tooLong: ("200", "", String(repeating: "A", count: 100_000))
        case .redirect: ("302", "Location: https://localhost:\(upstream.port)/.well-known/est/link/simpleenroll", "")
        case .failure: ("500", "", "oh")
        case .forbidden: ("403", "", "no\nand more")
        case .notFound: ("404", "", "")
        case .limited: ("429", "", "")
        }
    }

    @Test("whatever a server in the alliance's place answers, nothing of it is stored, and the right one's answer is taken later", arguments: Answer.allCases)
    func hostile(_ answer: Answer) async throws {
        let (status, field, body) = try prepare(answer)
        let server = try HostileServer(upstream, status: status, field: field, body: body)
        defer { server.stop() }
        let firm = try await firm(url: "https://localhost:\(server.port)")
        let client = CurlClient(registry: firm)
        let refused = try client.enrol("link", "gamma.gw-1", firm.add("gamma.gw-1").text, OpenSSLRequest(firm.folder))
        let isAway = [.failure, .limited].contains(answer)
        #expect(refused.status == 503 && refused.headers["harborseal-refusal"] == (isAway ? "allianceAway" : "allianceRefused"), "\(refused)")
        #expect(try firm.registry.device("gamma.gw-1").certificates.isEmpty && firm.registry.device("gamma.gw-1").device.codeUses.isEmpty)
        try await stop(firm, upstream)
    }

    struct Refused: CustomTestStringConvertible {
        let status: String
        var name = ""
        let code: RegistryError.Code
        var testDescription: String { "\(status) \(name)" }
    }

    @Test(
        "what the alliance's registry refuses of one gateway is told from what is between the two registries",
        arguments: [
            Refused(status: "400", name: "requestForm", code: .requestForm), Refused(status: "413", name: "tooLarge", code: .tooLarge),
            Refused(status: "403", name: "foreignName", code: .foreignName), Refused(status: "403", code: .allianceRefused),
            Refused(status: "401", name: "wrongCode", code: .allianceRefused), Refused(status: "404", code: .allianceRefused),
            Refused(status: "503", name: "listBehind", code: .allianceAway), Refused(status: "429", code: .allianceAway),
            // Not what a report is taken with: something else answers there.
            Refused(status: "200", code: .allianceRefused),
        ])
    func refusals(_ refused: Refused) async throws {
        let server = try HostileServer(
            upstream, status: refused.status, field: refused.name.isEmpty ? "" : "Harborseal-Refusal: \(refused.name)", body: "words\nand more")
        defer { server.stop() }
        let firm = try await firm(url: "https://localhost:\(server.port)")
        let alliance = try #require(firm.source)
        let report = LinkReport(gatewayID: try #require(GatewayID("gamma.gw-1")), revocations: [LinkRevocation(serialNumber: [1], sinceSeconds: 5, reason: .revoked)])
        let error = await #expect(throws: RegistryError.self) { try await onThread { try alliance.send(report) } }
        #expect(error?.code == refused.code, "\(error?.message ?? "")")
        try await stop(firm, upstream)
    }

    @Test("a server of another CA is not asked: it never hears the code")
    func otherCA() async throws {
        let other = try await TestRegistry()
        let firm = try await firm(url: "https://localhost:\(other.port)")
        let refused = try CurlClient(registry: firm).enrol("link", "gamma.gw-1", firm.add("gamma.gw-1").text, OpenSSLRequest(firm.folder))
        #expect(refused.status == 503 && refused.headers["harborseal-refusal"] == "allianceAway")
        #expect(try other.registry.audit().allSatisfy { $0.action != .enrol })
        try await stop(firm, other, upstream)
    }
}

/// A TLS server in the alliance's registry's place, with a certificate of the link CA's, that answers every POST alike.
final class HostileServer {
    let port: Int
    private let process: Process
    private let input = Pipe()

    private static let script = """
        import http.server, os, ssl, sys, threading
        certificate, key, status, field, body = sys.argv[1:6]
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(int(status))
                if field: self.send_header(*field.split(": ", 1))
                content = open(body, "rb").read()
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            def log_message(self, *words): pass
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_port, flush=True)
        server.serve_forever()
        """

    init(_ registry: TestRegistry, status: String, field: String, body: String) throws {
        let folder = registry.folder
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = try [
            "-c", Self.script, folder.file("server.crt"), folder.file("server.key"), status, field, folder.write(body, to: "hostile-body"),
        ]
        let pipe = Pipe()
        (process.standardInput, process.standardOutput) = (input, pipe)
        try process.run()
        let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else { throw Tool.Failure(description: "no port: \(line)") }
        self.port = port
    }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
