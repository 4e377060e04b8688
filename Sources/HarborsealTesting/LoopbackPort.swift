internal import CPosixShims

/// TCP ports of the loopback interface for the servers of tests.
public enum LoopbackPort {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Below the range that the kernel gives to clients: otherwise a client of some other test gets the port of a broker that is down
    /// for a while, or, when it dials that very port, a connection with itself.
    private static let range: ClosedRange<UInt16> = 10_240...32_000

    /// A port that nobody listens on now.
    public static func free() throws -> UInt16 {
        for _ in 0..<100 {
            let port = UInt16.random(in: range)
            let descriptor = posix_tcp_listen_loopback(port, 1)
            guard descriptor >= 0 else { continue }
            _ = posix_socket_close(descriptor)
            return port
        }
        throw Failure(description: "no free port on loopback between \(range.lowerBound) and \(range.upperBound)")
    }
}
