internal import Glibc
internal import NIOCore

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
    /// Connections at once; more wait in the kernel's queue.
    public var connectionLimit: Int
    /// Failures of one address at once, before it is told to wait.
    public var failureLimit: Int
    /// Seconds after which a failure of an address is forgiven.
    public var forgivingSeconds: Int64
    /// Seconds that a connection may say nothing, and a body may take.
    public var idleSeconds: Int64

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

/// Why the HTTPS side of a registry does not start.
public struct RegistryHTTPError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Stable codes.
    public enum Code: String, Sendable {
        /// The certificate or key cannot be used.
        case tlsUnusable
        /// Another program listens on the port.
        case portTaken
        /// This machine has no such address, or not yet.
        case addressAbsent
        /// Ports below 1024 are for others.
        case portForbidden
        /// Whatever else keeps the registry from listening.
        case cannotListen
    }

    public let code: Code
    /// What happened, and the value.
    public let message: String
    public let nextStep: String

    public var description: String { "\(message): \(nextStep)" }

    /// Why an address cannot be listened on; nil for an error of something else.
    public init?(_ error: any Error, listeningAt configuration: RegistryHTTPConfiguration) {
        guard let error = error as? IOError, let (code, nextStep) = Self.listening(error.errnoCode, configuration.port) else { return nil }
        self.code = code
        self.nextStep = nextStep
        message = "HTTPS cannot listen at \(configuration.host) port \(configuration.port): \(String(cString: strerror(error.errnoCode)))"
    }

    init(code: Code, message: String, nextStep: String) {
        self.code = code
        self.message = message
        self.nextStep = nextStep
    }

    private static func listening(_ cause: Int32, _ port: Int) -> (Code, String)? {
        switch cause {
        case EADDRINUSE: (.portTaken, "ss -ltnp 'sport = :\(port)' shows who has it; stop that, or set another [https] port")
        case EADDRNOTAVAIL: (.addressAbsent, "set [https] listen to an address of this machine; ip address shows them")
        case EACCES: (.portForbidden, "set [https] port to 1024 or more")
        case EAFNOSUPPORT: (.cannotListen, "set [https] listen to an IPv4 address, or let this machine have IPv6")
        default: nil
        }
    }
}
