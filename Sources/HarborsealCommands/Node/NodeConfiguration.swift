internal import AllianceTrust
internal import AnchorNode
internal import AttestationFormat
internal import ConfigurationFile
internal import Logging
internal import MQTTLink
internal import NodeHTTP

/// node.conf, read and checked, as the parts of a node take it.
struct NodeConfiguration {
    let settings: NodeSettings
    let trustPath: String
    let dataPath: String
    /// A file or folder of revocation lists, where one is named.
    let revocationListsPath: String?
    let fetchIntervalMilliseconds: Int
    let brokers: [LinkConfiguration]
    let http: NodeHTTPConfiguration
    let logLevel: Logger.Level

    /// - Parameter flags: `section.key=value`, over the file.
    /// - Throws: `CommandError` with every problem and its line; `TrustError` for the key.
    init(file: String, environment: [String] = [], flags: [String] = []) throws {
        let document = ConfigurationDocument.read(UTF8Text(file))
        let layers = ConfigurationLayers(
            document, environment: environment.map { UTF8Text($0) }, flags: flags.map { UTF8Text($0) })
        let (resolved, problems) = NodeConfigurationSchema.schema.resolve(layers)
        guard problems.isEmpty else {
            throw CommandError(
                document.isReadable ? .configuration : .noInput, ConfigurationProblems(problems).message.string,
                nextStep: document.isReadable ? "harborseal node example-config prints every key with its default" : nil)
        }
        func text(_ section: UTF8Text, _ key: UTF8Text) -> String? { resolved.text(section, key)?.string }
        func number(_ section: UTF8Text, _ key: UTF8Text) -> Int { Int(clamping: resolved.number(section, key) ?? 0) }
        guard let alliance = resolved.text("node", "alliance").flatMap({ Name($0) }),
            let name = resolved.text("node", "name").flatMap({ Name($0) })
        else { throw CommandError(.configuration, "\(file): alliance or name is missing", nextStep: "set both in [node]") }
        settings = NodeSettings(
            name: NodeName(alliance: alliance, node: name), key: try AllianceSigningKey(file: text("node", "key") ?? ""),
            integrateMilliseconds: number("ledger", "integrate-interval"), messagesPerSecond: number("limits", "gateway-rate"),
            messageBurst: number("limits", "gateway-burst"), firmEntriesPerMinute: number("limits", "firm-rate"),
            firmEntryBurst: number("limits", "firm-burst"))
        trustPath = text("node", "trust") ?? ""
        dataPath = text("node", "data") ?? ""
        revocationListsPath = text("trust", "revocation-lists")
        fetchIntervalMilliseconds = number("trust", "fetch-interval")
        logLevel = Logger.Level(rawValue: text("log", "level") ?? "") ?? .notice
        brokers = try Self.brokers(resolved, clientID: "node.\(name)", file: file)
        http = try Self.http(resolved, file: file)
    }

    private static func brokers(
        _ resolved: ResolvedConfiguration, clientID: String, file: String
    ) throws -> [LinkConfiguration] {
        do {
            let security = try LinkSecurity(
                authorityFile: resolved.text("link", "ca")?.string, certificateFile: resolved.text("link", "certificate")?.string,
                keyFile: resolved.text("link", "key")?.string, isInsecure: resolved.flag("link", "insecure") ?? false)
            let usualPort: UInt16 = security.usesTLS ? 8883 : 1883
            return try resolved.texts("link", "brokers").map { text in
                guard let address = NetworkAddress(text, usualPort: usualPort) else { throw LinkError(.badAddress) }
                var link = LinkConfiguration(
                    brokers: [try BrokerAddress(host: address.host.string, port: address.port)], clientID: clientID,
                    security: security)
                link.prefersVersion5 = resolved.text("link", "mqtt-version") == "auto"
                link.keepAliveSeconds = UInt16(clamping: (resolved.number("link", "keepalive") ?? 60_000) / 1_000)
                return NodeLink.prepared(link)
            }
        } catch let error as LinkError {
            throw CommandError(.configuration, "\(file), section link: \(error.text)")
        }
    }

    private static func http(_ resolved: ResolvedConfiguration, file: String) throws -> NodeHTTPConfiguration {
        let certificate = resolved.text("http", "certificate")?.string
        let key = resolved.text("http", "key")?.string
        var http = NodeHTTPConfiguration(
            host: resolved.text("http", "listen")?.string ?? "127.0.0.1", port: Int(clamping: resolved.number("http", "port") ?? 0))
        switch (certificate, key) {
        case (let certificate?, let key?): http.tls = NodeHTTPConfiguration.TLSFiles(certificate: certificate, key: key)
        case (nil, nil): break
        default:
            throw CommandError(
                .configuration, "\(file), section http: a certificate needs its key and a key its certificate", nextStep: "set both")
        }
        return http
    }
}
