import HTTPServing
import NIOCore

/// Who may read a registry's `/metrics`, which name its firms and count their revocations: this machine always, and whoever is named.
public enum MetricsReaders: Equatable, Sendable {
    case everybody
    /// Of ``HTTPServing/PeerAddress``: an IPv4 address, or the first 64 bits of an IPv6 address.
    case addresses(Set<String>)

    public static let nobody = MetricsReaders.addresses([])

    /// `all`, or addresses with blanks or commas between; nil: one of them is none.
    public init?(_ text: String) {
        let words = text.split { $0 == " " || $0 == "," }.map(String.init)
        guard words != ["all"] else {
            self = .everybody
            return
        }
        let addresses = words.compactMap { try? SocketAddress(ipAddress: $0, port: 0) }
        guard addresses.count == words.count else { return nil }
        self = .addresses(Set(addresses.map { PeerAddress.text(of: $0) }))
    }

    /// - Parameter address: of ``HTTPServing/PeerAddress``.
    func include(_ address: String) -> Bool {
        switch self {
        case .everybody: true
        case .addresses(let named): named.contains(address) || Self.isThisMachine(address)
        }
    }

    private static func isThisMachine(_ address: String) -> Bool { address.hasPrefix("127.") || address == "0:0:0:0::/64" }
}
