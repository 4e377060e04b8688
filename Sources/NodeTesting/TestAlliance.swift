public import AllianceTrust
public import AnchorNode
public import AttestationFormat

/// An alliance with one firm and some nodes, its keys in memory.
public struct TestAlliance: Sendable {
    public let name: Name
    public let root: CertificateAuthority
    public let link: CertificateAuthority
    public let firm: CertificateAuthority
    public let firmName: Name
    public let nodeKeys: [AllianceSigningKey]
    public private(set) var trustFile: TrustFile
    public let nowSeconds: Int64

    /// - Parameter nowSeconds: the time of everything in it; certificates live ten years around it.
    public init(nodeCount: Int = 3, nowSeconds: Int64 = 1_800_000_000) throws {
        self.nowSeconds = nowSeconds
        name = Self.name("test")
        firmName = Self.name("acme")
        let lifetime = CertificateLifetime.starting(at: nowSeconds, days: 3_650)
        root = try .root(alliance: "test", key: AllianceSigningKey(), lifetime: lifetime)
        link = try .linkAuthority(alliance: "test", key: AllianceSigningKey(), lifetime: lifetime)
        firm = try root.issueFirmAuthority(firm: "acme", key: AllianceSigningKey(), lifetime: lifetime)
        nodeKeys = try (0..<nodeCount).map { _ in try AllianceSigningKey() }
        var content = TrustContent(
            alliance: name, version: 1, rootCertificate: root.certificate.der, linkCertificate: link.certificate.der,
            quorum: TrustContent.Quorum(receiptsNeeded: UInt64(nodeCount / 2 + 1)))
        content.firms = [TrustContent.Firm(name: firmName, issuingCertificates: [firm.certificate.der])]
        content.nodes = nodeKeys.enumerated().map { index, key in
            let node = NodeName(alliance: content.alliance, node: Self.name("n\(index)"))
            return TrustContent.Node(
                name: node.node, origin: node.origin,
                keys: [TrustContent.NodeKey(publicKey: key.publicKey, fromSeconds: UInt64(nowSeconds) - 1)])
        }
        trustFile = try TrustFileSigner.sign(content, root: root, held: nil, nowSeconds: UInt64(nowSeconds))
    }

    /// Signs the next version of the trust file.
    public mutating func update(atSeconds seconds: Int64? = nil, _ change: (inout TrustContent) -> Void) throws {
        var content = trustFile.content
        content.version += 1
        change(&content)
        trustFile = try TrustFileSigner.sign(content, root: root, held: trustFile, nowSeconds: UInt64(seconds ?? nowSeconds))
    }

    /// The firm's word for a gateway's key.
    public func registration(of gateway: TestGateway, by authority: CertificateAuthority? = nil) throws -> RegistrationStatement {
        try (authority ?? firm).registration(
            of: CertificateBytes(der: gateway.certificate), for: gateway.name, issuedAtSeconds: UInt64(nowSeconds))
    }

    /// The firm's revocation list in DER.
    public func revocationList(
        _ number: Int64, of gateways: [TestGateway] = [], sinceSeconds: Int64? = nil, by authority: CertificateAuthority? = nil
    ) throws -> [UInt8] {
        let entries = gateways.compactMap { CertificateFacts(der: $0.certificate) }.map {
            UnverifiedRevocationList.Entry(
                serialNumber: $0.serialNumber, sinceSeconds: sinceSeconds ?? nowSeconds, revokedSeconds: nowSeconds)
        }
        return try (authority ?? firm).issueRevocationList(
            entries: entries, number: number, thisUpdateSeconds: nowSeconds, nextUpdateSeconds: nowSeconds + 86_400)
    }

    /// The statement over such a list.
    public func revocation(list: [UInt8], by authority: CertificateAuthority? = nil) throws -> RegistrationStatement {
        try (authority ?? firm).revocation(list: list, of: firmName, in: name, issuedAtSeconds: UInt64(nowSeconds))
    }

    /// The settings of one of the nodes.
    public func settings(
        node index: Int = 0, messagesPerSecond: Int = 0, messageBurst: Int = 1, firmEntriesPerMinute: Int = 0, firmEntryBurst: Int = 1
    ) -> NodeSettings {
        NodeSettings(
            name: NodeName(alliance: name, node: Self.name("n\(index)")), key: nodeKeys[index], integrateMilliseconds: 20,
            messagesPerSecond: messagesPerSecond, messageBurst: messageBurst, firmEntriesPerMinute: firmEntriesPerMinute,
            firmEntryBurst: firmEntryBurst)
    }

    /// A gateway of the firm with a new seal key and its certificate.
    ///
    /// - Parameter authority: nil: the firm's first issuing key.
    public func gateway(_ device: String = "gw-1", by authority: CertificateAuthority? = nil) throws -> TestGateway {
        let key = try AllianceSigningKey()
        guard let gateway = GatewayName(alliance: name, firm: firmName, device: Self.name(device)) else {
            preconditionFailure("\(device) is no device name")
        }
        let certificate = try (authority ?? firm).issueSeal(
            firm: "acme", gatewayID: gateway.gatewayID.description, issuer: gateway.issuer.string, publicKey: key.publicKey,
            lifetime: .starting(at: nowSeconds, days: 365))
        return TestGateway(name: gateway, key: key, certificate: certificate.der, nowSeconds: UInt64(nowSeconds))
    }

    private static func name(_ text: String) -> Name {
        guard let name = Name(UTF8Text(text)) else { preconditionFailure("\(text) is no name") }
        return name
    }
}
