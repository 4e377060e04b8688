internal import AllianceTokens
internal import AllianceTrust
internal import AttestationFormat
internal import CPosixShims
internal import DeviceRegistry
internal import Foundation
internal import HTTPServing
internal import Logging
internal import NIOCore
internal import RegistryHTTP
internal import ServiceLifecycle
internal import UnixSignals

/// `harborseal registry serve`: answers EST over HTTPS, keeps the revocation lists, and tells the ledgers.
public struct RegistryServe: Sendable {
    /// What is read where none is named.
    public static let usualConfigurationFile = GivenConfiguration.usual

    public var configurationFile: String
    /// `section.key=value`, over the file.
    public var overrides: [String]
    /// Begins with an empty store, where there is none.
    public var beginsAnew: Bool

    public init(configurationFile: String, overrides: [String] = [], beginsAnew: Bool = false) {
        self.configurationFile = configurationFile
        self.overrides = overrides
        self.beginsAnew = beginsAnew
    }

    /// Gives what waits for disks and tokens threads of its own, whatever this machine's processors: four requests may wait for each token that hangs,
    /// with a dozen such others go on. To be called once, before anything else, by a program that runs a registry.
    public static func prepareThreads() { NIOSingletons.blockingPoolThreadCountSuggestion = 64 }

    /// Runs until SIGTERM or SIGINT.
    public func run() async throws -> CommandResult {
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        let configuration = try RegistryConfiguration(file: configurationFile, environment: environment, flags: overrides)
        var logger = Logger(label: "harborseal.registry") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = configuration.logLevel
        do {
            try await serve(configuration, logger)
        } catch {
            // The group's own error says that a service ended; the cause says why.
            let https = configuration.https
            if let cause = HTTPStartError(error, listeningAt: https.host, port: https.port, section: "https") { throw cause }
            throw error
        }
        return CommandResult()
    }

