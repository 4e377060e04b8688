import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import HarborsealTesting
import Logging
import RegistryHTTP
import ServiceLifecycle
import Synchronization

/// A registry that answers on loopback over TLS, with a clock that tests move.
final class TestRegistry: Sendable {
    /// Seconds since 1970, as far from the machine's clock as a test wants.
    final class Clock: Sendable {
        private let offset = Mutex<Int64>(0)

        var nowSeconds: Int64 { Int64(Date().timeIntervalSince1970) + offset.withLock { $0 } }
        func advance(days: Int64, seconds: Int64 = 0) { offset.withLock { $0 += days * 86_400 + seconds } }
    }

    let folder: TemporaryDirectory
    let registry: Registry
    let clock: Clock
    let port: Int
    let root: CertificateAuthority
    let link: CertificateAuthority
    let firms: [String: CertificateAuthority]
    /// PEM file of the link CA, which clients anchor in.
    let anchorFile: String
    let operatorNamed: @Sendable (String) -> Requester = { Requester($0) }
    /// The alliance's registry, where this is a firm's own.
    let source: AllianceRegistry?
    private let server: Mutex<Serving>

    private struct Serving {
        let task: Task<Void, any Error>
        let group: ServiceGroup
    }

    /// - Parameters:
    ///   - policy: of firm acme; firm zeta has the usual one.
    ///   - change: what is different of the HTTPS side.
    init(policy: FirmPolicy = FirmPolicy(), _ change: (inout RegistryHTTPConfiguration) -> Void = { _ in }) async throws {
        folder = try TemporaryDirectory(named: "harborseal-registry")
        (clock, source) = (Clock(), nil)
        let now = clock.nowSeconds
        let years = CertificateLifetime.starting(at: now - 400 * 86_400, days: 3_650)
        root = try .root(alliance: "gba-test", key: AllianceSigningKey(), lifetime: years)
        link = try .linkAuthority(alliance: "gba-test", key: AllianceSigningKey(), lifetime: years)
        anchorFile = try folder.write(link.certificate.pem, to: "link-ca.crt")
        var (issuing, firms): ([FirmIssuing], [String: CertificateAuthority]) = ([], [:])
        for name in ["acme", "zeta"] {
            let authority = try root.issueFirmAuthority(firm: name, key: AllianceSigningKey(), lifetime: years)
            firms[name] = authority
            issuing.append(FirmIssuing(firm: try Self.name(name), authority: authority, policy: name == "acme" ? policy : FirmPolicy()))
        }
        self.firms = firms
        let settings = RegistrySettings(alliance: try Self.name("gba-test"), root: root.certificate, firms: issuing, link: link)
        registry = try Registry(folder: folder.path, settings: settings, statements: FirmStatements())
        try registry.refreshRevocationLists(nowSeconds: now)
        let (port, serving) = try await Self.serve(registry, link, clock, folder, change)
        self.port = port
        server = Mutex(serving)
    }

    /// One firm's own registry, which gets link certificates from `source`; of the alliance of `upstream`, whose clock it has.
    init(ofFirm name: String, upstream: TestRegistry, source: AllianceRegistry) async throws {
        folder = try TemporaryDirectory(named: "harborseal-registry")
        (clock, root, link, self.source) = (upstream.clock, upstream.root, upstream.link, source)
        let now = clock.nowSeconds
        anchorFile = try folder.write(link.certificate.pem, to: "link-ca.crt")
        let authority = try root.issueFirmAuthority(firm: name, key: AllianceSigningKey(), lifetime: .starting(at: now - 400 * 86_400, days: 3_650))
        firms = [name: authority]
        var settings = RegistrySettings(
            alliance: try Self.name("gba-test"), root: root.certificate, firms: [FirmIssuing(firm: try Self.name(name), authority: authority)],
            link: try CertificateAuthority(withoutKey: link.certificate))
        settings.linkSource = source
        registry = try Registry(folder: folder.path, settings: settings, statements: FirmStatements())
        try registry.refreshRevocationLists(nowSeconds: now)
        let (port, serving) = try await Self.serve(registry, link, clock, folder) { _ in }
        self.port = port
        server = Mutex(serving)
    }

    private static func serve(
        _ registry: Registry, _ link: CertificateAuthority, _ clock: Clock, _ folder: TemporaryDirectory,
        _ change: (inout RegistryHTTPConfiguration) -> Void
    ) async throws -> (Int, Serving) {
        let keyFile = folder.file("server.key")
        if !DurableFile.exists(keyFile) { try AllianceSigningKey().write(to: keyFile) }
        let key = try AllianceSigningKey(file: keyFile)
        let certificate = try link.issueServer(
            organisation: "gba-test", commonName: "registry", dnsNames: ["localhost"], addresses: [[127, 0, 0, 1]], publicKey: key.publicKey,
            lifetime: .starting(at: clock.nowSeconds, days: 30))
        var configuration = RegistryHTTPConfiguration(
            host: "127.0.0.1", port: 0, certificatePath: try folder.write(certificate.pem, to: "server.crt"),
            keyPath: keyFile, linkCertificate: link.certificate.der, failureLimit: 1_000)
        change(&configuration)
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let application = try RegistryHTTPServer.make(
            configuration, registry: registry, trustFile: { $0 == nil ? Array("the trust file".utf8) : $0 == "00ff" ? Array("an older one".utf8) : nil }, metrics: RegistryMetrics(), logger: logger,
            nowSeconds: { clock.nowSeconds }, onListening: { listening.yield($0) })
        let group = ServiceGroup(configuration: .init(services: [.init(service: application)], logger: logger))
        let task = Task {
            defer { listening.finish() }
            try await group.run()
        }
        for await port in ports { return (port, Serving(task: task, group: group)) }
        try await task.value
        throw Tool.Failure(description: "the registry does not listen")
    }

    static func name(_ text: String) throws -> Name {
        guard let name = Name(UTF8Text(text)) else { throw Tool.Failure(description: "\(text) is no name") }
        return name
    }

    /// - Parameter isTold: as by SIGTERM; otherwise whatever is under way is dropped.
    func stop(isTold: Bool = false) async throws {
        await pause(isTold: isTold)
        try await source?.shutDown()
        try registry.close()
    }

    /// It answers nobody, as while its machine starts again.
    func pause(isTold: Bool = false) async {
        let serving = server.withLock { $0 }
        if isTold { await serving.group.triggerGracefulShutdown() } else { serving.task.cancel() }
        _ = try? await serving.task.value
    }

    func resume() async throws {
        let (_, task) = try await Self.serve(registry, link, clock, folder) { [port] in $0.port = port }
        server.withLock { $0 = task }
    }

    /// Registers a device; its code.
    @discardableResult
    func add(_ gatewayID: String, by name: String = "alice") throws -> EnrolmentCode {
        let parts = gatewayID.split(separator: ".").map(String.init)
        return try registry.add(
            NewDevice(firm: parts[0], device: parts[1]), by: operatorNamed(name), nowSeconds: clock.nowSeconds
        ).code
    }
}
