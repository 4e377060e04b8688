import AnchorNode
import AttestationFormat
import HTTPServing
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MerkleTree
import NIOCore
import NIOPosix
import NodeTesting
import Testing

@testable import NodeHTTP

/// A node's side of what one connection and one address may cost; without TLS, as behind a proxy on its machine.
@Suite struct ConnectionLimitTests {
    private struct EmptyLedger: LedgerReading {
        func keySet() throws -> [UInt8] { [] }
        func trustFile() throws -> [UInt8]? { nil }
        func entry(id: Digest) throws -> LedgerEntry? { nil }
        func evidence(_ query: EvidenceQuery) throws -> EvidencePage? { nil }
    }

    private func application(_ change: (inout ConnectionLimits) -> Void) throws -> some ApplicationProtocol {
        var configuration = NodeHTTPConfiguration(port: 0)
        change(&configuration.limits)
        return try NodeHTTPServer.make(
            configuration, reader: EmptyLedger(), metrics: NodeMetrics(), health: NodeHealth(), logger: TestNode.silentLogger)
    }

    private func connect(_ port: Int, from address: String = "127.0.0.1") async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(to: SocketAddress(ipAddress: address, port: 0))
            .connect(host: "127.0.0.1", port: port).get()
    }

    private func metrics(_ client: some TestClientProtocol) async throws -> String {
        try await client.execute(uri: "/metrics", method: .get) { String(buffer: $0.body) }
    }

    /// Waits until `/metrics` has a line: connections of several event loops are counted in whatever order the loops get to them.
    private func wait(for line: String, _ client: some TestClientProtocol) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            let text = try await metrics(client)
            if text.contains("\n\(line)\n") { return }
            try #require(ContinuousClock.now < end, "no \(line) within 60 s: \(text)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test("an address has as many connections as it may, and whoever comes next is shown out and counted")
    func address() async throws {
        try await application { ($0.connectionsOfAddress, $0.silentSeconds) = (3, 600) }.test(.live) { client in
            let port = try #require(client.port)
            // The client of the test has one.
            #expect(try await metrics(client).contains("harborseal_http_connections 1\n"))
            let kept = [try await connect(port), try await connect(port)]
            try await wait(for: "harborseal_http_connections 3", client)
            let surplus = try await connect(port)
            try await surplus.closeFuture.get()
            #expect(try await metrics(client).contains("harborseal_http_connections_cut_total{why=\"address\"} 1\n"))
            #expect(kept.allSatisfy { $0.isActive })
            for channel in kept { try await channel.close() }
        }
    }

    @Test("those who came and say nothing make room for whoever comes next, and the one with a single connection keeps it")
    func crowd() async throws {
        let change: (inout ConnectionLimits) -> Void = { ($0.connections, $0.silentSeconds) = (8, 600) }
        try await application(change).test(.live) { client in
            let port = try #require(client.port)
            // The client of the test has one, the first of all.
            #expect(try await metrics(client).contains("harborseal_http_connections 1\n"))
            var crowd: [any Channel] = []
            for number in 0..<12 { crowd.append(try await connect(port, from: "127.0.0.\(2 + number / 4)")) }
            try await wait(for: "harborseal_http_connections_cut_total{why=\"full\"} 5", client)
            let late = try await connect(port, from: "127.0.0.9")
            try await late.writeAndFlush(ByteBuffer(string: "GET /healthz HTTP/1.0\r\n\r\n"))
            try await late.closeFuture.get()
            #expect(try await metrics(client).contains("harborseal_http_connections_cut_total{why=\"full\"} 6\n"))
            for channel in crowd { try? await channel.close() }
        }
    }

    @Test("a connection on which nothing is said is closed, and one with half a head is not")
    func silent() async throws {
        // Time enough for the first words of those that say some, on a busy machine too.
        try await application { $0.silentSeconds = 4 }.test(.live) { client in
            let port = try #require(client.port)
            // The client of the test says something at once.
            #expect(try await metrics(client).contains("why=\"silent\"} 0\n"))
            let slow = try await connect(port)
            try await slow.writeAndFlush(ByteBuffer(string: "GET /he"))
            let silent = try await connect(port)
            try await silent.closeFuture.get()
            // The other one's time would have been over before this one's; a second more, as they may be on two event loops.
            try await Task.sleep(for: .seconds(1))
            #expect(slow.isActive)
            #expect(try await metrics(client).contains("harborseal_http_connections_cut_total{why=\"silent\"} 1\n"))
            try await slow.close()
        }
    }

    @Test("a statement that comes by drops is cut", arguments: ["POST /entries", "GET /healthz"])
    func drops(_ line: String) async throws {
        try await application { $0.requestSeconds = 1 }.test(.live) { client in
            let channel = try await connect(try #require(client.port))
            let head = "\(line) HTTP/1.0\r\ncontent-type: application/cose\r\ncontent-length: 4000\r\nconnection: keep-alive\r\n\r\n"
            try await channel.writeAndFlush(ByteBuffer(string: head))
            let deadline = ContinuousClock.now + .seconds(60)
            while channel.isActive, ContinuousClock.now < deadline {
                try? await channel.writeAndFlush(ByteBuffer(string: "x"))
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(!channel.isActive)
            #expect(try await metrics(client).contains("harborseal_http_connections_cut_total{why=\"request\"} 1\n"))
        }
    }

    @Test("a body of a statement without an end is refused at its limit, and then cut")
    func endless() async throws {
        try await application { $0.bodyByteLimit = 100_000 }.test(.live) { client in
            let chunked = ByteBuffer(repeating: 0, count: Limits.registrationByteCount + 1)
            let answer = try await client.execute(uri: "/entries", method: .post, headers: [.contentType: "application/cose"], body: chunked) { $0.status }
            #expect(answer == .contentTooLarge)
            let channel = try await connect(try #require(client.port))
            let head = "POST /entries HTTP/1.1\r\nhost: a\r\ncontent-type: application/cose\r\ntransfer-encoding: chunked\r\n\r\n"
            try await channel.writeAndFlush(ByteBuffer(string: head))
            let piece = "1000\r\n" + String(repeating: "x", count: 4_096) + "\r\n"
            for _ in 0..<1_000 where channel.isActive { try? await channel.writeAndFlush(ByteBuffer(string: piece)) }
            try await channel.closeFuture.get()
            #expect(try await metrics(client).contains("harborseal_http_connections_cut_total{why=\"body\"} 1\n"))
        }
    }
}
