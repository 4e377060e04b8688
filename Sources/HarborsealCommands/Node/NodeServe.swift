internal import AllianceTrust
internal import AnchorNode
internal import AttestationFormat
internal import CPosixShims
internal import Foundation
internal import HTTPServing
internal import Logging
internal import NodeHTTP
internal import ServiceLifecycle
internal import UnixSignals

/// `harborseal node serve`: takes batches over MQTT, keeps a ledger, sends receipts, and answers HTTP.
public struct NodeServe: Sendable {
    public var configurationFile: String
    /// `section.key=value`, over the file.
    public var overrides: [String]

    public init(configurationFile: String, overrides: [String] = []) {
        self.configurationFile = configurationFile
        self.overrides = overrides
    }

    /// Runs until SIGTERM or SIGINT.
    public func run() async throws -> CommandResult {
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        let configuration = try NodeConfiguration(file: configurationFile, environment: environment, flags: overrides)
        var logger = Logger(label: "harborseal.node") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = configuration.logLevel
        do {
            try await serve(configuration, logger)
        } catch {
            // The group's own error says that a service ended; the cause says why.
            let http = configuration.http
            if let cause = HTTPStartError(error, listeningAt: http.host, port: http.port, section: "http") { throw cause }
            throw error
        }
        return CommandResult()
    }

    private func serve(_ configuration: NodeConfiguration, _ logger: Logger) async throws {
        let settings = configuration.settings
        let trustPath = configuration.trustPath
        let opened = try await OpenedNode(configuration, settings: settings, logger: logger)
        defer { opened.close() }
        let health = NodeHealth()
        let desk = NodeDesk()
        let reader = LedgerReader(store: opened.store, settings: settings)
        let node = try NodeService(
            core: opened.core, settings: settings, brokers: configuration.brokers, metrics: opened.metrics, health: health, logger: logger,
            desk: desk, readTrustFile: { try DurableFile.read(trustPath) })
        let errands = NodeErrands(
            desk: desk, reader: reader, name: settings.name, listsPath: configuration.revocationListsPath,
            intervalMilliseconds: configuration.fetchIntervalMilliseconds, health: health, logger: logger)
        let http = try NodeHTTPServer.make(
            configuration.http, reader: reader, metrics: opened.metrics, health: health, logger: logger, entries: desk,
            onListening: {
                logger.notice("answering HTTP", metadata: ["port": "\($0)"])
                // The ledger is open and somebody answers; brokers come and go.
                _ = posix_notify("READY=1")
            })
        logger.notice("node starts", metadata: ["origin": "\(settings.name.origin)", "brokers": "\(configuration.brokers.count)"])
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: node, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: http, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: errands, successTerminationBehavior: .ignore),
                    .init(service: ReloadSignal { node.readTrustFileNow() }, successTerminationBehavior: .ignore),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        logger.notice("node has stopped")
    }
}

/// SIGHUP: the trust file is read at once, which would be looked at within seconds anyway.
private struct ReloadSignal: Service {
    let reload: @Sendable () -> Void

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() { reload() }
    }
}
