public import AnchorNode
import HTTPServing
public import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore

/// The HTTP face of a node: health, metrics, evidence, keys and entries (wire-format.md, section 12).
public enum NodeHTTPServer {
    /// A connection that says nothing for so long is closed: half a request would hold its descriptor for ever.
    private static let idleSeconds: Int64 = 30

    /// Makes the service. It listens when it is run.
    ///
    /// - Parameters:
    ///   - entries: takes registrations and revocations; nil: this server only reads.
    ///   - onListening: is told the port, for those who asked for any free one.
    /// - Throws: `HTTPStartError`: nothing but loopback is listened on without TLS.
    public static func make(
        _ configuration: NodeHTTPConfiguration, reader: any LedgerReading, metrics: NodeMetrics, health: NodeHealth, logger: Logger,
        entries: (any EntryTaking)? = nil, onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws -> some ApplicationProtocol {
        guard configuration.isLoopback || configuration.tls != nil else {
            throw HTTPStartError(
                code: .tlsMissing,
                message: "HTTP without TLS is offered on loopback only, and [http] listen is \(configuration.host)",
                nextStep: "set [http] certificate and key, which harborseal alliance add-server makes, or listen = 127.0.0.1")
        }
        let gate = ConnectionGate(configuration.limits)
        return Application(
            router: router(reader: reader, metrics: metrics, health: health, logger: logger, entries: entries, gate: gate),
            server: .guarded(by: gate, tls: try tls(configuration), idleSeconds: idleSeconds),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: "harborseal",
                availableConnectionsDelegate: .guarded(by: gate, logger: logger)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: logger)
    }

    private static func tls(_ configuration: NodeHTTPConfiguration) throws -> TLSChannelConfiguration? {
        try configuration.tls.map {
            TLSChannelConfiguration(tlsConfiguration: try ServerIdentity.configuration(certificate: $0.certificate, key: $0.key))
        }
    }

    /// The routes, without a socket.
    static func router(
        reader: any LedgerReading, metrics: NodeMetrics, health: NodeHealth, logger: Logger, entries: (any EntryTaking)? = nil,
        gate: ConnectionGate = ConnectionGate()
    ) -> Router<NodeRequestContext> {
        let router = Router(context: NodeRequestContext.self)
        router.add(middleware: ProblemMiddleware(logger: logger))
        router.get("healthz") { _, _ in PlainText("alive\n") }
        router.get("readyz") { _, _ in
            let problems = health.report.sorted { $0.key.rawValue < $1.key.rawValue }
            let lines = problems.map { "\($0.key.rawValue): \($0.value)\n" }.joined()
            // A warning is for people, and turns nothing red: the node works.
            let warnings = health.warnings.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { "warning: \($0.key.rawValue): \($0.value)\n" }.joined()
            return PlainText((lines.isEmpty ? "ready\n" : lines) + warnings, status: lines.isEmpty ? .ok : .serviceUnavailable)
        }
        router.get("metrics") { _, _ in
            PlainText(metrics.text + gate.metricsText, contentType: "text/plain; version=0.0.4; charset=utf-8")
        }
        EntryRoutes(reader: reader).add(to: router)
        EvidenceRoutes(desk: EvidenceDesk(reader)).add(to: router)
        RegistrationRoutes(reader: reader, entries: entries ?? NoEntries()).add(to: router)
        return router
    }
}
