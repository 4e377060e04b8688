internal import AllianceTrust
internal import Foundation

/// `harborseal alliance broker-config`: writes a folder that a mosquitto can be started with.
///
/// Written again, for a new node or a renewed certificate, it keeps what the configuration in the folder says and is not given now: a
/// broker for loopback must not open itself to everybody by that.
public struct AllianceBrokerConfig: Sendable {
    public var directory: String
    /// Name of a server made by `add-server`.
    public var server: String
    /// The folder to write.
    public var output: String
    /// Where the folder will be on the broker's machine; nil: as before, or where it is written.
    public var installedAt: String?
    /// nil: as before, or 8883.
    public var port: Int?
    /// nil: as before, or all addresses.
    public var bindAddress: String?
    /// Folder for the broker's own state; nil: as before, or persistence off.
    public var persistence: String?
    /// Whom the broker becomes when it is started as root; nil: as before, or the user `mosquitto`, who must be able to read the key.
    public var user: String?
    /// Whether what the configuration in the folder says, and is not given now, is dropped.
    public var isReplacing: Bool

    public init(
        directory: String, server: String, output: String, installedAt: String? = nil, port: Int? = nil,
        bindAddress: String? = nil, persistence: String? = nil, user: String? = nil, isReplacing: Bool = false
    ) {
        self.directory = directory
        self.server = server
        self.output = output
        self.installedAt = installedAt
        self.port = port
        self.bindAddress = bindAddress
        self.persistence = persistence
        self.user = user
        self.isReplacing = isReplacing
    }

    public func run() throws -> CommandResult {
        let place = AllianceDirectory(directory)
        let draft = try place.draft()
        let (settings, kept) = try self.settings()
        let (port, user) = (settings.port ?? Self.usualPort, settings.user)
        guard (1...65_535).contains(port) else {
            throw CommandError(.usage, "\(port) is no TCP port", nextStep: "8883 is the usual one")
        }
        let folder = place.serverPath(server)
        guard DurableFile.exists("\(folder)/server.key") else {
            throw CommandError(
                .failed, "there is no server \(server) in \(directory)",
                nextStep: "harborseal alliance add-server \(server) --dns NAME --alliance \(directory)")
        }
        for (name, value) in [("--bind", bindAddress), ("--user", user), ("--persistence", persistence), ("--installed-at", installedAt)] {
            // A line break would start a line of its own in the configuration.
            guard value?.contains(where: \.isNewline) != true else { throw CommandError(.usage, "\(name) has a line break") }
        }
        try place.makeDirectory(output)
        let base = settings.installedAt ?? writtenAt
        let configuration = BrokerConfiguration(
            port: port, bindAddress: settings.bindAddress, user: user,
            paths: .init(
                linkAuthority: "\(base)/link-ca.crt", revocationList: "\(base)/link-ca.crl",
                certificate: "\(base)/server.crt", key: "\(base)/server.key", accessList: "\(base)/acl",
                persistence: settings.persistence),
            nodes: draft.nodes.map { node in
                .init(name: node.node, workers: (0..<max(0, node.workerCount)).map { "w\($0 + 1)" })
            })
        try copy(place.linkCertificatePath, "link-ca.crt")
        try copy(place.linkRevocationListPath, "link-ca.crl")
        try copy("\(folder)/server.crt", "server.crt")
        try copy("\(folder)/server.key", "server.key", mode: 0o600)
        try DurableFile.write(Array(configuration.accessList.utf8), to: "\(output)/acl", mode: 0o600)
        try DurableFile.write(Array(configuration.configuration.utf8), to: "\(output)/mosquitto.conf")
        let mayRead = isReadable(by: user ?? "mosquitto")
        return CommandResult(
            output: """
                broker configuration for \(CountedText.of(draft.nodes.count, "node")) and every gateway in \(output)
                \(kept.isEmpty ? "" : "  kept as before: \(kept.joined(separator: " ")); --replace drops what is not given\n")  next: mosquitto -d -c \(base)/mosquitto.conf\(mayRead ? "" : "   as a user that may read \(base)/server.key and acl")

                """)
    }

    static let usualPort = 8883

    private var writtenAt: String { URL(fileURLWithPath: output).standardizedFileURL.path }

    /// What is given, and for the rest what the configuration in the folder says; the latter as the options that would say it.
    private func settings() throws -> (BrokerSettings, kept: [String]) {
        let given = BrokerSettings(
            port: port, bindAddress: bindAddress, user: user, persistence: persistence, installedAt: installedAt)
        let path = "\(output)/mosquitto.conf"
        guard !isReplacing, DurableFile.exists(path) else { return (given, []) }
        let text = String(decoding: try DurableFile.read(path), as: UTF8.self)
        guard let former = BrokerSettings(reading: text, writtenAt: writtenAt) else { return (given, []) }
        return given.keeping(former)
    }

    /// Started as root, mosquitto becomes another user, who must read the key and the access list: as root they are given to that user.
    private func isReadable(by owner: String) -> Bool {
        guard geteuid() == 0, owner != "root" else { return true }
        do {
            for name in ["server.key", "acl"] {
                try FileManager.default.setAttributes([.ownerAccountName: owner], ofItemAtPath: "\(output)/\(name)")
            }
            return true
        } catch {
            return false
        }
    }

    private func copy(_ source: String, _ name: String, mode: UInt32 = 0o644) throws {
        try DurableFile.write(try DurableFile.read(source), to: "\(output)/\(name)", mode: mode)
    }
}
