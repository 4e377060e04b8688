internal import AllianceTrust
internal import AttestationFormat

/// What a file is that is not what was expected.
enum FoundBytes {
    /// Bytes that are shown of what nobody knows.
    private static let shownByteCount = 8

    /// `a trust file`, `a PEM certificate`, `text that begins with "{"`, `an empty file`.
    static func words(of bytes: [UInt8]) -> String {
        guard let first = bytes.first else { return "an empty file" }
        let inspection = Inspection(of: bytes)
        if inspection.fault == nil { return article(inspection.type) }
        if let known = inspection.known { return "what begins as \(article(known))" }
        let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }.prefix(24)
        if (0x20..<0x7F).contains(first), line.allSatisfy({ (0x20..<0x7F).contains($0) }) {
            return "text that begins with \"\(String(decoding: line, as: UTF8.self))\""
        }
        let shown = bytes.prefix(shownByteCount).map { Hexadecimal.text(of: [$0]).string }.joined(separator: " ")
        return "unknown bytes (\(shown)\(bytes.count > shownByteCount ? " …" : ""))"
    }

    private static func article(_ name: String) -> String {
        if name == "evidence" || name.hasPrefix("CBOR") || name.hasPrefix("PEM, ") { return name }
        return (name.first.map { "aeio".contains($0) } ?? false ? "an " : "a ") + name
    }
}

/// Trust files that people name, with the file in every error.
enum TrustFileInput {
    /// - Throws: what reading throws, `CommandError` for bytes that are no trust file, `TrustError` for one that is refused.
    static func verified(_ path: String) throws -> TrustFile {
        let bytes = try DurableFile.read(path, byteLimit: Limits.trustFileByteCount)
        do {
            return try TrustFileVerifier.verify(bytes)
        } catch let error as FormatError {
            throw malformed(path, bytes, error.words)
        }
    }

    static func malformed(_ path: String, _ bytes: [UInt8], _ words: String) -> CommandError {
        CommandError(
            .malformed, "\(path): expected a trust file (.hstrust), found \(FoundBytes.words(of: bytes)): \(words)",
            nextStep: "name the alliance's trust file; harborseal inspect \(path) shows what this is")
    }
}
