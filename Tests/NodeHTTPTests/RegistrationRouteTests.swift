import AllianceTrust
import AnchorNode
import AttestationFormat
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MerkleTree
import NIOCore
import NodeTesting
import Testing

@testable import NodeHTTP

@Suite struct RegistrationRouteTests {
    private struct Answer {
        var status: HTTPResponse.Status
        var headers: HTTPFields
        var body: [UInt8]

        /// Title and detail of concise problem details.
        var problem: [String] {
            var reader = CBORReader(body)
            guard (try? reader.readMap()) == 2 else { return [] }
            var words: [String] = []
            for _ in 0..<2 where (try? reader.readInteger()) != nil {
                if let text = try? reader.readText() { words.append(text.string) }
            }
            return words
        }
    }

    private func ask(
        _ node: TestNode, _ path: String, _ method: HTTPRequest.Method = .get, body: [UInt8]? = nil, type: String? = "application/cose",
        entries: (any EntryTaking)? = nil
    ) async throws -> Answer {
        let router = NodeHTTPServer.router(
            reader: LedgerReader(store: node.store, settings: node.settings), metrics: node.metrics, health: NodeHealth(),
            logger: TestNode.silentLogger, entries: entries ?? node)
        let headers: HTTPFields = body != nil && type != nil ? [.contentType: type ?? ""] : [:]
        return try await Application(router: router, logger: TestNode.silentLogger).test(.router) { client in
            try await client.execute(uri: path, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0) }) {
                Answer(status: $0.status, headers: $0.headers, body: Array($0.body.readableBytesView))
            }
        }
    }

    @Test("a registration is answered 201 with its receipt and its place, and the second time 200 with the same")
    func created() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        let statement = try alliance.registration(of: try alliance.gateway())
        let first = try await ask(node, "/entries", .post, body: statement.bytes)
        #expect(first.status == .created)
        #expect(first.headers[.contentType] == "application/scitt-receipt+cose")
        let receipt = try UnverifiedReceipt(parsing: first.body).verified(
            for: statement, trustFile: alliance.trustFile, verifier: CryptoVerifier.self, using: SHA256.self)
        #expect(receipt.header.subject == "hs:test/acme.gw-1")
        let again = try await ask(node, "/entries", .post, body: statement.bytes, type: "application/cose; cose-type=\"cose-sign1\"")
        #expect(again.status == .ok && again.body == first.body)
        let place = try #require(first.headers[.location])
        #expect(try await ask(node, place).body == first.body)
        let transparent = try COSESign1(parsing: try await ask(node, place + "?statement").body, limit: Limits.registrationByteCount)
        #expect(transparent.payload == statement.payload && transparent.signature == statement.signature)
        try node.remove()
    }

    @Test("a revocation is answered with its receipt too")
    func revocation() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        let statement = try alliance.revocation(list: alliance.revocationList(1))
        let answer = try await ask(node, "/entries", .post, body: statement.bytes)
        #expect(answer.status == .created)
        #expect(try UnverifiedReceipt(parsing: answer.body).header.subject == "hs:test/acme/revocations")
        try node.remove()
    }

    @Test("what is not taken is a problem with its reason and its status", arguments: ["media type", "no media type", "too large", "malformed", "batch", "forged", "nothing"])
    func refused(which: String) async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        var body = try alliance.registration(of: gateway).bytes
        var type: String? = "application/cose"
        let expected: (HTTPResponse.Status, String)
        switch which {
        case "media type": (type, expected) = ("application/cbor", (.unsupportedMediaType, "not a signed statement"))
        case "no media type": (type, expected) = (nil, (.unsupportedMediaType, "not a signed statement"))
        case "too large":
            body = [UInt8](repeating: 0, count: Limits.registrationByteCount + 1)
            expected = (.contentTooLarge, "too large")
        case "malformed":
            body[0] = 0
            expected = (.badRequest, "malformed")
        case "batch":
            body = try gateway.batch().statement.bytes
            expected = (.badRequest, "malformed")
        case "forged":
            body[body.count - 1] ^= 1
            expected = (.badRequest, "rejected")
        default:
            body = []
            expected = (.badRequest, "malformed")
        }
        let answer = try await ask(node, "/entries", .post, body: body, type: type)
        #expect(answer.status == expected.0)
        #expect(answer.headers[.contentType] == "application/concise-problem-details+cbor")
        #expect(answer.problem.first == expected.1 && answer.problem.count == 2, "\(answer.problem)")
        #expect(try node.store.read { try $0.entryCount() } == 1)
        try node.remove()
    }

    /// A node that is too busy, or stopping.
    private struct Refusing: EntryTaking {
        let code: EntryRefusal.Code
        func submit(entry: [UInt8]) async throws -> SubmittedEntry { throw EntryRefusal(code, "why") }
    }

    @Test("a node that cannot take an entry now says 503", arguments: [EntryRefusal.Code.busy, .stopping])
    func unavailable(code: EntryRefusal.Code) async throws {
        let node = try await TestNode(try TestAlliance())
        let answer = try await ask(node, "/entries", .post, body: [0], entries: Refusing(code: code))
        #expect(answer.status == .serviceUnavailable && answer.problem == [code.rawValue, "why"])
        try node.remove()
    }

    @Test("a list that is behind is a conflict; whoever brings too much is told when to come again")
    func conflictAndLimit() async throws {
        let node = try await TestNode(try TestAlliance())
        let stale = try await ask(node, "/entries", .post, body: [0], entries: Refusing(code: .stale))
        #expect(stale.status == .conflict && stale.problem == ["stale", "why"])
        let limited = try await ask(node, "/entries", .post, body: [0], entries: Refusing(code: .limited))
        #expect(limited.status == .tooManyRequests && limited.problem == ["too many of one firm", "why"])
        #expect(limited.headers[.retryAfter] == "10")
        try node.remove()
    }

    @Test("the same certificate in another statement is answered 200, with the place and the receipt of the first")
    func sameCertificate() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        let gateway = try alliance.gateway()
        let first = try await ask(node, "/entries", .post, body: alliance.registration(of: gateway).bytes)
        let second = try await ask(node, "/entries", .post, body: alliance.registration(of: gateway).bytes)
        #expect(first.status == .created && second.status == .ok)
        #expect(second.body == first.body && second.headers[.location] == first.headers[.location])
        try node.remove()
    }

    @Test("the trust file in force is given to whoever asks")
    func trustFile() async throws {
        var alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        #expect(try await ask(node, "/alliance.hstrust").body == alliance.trustFile.bytes)
        try alliance.update { $0.notAfterSeconds = 1 }
        _ = try await node.core.take(trustFile: alliance.trustFile.bytes)
        let answer = try await ask(node, "/alliance.hstrust")
        #expect(answer.status == .ok && answer.headers[.contentType] == "application/cose")
        #expect(answer.body == alliance.trustFile.bytes)
        try node.remove()
    }

    @Test("evidence, receipts and keys are not taken for entries", arguments: ["/evidence", "/alliance.hstrust", "/.well-known/scitt-keys"])
    func postElsewhere(path: String) async throws {
        let node = try await TestNode(try TestAlliance())
        #expect(try await ask(node, path, .post, body: [0]).status != .created)
        try node.remove()
    }
}
