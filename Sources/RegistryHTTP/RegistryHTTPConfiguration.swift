public import HTTPServing

/// Where and how a registry answers HTTPS.
public struct RegistryHTTPConfiguration: Sendable {
    /// An address, not a name.
    public var host: String
    /// 0 takes a free port.
    public var port: Int
    /// The server certificate that the alliance's link CA issued, PEM, and its key.
    public var certificatePath: String
    public var keyPath: String
    /// DER of the link CA: what clients are asked for a certificate of.
    public var linkCertificate: [UInt8]
    /// Connections at once; for one more, one that waits for its peer, or has had an answer, is closed.
    public var connectionLimit: Int
    /// Failures of one address at once, before it is told to wait.
    public var failureLimit: Int
    /// Seconds after which a failure of an address is forgiven.
    public var forgivingSeconds: Int64
    /// Seconds that a connection may say nothing, and a request may take.
    public var idleSeconds: Int64
    /// Who may read `/metrics`, beside this machine.
    public var metricsReaders = MetricsReaders.nobody
    /// What one connection and one address may cost beside that.
    public var limits = ConnectionLimits()

    public init(
        host: String, port: Int, certificatePath: String, keyPath: String, linkCertificate: [UInt8], connectionLimit: Int = 512,
        failureLimit: Int = 20, forgivingSeconds: Int64 = 60, idleSeconds: Int64 = 30
    ) {
        self.host = host
        self.port = port
        self.certificatePath = certificatePath
        self.keyPath = keyPath
        self.linkCertificate = linkCertificate
        self.connectionLimit = connectionLimit
        self.failureLimit = failureLimit
        self.forgivingSeconds = forgivingSeconds
        self.idleSeconds = idleSeconds
    }
}
