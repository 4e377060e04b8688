internal import Glibc
public import NIOCore

/// Whom connections and failures are counted for: an IPv4 address, or the first 64 bits of an IPv6 address, which one customer of a provider
/// has whole.
public enum PeerAddress {
    /// Such as `192.0.2.7` or `2001:db8:0:1::/64`; `unknown` for what is no address of the internet.
    public static func text(of address: SocketAddress?) -> String {
        guard let text = address?.ipAddress else { return "unknown" }
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return text }
        let bytes = withUnsafeBytes(of: address) { Array($0) }
        // ::ffff:a.b.c.d, an IPv4 peer of a socket that takes both.
        let isMapped = bytes.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF])
        return isMapped ? bytes[12...].map { "\($0)" }.joined(separator: ".") : prefix(bytes)
    }

    private static func prefix(_ bytes: [UInt8]) -> String {
        let groups = stride(from: 0, to: 8, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
        return groups.joined(separator: ":") + "::/64"
    }
}
