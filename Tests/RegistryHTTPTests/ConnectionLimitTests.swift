import CPosixShims
import DeviceRegistry
import Foundation
import HTTPServing
import HarborsealTesting
import RegistryHTTP
import Testing

/// What one connection and one address may cost, over real sockets and TLS.
@Suite struct ConnectionLimitTests {
    private func count(_ why: String, in text: String) -> Int? {
        let name = #"harborseal_http_connections_cut_total{why="\#(why)"} "#
        return text.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) }
    }

    /// What a shell's words say over TLS to the registry, and what it answers. SIGTERM is blocked in this process's threads, and in what they start.
    private func speak(_ words: String, _ registry: TestRegistry) throws -> String {
        let client = "timeout -s KILL 60 openssl s_client -quiet -connect 127.0.0.1:\(registry.port) -CAfile \(registry.anchorFile) 2>/dev/null"
        return try Tool.run("bash", ["-c", "{ \(words); } 2>/dev/null | \(client)"]).text
    }

    @Test("an address has as many connections as it may, another one has its own, and what was cut is counted")
    func address() async throws {
        let registry = try await TestRegistry { ($0.limits.connectionsOfAddress, $0.limits.handshakeSeconds, $0.idleSeconds) = (3, 600, 600) }
        let client = CurlClient(registry: registry)
        let silent = (0..<3).map { _ in posix_tcp_connect("127.0.0.1", UInt16(registry.port)) }
        #expect(silent.allSatisfy { $0 >= 0 })
        // Connections of several event loops are counted in whatever order the loops get to them; this question has one, too.
        var (last, other) = (1, "")
        try await wait(for: "all three to be counted: \(other)") {
            last += 1
            other = try client.ask("/metrics", extra: ["--interface", "127.0.0.\(last)"]).text
            return other.contains("\nharborseal_http_connections 4\n")
        }
        #expect(count("address", in: other) == 0, "\(other)")
        #expect(try client.ask("/healthz").status == 0, "the fourth")
        other = try client.ask("/metrics", extra: ["--interface", "127.0.0.2"]).text
        #expect(count("address", in: other) == 1, "\(other)")
        for descriptor in silent { _ = posix_socket_close(descriptor) }
        try await wait(for: "a place to be free again") { try client.ask("/healthz").status == 200 }
        try await registry.stop()
    }

    @Test("a handshake that does not end is cut long before a silent connection is, and who has done it is left alone", arguments: ["", #"\x16\x03\x01\x02\x00\x01"#])
    func handshake(_ hello: String) async throws {
        let registry = try await TestRegistry { ($0.limits.handshakeSeconds, $0.limits.silentSeconds, $0.idleSeconds) = (3, 600, 600) }
        let words = "exec 3<>/dev/tcp/127.0.0.1/\(registry.port); printf '\(hello)' >&3; timeout -s KILL 60 cat <&3 >/dev/null 2>&1; echo $?"
        #expect(try Tool.run("bash", ["-c", words]).text != "137\n", "cut off")
        let late = try speak(#"sleep 5; printf 'GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'"#, registry)
        #expect(late.contains("200 OK") && count("handshake", in: late.replacing("\r", with: "")) == 1, "\(late)")
        try await registry.stop()
    }

    @Test(
        "a request whose body comes by drops is cut, also where no body is wanted, and with HTTP/1.0",
        arguments: [
            #"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n"#, #"GET /nothing HTTP/1.1\r\nHost: a\r\n"#,
            #"POST /.well-known/est/link/simpleenroll HTTP/1.1\r\nHost: a\r\n"#, #"POST /.well-known/est/link/cacerts HTTP/1.0\r\nConnection: keep-alive\r\n"#,
        ])
    func drops(_ head: String) async throws {
        let registry = try await TestRegistry { $0.idleSeconds = 3 }
        let slow = try speak(#"printf '\#(head)Content-Length: 5000\r\n\r\n'; for i in {1..150}; do printf x || exit; sleep 0.2; done"#, registry)
        #expect(slow.hasPrefix("HTTP/1.1 "), "the answer came all the same: \(slow)")
        #expect(try count("request", in: CurlClient(registry: registry).ask("/metrics").text) == 1)
        try await registry.stop()
    }

    @Test("a body without an end is refused with 413 at its limit, and cut where nobody waits for it")
    func endless() async throws {
        let registry = try await TestRegistry()
        let client = CurlClient(registry: registry)
        let code = try registry.add("acme.gw-1").text
        // Slower than it may be, so that curl reads the refusal before so much has come that the connection is cut.
        let refused = try client.ask(
            "/.well-known/est/link/simpleenroll", user: "acme.gw-1", code: code, extra: ["-X", "POST", "-T", "/dev/zero", "--limit-rate", "100k"])
        #expect(refused.status == 413 && refused.text.contains("16384"), "\(refused)")
        for head in [#"Content-Length: 100000000000\r\n\r\n"#, #"Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n"#] {
            _ = try speak(#"printf 'GET /healthz HTTP/1.1\r\nHost: a\r\n\#(head)'; exec cat /dev/zero"#, registry)
        }
        let metrics = try client.ask("/metrics").text
        #expect(count("body", in: metrics).map { $0 >= 2 } == true, "for its length, and not for its time: \(metrics)")
        try await registry.stop()
    }

    @Test("a length beyond the limit is refused before a byte of the body has come")
    func announced() async throws {
        let registry = try await TestRegistry { $0.idleSeconds = 3 }
        let basic = Data("acme.gw-1:\(try registry.add("acme.gw-1").text)".utf8).base64EncodedString()
        let head = #"POST /.well-known/est/link/simpleenroll HTTP/1.1\r\nHost: a\r\nAuthorization: Basic \#(basic)\r\nContent-Length: 16385\r\n\r\n"#
        let answer = try speak("printf '\(head)'; sleep 4", registry)
        #expect(answer.hasPrefix("HTTP/1.1 413 "), "\(answer)")
        try await registry.stop()
    }

    @Test("a reader that asks and asks and takes nothing of the answers is shown out")
    func stalled() async throws {
        let registry = try await TestRegistry { $0.limits.stallSeconds = 1 }
        let deaf = try Crowd(.deaf, count: 1, ofEachAddress: 1, port: registry.port)
        let client = CurlClient(registry: registry)
        var answer = ""
        try await wait(for: "it to be shown out: \(answer)") {
            answer = try client.ask("/metrics").text
            return count("stalled", in: answer) == 1
        }
        try deaf.leave()
        try await registry.stop()
    }

    @Test("whoever asks eight requests ahead of the answers is answered, and whoever asks more is shown out")
    func ahead() async throws {
        let registry = try await TestRegistry()
        func ask(_ count: Int) throws -> String {
            let last = "GET /healthz HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n"
            return try speak("printf '\(String(repeating: "GET /healthz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n", count: count - 1))\(last)'", registry)
        }
        #expect(try ask(8).components(separatedBy: "alive").count - 1 == 8)
        #expect(try ask(200).components(separatedBy: "alive").count - 1 <= 8)
        #expect(try count("ahead", in: CurlClient(registry: registry).ask("/metrics").text) == 1)
        try await registry.stop()
    }
}
