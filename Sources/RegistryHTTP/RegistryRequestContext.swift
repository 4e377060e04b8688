import Glibc
import Hummingbird
import NIOCore
import NIOSSL

/// A request with the connection that it came over: its address, and the certificate that the peer showed and holds the key of.
struct RegistryRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// DER of the client's certificate; nil where it showed none. The TLS layer saw that the peer has its key, and judged nothing else.
    var peerCertificate: [UInt8]? {
        get async throws {
            try await channel.nioSSL_peerCertificate().flatMapThrowing { try $0?.toDERBytes() }.get()
        }
    }

    /// Cuts the connection unless the result is cancelled in time: of a peer whose body does not come to its end.
    func closeConnection(after seconds: Int64) -> Scheduled<Void> {
        let channel = channel
        return channel.eventLoop.scheduleTask(in: .seconds(seconds)) { channel.close(promise: nil) }
    }

    /// Whom failures are counted for, and what the audit table says: an IPv4 address, or the first 64 bits of an IPv6 address, which one
    /// customer of a provider has whole.
    var peerAddress: String {
        guard let text = channel.remoteAddress?.ipAddress else { return "unknown" }
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return text }
        let bytes = withUnsafeBytes(of: address) { Array($0) }
        // ::ffff:a.b.c.d, an IPv4 peer of a socket that takes both.
        let isMapped = bytes.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF])
        return isMapped ? Self.text(Array(bytes[12...])) : Self.text(prefix: bytes)
    }

    private static func text(_ address: [UInt8]) -> String { address.map { "\($0)" }.joined(separator: ".") }

    private static func text(prefix address: [UInt8]) -> String {
        let groups = stride(from: 0, to: 8, by: 2).map { String(Int(address[$0]) << 8 | Int(address[$0 + 1]), radix: 16) }
        return groups.joined(separator: ":") + "::/64"
    }
}
