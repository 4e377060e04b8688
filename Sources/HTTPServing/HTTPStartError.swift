internal import Glibc
internal import NIOCore

/// Why the HTTP side of a node or of a registry does not start.
public struct HTTPStartError: Error, Equatable, Sendable, CustomStringConvertible {
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
        /// Whatever else keeps the server from listening.
        case cannotListen
    }

    public let code: Code
    /// What happened, and the value.
    public let message: String
    public let nextStep: String

    public var description: String { "\(message): \(nextStep)" }

    public init(code: Code, message: String, nextStep: String) {
        self.code = code
        self.message = message
        self.nextStep = nextStep
    }

    /// Why an address cannot be listened on; nil for an error of something else.
    ///
    /// - Parameter section: of the configuration, `http` or `https`.
    public init?(_ error: any Error, listeningAt host: String, port: Int, section: String) {
        guard let error = error as? IOError, let (code, nextStep) = Self.listening(error.errnoCode, port, section) else { return nil }
        self.code = code
        self.nextStep = nextStep
        message = "\(section.uppercased()) cannot listen at \(host) port \(port): \(String(cString: strerror(error.errnoCode)))"
    }

    private static func listening(_ cause: Int32, _ port: Int, _ section: String) -> (Code, String)? {
        switch cause {
        case EADDRINUSE: (.portTaken, "ss -ltnp 'sport = :\(port)' shows who has it; stop that, or set another [\(section)] port")
        case EADDRNOTAVAIL: (.addressAbsent, "set [\(section)] listen to an address of this machine; ip address shows them")
        case EACCES: (.portForbidden, "set [\(section)] port to 1024 or more")
        case EAFNOSUPPORT: (.cannotListen, "set [\(section)] listen to an IPv4 address, or let this machine have IPv6")
        default: nil
        }
    }
}
