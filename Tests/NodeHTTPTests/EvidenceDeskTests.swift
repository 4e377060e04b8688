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

/// Readers that ask for evidence and do not take it.
@Suite struct EvidenceDeskTests {
    /// A ledger whose every page is as large as one may be.
    private struct LargePages: LedgerReading {
        static let byteCount = Limits.evidenceByteCount
        func keySet() throws -> [UInt8] { [] }
        func trustFile() throws -> [UInt8]? { nil }
        func entry(id: Digest) throws -> LedgerEntry? { nil }
        func evidence(_ query: EvidenceQuery) throws -> EvidencePage? {
            EvidencePage(evidence: [UInt8](repeating: 7, count: Self.byteCount), nextStart: nil)
        }
    }

    private static let path = "/evidence?gateway=acme.gw-1"

    private func application(stallSeconds: Int64) throws -> some ApplicationProtocol {
        var configuration = NodeHTTPConfiguration(port: 0)
        configuration.limits.stallSeconds = stallSeconds
        // Until all places are taken, on a slow machine too.
        configuration.limits.connectionsOfAddress = 250
        return try NodeHTTPServer.make(
            configuration, reader: LargePages(), metrics: NodeMetrics(), health: NodeHealth(), logger: TestNode.silentLogger)
    }

    /// Asks at a port, and reads nothing of the answer; its small buffer leaves none of it to the kernel, which would hold a whole page.
    private func ask(_ port: Int) async throws -> any Channel {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false).channelOption(.socketOption(.so_rcvbuf), value: 16_384).connect(host: "127.0.0.1", port: port).get()
        try await channel.writeAndFlush(ByteBuffer(string: "GET \(Self.path) HTTP/1.1\r\nhost: node\r\n\r\n"))
        return channel
    }

    /// Readers that hold every place: who asks now is told to ask again.
    private func takeAllPlaces(_ client: some TestClientProtocol, _ port: Int) async throws -> [any Channel] {
        var channels: [any Channel] = []
        for _ in 0..<3 * EvidenceDesk.pageLimit { channels.append(try await ask(port)) }
        try await wait {
            // On a busy machine the client of this question, built for debugging, may be shown out too: then it asks again.
            if let answer = try? await status(client), answer == (.serviceUnavailable, "2") { return true }
            // This question had one of the places itself, for which one of the others was refused.
            channels.append(try await ask(port))
            return false
        }
        return channels
    }

    private func status(_ client: some TestClientProtocol) async throws -> (HTTPResponse.Status, String?) {
        try await client.execute(uri: Self.path, method: .get) { ($0.status, $0.headers[.retryAfter]) }
    }

    @Test("readers that take nothing of their pages cost four pages: the next is told to ask again, and everything else is answered")
    func places() async throws {
        try await application(stallSeconds: 600).test(.live) { client in
            let port = try #require(client.port)
            let channels = try await takeAllPlaces(client, port)
            #expect(try await client.execute(uri: "/healthz", method: .get) { $0.status } == .ok)
            for channel in channels { try await channel.close() }
            try await wait { try await status(client) == (.ok, nil) }
        }
    }

    @Test("a reader that takes nothing is shown out, and its place is free again")
    func stalled() async throws {
        // Long enough to take all places before the first is shown out.
        try await application(stallSeconds: 5).test(.live) { client in
            let port = try #require(client.port)
            let channels = try await takeAllPlaces(client, port)
            try await wait { (try? await status(client).0) == .ok }
            for channel in channels { try? await channel.close() }
        }
    }

    @Test("a page is taken whole, one after the other on one connection too")
    func whole() async throws {
        try await application(stallSeconds: 600).test(.live) { client in
            for _ in 0..<EvidenceDesk.pageLimit + 2 {
                let count = try await client.execute(uri: Self.path, method: .get) { $0.body.readableBytes }
                #expect(count == LargePages.byteCount)
            }
        }
    }

    private func wait(_ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while try await !condition() {
            try #require(ContinuousClock.now < deadline, "not within 120 s")
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