    private func serve(_ configuration: RegistryConfiguration, _ logger: Logger) async throws {
        let registry = try OpenedRegistry.open(configuration, beginsAnew: beginsAnew)
        defer { Self.close(registry, logger) }
        warnOfMark(configuration, logger)
        let mark = try ServingMark(folder: configuration.dataPath, firms: configuration.settings.firms.map(\.firm.text.string))
        defer { mark.release() }
        // Before this start writes rows of its own.
        let newestRowSeconds = try registry.newestAuditSeconds()
        let trust = try RegistryTrust(path: configuration.trustPath, folder: configuration.dataPath + "/trust")
        registry.setRetiredFirms(RegistryTrust.firmEnds(of: trust.file))
        try registry.setNodes(RegistryTrust.nodes(of: trust.file).map(\.name), nowSeconds: WallClock.nowSeconds)
        try checkTokens(configuration.settings, logger)
        do {
            _ = try registry.refreshRevocationLists(nowSeconds: WallClock.nowSeconds)
        } catch let error as RegistryError where error.code == .keyAway {
            logger.error("a revocation list is overdue, and is tried again every minute", metadata: ["error": "\(error)"])
        }
        try registry.adoptPolicies(nowSeconds: WallClock.nowSeconds)
        for contradiction in RegistryPolicy.contradictions(try registry.secondPersonRules(), configurationFile: configuration.path) {
            logger.warning("\(contradiction.words): \(contradiction.nextStep)", metadata: ["firm": "\(contradiction.firm)"])
        }
        warn(configuration, trust, logger)
        warnOfClock(newestRowSeconds, logger)
        let metrics = RegistryMetrics()
        let https = try RegistryHTTPServer.make(
            configuration.https, registry: registry,
            trustFile: { hash in if let hash { try trust.bytes(sha256: hash) } else { trust.file.bytes } }, metrics: metrics, logger: logger,
            nowSeconds: { WallClock.nowSeconds },
            onListening: {
                logger.notice("answering HTTPS", metadata: ["port": "\($0)"])
                _ = posix_notify("READY=1")
            })
        let keeper = ListKeeper(registry: registry, trust: trust, lists: configuration.lists, metrics: metrics, logger: logger)
        // Before anybody is served: what was published and revokes more than the store stays.
        do {
            try keeper.judgePublished(isMinute: true)
        } catch {
            logger.error("the revocation lists that are published cannot be read, and are not compared with the store", metadata: ["error": "\(error)"])
        }
        var services: [any Service] = [
            https, keeper,
            StatementSender(registry: registry, trust: trust, requestSeconds: configuration.ledgerSeconds, metrics: metrics, logger: logger),
        ]
        if let alliance = configuration.alliance { services.append(LinkReporter(registry: registry, logger: logger, send: alliance.send, shutDown: alliance.shutDown)) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        logger.notice("registry has stopped")
    }

    /// A token that is away, or has a wrong PIN, is its own firm's trouble; a certificate that is not for the key in it is a mistake in this registry's files.
    private func checkTokens(_ settings: RegistrySettings, _ logger: Logger) throws {
        let issuing = settings.firms.flatMap { firm in ([firm.authority] + firm.former).map { ("firm.\(firm.firm)", $0) } } + [("link", settings.link)]
        for (section, authority) in issuing {
            guard let holder = authority.key.outsideSigner as? TokenKeyHolder else { continue }
            guard let trouble = holder.trouble() else {
                logger.notice("the token with an issuing key is open", metadata: ["section": "\(section)"])
                continue
            }
            guard trouble.code != .key else {
                throw CommandError(.configuration, "[\(section)] key: \(trouble.message)", nextStep: trouble.nextStep)
            }
            logger.error(
                "an issuing key in a token cannot be used: what it would sign waits, and everything else goes on",
                metadata: ["section": "\(section)", "error": "\(trouble)"])
        }
    }

    private static func close(_ registry: Registry, _ logger: Logger) {
        do {
            try registry.close()
        } catch {
            logger.error("the store cannot be closed: what was written is in its log beside it, and a copy needs both files", metadata: ["error": "\(error)"])
        }
    }

    private func warnOfMark(_ configuration: RegistryConfiguration, _ logger: Logger) {
        let mark = NewStoreMark(configuration.path)
        guard mark.isThere else { return }
        logger.warning(
            "the mark of a new registry cannot be taken away here: while it lies there, a store that is lost is made anew without a word; delete it",
            metadata: ["file": "\(mark.path)"])
    }

    /// A clock that was set back, or ran ahead before: nobody can tell which from here.
    private func warnOfClock(_ newestRowSeconds: Int64?, _ logger: Logger) {
        guard let seconds = ClockWatch.backwards(newestRowSeconds: newestRowSeconds, nowSeconds: WallClock.nowSeconds) else { return }
        logger.error(
            """
            this machine's clock stands before the newest row of the registry's own audit table: it is slow now, or ran ahead then, and what was issued or \
            revoked meanwhile has a time that lies ahead; timedatectl shows whether it is set, and harborseal device show marks such a revocation
            """, metadata: ["seconds": "\(seconds)"])
    }

    /// What does not stop a registry, and somebody should know.
    private func warn(_ configuration: RegistryConfiguration, _ trust: RegistryTrust, _ logger: Logger) {
        let now = UInt64(clamping: WallClock.nowSeconds)
        if trust.file.isExpired(atSeconds: now) {
            logger.warning("the trust file is past its not-after and stays in force: harborseal alliance sign makes a newer one")
        }
        if configuration.brokers == nil {
            logger.warning(
                "[registry] brokers is empty: no enrolment text names a broker, and each technician has to (harborseal-agent enroll --broker)",
                metadata: ["configuration": "\(configuration.path)"])
        }
        if configuration.settings.firms.isEmpty {
            logger.warning(
                "no section [firm.NAME]: no device is registered here, and link certificates are issued to firms' own registries alone (registry firm-code)",
                metadata: ["configuration": "\(configuration.path)"])
        }
        let without = trust.file.content.nodes.filter { node in node.url == nil && node.keys.contains { $0.isInForce(atSeconds: now) } }
        if !without.isEmpty {
            logger.warning(
                "nodes without a URL in the trust file learn of no registration and no revocation: harborseal alliance add-node NODE --url URL, and sign",
                metadata: ["nodes": "\(without.map { $0.name.text.string }.joined(separator: " "))"])
        }
    }
}

