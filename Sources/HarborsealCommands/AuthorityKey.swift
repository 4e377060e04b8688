internal import AllianceTokens
internal import AllianceTrust

/// Where a key is that issues certificates: in a file, or in a PKCS#11 token that a `pkcs11:` URI names.
enum AuthorityKey {
    /// Opens a key.
    ///
    /// - Parameter place: a file's path, or a URI.
    static func open(_ place: String) throws -> AllianceSigningKey {
        guard TokenKeyHolder.isURI(place) else { return try AllianceSigningKey(file: place) }
        return try AllianceSigningKey(outside: TokenKeyHolder(opening: place))
    }

    /// Opens or makes a key that a command was given, or makes one in memory where it was given none.
    ///
    /// - Parameters:
    ///   - option: what the URI was given by, for messages.
    ///   - isNew: whether the token makes it.
    static func given(_ uri: String?, by option: String, isNew: Bool) throws -> AllianceSigningKey {
        guard let uri else {
            guard !isNew else { throw CommandError(.usage, "--make-key makes a key in a token, and no token is named", nextStep: "give \(option) pkcs11:…") }
            return try AllianceSigningKey()
        }
        guard TokenKeyHolder.isURI(uri) else {
            throw CommandError(
                .usage, "\(option) \(TerminalStyle.safe(uri)) is no pkcs11: URI", nextStep: "name a key in a token, or leave it out: then the key is a new file")
        }
        return try AllianceSigningKey(outside: TokenKeyHolder(opening: uri, isNew: isNew))
    }

    /// A key with its certificate. A token is opened now, and what is wrong with it said.
    static func authority(certificate: String, key: String) throws -> CertificateAuthority {
        try CertificateAuthority(
            certificate: CertificateBytes(pemOrDER: DurableFile.read(certificate), path: certificate), key: open(key))
    }

    // MARK: - In an alliance's directory

    /// The file with the URI, in place of a key's own.
    private static func uriPath(_ keyPath: String) -> String { keyPath.dropLast(4) + ".uri" }

    static func exists(_ keyPath: String) -> Bool { DurableFile.exists(keyPath) || DurableFile.exists(uriPath(keyPath)) }

    /// The file itself, or the URI that stands beside it.
    static func place(_ keyPath: String) -> String {
        guard !DurableFile.exists(keyPath) else { return keyPath }
        return uri(keyPath) ?? keyPath
    }

    /// nil: the key is a file, or not there.
    static func uri(_ keyPath: String) -> String? {
        guard !DurableFile.exists(keyPath), let bytes = try? DurableFile.read(uriPath(keyPath), byteLimit: uriByteLimit) else { return nil }
        return String(String(decoding: bytes, as: UTF8.self).prefix { !$0.isNewline })
    }

    static func write(uri: String, keyPath: String) throws {
        try DurableFile.write(Array("\(uri)\n".utf8), to: uriPath(keyPath), mode: 0o600, replacing: false)
    }

    private static let uriByteLimit = 4_096
}
