internal import AllianceTrust
internal import AsyncHTTPClient
internal import AttestationFormat
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

/// Asks nodes over HTTP; their bytes are a stranger's until the verifier has seen them.
struct NodeClient {
    /// A page adds at least one batch; this many are more than an evidence file can hold.
    private static let maximumPageCount = 64

    private let client: HTTPClient
    /// How long one request may take.
    private let requestSeconds: Int64

    /// - Parameter linkCertificate: DER of the alliance's link CA, the only anchor for nodes' certificates; nil: the system's.
    init(linkCertificate: [UInt8]?, requestSeconds: Int64) throws {
        self.requestSeconds = requestSeconds
        var tls = TLSConfiguration.makeClientConfiguration()
        if let linkCertificate {
            tls.trustRoots = .certificates([try NIOSSLCertificate(bytes: linkCertificate, format: .der)])
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        // A node that is away is said to be away at once: the library would try for ten seconds.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Whether a node may be asked at this address.
    static func isURL(_ text: String) -> Bool {
        guard let url = URLComponents(string: text) else { return false }
        return (url.scheme == "http" || url.scheme == "https") && url.host?.isEmpty == false
    }

    func shutdown() async throws { try await client.shutdown() }

    /// Everything a node holds about this, page by page; none when it holds nothing.
    struct Pages {
        fileprivate let client: NodeClient
        fileprivate let node: String
        fileprivate let parameters: [(String, String)]
        private var start: String?
        private var count = 0
        private var isAtEnd = false

        fileprivate init(client: NodeClient, node: String, parameters: [(String, String)]) {
            self.client = client
            self.node = node
            self.parameters = parameters
        }

        /// The next page; nil after the last.
        mutating func next() async throws -> Evidence? {
            guard !isAtEnd else { return nil }
            guard count < NodeClient.maximumPageCount else {
                throw NodeFailure("it holds more than one file can", .askLess)
            }
            guard let page = try await client.page(of: node, parameters + (start.map { [("start", $0)] } ?? [])) else { return nil }
            guard page.next == nil || page.next != start else {
                throw NodeFailure("it gives the same page again and again", .askOthers)
            }
            start = page.next
            count += 1
            isAtEnd = start == nil
            return try Evidence(parsing: page.bytes)
        }
    }

    func pages(of node: String, _ parameters: [(String, String)]) -> Pages {
        Pages(client: self, node: node, parameters: parameters)
    }

    private func page(
        of node: String, _ parameters: [(String, String)]
    ) async throws -> (bytes: [UInt8], next: String?)? {
        guard Self.isURL(node), var url = URLComponents(string: node) else {
            throw NodeFailure("this is no node's URL", .checkAddress)
        }
        url.path = (url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path) + "/evidence"
        url.queryItems = parameters.map { URLQueryItem(name: $0.0, value: $0.1) }
        // URLComponents leaves + alone, which servers read as a space.
        url.percentEncodedQuery = url.percentEncodedQuery?.replacingOccurrences(of: "+", with: "%2B")
        let response = try await patiently(HTTPClientRequest(url: url.string ?? node))
        let body = try await response.body.collect(upTo: Limits.evidenceByteCount)
        switch response.status {
        case .ok: return (Array(body.readableBytesView), response.headers.first(name: "harborseal-next"))
        case .notFound: return nil
        default:
            throw NodeFailure(status: response.status.code, phrase: response.status.reasonPhrase, body: Array(body.readableBytesView))
        }
    }
    /// The answer; a node that says when to ask again (503 with `Retry-After`) is asked again as long as one request may take.
    private func patiently(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let deadline = ContinuousClock.now + .seconds(requestSeconds)
        while true {
            let response = try await client.execute(request, timeout: .seconds(requestSeconds))
            guard response.status == .serviceUnavailable, let text = response.headers.first(name: "retry-after"),
                let seconds = Int(text), (1...60).contains(seconds), ContinuousClock.now + .seconds(seconds) < deadline
            else { return response }
            try await Task.sleep(for: .seconds(seconds))
        }
    }
}
