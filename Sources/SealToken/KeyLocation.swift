public import AttestationFormat

/// Where a key is: what `[seal] key` says.
public enum KeyLocation: Equatable, Sendable {
    case file(UTF8Text)
    case token(TokenURI)

    /// Reads a path or a URI.
    public init(_ text: UTF8Text) throws(TokenURIError) {
        self = TokenURI.isURI(text) ? .token(try TokenURI(text)) : .file(text)
    }

    /// The path of a file; nil of a token.
    public var file: UTF8Text? {
        guard case .file(let path) = self else { return nil }
        return path
    }

    /// As `[seal] key` has it.
    public var text: UTF8Text {
        switch self {
        case .file(let path): path
        case .token(let uri): uri.text
        }
    }

    /// The token's URI; nil of a file.
    public var uri: TokenURI? {
        guard case .token(let uri) = self else { return nil }
        return uri
    }

    /// What `agent.started` says of it, with all that is known before the token answers: the module's name.
    public var keyClass: UTF8Text {
        guard let uri else { return "software" }
        let name = (uri.modulePath ?? uri.moduleName ?? "").bytes
        if Self.contains(name, "softhsm") { return "software" }
        return Self.contains(name, "tpm2") ? "tpm2" : "secure_element"
    }

    private static func contains(_ bytes: [UInt8], _ word: UTF8Text) -> Bool {
        guard bytes.count >= word.byteCount else { return false }
        return (0...(bytes.count - word.byteCount)).contains { start in bytes[start..<(start + word.byteCount)].elementsEqual(word.bytes) }
    }
}
