internal import AllianceTrust
internal import AttestationFormat
internal import Foundation
internal import MerkleTree

/// `harborseal device issue`: makes a gateway's seal and link keys and certificates straight from the issuing keys.
///
/// For tries, and for gateways that reach no registry: the keys come to them on a medium (Hardware/install.md), and no registry knows or
/// renews them. With a registry the gateway makes its own keys: ``DeviceAdd``.
public struct DeviceIssue: Sendable {
    public var directory: String
    public var firm: String
    public var device: String
    /// The folder to write.
    public var output: String
    public var sealDays: Int
    public var linkDays: Int
    /// `host:port` of the brokers, separated by commas; nil: the gateway never connects, and what it records is carried in files.
    public var brokers: String?
    /// Where the files will lie on the gateway, such as `/etc/harborseal`; nil: where they are written, and agent.conf is whole. With it
    /// agent.conf is the part that goes beside the package's own, whose journal, sockets and sources hold.
    public var installedAt: String?
    public var nowSeconds: Int64

    /// - Parameters:
    ///   - sealDays: life of the seal certificate; years, since it may live in hardware.
    ///   - linkDays: life of the link certificate.
    public init(
        directory: String, firm: String, device: String, output: String, sealDays: Int = 10 * 365, linkDays: Int = 90,
        brokers: String? = nil, installedAt: String? = nil, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.directory = directory
        self.firm = firm
        self.device = device
        self.output = output
        self.sealDays = sealDays
        self.linkDays = linkDays
        self.brokers = brokers
        self.installedAt = installedAt
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        guard sealDays > 0, linkDays > 0, sealDays <= 36_500, linkDays <= 36_500 else {
            throw CommandError(.usage, "a certificate lives 1 to 36500 days")
        }
        guard brokers?.contains(where: \.isNewline) != true else { throw CommandError(.usage, "--broker has a line break") }
        if let installedAt, !installedAt.hasPrefix("/") || installedAt.contains(where: \.isNewline) {
            throw CommandError(
                .usage, "\(TerminalStyle.safe(installedAt)) is no absolute path", nextStep: "give --installed-at /etc/harborseal")
        }
        let place = AllianceDirectory(directory)
        let draft = try place.draft()
        let gateway = try CheckedNames.gateway(alliance: draft.alliance, firm: firm, device: device)
        guard draft.firms.contains(where: { $0.firm == firm }) else { throw draft.unknownFirm(firm) }
        let issuing = try place.firm(firm)
        let link = try place.link()
        let (gatewayID, issuer) = (gateway.gatewayID.text.string, gateway.issuer.string)
        let (sealKey, linkKey) = (try AllianceSigningKey(), try AllianceSigningKey())
        let seal = try issuing.issueSeal(
            firm: firm, gatewayID: gatewayID, issuer: issuer, publicKey: sealKey.publicKey,
            lifetime: .starting(at: nowSeconds, days: sealDays))
        let linkCertificate = try link.issueLink(
            organisation: firm, commonName: gatewayID, issuer: issuer, publicKey: linkKey.publicKey,
            lifetime: .starting(at: nowSeconds, days: linkDays))
        try place.makeDirectory(output)
        try place.write(key: sealKey, keyPath: "\(output)/seal.key", certificate: seal, certificatePath: "\(output)/seal.crt")
        try DurableFile.write(seal.der, to: "\(output)/seal.der")
        try place.write(
            key: linkKey, keyPath: "\(output)/link.key", certificate: linkCertificate, certificatePath: "\(output)/link.crt")
        try DurableFile.write(Array(link.certificate.pem.utf8), to: "\(output)/link-ca.crt")
        let hasTrustFile = DurableFile.exists(place.trustFilePath)
        if hasTrustFile {
            try DurableFile.write(DurableFile.read(place.trustFilePath), to: "\(output)/alliance.hstrust")
        }
        if runsHere { try place.makeDirectory("\(output)/journal") }
        try DurableFile.write(Array(snippet(alliance: draft.alliance).utf8), to: "\(output)/agent.conf")
        return CommandResult(
            output: """
                gateway \(gatewayID) in \(output)
                  seal key id  \(Hexadecimal.text(of: sealKey.keyID.bytes))
                  next: \(nextStep(hasTrustFile: hasTrustFile))

                """)
    }

    /// Whether agent.conf is whole, for an agent that is started on this machine with these very files.
    private var runsHere: Bool { installedAt == nil }

    /// The folder that agent.conf names.
    private var base: String { URL(fileURLWithPath: installedAt ?? output).standardizedFileURL.path }

    private func nextStep(hasTrustFile: Bool) -> String {
        guard hasTrustFile else { return "sign the trust file, and copy it to \(output)/alliance.hstrust" }
        if installedAt != nil { return "take these files to \(base) on the gateway, agent.conf as agent.conf.d/10-gateway.conf there" }
        let carrying = brokers == nil ? "; it connects once [link] brokers is set there, and until then journal export carries its batches" : ""
        return "harborseal-agent run --config \(output)/agent.conf\(carrying)"
    }

    /// The whole of agent.conf, or the part that these files answer where the package's own has the rest.
    private func snippet(alliance: String) -> String {
        let places = !runsHere ? "" : """

            [journal]
            directory = \(base)/journal

            [control]
            socket = \(base)/control.sock

            [source.intake]
            type = intake
            socket = \(base)/intake.sock

            [source.health]
            type = health
            disk = \(base)

            """
        return """
            # Written by harborseal device issue.\(brokers == nil ? " Without brokers it never connects: harborseal-agent journal export." : "")
            [identity]
            alliance = \(alliance)
            firm = \(firm)
            device = \(device)

            [seal]
            key = \(base)/seal.key
            certificate = \(base)/seal.crt

            [link]
            \(brokers.map { "brokers = \($0)" } ?? "# brokers = HOST:PORT")
            ca = \(base)/link-ca.crt
            certificate = \(base)/link.crt
            key = \(base)/link.key

            [trust]
            file = \(base)/alliance.hstrust

            """ + places
    }
}
