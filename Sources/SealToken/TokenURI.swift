public import AttestationFormat
internal import SmallFiles

/// Which key in which token a `pkcs11:` URI means (RFC 7512), as far as the seal key needs it.
///
/// Strict: an attribute that is unknown, comes twice, is empty or stands in the wrong part is refused with words, and so is every character
/// that the RFC wants percent-encoded. Texts are compared byte by byte with what the token says of itself.
public final class TokenURI: Equatable, @unchecked Sendable {
    // A class, since it stands in every copy of the configuration; nothing changes after init.

    /// What every such URI begins with.
    public static let scheme: UTF8Text = "pkcs11:"

    /// The URI as it was written. It holds no secret.
    public let text: UTF8Text

    /// What may stand in front of the `?`, and from `modulePath` on behind it.
    private enum Attribute: Int {
        case token, manufacturer, model, serial, object, id, slotID, type, modulePath, moduleName, pinSource
    }

    private static let names: [StaticString] = [
        "token", "manufacturer", "model", "serial", "object", "id", "slot-id", "type", "module-path", "module-name", "pin-source",
    ]
    /// The most bytes that each may have.
    private static let byteLimits = [32, 32, 16, 16, 64, 64, 20, 16, 199, 64, 199]
    /// What each is, decoded; empty: not there.
    private var values = [[UInt8]](repeating: [], count: TokenURI.names.count)

    /// CKA_LABEL of the token, at most 32 bytes.
    public var token: UTF8Text? { value(.token) }
    public var manufacturer: UTF8Text? { value(.manufacturer) }
    public var model: UTF8Text? { value(.model) }
    public var serial: UTF8Text? { value(.serial) }
    public var slotID: UInt64? { Self.number(values[Attribute.slotID.rawValue]) }
    /// CKA_LABEL of the key, at most 64 bytes.
    public var object: UTF8Text? { value(.object) }
    /// CKA_ID of the key, at most 64 bytes of any value.
    public var id: [UInt8]? {
        let bytes = values[Attribute.id.rawValue]
        return bytes.isEmpty ? nil : bytes
    }
    /// The module's file.
    public var modulePath: UTF8Text? { value(.modulePath) }
    /// The module's name without `lib` and `.so`, looked for where modules lie.
    public var moduleName: UTF8Text? { value(.moduleName) }
    public var pinSource: PINSource? { value(.pinSource).flatMap { Self.source($0) } }

    private func value(_ attribute: Attribute) -> UTF8Text? {
        let bytes = values[attribute.rawValue]
        return bytes.isEmpty ? nil : UTF8Text(validating: bytes)
    }

    /// Where the PIN comes from. It never stands in the URI itself.
    public enum PINSource: Equatable, Sendable {
        /// A file that only its owner may read.
        case file(UTF8Text)
        /// A variable of the environment.
        case environment(UTF8Text)

        /// As people name it.
        public var words: String {
            switch self {
            case .file(let path): path.string
            case .environment(let name): "the environment's \(name.string)"
            }
        }
    }

    public static func == (one: TokenURI, other: TokenURI) -> Bool { one.text == other.text }

    /// Whether a text is meant as such a URI.
    public static func isURI(_ text: UTF8Text) -> Bool { text.hasPrefix(scheme) }

    /// Reads a URI.
    ///
    /// - Throws: ``TokenURIError`` with what is wrong with it. No secret that stands in it is repeated.
    public init(_ text: UTF8Text) throws(TokenURIError) {
        self.text = text
        guard TokenURI.isURI(text) else { throw TokenURIError("begins with something else than pkcs11:") }
        let rest = text.bytes[TokenURI.scheme.byteCount...]
        let query = rest.firstIndex(of: UInt8(ascii: "?"))
        var seen: [UTF8Text] = []
        for part in TokenURI.parts(rest[..<(query ?? rest.endIndex)], separator: UInt8(ascii: ";")) {
            let (name, value) = try TokenURI.attribute(part, seen: &seen)
            try take(name, value, isQuery: false)
        }
        for part in query.map({ TokenURI.parts(rest[($0 + 1)...], separator: UInt8(ascii: "&")) }) ?? [] {
            let (name, value) = try TokenURI.attribute(part, seen: &seen)
            try take(name, value, isQuery: true)
        }
    }

    private static func parts(_ bytes: ArraySlice<UInt8>, separator: UInt8) -> [ArraySlice<UInt8>] {
        bytes.isEmpty ? [] : bytes.split(separator: separator, omittingEmptySubsequences: false)
    }

