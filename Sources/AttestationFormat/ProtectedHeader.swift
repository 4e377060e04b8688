public import MerkleTree

/// The labels of a protected header that this format knows; unknown ones are passed (section 1).
///
/// alg must be here and must be ES256; `crit` must not be here. All else is optional, and each message type demands what
/// it needs.
public struct ProtectedHeader: Sendable {
    /// 3, content type as a CoAP content-format number.
    public internal(set) var contentType: UInt64?
    /// 4, kid.
    public internal(set) var keyID: [UInt8]?
    /// 15, 1: iss of the CWT claims (RFC 9597).
    public internal(set) var issuer: UTF8Text?
    /// 15, 2: sub.
    public internal(set) var subject: UTF8Text?
    /// 15, 6: iat, seconds since 1970-01-01Z.
    public internal(set) var issuedAtSeconds: UInt64?
    /// 16, typ (RFC 9596).
    public internal(set) var type: UTF8Text?
    /// 395, vds: the verifiable data structure of RFC 9942; 1 is RFC9162_SHA256.
    public internal(set) var verifiableDataStructure: UInt64?
    /// -70001, first sequence of a batch.
    public internal(set) var first: UInt64?
    /// -70002, number of events of a batch.
    public internal(set) var count: UInt64?
    /// -70003, SHA-256 of the previous statement.
    public internal(set) var previous: Digest?
    /// -70005, number of leaves of a ledger.
    public internal(set) var treeSize: UInt64?
    /// -70006, origin of a ledger.
    public internal(set) var origin: UTF8Text?
    /// -70007, number of a batch's events whose bytes a node holds.
    public internal(set) var held: UInt64?

    /// Offset of the header's first byte, for errors.
    let offset: Int

    private var isES256 = false

    /// Reads the content of the protected bstr.
    init(reading reader: CBORReader) throws(FormatError) {
        var reader = reader
        offset = reader.position
        var map = try LabelledMap(from: &reader, depth: 0)
        while let label = try map.nextLabel(from: &reader) {
            if try !readValue(of: label, from: &reader) { try map.skipValue(from: &reader) }
        }
        try reader.finish()
        guard isES256 else { throw FormatError(.algorithm, at: offset) }
    }

    private mutating func readValue(of label: Int64, from reader: inout CBORReader) throws(FormatError) -> Bool {
        switch label {
        case 1: try readAlgorithm(from: &reader)
        case 2: throw FormatError(.criticalHeader, at: reader.position)
        case 3:
            // A media type as text is allowed by RFC 9052, but none of this format's messages has one.
            guard try reader.peekMajorType() == .unsigned else { return false }
            contentType = try reader.readUnsigned()
        case 4: keyID = try reader.readBytes()
        case 15: try readClaims(from: &reader)
        case 16:
            guard try reader.peekMajorType() == .textString else { return false }
            type = try reader.readText()
        case 395: verifiableDataStructure = try reader.readUnsigned()
        case -70001: first = try reader.readUnsigned()
        case -70002: count = try reader.readUnsigned()
        case -70003: previous = try reader.readDigest()
        case -70005: treeSize = try reader.readUnsigned()
        case -70006: origin = try reader.readText()
        case -70007: held = try reader.readUnsigned()
        default: return false
        }
        return true
    }

    private mutating func readAlgorithm(from reader: inout CBORReader) throws(FormatError) {
        let start = reader.position
        let major = try reader.peekMajorType()
        guard major == .unsigned || major == .negative, try reader.readInteger() == .negative(-7) else {
            throw FormatError(.algorithm, at: start)
        }
        isES256 = true
    }

    private mutating func readClaims(from reader: inout CBORReader) throws(FormatError) {
        var map = try LabelledMap(from: &reader, depth: 1)
        while let claim = try map.nextLabel(from: &reader) {
            switch claim {
            case 1: issuer = try reader.readText()
            case 2: subject = try reader.readText()
            case 6: issuedAtSeconds = try reader.readUnsigned()
            default: try map.skipValue(from: &reader)
            }
        }
    }
}

// MARK: - Demands

extension ProtectedHeader {
    /// Demands that typ is exactly this one.
    func require(type expected: UTF8Text) throws(FormatError) {
        guard type == expected else { throw FormatError(.type, at: offset) }
    }

    /// Demands that the content type is this CoAP content-format.
    func require(contentType expected: UInt64) throws(FormatError) {
        guard contentType == expected else {
            throw FormatError(contentType == nil ? .missingLabel(3) : .unexpectedValue, at: offset)
        }
    }

    /// Demands that vds says RFC9162_SHA256.
    func requireMerkleTree() throws(FormatError) {
        guard verifiableDataStructure == 1 else {
            throw FormatError(verifiableDataStructure == nil ? .missingLabel(395) : .unexpectedValue, at: offset)
        }
    }

    /// The key id, which must be there and have 32 bytes.
    func requireKeyID() throws(FormatError) -> Digest {
        guard let digest = Digest(try require(keyID, 4)) else { throw FormatError(.unexpectedValue, at: offset) }
        return digest
    }

    /// A value that must be there.
    func require<Value>(_ value: Value?, _ label: Int64) throws(FormatError) -> Value {
        guard let value else { throw FormatError(.missingLabel(label), at: offset) }
        return value
    }
}
