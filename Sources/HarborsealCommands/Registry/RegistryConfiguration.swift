internal import AllianceTokens
internal import AllianceTrust
internal import AttestationFormat
internal import ConfigurationFile
internal import DeviceRegistry
internal import Foundation
internal import Logging
internal import RegistryHTTP

/// registry.conf, read and checked, as the parts of a registry take it.
struct RegistryConfiguration {
    /// Where the revocation lists are written for a broker on this machine.
    struct Lists {
        let folder: String
        /// A program and its arguments; empty: nothing is run.
        let reload: [String]
    }

    let path: String
    let settings: RegistrySettings
    let trustPath: String
    let dataPath: String
    /// As it stands in enrolment texts.
    let url: String
    /// `HOST:PORT`, with commas between, for the same place; nil: gateways learn of their brokers another way.
    let brokers: String?
    let https: RegistryHTTPConfiguration
    /// nil: lists are only served.
    let lists: Lists?
    /// Of one request to a node.
    let ledgerSeconds: Int64
    let logLevel: Logger.Level

    /// The alliance's registry, where this is a firm's own.
    var alliance: AllianceRegistry? { settings.linkSource as? AllianceRegistry }

    /// - Parameter flags: `section.key=value`, over the file.
    /// - Throws: `CommandError` with every problem and its line; `TrustError` for keys, certificates and the trust file.
    init(file: String, environment: [String] = [], flags: [String] = []) throws {
        let document = ConfigurationDocument.read(UTF8Text(file))
        let layers = ConfigurationLayers(
            document, environment: environment.map { UTF8Text($0) }, flags: flags.map { UTF8Text($0) })
        let (resolved, problems) = RegistryConfigurationSchema.schema.resolve(layers)
        guard problems.isEmpty else {
            throw CommandError(
                document.isReadable ? .configuration : .noInput, ConfigurationProblems(problems).message.string,
                nextStep: document.isReadable ? "harborseal registry example-config prints every key with its default" : RegistryUser.step(for: file) ?? "harborseal registry init makes one")
        }
        let values = Values(resolved: resolved)
        path = file
        trustPath = values.text("registry", "trust")
        dataPath = values.text("registry", "data")
        url = values.text("registry", "url")
        brokers = resolved.texts("registry", "brokers").isEmpty ? nil : resolved.texts("registry", "brokers").map(\.string).joined(separator: ",")
        try Self.checkText(url: url, brokers: brokers, file: file)
        settings = try Self.settings(values, trustFile: Self.trustFile(values.text("registry", "trust")), file: file)
        var https = RegistryHTTPConfiguration(
            host: values.text("https", "listen"), port: values.number("https", "port"), certificatePath: values.text("https", "certificate"),
            keyPath: values.text("https", "key"), linkCertificate: settings.link.certificate.der,
            connectionLimit: values.number("https", "connections"), failureLimit: values.number("limits", "failures"),
            forgivingSeconds: values.seconds("limits", "forgive"), idleSeconds: values.seconds("https", "idle"))
        if let words = resolved.text("https", "metrics")?.string {
            guard let readers = MetricsReaders(words) else {
                throw CommandError(.configuration, "\(file): [https] metrics = \(TerminalStyle.safe(words)) are no addresses", nextStep: "give IP addresses with blanks between, or all")
            }
            https.metricsReaders = readers
        }
        self.https = https
        lists = resolved.text("lists", "folder").map { folder in
            let reload = resolved.text("lists", "reload")?.string.split(separator: " ").map(String.init) ?? []
            return Lists(folder: folder.string, reload: reload)
        }
        ledgerSeconds = values.seconds("ledger", "timeout")
        logLevel = Logger.Level(rawValue: values.text("log", "level")) ?? .notice
    }

    private static func trustFile(_ path: String) throws -> TrustFile { try RegistryUser.naming(path) { try TrustFileInput.verified(path) } }

    /// Values that the schema has judged: what is mandatory is there.
    private struct Values {
        let resolved: ResolvedConfiguration

        func text(_ section: UTF8Text, _ key: UTF8Text) -> String { resolved.text(section, key)?.string ?? "" }
        func number(_ section: UTF8Text, _ key: UTF8Text) -> Int { Int(clamping: resolved.number(section, key) ?? 0) }
        func seconds(_ section: UTF8Text, _ key: UTF8Text) -> Int64 { (resolved.number(section, key) ?? 0) / 1_000 }
    }

    /// An enrolment text must come of it: found out only with a code in hand, the code would be lost.
    private static func checkText(url: String, brokers: String?, file: String) throws {
        guard let anyGateway = GatewayID("firm.device") else { return }
        do {
            _ = try EnrolmentText(url: url, gatewayID: anyGateway, code: EnrolmentCode(), brokers: brokers)
        } catch let error as RegistryError {
            throw CommandError(.configuration, "\(file): \(error.message)", nextStep: "correct [registry] url and brokers: both stand in every enrolment text")
        }
    }

