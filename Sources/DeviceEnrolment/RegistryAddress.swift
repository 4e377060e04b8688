public import AttestationFormat
internal import ConfigurationFile

/// Where a registry listens: `https://HOST` or `https://HOST:PORT`, without a path.
public struct RegistryAddress: Equatable, Sendable {
    /// HTTPS's own port.
    public static let usualPort: UInt16 = 443

    /// A host name or a numeric address, without brackets.
    public let host: UTF8Text
    public let port: UInt16

    public init(host: UTF8Text, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// - Throws: `badAddress`.
    public init(url: UTF8Text) throws(EnrolmentError) {
        let scheme: UTF8Text = "https://"
        var rest = url.bytes[...]
        if rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        guard url.hasPrefix(scheme), let text = UTF8Text(validating: Array(rest.dropFirst(scheme.byteCount))),
            let address = NetworkAddress(text, usualPort: Self.usualPort)
        else { throw EnrolmentError(.badAddress, url.printable) }
        self.init(host: address.host, port: address.port)
    }

    /// `HOST:PORT`, an IPv6 address in brackets: for the Host header, the configuration and messages.
    public var text: UTF8Text {
        let isIPv6 = host.bytes.contains(UInt8(ascii: ":"))
        return (isIPv6 ? "[" + host + "]" : host) + UTF8Text(":\(Int(port))")
    }
}

extension UTF8Text {
    /// More than any refusal of our registry has: three gateway ids of 64 bytes among some 300.
    static var strangersByteLimit: Int { 1_000 }

    /// Strangers' words as part of a line: nothing but printable ASCII, and where something is cut, `…`: half a command or a name would be another.
    var printable: UTF8Text {
        var out: [UInt8] = []
        for byte in bytes.prefix(Self.strangersByteLimit) { out.append(byte >= 0x20 && byte < 0x7F ? byte : UInt8(ascii: "?")) }
        let text = UTF8Text(validating: out) ?? ""
        return byteCount > out.count ? text + "…" : text
    }
}
