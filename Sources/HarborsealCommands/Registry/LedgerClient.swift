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

    /// - Parameter linkCertificate: DER of the alliance's link CA, the only anchor for nodes' certificates.
    init(linkCertificate: [UInt8], requestSeconds: Int64) throws {
        self.requestSeconds = requestSeconds
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
            guard let receipt = try await answer(to: statement, at: url) else {
                return .failed("it has the statement, and gives no receipt yet")
            }
            return judge(receipt, for: statement, of: delivery.node, trustFile: trustFile)
        } catch let refusal as Refusal {
            return delivery.tries < Self.patientTries ? .failed(refusal.words) : .refused(refusal.words)
        } catch {
            return .failed(TerminalStyle.safe(NodeFailure(error, seconds: requestSeconds).words))
        }
    }

    /// 4xx other than 408 and 429: repeating will not help.
    private struct Refusal: Error {
        let words: String
    }

    /// The receipt's bytes; nil: not yet.
    private func answer(to statement: RegistrationStatement, at url: String) async throws -> [UInt8]? {
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard NodeClient.isURL(base) else { throw NodeFailure("the trust file's URL \(base) is none", .checkAddress) }
        var request = HTTPClientRequest(url: base + "/entries")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/cose")
        request.body = .bytes(ByteBuffer(bytes: statement.bytes))
        var (status, body) = try await execute(request)
        if status.code == 303 || (status == .ok && body.isEmpty) {
            let id = Hexadecimal.text(of: statement.hash(using: SHA256.self).bytes)
            (status, body) = try await execute(HTTPClientRequest(url: "\(base)/entries/\(id)"))
        }
        switch status.code {
        case 200, 201: return body
        case 202: return nil
        case 400..<500 where ![408, 429].contains(status.code):
            throw Refusal(words: TerminalStyle.safe(NodeFailure(status: status.code, phrase: status.reasonPhrase, body: body).words))
        default: throw NodeFailure(status: status.code, phrase: status.reasonPhrase, body: body)
        }
    }

    private func execute(_ request: HTTPClientRequest) async throws -> (HTTPResponseStatus, [UInt8]) {
        let response = try await client.execute(request, timeout: .seconds(requestSeconds))
        let body = try await response.body.collect(upTo: Self.answerByteLimit)
        return (response.status, Array(body.readableBytesView))
    }

    private func judge(
        _ bytes: [UInt8], for statement: RegistrationStatement, of node: Name, trustFile: TrustFile
    ) -> DeliveryResult {
        do {
            let receipt = try UnverifiedReceipt(parsing: bytes)
                .verified(for: statement, trustFile: trustFile, verifier: CryptoVerifier.self, using: SHA256.self)
            guard receipt.node.node == node else { return .failed("its receipt is \(receipt.node.node)'s, not \(node)'s") }
            return .accepted(receipt: bytes)
        } catch let error as FormatError {
            return .failed("its answer is no receipt: \(error.words)")
        } catch {
            return .failed("its receipt does not verify: \((error as? VerificationError)?.words ?? "\(error)")")
        }
    }
}
