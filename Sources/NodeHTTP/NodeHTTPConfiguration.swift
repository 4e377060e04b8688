import Glibc
import NIOCore

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
    /// A connection that takes nothing of its answer for so long is closed.
    var stallTimeout = TimeAmount.seconds(20)

    public init(host: String = "127.0.0.1", port: Int, tls: TLSFiles? = nil) {
        self.host = host
        self.port = port
        self.tls = tls
    }

    var isLoopback: Bool { host == "127.0.0.1" || host == "::1" || host == "localhost" }
}

/// Why the HTTP side of a node does not start.
public struct NodeHTTPError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Stable codes.
    public enum Code: String, Sendable {
        /// An address beyond this machine without TLS.
        case tlsMissing
        /// The certificate or key cannot be used.
        case tlsUnusable
        /// Another program listens on the port.
        case portTaken
        /// This machine has no such address, or not yet.
        case addressAbsent
        /// Ports below 1024 are for others.
        case portForbidden
        /// Whatever else keeps the node from listening.
        case cannotListen
    }

    public let code: Code
    /// What happened, and the value.
    public let message: String
    public let nextStep: String

    public var description: String { "\(message): \(nextStep)" }

    /// Why an address cannot be listened on; nil for an error of something else.
    public init?(_ error: any Error, listeningAt configuration: NodeHTTPConfiguration) {
        guard let error = error as? IOError, let (code, nextStep) = Self.listening(error.errnoCode, configuration.port) else { return nil }
        self.code = code
        self.nextStep = nextStep
        message =
            "HTTP cannot listen at \(configuration.host) port \(configuration.port): \(String(cString: strerror(error.errnoCode)))"
    }

    init(code: Code, message: String, nextStep: String) {
        self.code = code
        self.message = message
        self.nextStep = nextStep
    }

    private static func listening(_ cause: Int32, _ port: Int) -> (Code, String)? {
        switch cause {
        case EADDRINUSE: (.portTaken, "ss -ltnp 'sport = :\(port)' shows who has it; stop that, or set another [http] port")
        case EADDRNOTAVAIL: (.addressAbsent, "set [http] listen to an address of this machine; ip address shows them")
        case EACCES: (.portForbidden, "set [http] port to 1024 or more")
        case EAFNOSUPPORT: (.cannotListen, "set [http] listen to an IPv4 address, or let this machine have IPv6")
        default: nil
        }
    }
}
