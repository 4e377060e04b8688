public import AttestationFormat

/// A checked identifier of goods, places, parties and documents, in the one form that events carry: a GS1 Digital Link
/// at `https://id.gs1.org`, `bic:` and a container number, or another `urn:` (wire-format.md section 3, key 4).
public struct Identifier: Hashable, Sendable {
    /// What the identifier names.
    public enum Scheme: UInt8, Sendable {
        case sscc, gtin, gln, party, grai, giai, gdti, gsin, ginc, container, urn
    }

    public let scheme: Scheme
    /// The canonical form.
    public let uri: UTF8Text

    init(scheme: Scheme, uri: UTF8Text) {
        self.scheme = scheme
        self.uri = uri
    }

    /// Longest identifier, in bytes: an event holds 4,096 in all, and no GS1 key needs more than a tenth of this.
    public static let maximumByteCount = 512

    /// Checks an identifier and turns EPC URNs into links.
    ///
    /// Throws ``EventError`` with an empty key: `wrongCheckDigit` names the digit that was expected,
    /// `badIdentifier` says what is not as it must be. Nothing is repaired.
    public init(_ text: Span<UInt8>) throws(EventError) {
        guard text.count <= Identifier.maximumByteCount else {
            throw .identifier("an identifier has at most 512 bytes")
        }
        if text.starts(with: Identifier.linkPrefix) {
            self = try DigitalLink.parse(text, from: Identifier.linkPrefix.bytes.count)
        } else if text.starts(with: Identifier.containerPrefix) {
            self = try Identifier.container(text)
        } else if text.starts(with: EPCURN.identifierPrefix) || text.starts(with: EPCURN.classPrefix) {
            self = try EPCURN.link(text)
        } else if text.starts(with: "urn:epc:") {
            throw .identifier("of EPC URNs, urn:epc:id: and urn:epc:class:lgtin: name goods; write one of these")
        } else if text.starts(with: "urn:") {
            self = try Identifier.plainURN(text)
        } else {
            throw .identifier("write a link at https://id.gs1.org/, bic: and a container number, or a urn:")
        }
    }

    /// The same for text.
    public init(_ text: UTF8Text) throws(EventError) {
        try self.init(text.bytes.span)
    }

    static let linkPrefix: UTF8Text = "https://id.gs1.org/"
    static let containerPrefix: UTF8Text = "bic:"

    /// `bic:` with owner code, category U, J or Z, six digits and the check digit (ISO 6346).
    private static func container(_ text: Span<UInt8>) throws(EventError) -> Identifier {
        let number = text.extracting(containerPrefix.bytes.count..<text.count)
        guard number.count == 11, let expected = CheckDigits.iso6346(for: number.extracting(0..<10)),
            [UInt8(ascii: "U"), UInt8(ascii: "J"), UInt8(ascii: "Z")].contains(number[3])
        else {
            throw .identifier("a container is four capital letters, the last U, J or Z, and seven digits")
        }
        try check(number[10], expected)
        return try Identifier(scheme: .container, uri: .copying(text))
    }

    /// RFC 8141: a namespace of 2 to 32 letters, digits and hyphens, then what it names.
    private static func plainURN(_ text: Span<UInt8>) throws(EventError) -> Identifier {
        var index = 4
        while index < text.count, text[index].isDigit || text[index].isLetter || text[index] == UInt8(ascii: "-") {
            index += 1
        }
        guard index - 4 >= 2, index - 4 <= 32, index + 1 < text.count, text[index] == UInt8(ascii: ":") else {
            throw .identifier("a urn is urn:, a namespace, a colon and a name")
        }
        while index < text.count {
            guard text[index] > 0x20, text[index] < 0x7F else {
                throw .identifier("a urn is printable ASCII without spaces")
            }
            index += 1
        }
        return try Identifier(scheme: .urn, uri: .copying(text))
    }

    /// Compares a check digit with the one that was computed.
    static func check(_ found: UInt8, _ expected: UInt8) throws(EventError) {
        guard found != expected else { return }
        throw EventError(
            .wrongCheckDigit, key: "",
            "check digit " + .character(expected) + " expected, " + .character(found.isDigit ? found : UInt8(ascii: "?"))
                + " found: read the number again at the source, it is not repaired here")
    }
}

extension EventError {
    static func identifier(_ detail: UTF8Text) -> EventError {
        EventError(.badIdentifier, key: "", detail)
    }
}

extension UTF8Text {
    /// A copy of bytes that are validated again on the way.
    static func copying(_ bytes: Span<UInt8>) throws(EventError) -> UTF8Text {
        guard let text = UTF8Text(validating: [UInt8](copying: bytes)) else {
            throw EventError(.badName, key: "", "this is not UTF-8")
        }
        return text
    }
}
