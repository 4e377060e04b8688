internal import AllianceTrust
internal import AsyncHTTPClient
internal import AttestationFormat
internal import DeviceRegistry
internal import Foundation
internal import MerkleTree
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

/// Brings ledger statements to nodes by SCRAPI's `POST /entries`, and believes a receipt only when it verifies.
struct LedgerClient {
    /// Bytes of an answer that are read: a receipt has at most 4,096, a problem in words less.
    private static let answerByteLimit = 16_384
    /// Times that a statement is sent to a node that refuses it, ten minutes in all: the node's trust file may be older than ours, and lack
    /// the firm's new issuing key.
    private static let patientTries = 6

    private let client: HTTPClient
    private let requestSeconds: Int64
    private let clock: ClockWatch?

    /// - Parameters:
    ///   - linkCertificate: DER of the alliance's link CA, the only anchor for nodes' certificates.
    ///   - clock: hears what time the nodes say that it is.
    init(linkCertificate: [UInt8], requestSeconds: Int64, clock: ClockWatch? = nil) throws {
        self.requestSeconds = requestSeconds
        self.clock = clock
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates([try NIOSSLCertificate(bytes: linkCertificate, format: .der)])
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.connectionPool.retryConnectionEstablishment = false
        // Whither a node would send us is asked of the same node, never of another.
        configuration.redirectConfiguration = .disallow
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func shutdown() async throws { try await client.shutdown() }

    /// Sends one statement.
    ///
    /// - Parameter url: of the node, from the trust file.
    func send(_ delivery: StatementDelivery, to url: String, trustFile: TrustFile) async -> DeliveryResult {
        do {
            let statement = try RegistrationStatement(parsing: delivery.statement)
            guard let answer = try await answer(to: statement, at: url) else {
                return .failed("it has the statement, and gives no receipt yet")
            }
            let receipted = try await receipted(answer, statement, trustFile: trustFile)
            return judge(
                answer.receipt, for: receipted, isOther: receipted != statement, of: delivery.node, trustFile: trustFile)
        } catch let refusal as Refusal {
            switch refusal.kind {
            case .stale: return .stale(refusal.words)
            case .postponed(let seconds): return .postponed(refusal.words, seconds: seconds)
            case .final: return delivery.tries < Self.patientTries ? .failed(refusal.words) : .refused(refusal.words)
            }
        } catch let error as TrustError {
            return .failed("the statement that it has instead is none: \(error.message)")
        } catch {
            return .failed(TerminalStyle.safe(NodeFailure(error, seconds: requestSeconds).words))
        }
    }

    /// 4xx other than 408.
    private struct Refusal: Error {
        enum Kind {
            /// Repeating will not help.
            case final
            /// 409: the node has a list that is not older.
            case stale
            /// 429.
            case postponed(seconds: Int64)
        }

        let kind: Kind
        let words: String
    }

    private struct NodeAnswer {
        let receipt: [UInt8]
        /// The entry that has the statement's certificate or list, where that is another one.
        var otherEntry: String?
    }

    /// Until a node that says no time is asked again.
    private static let postponedSeconds: Int64 = 30

    /// nil: not yet.
    private func answer(to statement: RegistrationStatement, at url: String) async throws -> NodeAnswer? {
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard NodeClient.isURL(base) else { throw NodeFailure("the trust file's URL \(base) is none", .checkAddress) }
        var request = HTTPClientRequest(url: base + "/entries")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/cose")
        request.body = .bytes(ByteBuffer(bytes: statement.bytes))
        var (head, body) = try await execute(request)
        let id = Hexadecimal.text(of: statement.hash(using: SHA256.self).bytes).string
        // The same certificate or list in another statement: that one's place.
        let place = head.headers.first(name: "location").flatMap { $0.split(separator: "/").last.map(String.init) } ?? id
        guard place.count == 2 * Digest.byteCount, Hexadecimal.bytes(of: UTF8Text(place)) != nil else {
            throw NodeFailure("its answer names no entry, but \(place)", .askOthers)
        }
        if head.status.code == 303 || (head.status == .ok && body.isEmpty) {
            (head, body) = try await execute(HTTPClientRequest(url: "\(base)/entries/\(place)"))
        }
        switch head.status.code {
        case 200, 201: return NodeAnswer(receipt: body, otherEntry: place == id ? nil : "\(base)/entries/\(place)")
        case 202: return nil
        case 400..<500 where head.status.code != 408: throw refusal(head, body)
        default: throw NodeFailure(status: head.status.code, phrase: head.status.reasonPhrase, body: body)
        }
    }

    private func refusal(_ head: HTTPClientResponse, _ body: [UInt8]) -> Refusal {
        let words = TerminalStyle.safe(NodeFailure(status: head.status.code, phrase: head.status.reasonPhrase, body: body).words)
        let seconds = head.headers.first(name: "retry-after").flatMap { Int64($0) } ?? Self.postponedSeconds
        switch head.status.code {
        case 409: return Refusal(kind: .stale, words: words)
        case 429: return Refusal(kind: .postponed(seconds: seconds), words: words)
        default: return Refusal(kind: .final, words: words)
        }
    }

    private func execute(_ request: HTTPClientRequest, byteLimit: Int = Self.answerByteLimit) async throws -> (HTTPClientResponse, [UInt8]) {
        let response = try await client.execute(request, timeout: .seconds(requestSeconds))
        if let host = URLComponents(string: request.url)?.host {
            clock?.note(response.headers.first(name: "date"), of: host)
        }
        let body = try await response.body.collect(upTo: byteLimit)
        return (response, Array(body.readableBytesView))
    }

    /// The statement that an answer's receipt is for: the one that was sent, or another one over the same certificate or list by the same key, which the
    /// node shows and which is judged as a node judges it.
    private func receipted(
        _ answer: NodeAnswer, _ statement: RegistrationStatement, trustFile: TrustFile
    ) async throws -> RegistrationStatement {
        guard let entry = answer.otherEntry else { return statement }
        let (head, body) = try await execute(
            HTTPClientRequest(url: "\(entry)?statement"), byteLimit: Limits.registrationByteCount + Self.answerByteLimit)
        guard head.status == .ok else { throw NodeFailure(status: head.status.code, phrase: head.status.reasonPhrase, body: body) }
        let shown = try COSESign1(parsing: body, limit: body.count).withoutUnprotected
        let other = try RegistrationStatement(parsing: shown)
        guard other.payload == statement.payload, other.header.keyID == statement.header.keyID, other.header.subject == statement.header.subject else {
            throw NodeFailure("the entry that it names is about something else", .askOthers)
        }
        _ = try await SealCertificateVerifier(trustFile: trustFile).verify(other, atSeconds: Int64(clamping: other.header.issuedAtSeconds))
        return other
    }

    private func judge(
        _ bytes: [UInt8], for statement: RegistrationStatement, isOther: Bool, of node: Name, trustFile: TrustFile
    ) -> DeliveryResult {
        do {
            let receipt = try UnverifiedReceipt(parsing: bytes)
                .verified(for: statement, trustFile: trustFile, verifier: CryptoVerifier.self, using: SHA256.self)
            guard receipt.node.node == node else { return .failed("its receipt is \(receipt.node.node)'s, not \(node)'s") }
            return .accepted(receipt: bytes, entry: isOther ? statement.bytes : nil)
        } catch let error as FormatError {
            return .failed("its answer is no receipt: \(error.words)")
        } catch {
            return .failed("its receipt does not verify: \((error as? VerificationError)?.words ?? "\(error)")")
        }
    }
}

extension COSESign1 {
    /// The message as its signer made it, without the receipt that a ledger put beside it.
    fileprivate var withoutUnprotected: [UInt8] {
        var writer = CBORWriter(reserving: bytes.count)
        writer.writeSign1Tag()
        writer.beginArray(4)
        writer.write(encodedHeader)
        writer.beginMap(0)
        if let payload { writer.write(payload) } else { writer.writeNull() }
        writer.write(signature.bytes)
        return writer.bytes
    }
}
