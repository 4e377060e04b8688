internal import AllianceTrust
internal import Foundation

/// `harborseal alliance broker-config`: writes a folder that a mosquitto can be started with.
public struct AllianceBrokerConfig: Sendable {
    public var directory: String
    /// Name of a server made by `add-server`.
    public var server: String
    /// The folder to write.
    public var output: String
    /// Where the folder will be on the broker's machine; nil: where it is written.
    public var installedAt: String?
    public var port: Int
    public var bindAddress: String?
    /// Folder for the broker's own state; nil: persistence off.
    public var persistence: String?
    /// Whom the broker becomes when it is started as root; nil: the user `mosquitto`, who must be able to read the key.
    public var user: String?

    public init(
        directory: String, server: String, output: String, installedAt: String? = nil, port: Int = 8883,
        bindAddress: String? = nil, persistence: String? = nil, user: String? = nil
    ) {
        self.directory = directory
        self.server = server
        self.output = output
        self.installedAt = installedAt
        self.port = port
        self.bindAddress = bindAddress
        self.persistence = persistence
        self.user = user
    }

    public func run() throws -> CommandResult {
        let place = AllianceDirectory(directory)
        let draft = try place.draft()
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
        let base = installedAt ?? URL(fileURLWithPath: output).standardizedFileURL.path
        let configuration = BrokerConfiguration(
            port: port, bindAddress: bindAddress, user: user,
            paths: .init(
                linkAuthority: "\(base)/link-ca.crt", revocationList: "\(base)/link-ca.crl",
                certificate: "\(base)/server.crt", key: "\(base)/server.key", accessList: "\(base)/acl",
                persistence: persistence),
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
                broker configuration for \(draft.nodes.count) nodes and every gateway in \(output)
                  next: mosquitto -d -c \(base)/mosquitto.conf\(mayRead ? "" : "   as a user that may read \(base)/server.key and acl")

                """)
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