    private static func settings(_ values: Values, trustFile: TrustFile, file: String) throws -> RegistrySettings {
        let content = trustFile.content
        let alliance = values.text("registry", "alliance")
        guard content.alliance.text.string == alliance else {
            throw CommandError(
                .configuration, "\(file) is of the alliance \(alliance), and its trust file of \(content.alliance)",
                nextStep: "name the trust file of \(alliance) in [registry] trust")
        }
        let (link, source) = try LinkIssuing.read(values.resolved, file: file) { try authority(certificate: $0, key: $1) }
        guard link.certificate.der == content.linkCertificate else {
            throw CommandError(
                .configuration, "\(values.text("link", "certificate")) is not the link CA of the trust file: nodes and the broker would refuse what it issues",
                nextStep: "name the alliance's link-ca.crt in [link] certificate")
        }
        let firms = try values.resolved.members(of: "firm.").map { try firm($0, values, content, file: file) }
        // Where the link CA is, all firms may run registries of their own.
        guard !firms.isEmpty || source == nil else {
            throw CommandError(.configuration, "\(file) has no section [firm.NAME]", nextStep: "add one for each firm whose devices are registered here")
        }
        // The code in [link] is one firm's.
        guard source == nil || firms.count == 1 else {
            throw CommandError(
                .configuration, "\(file) has \(firms.count) sections [firm.NAME], and a registry that gets link certificates from the alliance's is one firm's own",
                nextStep: "leave one of \(firms.map(\.firm.text.string).joined(separator: ", ")), or give each firm a registry of its own")
        }
        var settings = RegistrySettings(
            alliance: content.alliance, root: CertificateBytes(der: content.rootCertificate), firms: firms, link: link)
        settings.linkSource = source
        settings.sealDays = values.number("seal", "days")
        settings.linkDays = values.number("link", "days")
        settings.renewalGraceDays = values.number("link", "grace-days")
        settings.listDays = values.number("lists", "days")
        return settings
    }

    private static func firm(_ name: UTF8Text, _ values: Values, _ content: TrustContent, file: String) throws -> FirmIssuing {
        let section: UTF8Text = "firm." + name
        let firm = try CheckedNames.firm(name.string)
        guard !CheckedNames.listNames.contains(name.string) else {
            throw CommandError(
                .configuration, "\(file): section [firm.\(name)] has the name of the link CA's revocation list, and no registry can publish both",
                nextStep: "take the section out, the other firms are served then; the firm goes on under another name: harborseal alliance add-firm NAME")
        }
        let issuing = try authority(certificate: values.text(section, "certificate"), key: values.text(section, "key"))
        let listed = content.firms.first { $0.name == firm }?.issuingCertificates ?? []
        guard listed.contains(issuing.certificate.der) else {
            throw CommandError(
                .configuration, "\(values.text(section, "certificate")) is no issuing certificate of firm \(name) in the trust file: nodes would refuse what it issues",
                nextStep: "harborseal alliance sign, and put the new trust file at [registry] trust")
        }
        var former: [CertificateAuthority] = []
        switch (values.resolved.text(section, "former-certificate"), values.resolved.text(section, "former-key")) {
        case (let certificate?, let key?): former = [try authority(certificate: certificate.string, key: key.string)]
        case (nil, nil): break
        default:
            throw CommandError(.configuration, "\(file), section \(section): a former certificate needs its key and a key its certificate", nextStep: "set both")
        }
        let policy = FirmPolicy(
            codeLifetimeSeconds: values.seconds(section, "code-lifetime"), tryLimit: values.number(section, "code-tries"),
            needsSecondPerson: values.resolved.flag(section, "second-person") ?? false)
        return FirmIssuing(firm: firm, authority: issuing, former: former, policy: policy)
    }

    /// A token is opened when it is needed: the registry starts without it, and other firms' devices enrol.
    private static func authority(certificate path: String, key: String) throws -> CertificateAuthority {
        guard TokenKeyHolder.isURI(key) else { return try AuthorityKey.authority(certificate: path, key: key) }
        let certificate = try CertificateBytes(pemOrDER: DurableFile.read(path), path: path)
        guard let publicKey = certificate.publicKey else {
            throw CommandError(.configuration, "\(path) is no certificate of a P-256 key", nextStep: "name the certificate of the key in the token")
        }
        return try CertificateAuthority(certificate: certificate, key: AllianceSigningKey(outside: TokenKeyHolder(key, of: publicKey)))
    }
}
