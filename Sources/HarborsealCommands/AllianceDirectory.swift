internal import AllianceTokens
internal import AllianceTrust
internal import Foundation

/// The working directory of an alliance: keys, certificates, the draft and the signed trust file.
///
/// ```
/// alliance/
///   draft.json            what will be signed next
///   alliance.hstrust      the trust file signed last; history/ has all of them
///   root.key root.crt     the root; the key may be taken away and named with --root-key
///   link-ca.key link-ca.crt link-ca.crl
///   firms/<firm>/issuing.key issuing.crt issuing.crl; issuing-2.key … for a second issuing key
///   nodes/<node>/receipt.key link.key link.crt link-<worker>.key …
///   servers/<server>/server.key server.crt
/// ```
/// Of a root, link CA or issuing key in a PKCS#11 token there is a file with its `pkcs11:` URI instead, `root.uri` or `issuing.uri`. Keys have mode 0600 in directories of mode 0700; every file is synced with its directory.
struct AllianceDirectory {
    let path: String

    var draftPath: String { "\(path)/draft.json" }
    var trustFilePath: String { "\(path)/alliance.hstrust" }
    var rootKeyPath: String { "\(path)/root.key" }
    var rootCertificatePath: String { "\(path)/root.crt" }
    var linkKeyPath: String { "\(path)/link-ca.key" }
    var linkCertificatePath: String { "\(path)/link-ca.crt" }
    var linkRevocationListPath: String { "\(path)/link-ca.crl" }

    func firmPath(_ firm: String) -> String { "\(path)/firms/\(firm)" }
    func nodePath(_ node: String) -> String { "\(path)/nodes/\(node)" }
    func serverPath(_ server: String) -> String { "\(path)/servers/\(server)" }
    func historyPath(_ version: UInt64) -> String { "\(path)/history/alliance-\(version).hstrust" }

    init(_ path: String) {
        self.path = path
    }

    /// The draft; an error that names `alliance init` where there is none.
    func draft() throws -> AllianceDraft {
        guard DurableFile.exists(draftPath) else {
            throw CommandError(
                .failed, "\(path) is no alliance's directory: it has no draft.json",
                nextStep: "harborseal alliance init NAME -o \(path)")
        }
        do {
            return try JSONDecoder().decode(AllianceDraft.self, from: Data(DurableFile.read(draftPath)))
        } catch let error as DecodingError {
            throw CommandError(.malformed, "\(draftPath) cannot be read: \(error)", nextStep: "mend it, or restore it from a backup")
        }
    }

    func save(_ draft: AllianceDraft) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try DurableFile.write(Array(try encoder.encode(draft)) + [0x0A], to: draftPath, mode: 0o600)
    }

    /// The root with its key, from the directory or from wherever the key is kept.
    func root(keyPath: String?) throws -> CertificateAuthority {
        let place = keyPath ?? AuthorityKey.place(rootKeyPath)
        guard TokenKeyHolder.isURI(place) || DurableFile.exists(place) else {
            throw CommandError(
                .failed, "the root key is not at \(place)", nextStep: "fetch it from where it is kept and give --root-key FILE, or its pkcs11: URI")
        }
        return try AuthorityKey.authority(certificate: rootCertificatePath, key: place)
    }

    func link() throws -> CertificateAuthority {
        try AuthorityKey.authority(certificate: linkCertificatePath, key: AuthorityKey.place(linkKeyPath))
    }

    /// What a firm's newest issuing key is called, or the one after it: `issuing`, `issuing-2` and on.
    func issuingName(of firm: String, isNext: Bool = false) -> String {
        let folder = firmPath(firm)
        var count = 0
        while AuthorityKey.exists("\(folder)/\(Self.issuingName(count + 1)).key") { count += 1 }
        return Self.issuingName(max(1, isNext ? count + 1 : count))
    }

    private static func issuingName(_ number: Int) -> String { number == 1 ? "issuing" : "issuing-\(number)" }

    /// A firm's newest issuing key with its certificate.
    func firm(_ firm: String) throws -> CertificateAuthority {
        let path = try firmKeyPath(firm)
        return try AuthorityKey.authority(certificate: path.dropLast(4) + ".crt", key: AuthorityKey.place(path))
    }

    /// Where a firm's newest issuing key lies, or would lie, if it is in a token.
    func firmKeyPath(_ firm: String) throws -> String {
        let path = "\(firmPath(firm))/\(issuingName(of: firm)).key"
        guard AuthorityKey.exists(path) else {
            throw CommandError(
                .failed, "firm \(firm) has no issuing key in \(firmPath(firm))",
                nextStep: "harborseal alliance add-firm \(firm) --alliance \(self.path)")
        }
        return path
    }

    /// Writes a key, then its certificate: a certificate that is there always has its key.
    ///
    /// - Parameter uri: of a key in a token; what is written is where it is.
    func write(
        key: AllianceSigningKey, uri: String? = nil, keyPath: String, certificate: CertificateBytes, certificatePath: String
    ) throws {
        if let uri { try AuthorityKey.write(uri: uri, keyPath: keyPath) } else { try key.write(to: keyPath) }
        try DurableFile.write(Array(certificate.pem.utf8), to: certificatePath)
    }

    func makeDirectory(_ path: String) throws {
        try DurableFile.makeDirectory(path, mode: 0o700)
    }
}
