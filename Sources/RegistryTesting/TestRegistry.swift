public import AllianceTrust
public import AttestationFormat
public import DeviceRegistry
import Foundation

/// An alliance `gba-test` with firms acme and beta, and a folder for its registry that goes with its owner.
public final class TestRegistry: Sendable {
    /// The time of everything in it, seconds since 1970; authorities live from a year before it.
    public static let nowSeconds: Int64 = 1_800_000_000

    public let folder: String
    public let root: CertificateAuthority
    public let acme: CertificateAuthority
    public let beta: CertificateAuthority
    public let link: CertificateAuthority
    private let ownsFolder: Bool

    public init() throws {
        ownsFolder = true
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("harborseal-registry-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let lifetime = CertificateLifetime.starting(at: Self.nowSeconds - 365 * 86_400, days: 20 * 365)
        root = try .root(alliance: "gba-test", key: AllianceSigningKey(), lifetime: lifetime)
        acme = try root.issueFirmAuthority(firm: "acme", key: AllianceSigningKey(), lifetime: lifetime)
        beta = try root.issueFirmAuthority(firm: "beta", key: AllianceSigningKey(), lifetime: lifetime)
        link = try .linkAuthority(alliance: "gba-test", key: AllianceSigningKey(), lifetime: lifetime)
    }

    /// The one whose authorities ``writeAuthorities()`` has left in a folder.
    public init(authoritiesIn folder: String) throws {
        self.folder = folder
        ownsFolder = false
        func authority(_ name: String) throws -> CertificateAuthority {
            try CertificateAuthority(
                certificate: CertificateBytes(pemOrDER: DurableFile.read("\(folder)/\(name).crt")), key: AllianceSigningKey(file: "\(folder)/\(name).key"))
        }
        root = try authority("root")
        acme = try authority("acme")
        beta = try authority("beta")
        link = try authority("link")
    }

    deinit {
        if ownsFolder { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// Leaves keys and certificates in the folder, for another process.
    public func writeAuthorities() throws {
        for (name, authority) in [("root", root), ("acme", acme), ("beta", beta), ("link", link)] {
            try authority.key.write(to: "\(folder)/\(name).key")
            try DurableFile.write(Array(authority.certificate.pem.utf8), to: "\(folder)/\(name).crt")
        }
    }

    /// Settings with acme under `policy`, and beta under the default one.
    public func settings(_ policy: FirmPolicy = FirmPolicy(), alliance: String = "gba-test") throws -> RegistrySettings {
        RegistrySettings(
            alliance: try Self.name(alliance), root: root.certificate,
            firms: [
                FirmIssuing(firm: try Self.name("acme"), authority: acme, policy: policy), FirmIssuing(firm: try Self.name("beta"), authority: beta),
            ], link: link)
    }

    /// Opens the registry in `registry` of the folder, or in another one.
    public func open(_ policy: FirmPolicy = FirmPolicy(), in folder: String? = nil) throws -> Registry {
        try open(settings(policy), in: folder)
    }

    public func open(_ settings: RegistrySettings, in folder: String? = nil) throws -> Registry {
        try Registry(folder: folder ?? self.folder, settings: settings, statements: TestStatements())
    }

    public static func name(_ text: String) throws -> Name {
        guard let name = Name(UTF8Text(text)) else { throw RegistryError(.name, "\(text) is no name") }
        return name
    }
}
