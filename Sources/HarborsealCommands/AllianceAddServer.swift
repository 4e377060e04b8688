internal import AllianceTrust
internal import Foundation

/// `harborseal alliance add-server`: makes a TLS key and certificate for the broker or a node's HTTP side.
///
/// For a server that is there it renews the certificate for the same key. Clients may call it by the names that it had, so none of
/// them is dropped unless that is asked for.
public struct AllianceAddServer: Sendable {
    public var directory: String
    /// What to call it here: the folder's name and the certificate's CN.
    public var server: String
    public var dnsNames: [String]
    public var addresses: [String]
    /// Whether names that the server had, and that are not given now, are dropped.
    public var isReplacing: Bool
    public var nowSeconds: Int64

    /// Days that a server certificate lives.
    static let serverDays = 825

    public init(
        directory: String, server: String, dnsNames: [String], addresses: [String], isReplacing: Bool = false,
        nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.directory = directory
        self.server = server
        self.dnsNames = dnsNames
        self.addresses = addresses
        self.isReplacing = isReplacing
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        _ = try CheckedNames.name(server, as: "a server")
        for name in dnsNames { try CheckedNames.dnsName(name) }
        let place = AllianceDirectory(directory)
        var draft = try place.draft()
        let (dnsNames, addresses) = try names(in: draft)
        let folder = place.serverPath(server)
        let keyPath = "\(folder)/server.key"
        try place.makeDirectory(folder)
        let isNew = !DurableFile.exists(keyPath)
        let key = isNew ? try AllianceSigningKey() : try AllianceSigningKey(file: keyPath)
        let certificate = try place.link().issueServer(
            organisation: draft.alliance, commonName: server, dnsNames: dnsNames,
            addresses: addresses.map(CheckedNames.address), publicKey: key.publicKey,
            lifetime: .starting(at: nowSeconds, days: Self.serverDays))
        if isNew { try key.write(to: keyPath) }
        try DurableFile.write(Array(certificate.pem.utf8), to: "\(folder)/server.crt")
        draft.servers.removeAll { $0.server == server }
        draft.servers.append(.init(server: server, dnsNames: dnsNames, addresses: addresses))
        try place.save(draft)
        let names = (dnsNames + addresses).joined(separator: ", ")
        return CommandResult(output: "server \(server) (\(names)): \(isNew ? "key and certificate" : "certificate renewed") in \(folder)\n")
    }

    /// What the certificate is for: the names given, or where none are given those that the server has.
    private func names(in draft: AllianceDraft) throws -> (dnsNames: [String], addresses: [String]) {
        guard let former = draft.servers.first(where: { $0.server == server }), !isReplacing else { return (dnsNames, addresses) }
        if dnsNames.isEmpty, addresses.isEmpty { return (former.dnsNames, former.addresses) }
        let dropped = former.dnsNames.filter { !dnsNames.contains($0) } + former.addresses.filter { !addresses.contains($0) }
        guard !dropped.isEmpty else { return (dnsNames, addresses) }
        let all = (former.dnsNames + dnsNames.filter { !former.dnsNames.contains($0) }).map { "--dns \($0)" }
            + (former.addresses + addresses.filter { !former.addresses.contains($0) }).map { "--ip \($0)" }
        throw CommandError(
            .failed, "server \(server) is there, and its new certificate would not be for \(dropped.joined(separator: ", "))",
            nextStep: "harborseal alliance add-server \(server) \(all.joined(separator: " ")) keeps all; --replace drops them")
    }
}