    private static func attribute(
        _ part: ArraySlice<UInt8>, seen: inout [UTF8Text]
    ) throws(TokenURIError) -> (name: UTF8Text, value: ArraySlice<UInt8>) {
        guard let equals = part.firstIndex(of: UInt8(ascii: "=")), equals > part.startIndex else {
            throw TokenURIError("has a part that is not NAME=VALUE")
        }
        guard let name = UTF8Text(validating: Array(part[..<equals])) else { throw TokenURIError("has a name that is not UTF-8") }
        guard !seen.contains(where: { $0 == name }) else { throw TokenURIError("@ stands there twice; keep one", name) }
        seen.append(name)
        return (name, part[(equals + 1)...])
    }

    // MARK: - Attributes (RFC 7512, 2.3)

    private func take(_ name: UTF8Text, _ value: ArraySlice<UInt8>, isQuery: Bool) throws(TokenURIError) {
        guard let place = Self.names.firstIndex(where: { name == UTF8Text($0.description) }), let attribute = Attribute(rawValue: place)
        else { throw Self.refusal(name, isQuery: isQuery) }
        guard isQuery == (place >= Attribute.modulePath.rawValue) else {
            throw TokenURIError(
                isQuery ? "@ is no attribute that belongs behind the ? of a pkcs11 URI" : "@ belongs behind the ?, with & between such parts", name)
        }
        let isPath = attribute == .modulePath || attribute == .pinSource
        let bytes = try Self.decoded(name, value, Self.byteLimits[place], extra: isPath ? "/?|" : "&")
        values[place] = bytes
        try check(attribute, bytes, name)
    }

    private func check(_ attribute: Attribute, _ bytes: [UInt8], _ name: UTF8Text) throws(TokenURIError) {
        guard attribute == .id || bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) && UTF8Text(validating: bytes) != nil else {
            throw TokenURIError("@ is not printable UTF-8", name)
        }
        switch attribute {
        case .slotID where slotID == nil: throw TokenURIError("@ must be a decimal number", name)
        case .type where value(.type) != "private":
            throw TokenURIError("type must be private, since the key has to sign; correct it or leave it out")
        case .modulePath where bytes.first != UInt8(ascii: "/"): throw TokenURIError("module-path must be an absolute path of the module's file")
        case .moduleName where bytes.contains(UInt8(ascii: "/")): throw TokenURIError("module-name is a name; a path goes into module-path")
        case .pinSource where pinSource == nil:
            throw TokenURIError("pin-source must be file: with an absolute path, or env: with the name of a variable, of letters, digits and _")
        default: break
        }
    }

    private static func refusal(_ name: UTF8Text, isQuery: Bool) -> TokenURIError {
        if name == "pin-value" {
            return TokenURIError(
                isQuery
                    ? """
                        pin-value is refused: a PIN in a configuration is read in backups and printed by tools; put it into a file of mode 0600 and \
                        name that with pin-source=file:PATH
                        """
                    : "pin-value belongs behind the ?, and is refused there: name the PIN's file with pin-source=file:PATH")
        }
        if name.hasPrefix("library-") || name.hasPrefix("slot-") {
            return TokenURIError("@ is not looked at; name the token by token, serial, model, manufacturer or slot-id", name)
        }
        return TokenURIError(isQuery ? "@ is no attribute that belongs behind the ? of a pkcs11 URI" : "@ is no attribute of a pkcs11 URI", name)
    }

    private static func source(_ text: UTF8Text) -> PINSource? {
        let fileScheme: UTF8Text = "file:"
        let variableScheme: UTF8Text = "env:"
        var path = text
        if text.hasPrefix(fileScheme) {
            // file:///path and file:/path mean the same (RFC 8089); another host's files are out of reach.
            path = suffix(of: text, from: fileScheme.byteCount)
            if path.hasPrefix("///") { path = suffix(of: path, from: 2) }
        } else if text.hasPrefix(variableScheme) {
            let name = suffix(of: text, from: variableScheme.byteCount)
            return !name.bytes.isEmpty && name.bytes.allSatisfy({ isWord($0) }) ? .environment(name) : nil
        }
        return path.hasPrefix("/") && !path.hasPrefix("//") && path.byteCount > 1 ? .file(path) : nil
    }

    private static func suffix(of text: UTF8Text, from start: Int) -> UTF8Text {
        // Cut behind ASCII, so both sides stay valid.
        UTF8Text(validating: Array(text.bytes[start...])) ?? ""
    }
}

/// Why a text is no usable `pkcs11:` URI.
public struct TokenURIError: Error, Equatable, Sendable {
    /// What is wrong and what to do, to stand behind the key's name.
    public let reason: UTF8Text

    init(words: UTF8Text) { reason = words }

    /// - Parameter form: `@` is the attribute's name.
    init(_ form: StaticString, _ name: UTF8Text = "") { reason = UTF8Text(MessageForm.filled(form, text: name.string)) }
}
