internal import AllianceTrust
internal import AttestationFormat
internal import ConfigurationFile
internal import DeviceRegistry
internal import RegistryHTTP

/// Who issues link certificates, as [link] says: this registry with the link CA's key, or the alliance's registry.
enum LinkIssuing {
    private static let codeByteLimit = 4_096

    /// - Parameter authority: opens a certificate and its key.
    /// - Throws: ``CommandError`` with code `configuration` for what is neither of the two, or both.
    static func read(
        _ resolved: ResolvedConfiguration, file: String, _ authority: (_ certificate: String, _ key: String) throws -> CertificateAuthority
    ) throws -> (CertificateAuthority, (any LinkSource)?) {
        func text(_ key: UTF8Text) -> String? { resolved.text("link", key)?.string }
        let path = text("certificate") ?? ""
        switch (text("key"), text("registry"), text("anchor"), text("code")) {
        case (let key?, nil, nil, nil): return (try authority(path, key), nil)
        case (nil, let registry?, let anchor?, let code?):
            let certificate = try CertificateBytes(pemOrDER: DurableFile.read(path), path: path)
            return (try CertificateAuthority(withoutKey: certificate), try source(registry, anchor: anchor, code: code, file: file))
        case (nil, nil, nil, nil):
            throw problem(
                file, "neither the link CA's key nor the alliance's registry is named",
                "set key where this registry issues link certificates, or registry, anchor and code where the alliance's does")
        case (nil, let registry, let anchor, let code):
            let missing = [("registry", registry), ("anchor", anchor), ("code", code)].filter { $0.1 == nil }.map(\.0)
            throw problem(file, "the alliance's registry is to issue link certificates, and \(missing.joined(separator: " and ")) is not set", "set registry, anchor and code")
        case (_?, let registry, let anchor, let code):
            let given = [("registry", registry), ("anchor", anchor), ("code", code)].filter { $0.1 != nil }.map(\.0)
            throw problem(
                file, "key is set, and \(given.joined(separator: " and ")), too: link certificates are issued here or at the alliance's registry",
                "take out key, or \(given.joined(separator: " and "))")
        }
    }

    private static func source(_ url: String, anchor: String, code path: String, file: String) throws -> AllianceRegistry {
        do {
            _ = try RegistryAddress(url)
        } catch {
            throw problem(file, "registry = \(TerminalStyle.safe(url)) is no address of a registry", "give https://HOST:PORT, without a path")
        }
        let authority = try CertificateBytes(pemOrDER: DurableFile.read(anchor), path: anchor)
        let bytes = try DurableFile.read(path, byteLimit: codeByteLimit)
        guard let mode = DurableFile.permissions(of: path), mode & 0o077 == 0 else {
            throw TrustError(.keyPermissions, "\(path) is a code that others may read", nextStep: "chmod 600 \(path)")
        }
        guard let text = String(validating: bytes, as: UTF8.self), let code = EnrolmentCode(String(text.prefix { !$0.isNewline })) else {
            throw problem(file, "code: \(path) holds no code", "put what harborseal registry firm-code printed at the alliance's registry there, and nothing else")
        }
        return AllianceRegistry(url: url, code: code, anchor: authority.der)
    }

    private static func problem(_ file: String, _ words: String, _ nextStep: String) -> CommandError {
        CommandError(.configuration, "\(file), section link: \(words)", nextStep: nextStep)
    }
}
