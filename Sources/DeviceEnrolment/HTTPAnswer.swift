public import AttestationFormat

/// An HTTP/1.1 answer (RFC 9112) as far as EST needs one. Each length that the other end names is compared with what is there.
public struct HTTPAnswer: Equatable, Sendable {
    /// 200 to 599.
    public let status: Int
    /// Names in lower case, in their order.
    let fields: [Field]
    public let body: [UInt8]

    struct Field: Equatable, Sendable {
        let name: [UInt8]
        let value: [UInt8]
    }

    /// Status line and fields together.
    static let headByteLimit = 16_384
    /// A certificate has 600 bytes, a trust file at most 65,536 (``Limits/trustFileByteCount``).
    public static let bodyByteLimit = 65_536
    /// The head, the body, and as much again for the lengths of very small chunks.
    static let byteLimit = headByteLimit + 2 * bodyByteLimit
    /// More fields than any such server sends.
    static let fieldLimit = 64

    /// What a field says; nil if it is absent or stands twice.
    public func value(_ name: StaticString) -> [UInt8]? {
        let wanted = Array(name.description.utf8)
        let found = fields.filter { $0.name == wanted }
        return found.count == 1 ? found[0].value : nil
    }

    /// Seconds since 1970 of the Date field (RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`); nil for another form.
    public var dateSeconds: Int64? { value("date").flatMap { HTTPDate.seconds($0) } }

    /// Retry-After in seconds, between a second and a day; nil if the server names none that we read.
    public var retrySeconds: Int? { value("retry-after").flatMap { HTTPReader.number($0[...], radix: 10, limit: 86_400) }.map { max(1, $0) } }

    /// The first line of a text, for messages.
    public var words: UTF8Text {
        let line = body.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return UTF8Text(validating: Array(line))?.printable ?? ""
    }
}
