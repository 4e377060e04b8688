internal import AllianceTrust
internal import AsyncHTTPClient
internal import AttestationFormat
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
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

    /// Why a node could not be asked, in the system's words where it is the system's error.
    static func words(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as NIOConnectionError: error.connectionErrors.first.map { words($0.error) } ?? "\(error.host): no such host"
        case let error as HTTPClientError: words(error)
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: unprovenServer
        default: "\(error)"
        }
    }

    static func isTimeout(_ error: any Error) -> Bool {
        guard let error = error as? HTTPClientError else { return false }
        return [.deadlineExceeded, .readTimeout, .connectTimeout].contains(error)
    }

    private static var unprovenServer: String {
        "its certificate is not the alliance's for this name: give --trust FILE, and the host name that the certificate has"
    }

    private static func words(_ error: HTTPClientError) -> String {
        switch error {
        case .remoteConnectionClosed: "it closed the connection without an answer; a node beyond loopback speaks https alone"
        default: "\(error)"
        }
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
                throw CommandError(.failed, "it holds more than one file can: ask for less with --from and --to")
            }
            guard let page = try await client.page(of: node, parameters + (start.map { [("start", $0)] } ?? [])) else { return nil }
            guard page.next == nil || page.next != start else {
                throw CommandError(.failed, "it gives the same page again and again")
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
        guard var url = URLComponents(string: node), url.scheme == "http" || url.scheme == "https", url.host != nil else {
            throw CommandError(.usage, "this is no node's URL: give http://HOST:PORT or https://HOST:PORT")
        }
        url.path = (url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path) + "/evidence"
        url.queryItems = parameters.map { URLQueryItem(name: $0.0, value: $0.1) }
        // URLComponents leaves + alone, which servers read as a space.
        url.percentEncodedQuery = url.percentEncodedQuery?.replacingOccurrences(of: "+", with: "%2B")
        let request = HTTPClientRequest(url: url.string ?? node)
        let response = try await client.execute(request, timeout: .seconds(requestSeconds))
        let body = try await response.body.collect(upTo: Limits.evidenceByteCount)
        switch response.status {
        case .ok: return (Array(body.readableBytesView), response.headers.first(name: "harborseal-next"))
        case .notFound: return nil
        default: throw CommandError(.failed, "it answers \(response.status.code) \(response.status.reasonPhrase)")
        }
    }
}
