internal import AllianceTrust
internal import AttestationFormat
internal import ConfigurationFile
internal import Foundation

/// `harborseal registry init`: makes the folder of a registry: keys, certificates, trust file, and the registry.conf that names them.
public struct RegistryInit: Sendable {
    /// The alliance's directory.
    public var directory: String
    /// How gateways will reach it, `https://HOST:PORT`.
    public var url: String
    /// The folder to write.
    public var output: String
    /// The firms whose devices it registers; empty: all that have an issuing key in the directory.
    public var firms: [String]
    /// Where the files will lie, such as `/etc/harborseal-registry`; nil: where they are written.
    public var installedAt: String?
    /// The alliance's registry, `https://HOST:PORT`, where this is one firm's own: it has no key of the link CA then.
    public var linkRegistry: String?
    public var nowSeconds: Int64

    public init(
        directory: String, url: String, output: String, firms: [String] = [], installedAt: String? = nil, linkRegistry: String? = nil,
        nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.directory = directory
        self.url = url
        self.output = output
        self.firms = firms
        self.installedAt = installedAt
        self.linkRegistry = linkRegistry
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        let address = try RegistryAddress(url)
        if let linkRegistry {
            _ = try RegistryAddress(linkRegistry)
            guard firms.count == 1 else {
                throw CommandError(
                    .usage, "a registry that gets link certificates from the alliance's is one firm's own", nextStep: "name the firm: --firm FIRM, once")
            }
        }
        if let installedAt, !installedAt.hasPrefix("/") || installedAt.contains(where: \.isNewline) {
            throw CommandError(
                .usage, "\(TerminalStyle.safe(installedAt)) is no absolute path", nextStep: "give --installed-at /etc/harborseal-registry")
        }
        let place = AllianceDirectory(directory)
        let draft = try place.draft()
        guard DurableFile.exists(place.trustFilePath) else {
            throw CommandError(.failed, "\(directory) has no signed trust file yet", nextStep: "harborseal alliance sign --alliance \(directory)")
        }
        let configurationPath = "\(output)/registry.conf"
        guard !DurableFile.exists(configurationPath) else {
            throw CommandError(
                .failed, "\(configurationPath) is there already and is not overwritten",
                nextStep: "add what is new to it by hand, or choose another folder with -o")
        }
        let names = try firmNames(in: draft)
        try addServer(address, draft)
        try place.makeDirectory(output)
        try copy(place, firms: names)
        if runsHere { try place.makeDirectory("\(output)/data") }
        try NewStoreMark(configurationPath).write()
        // Last: a folder with a configuration has everything that it names.
        try DurableFile.write(Array(configuration(draft.alliance, address, names).utf8), to: configurationPath)
        return CommandResult(
            output: text(draft.alliance, names),
            notes: draft.publicationConcerns(atSeconds: UInt64(max(0, nowSeconds)), directory: directory) + elsewhere(draft, names))
    }

    /// Firms that had another registry: nodes go on fetching their lists there.
    private func elsewhere(_ draft: AllianceDraft, _ firms: [String]) -> String {
        let lists = firms.compactMap { firm in
            let urls = draft.revocationLists.filter { PublishedLists.firm(of: $0) == firm }
            return urls.isEmpty || urls.contains { $0.hasPrefix("\(url)/") } ? nil : (firm: firm, url: urls[0])
        }
        guard let first = lists.first else { return "" }
        return """
            note: nodes fetch the revocation list of \(lists.map(\.firm).joined(separator: ", ")) elsewhere: \(TerminalStyle.safe(first.url))
              next: harborseal alliance sign --alliance \(directory) --revocation-list \(url)/crl/\(first.firm).crl, once a firm

            """
    }

    /// Whether it is for a registry on this machine, with these very files.
    private var runsHere: Bool { installedAt == nil }

    /// The folder that registry.conf names.
    private var base: String { URL(fileURLWithPath: installedAt ?? output).standardizedFileURL.path }

    private func firmNames(in draft: AllianceDraft) throws -> [String] {
        // No registry serves a firm that has the link CA's list's name, which earlier versions took.
        let known = draft.firms.filter { $0.untilSeconds == nil && !CheckedNames.listNames.contains($0.firm) }.map(\.firm)
        guard !known.isEmpty else {
            throw CommandError(.failed, "\(directory) has no firm", nextStep: "harborseal alliance add-firm FIRM, and sign")
        }
        for firm in firms where !known.contains(firm) {
            let (shown, hint) = (TerminalStyle.safe(firm), MeantName.find(firm, among: known).map { "did you mean \($0)? " } ?? "")
            throw CommandError(
                .usage, "\(shown) is no firm of \(directory): it has \(known.joined(separator: ", "))",
                nextStep: "\(hint)harborseal alliance add-firm \(shown) makes it one")
        }
        return firms.isEmpty ? known : firms
    }

