import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import RegistryTesting
import Synchronization

/// The alliance's registry, asked without a network, and as a test wants it to answer.
final class RelayedSource: LinkSource {
    enum Mood {
        case works, away, refuses
        /// It answers this instead; the request was never heard of there.
        case answers([UInt8])
        /// It has issued the certificate, and the answer is lost.
        case losesAnswer
    }

    let url = "https://alliance.example:8443"
    let registry: Registry
    let code = Mutex("")
    let mood = Mutex<Mood>(.works)
    let askedCount = Mutex(0)
    let nowSeconds = Mutex(Registry.now)
    /// Called before each answer.
    let before = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ registry: Registry) { self.registry = registry }

    func linkCertificate(for gatewayID: GatewayID, request: [UInt8]) throws -> CertificateBytes {
        askedCount.withLock { $0 += 1 }
        before.withLock { $0 }?()
        let mood = mood.withLock { $0 }
        if case .away = mood { throw RegistryError(.allianceAway, "it is away") }
        if case .refuses = mood { throw RegistryError(.allianceRefused, "it does not take the code") }
        if case .answers(let der) = mood { return CertificateBytes(der: der) }
        let issued = try registry.enrol(
            .link, gatewayID: gatewayID.description, code: code.withLock { $0 }, request: request, by: Requester(gatewayID.description, address: "198.51.100.1"),
            nowSeconds: nowSeconds.withLock { $0 })
        if case .losesAnswer = mood { throw RegistryError(.allianceAway, "the answer was lost") }
        return issued.certificate
    }
}

/// The alliance's registry, which has firm beta's key, and firm acme's own, which gets link certificates from it.
struct FirmStage {
    let alliance: TestRegistry
    let upstream: Registry
    let firm: Registry
    let source: RelayedSource
    let code: EnrolmentCode
    let now = Registry.now
    let alice = Requester("alice", account: .login("ann"))

    init() throws {
        let alliance = try TestRegistry()
        self.alliance = alliance
        let folders = try ["alliance", "firm"].map { name in
            let folder = "\(alliance.folder)/\(name)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            return folder
        }
        var settings = try alliance.settings()
        settings.firms.remove(at: 0)
        upstream = try alliance.open(settings, in: folders[0])
        source = RelayedSource(upstream)
        firm = try alliance.open(Self.settings(alliance, source), in: folders[1])
        let code = try upstream.makeFirmCode("acme", by: alice, nowSeconds: now)
        source.code.withLock { $0 = code.text }
        self.code = code
    }

    static func settings(_ alliance: TestRegistry, _ source: RelayedSource) throws -> RegistrySettings {
        var settings = try alliance.settings()
        settings.firms.removeLast()
        settings.link = try CertificateAuthority(withoutKey: alliance.link.certificate)
        settings.linkSource = source
        return settings
    }

    /// What the firm's registry would ask, as anybody may.
    func ask(
        _ key: TestDeviceKey, as gateway: String = "acme.gw-1", code: String? = nil, label: CertificateLabel = .link, at seconds: Int64 = Registry.now
    ) throws -> IssuedCertificate {
        try upstream.enrol(
            label, gatewayID: gateway, code: code ?? self.code.text, request: key.request(), by: Requester(gateway, address: "198.51.100.1"), nowSeconds: seconds)
    }

    @discardableResult
    func tell(
        _ revocations: [LinkRevocation], certificates: [[UInt8]] = [], of gateway: String = "acme.gw-1", code: String? = nil, at seconds: Int64 = Registry.now
    ) throws -> [[UInt8]] {
        guard let name = GatewayID(UTF8Text(gateway)) else { throw RegistryError(.name, gateway) }
        let pairs = zip(revocations, certificates).map { ($0.serialNumber, CertificateBytes(der: $1)) }
        return try tell(
            LinkReport(gatewayID: name, revocations: revocations, certificates: Dictionary(pairs) { first, _ in first }), code: code, at: seconds)
    }

    func tell(_ report: LinkReport, code: String? = nil, at seconds: Int64) throws -> [[UInt8]] {
        let gateway = report.gatewayID.description
        return try upstream.takeLinkReport(
            report.body, of: gateway, code: code ?? self.code.text, by: Requester(gateway, address: "198.51.100.1"), nowSeconds: seconds)
    }

    /// Sends what is due, as `registry serve` does.
    ///
    /// - Parameter isAgain: also what was taken, of all gateways that have such.
    func sendDue(at seconds: Int64 = Registry.now, isAgain: Bool = false) throws {
        let gateways = try isAgain ? firm.takenLinkGateways(nowSeconds: seconds) : firm.dueLinkGateways()
        for report in try gateways.flatMap({ try firm.linkReports(of: $0, againSeconds: isAgain ? seconds : nil) }) {
            try firm.recordTaken(report.without(Set(tell(report, at: seconds))), nowSeconds: seconds)
        }
    }

    /// What is due of all gateways.
    func due() throws -> [LinkRevocation] {
        try firm.dueLinkGateways().flatMap { try firm.linkReports(of: $0).flatMap(\.revocations) }
    }

    /// Serial numbers on the alliance's list of link certificates, with whether each is superseded only.
    func listed() throws -> [[UInt8]: Bool] {
        guard let der = try upstream.linkRevocationList() else { return [:] }
        return Dictionary(uniqueKeysWithValues: try UnverifiedRevocationList(der: der).entries.map { ($0.serialNumber, $0.isSuperseded) })
    }

    /// nil: both audit tables are whole and say what the stores have.
    func fault() throws -> String? {
        for registry in [upstream, firm] {
            guard try registry.checkAudit() == .intact(registry.auditHead()) else { return "an audit table is broken" }
            if let fault = try registry.compareAudit(trustFiles: []).fault { return "\(fault.row.map { "\($0)" } ?? "-") \(fault.reason)" }
        }
        return nil
    }
}
