internal import AttestationFormat
internal import SwiftASN1

/// cRLNumber (RFC 5280, section 5.2.3): rises with every list of an issuer, and has up to 20 bytes.
public struct RevocationListNumber: Hashable, Sendable {
    static let identifier: ASN1ObjectIdentifier = [2, 5, 29, 20]
    /// What RFC 5280 lets an issuer use.
    private static let byteLimit = 20

    /// Most significant byte first, without leading zeros.
    public let bytes: [UInt8]

    static let zero = RevocationListNumber(digits: [0])

    private init(digits: [UInt8]) { bytes = digits }

    /// Takes what ``bytes`` gave; nil for anything else.
    public init?(bytes: [UInt8]) {
        guard (1...Self.byteLimit).contains(bytes.count), bytes.count == 1 || bytes[0] != 0 else { return nil }
        self.bytes = bytes
    }

    /// Reads the extension's value.
    init(_ value: ArraySlice<UInt8>) throws {
        let node = try DER.parse(Array(value))
        if node.identifier == .integer, case .primitive(let content) = node.content, let first = content.first, first >= 0x80 {
            throw TrustError(.revocationList, "the revocation list's number is negative")
        }
        // Without the zero that keeps a number positive; of 0 itself nothing is left.
        let integer = Array(try ArraySlice<UInt8>(derEncoded: node))
        let digits = integer.isEmpty ? [0] : integer
        guard let number = RevocationListNumber(bytes: digits) else {
            throw TrustError(.revocationList, "the revocation list's number has more than \(Self.byteLimit) bytes")
        }
        self = number
    }
}

extension RevocationListNumber: Comparable {
    public static func < (left: RevocationListNumber, right: RevocationListNumber) -> Bool {
        left.bytes.count == right.bytes.count
            ? left.bytes.lexicographicallyPrecedes(right.bytes) : left.bytes.count < right.bytes.count
    }
}

extension RevocationListNumber: CustomStringConvertible {
    /// Decimal up to 2^64 - 1, `0x` and hexadecimal beyond.
    public var description: String {
        guard bytes.count <= 8 else { return "0x\(Hexadecimal.text(of: bytes).string)" }
        return "\(bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })"
    }
}
