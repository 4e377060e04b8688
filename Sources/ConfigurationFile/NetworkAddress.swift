public import AttestationFormat

/// `HOST`, `HOST:PORT`, `[IPv6]` or `[IPv6]:PORT`.
public struct NetworkAddress: Equatable, Sendable {
    /// Host name or numeric address, without brackets.
    public let host: UTF8Text
    /// TCP port.
    public let port: UInt16

    /// Nil for anything else, and for port 0.
    public init?(_ text: UTF8Text, usualPort: UInt16) {
        let bytes = text.bytes
        let hostBytes: ArraySlice<UInt8>
        let rest: ArraySlice<UInt8>
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            hostBytes = bytes[1..<end]
            rest = bytes[(end + 1)...]
            guard NetworkAddress.isIPv6Like(hostBytes) else { return nil }
        } else {
            let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
            hostBytes = bytes[..<end]
            rest = bytes[end...]
            guard NetworkAddress.isHostName(hostBytes) else { return nil }
        }
        guard let host = UTF8Text(validating: Array(hostBytes)) else { return nil }
        self.host = host
        guard let colon = rest.first else {
            port = usualPort
            return
        }
        guard colon == UInt8(ascii: ":"), let number = UnitText.decimal(rest.dropFirst()),
            let port = UInt16(exactly: number), port != 0
        else { return nil }
        self.port = port
    }

    /// Whether the bytes are a host name or a numeric address, without port and brackets.
    static func isHost(_ bytes: ArraySlice<UInt8>) -> Bool {
        isHostName(bytes) || isIPv6Like(bytes)
    }

    /// Letters, digits, `-`, `_` and dots; 253 bytes is the longest name that DNS carries.
    private static func isHostName(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard (1...253).contains(bytes.count), bytes.first != UInt8(ascii: "-"), bytes.first != UInt8(ascii: ".") else {
            return false
        }
        return bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
    }

    /// The characters of an IPv6 address with an optional zone; the system's resolver judges the rest.
    private static func isIPv6Like(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard (2...64).contains(bytes.count), bytes.count(where: { $0 == UInt8(ascii: ":") }) >= 2 else { return false }
        return bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "%") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        UnitText.isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }
}
