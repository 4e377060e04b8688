import AllianceTrust
import AnchorNode
import AttestationFormat
import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import MerkleTree
import NIOCore
import NodeTesting
import Testing

@testable import NodeHTTP

@Suite struct NodeHTTPTests {
    /// A node that holds one gateway's batches about two subjects.
    private func prepared() async throws -> (TestNode, [TestBatch], TestAlliance) {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        var batches: [TestBatch] = []
        for subject in ["bic:CSQU3054383", "urn:other", "parent:bic:CSQU3054383"] {
            batches.append(try gateway.batch(gateway.events(2) + gateway.events(1, what: [subject])))
        }
        for batch in batches { _ = try await node.receipt(for: batch) }
        return (node, batches, alliance)
    }

    private func application(_ node: TestNode, health: NodeHealth = NodeHealth()) -> some ApplicationProtocol {
        let reader = LedgerReader(store: node.store, settings: node.settings)
        let router = NodeHTTPServer.router(
            reader: reader, metrics: node.metrics, health: health, logger: TestNode.silentLogger)
        return Application(router: router, logger: TestNode.silentLogger)
    }

    private func get(_ node: TestNode, _ path: String) async throws -> (HTTPResponse.Status, HTTPFields, [UInt8]) {
        try await application(node).test(.router) { client in
            try await client.execute(uri: path, method: .get) { ($0.status, $0.headers, Array($0.body.readableBytesView)) }
        }
    }

    @Test("health, readiness and metrics answer")
    func health() async throws {
        let (node, _, _) = try await prepared()
        #expect(try await get(node, "/healthz").0 == .ok)
        let ready = try await get(node, "/readyz")
        #expect(ready.0 == .serviceUnavailable)
        #expect(String(decoding: ready.2, as: UTF8.self).contains("broker: not connected yet"))
        let metrics = String(decoding: try await get(node, "/metrics").2, as: UTF8.self)
        #expect(metrics.contains("harborseal_statements_accepted_total 3\n"))
        #expect(metrics.contains("harborseal_ledger_size 4\n"))
        try node.remove()
    }

    @Test("an entry is answered with its receipt, and with the transparent statement")
    func entry() async throws {
        let (node, batches, alliance) = try await prepared()
        let id = Hexadecimal.text(of: batches[1].hash.bytes).string
        let (status, headers, body) = try await get(node, "/entries/\(id)")
        #expect(status == .ok)
        #expect(headers[.contentType] == "application/scitt-receipt+cose")
        let receipt = try UnverifiedReceipt(parsing: body).verified(
            for: batches[1].statement, trustFile: alliance.trustFile, verifier: CryptoVerifier.self, using: SHA256.self)
        #expect(receipt.index == 2)
        let transparent = try await get(node, "/entries/\(id)?statement")
        #expect(transparent.1[.contentType] == "application/scitt-statement+cose")
        let message = try COSESign1(parsing: transparent.2, limit: 8_192)
        #expect(message.payload == batches[1].statement.root.bytes)
        #expect(message.signature == batches[1].statement.signature)
        try node.remove()
    }

    @Test(
        "what cannot be answered is a problem in CBOR with its status",
        arguments: [
            ("/entries/00", HTTPResponse.Status.badRequest), ("/entries/" + String(repeating: "0", count: 64), .notFound),
            ("/entries/" + String(repeating: "A", count: 64), .badRequest), ("/nothing", .notFound), ("/evidence", .badRequest),
            ("/evidence?subject=a&gateway=acme.gw-1", .badRequest), ("/evidence?gateway=ACME", .badRequest),
            ("/evidence?subject=urn:none", .notFound), ("/evidence?subject=a&from=x", .badRequest),
            ("/evidence?subject=a&from=2&to=1", .badRequest),
            ("/evidence?subject=a&start=99999999999999999999", .badRequest),
        ])
    func problems(_ path: String, _ expected: HTTPResponse.Status) async throws {
        let (node, _, _) = try await prepared()
        let (status, headers, body) = try await get(node, path)
        #expect(status == expected)
        #expect(headers[.contentType] == "application/concise-problem-details+cbor")
        var reader = CBORReader(body)
        #expect(try reader.readMap() == 2)
        try node.remove()
    }

    @Test("evidence of a subject discloses its events alone, as parent too, and verifies")
    func subject() async throws {
        let (node, batches, alliance) = try await prepared()
        let (status, headers, body) = try await get(node, "/evidence?subject=bic:CSQU3054383")
        #expect(status == .ok)
        #expect(headers[.contentType] == "application/vnd.harborseal.evidence+cbor")
        let evidence = try Evidence(parsing: body)
        let shown = evidence.entries.compactMap { if case .batch(let batch) = $0 { batch } else { nil } }
        #expect(shown.map(\.statement.bytes) == batches.map(\.statement.bytes), "the batch between them by its statement")
        #expect(shown.map { $0.events.map(\.index) } == [[2], [], [2]])
        #expect(shown.allSatisfy { $0.receipts.count == 1 })
        #expect(evidence.sealCertificates.count == 1)
        _ = alliance
        try node.remove()
    }

    @Test("evidence of a gateway discloses everything that is held")
    func gateway() async throws {
        let (node, _, _) = try await prepared()
        let evidence = try Evidence(parsing: try await get(node, "/evidence?gateway=acme.gw-1").2)
        let counts = evidence.entries.map { if case .batch(let batch) = $0 { batch.events.count } else { -1 } }
        #expect(counts == [3, 3, 3])
        #expect(try await get(node, "/evidence?gateway=acme.gw-1&to=1").0 == .notFound)
        #expect(try await get(node, "/evidence?gateway=acme.gw-1&start=4").0 == .notFound)
        try node.remove()
    }

    @Test("the key set holds the receipt key under its key id")
    func keys() async throws {
        let (node, _, _) = try await prepared()
        let body = try await get(node, "/.well-known/scitt-keys").2
        var reader = CBORReader(body)
        #expect(try reader.readArray() == 1)
        #expect(try reader.readMap() == 5)
        let keyID = node.settings.key.keyID.bytes
        #expect(body.indices.contains { body[$0...].starts(with: keyID) })
        try node.remove()
    }

    @Test("beyond loopback nothing is listened on without TLS, and the error says what to set")
    func loopbackOnly() async throws {
        let (node, _, _) = try await prepared()
        let reader = LedgerReader(store: node.store, settings: node.settings)
        func make(_ configuration: NodeHTTPConfiguration) throws {
            _ = try NodeHTTPServer.make(
                configuration, reader: reader, metrics: node.metrics, health: NodeHealth(), logger: TestNode.silentLogger)
        }
        for host in ["0.0.0.0", "::", "192.0.2.1", "node.example.org"] {
            let error = #expect(throws: HTTPStartError.self) { try make(NodeHTTPConfiguration(host: host, port: 0)) }
            #expect(error?.code == .tlsMissing)
        }
        try make(NodeHTTPConfiguration(port: 0))
        let unusable = NodeHTTPConfiguration.TLSFiles(certificate: "/nonexistent", key: "/nonexistent")
        let error = #expect(throws: HTTPStartError.self) {
            try make(NodeHTTPConfiguration(host: "0.0.0.0", port: 0, tls: unusable))
        }
        #expect(error?.code == .tlsUnusable)
        try node.remove()
    }
}