    /// A server certificate for the address that gateways call, beside the names that it had.
    private func addServer(_ address: RegistryAddress, _ draft: AllianceDraft) throws {
        let former = draft.servers.first { $0.server == server }
        let isNumeric = (try? CheckedNames.address(address.host)) != nil
        func with(_ names: [String], adding isAdded: Bool) -> [String] { isAdded && !names.contains(address.host) ? names + [address.host] : names }
        _ = try AllianceAddServer(
            directory: directory, server: server, dnsNames: with(former?.dnsNames ?? [], adding: !isNumeric),
            addresses: with(former?.addresses ?? [], adding: isNumeric), nowSeconds: nowSeconds
        ).run()
    }

    /// What add-server calls it.
    private var server: String { linkRegistry == nil ? "registry" : "registry-\(firms.first ?? "")" }

    private func copy(_ place: AllianceDirectory, firms: [String]) throws {
        try copyPair("\(place.serverPath(server))/server", to: "server", place)
        if linkRegistry == nil {
            try copyPair("\(place.path)/link-ca", to: "link-ca", place)
        } else {
            try DurableFile.write(DurableFile.read("\(place.path)/link-ca.crt"), to: "\(output)/link-ca.crt")
        }
        for firm in firms {
            // A token that is elsewhere keeps nobody from writing the folder of a registry that has it.
            let path = try place.firmKeyPath(firm)
            if AuthorityKey.uri(path) == nil { _ = try place.firm(firm) }
            try place.makeDirectory("\(output)/firms/\(firm)")
            try copyPair("\(place.firmPath(firm))/issuing", to: "firms/\(firm)/issuing", place)
        }
        if !runsHere { try DurableFile.write(DurableFile.read(place.trustFilePath), to: "\(output)/alliance.hstrust") }
    }

    private func copyPair(_ source: String, to name: String, _ place: AllianceDirectory) throws {
        let target = "\(output)/\(name)"
        // Of an attempt that broke off: the same key stays.
        if AuthorityKey.uri("\(source).key") == nil, !DurableFile.exists("\(target).key") { try AllianceSigningKey(file: "\(source).key").write(to: "\(target).key") }
        try DurableFile.write(DurableFile.read("\(source).crt"), to: "\(target).crt")
    }

    /// The copy's path, or the URI of a key in a token.
    private func key(_ source: String, as name: String) -> String { AuthorityKey.uri("\(source).key") ?? "\(base)/\(name).key" }

    private func configuration(_ alliance: String, _ address: RegistryAddress, _ firms: [String]) -> String {
        let trust = runsHere ? URL(fileURLWithPath: directory).standardizedFileURL.path + "/alliance.hstrust" : "\(base)/alliance.hstrust"
        let place = AllianceDirectory(directory)
        let sections = firms.map { firm in
            """
            [firm.\(firm)]
            certificate = \(base)/firms/\(firm)/issuing.crt
            key = \(key("\(place.firmPath(firm))/issuing", as: "firms/\(firm)/issuing"))


            """
        }.joined()
        return """
            # Written by harborseal registry init. `harborseal registry example-config` explains every key.
            [registry]
            alliance = \(alliance)
            trust = \(trust)
            data = \(runsHere ? base + "/data" : "/var/lib/harborseal-registry")
            url = \(url)

            \(sections)[link]
            certificate = \(base)/link-ca.crt
            \(linkIssuing)

            [https]
            listen = \(address.isLoopback ? "127.0.0.1" : "0.0.0.0")
            port = \(address.port)
            certificate = \(base)/server.crt
            key = \(base)/server.key

            """
    }

    /// Who issues link certificates: the key here, or the alliance's registry, whose server certificate is of the link CA.
    private var linkIssuing: String {
        guard let linkRegistry else { return "key = \(key("\(directory)/link-ca", as: "link-ca"))" }
        return "registry = \(linkRegistry)\nanchor = \(base)/link-ca.crt\ncode = \(base)/firm.code"
    }

    private func text(_ alliance: String, _ firms: [String]) -> String {
        let code = linkRegistry.map {
            "\n  link certificates come from \($0): there harborseal registry firm-code \(firms[0]) -o firm.code makes the file to be brought to \(base)/firm.code"
        } ?? ""
        let next = runsHere
            ? "harborseal registry serve --config \(output)/registry.conf"
            : "take \(output) to \(base) on the registry's machine, and delete its keys here"
        return """
            registry of \(alliance) for \(firms.joined(separator: ", ")) in \(output)
              gateways reach it at \(url)
              [registry] brokers in \(output)/registry.conf is empty: name the brokers there, and every enrolment text tells its gateway\(code)
              next: \(next)

            """
    }
}

/// Host and port of a registry's URL.
struct RegistryAddress: Equatable {
    let host: String
    let port: Int

    /// - Throws: ``CommandError`` for what is not `https://HOST[:PORT]`.
    init(_ url: String) throws {
        let parts = URLComponents(string: url)
        guard let parts, parts.scheme == "https", let host = parts.host, !host.isEmpty, parts.path.isEmpty, parts.query == nil, parts.user == nil,
            url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !url.utf8.contains(where: { "&%#?@".utf8.contains($0) })
        else {
            throw CommandError(
                .usage, "\(TerminalStyle.safe(url)) is no address of a registry", nextStep: "give --url https://HOST:PORT, as gateways reach it, without a path")
        }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = parts.port ?? 443
    }

    var isLoopback: Bool { ["localhost", "127.0.0.1", "::1"].contains(host) }
}
