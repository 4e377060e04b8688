import HTTPServing

/// Where and how a node answers HTTP.
public struct NodeHTTPConfiguration: Sendable {
    /// Files of the server certificate that the alliance's link CA issued, PEM.
    public struct TLSFiles: Sendable {
        public var certificate: String
        public var key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// An address, not a name; `127.0.0.1` or `::1` may do without TLS.
    public var host: String
    /// 0 takes a free port.
    public var port: Int
    public var tls: TLSFiles?
    /// Of connections and requests; tests have others.
    var limits = ConnectionLimits()
    /// Each takes a descriptor, of which the ledger and the brokers need some too.
    private static let connectionLimit = 256

    public init(host: String = "127.0.0.1", port: Int, tls: TLSFiles? = nil) {
        limits.connections = Self.connectionLimit
        self.host = host
        self.port = port
        self.tls = tls
    }

    var isLoopback: Bool { host == "127.0.0.1" || host == "::1" || host == "localhost" }
}
