public import DeviceRegistry
import HTTPServing
public import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore
import NIOSSL

/// The HTTPS face of a registry: EST, the trust file, revocation lists, health and metrics.
public enum RegistryHTTPServer {
    /// Makes the service. It listens when it is run; TLS always, also on loopback, since codes are sent to it.
    ///
    /// - Parameters:
    ///   - trustFile: the bytes of the trust file with this SHA-256 in lower-case hex, or of the one in force.
    ///   - nowSeconds: the wall clock.
    ///   - onListening: is told the port, for those who asked for any free one.
    /// - Throws: `HTTPStartError` with code `tlsUnusable`.
    public static func make(
        _ configuration: RegistryHTTPConfiguration, registry: Registry, trustFile: @escaping @Sendable (String?) throws -> [UInt8]?,
        metrics: RegistryMetrics, logger: Logger, nowSeconds: @escaping @Sendable () -> Int64,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws -> some ApplicationProtocol {
        var limits = configuration.limits
        limits.requestSeconds = configuration.idleSeconds
        limits.connections = configuration.connectionLimit
        let connections = ConnectionGate(limits)
        let router = Router(context: RegistryRequestContext.self)
        router.add(middleware: RefusalMiddleware(logger: logger))
        router.get("healthz") { _, _ in Answer("alive\n") }
        let readers = configuration.metricsReaders
        router.get("metrics") { _, context in
            guard readers.include(context.peerAddress) else {
                throw ESTRefusal(.forbidden, "metrics are for the registry's own machine: [https] metrics in its configuration names who else may read them")
            }
            return Answer(metrics.text + connections.metricsText, contentType: "text/plain; version=0.0.4; charset=utf-8")
        }
        let limiter = FailureLimiter(.init(count: configuration.failureLimit, forgivingSeconds: configuration.forgivingSeconds))
        ESTRoutes(
            registry: registry, gate: EnrolmentGate(limiter: limiter, metrics: metrics, logger: logger), connections: connections,
            nowSeconds: nowSeconds
        ).add(to: router)
        PublicFiles(registry: registry, trustFile: trustFile).add(to: router)
        return Application(
            router: router,
            server: .guarded(by: connections, tls: try tls(configuration), idleSeconds: configuration.idleSeconds),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: "harborseal",
                availableConnectionsDelegate: .guarded(by: connections, logger: logger)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: logger)
    }

    /// TLS that asks every client for a certificate and takes those without.
    ///
    /// A certificate is not judged here: the handshake proves that the peer has its key, and `Registry.renew` judges the rest, since a link
    /// certificate that ended up to 30 days ago still renews itself, which no TLS library allows.
    private static func tls(_ configuration: RegistryHTTPConfiguration) throws -> TLSChannelConfiguration {
        var tls = try ServerIdentity.configuration(certificate: configuration.certificatePath, key: configuration.keyPath)
        tls.minimumTLSVersion = .tlsv12
        tls.certificateVerification = .optionalVerification
        tls.trustRoots = .certificates([try NIOSSLCertificate(bytes: configuration.linkCertificate, format: .der)])
        // So that a client with several certificates knows which to show.
        tls.sendCANameList = true
        return TLSChannelConfiguration(tlsConfiguration: tls) { _, promise in promise.succeed(.certificateVerified) }
    }
}
