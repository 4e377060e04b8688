public import AttestationFormat
public import MerkleTree
internal import SealToken

/// What a technician gets to enrol one gateway: `harborseal-enrol:1?url=…&device=…&code=…&ca=…`, with `trust=` and `broker=` if the
/// registry knows them. Keys that this program does not know are passed over.
public struct EnrolmentText: Equatable, Sendable {
    public let address: RegistryAddress
    public let gateway: GatewayID
    public let code: EnrolmentCode
    /// SHA-256 of the link CA's certificate in DER.
    public let authorityHash: Digest
    /// SHA-256 of the trust file.
    public let trustHash: Digest?
    /// `HOST:PORT`, with commas between.
    public let brokers: UTF8Text?

    /// More than any such text has: a QR code of that size cannot be read from paper.
    public static let byteLimit = 2_048
    private static let prefix: UTF8Text = "harborseal-enrol:1?"

    /// - Throws: `badText` with the key that is missing or wrong, `badAddress`, `badCode`.
    public init(parsing text: UTF8Text) throws(EnrolmentError) {
        guard text.hasPrefix(Self.prefix), text.byteCount <= Self.byteLimit else { throw EnrolmentError(.badText) }
        var values: [(key: UTF8Text, value: UTF8Text)] = []
        for part in text.bytes.dropFirst(Self.prefix.byteCount).split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            guard let sign = part.firstIndex(of: UInt8(ascii: "=")), let key = UTF8Text(validating: Array(part[..<sign])),
                let value = Self.decoded(part[(sign + 1)...]), !values.contains(where: { $0.key == key })
            else { throw EnrolmentError(.badText) }
            values.append((key, value))
        }
        func value(_ key: UTF8Text) -> UTF8Text? { values.first { $0.key == key }?.value }
        func required(_ key: UTF8Text) throws(EnrolmentError) -> UTF8Text {
            guard let found = value(key) else { throw EnrolmentError(.badText, key) }
            return found
        }
        address = try RegistryAddress(url: try required("url"))
        guard let gateway = GatewayID(try required("device")) else { throw EnrolmentError(.badText, "device") }
        self.gateway = gateway
        code = try EnrolmentCode(try required("code"))
        guard let authorityHash = Digest(hexadecimal: try required("ca")) else { throw EnrolmentError(.badText, "ca") }
        self.authorityHash = authorityHash
        trustHash = value("trust").flatMap { Digest(hexadecimal: $0) }
        guard (value("trust") == nil) == (trustHash == nil) else { throw EnrolmentError(.badText, "trust") }
        brokers = value("broker")
    }

    /// Percent-encoding undone (RFC 3986, 2.1); nil for half of one, and for control characters.
    private static func decoded(_ part: ArraySlice<UInt8>) -> UTF8Text? {
        var out: [UInt8] = []
        var index = part.startIndex
        while index < part.endIndex {
            var byte = part[index]
            index += 1
            if byte == UInt8(ascii: "%") {
                guard part.endIndex - index >= 2, let high = hexadecimalValue(part[index]), let low = hexadecimalValue(part[index + 1])
                else { return nil }
                byte = high << 4 | low
                index += 2
            }
            guard byte > 0x20, byte != 0x7F else { return nil }
            out.append(byte)
        }
        return UTF8Text(validating: out)
    }
}

/// A one-time code: 128 bits in Crockford's base32. Reading ignores case and hyphens, and takes O for 0, I and L for 1.
public struct EnrolmentCode: Equatable, Sendable {
    /// 26 characters in upper case, as they are sent.
    public let text: UTF8Text

    public static let characterCount = 26

    /// - Throws: `badCode`.
    public init(_ typed: UTF8Text) throws(EnrolmentError) {
        var out: [UInt8] = []
        for byte in typed.bytes where byte != UInt8(ascii: "-") {
            let upper = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") ? byte & 0xDF : byte
            switch upper {
            case UInt8(ascii: "O"): out.append(UInt8(ascii: "0"))
            case UInt8(ascii: "I"), UInt8(ascii: "L"): out.append(UInt8(ascii: "1"))
            case UInt8(ascii: "U"): throw EnrolmentError(.badCode)
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"): out.append(upper)
            default: throw EnrolmentError(.badCode)
            }
        }
        // 26 characters hold two bits more than a code has; which two is the registry's to know.
        guard out.count == Self.characterCount, let text = UTF8Text(validating: out) else {
            throw EnrolmentError(.badCode)
        }
        self.text = text
    }
}

extension Digest {
    /// 64 hexadecimal digits of either case; nil for anything else.
    public init?(hexadecimal text: UTF8Text) {
        guard text.byteCount == 2 * Digest.byteCount else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: text.byteCount, by: 2) {
            guard let high = hexadecimalValue(text.bytes[index]), let low = hexadecimalValue(text.bytes[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.init(bytes)
    }

    /// 64 digits in lower case.
    public var hexadecimal: String { TokenURI.hexadecimal(bytes).string }
}

/// The value of a hexadecimal digit.
func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
