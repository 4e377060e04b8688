internal import AllianceTrust
internal import Foundation

/// `harborseal alliance init`: makes the root, the link CA and an empty draft.
public struct AllianceInit: Sendable {
    public var alliance: String
    /// The new directory.
    public var directory: String
    /// Receipts a batch needs; nil: more than half of the nodes.
    public var receiptsNeeded: UInt64?
    /// Keys in PKCS#11 tokens, as `pkcs11:` URIs; nil: new files.
    public var rootKey: String?
    public var linkKey: String?
    /// Whether the tokens make these keys.
    public var makesKeys: Bool
    public var nowSeconds: Int64

    /// Years that root and link CA live: evidence is verified under the root for decades.
    static let authorityDays = 30 * 365

    public init(
        alliance: String, directory: String, receiptsNeeded: UInt64? = nil, rootKey: String? = nil, linkKey: String? = nil,
        makesKeys: Bool = false, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.alliance = alliance
        self.directory = directory
        self.receiptsNeeded = receiptsNeeded
        self.rootKey = rootKey
        self.linkKey = linkKey
        self.makesKeys = makesKeys
        self.nowSeconds = nowSeconds
    }

    /// Nodes whose receipts a gateway can count apart (`NodeSet` of the agent).
    static let distinguishedNodeCount: UInt64 = 64

    private static func quorumLine(_ needed: UInt64) -> String {
        let nodes = needed == 1 ? "1 node" : "\(needed) to \(2 * needed - 1) nodes"
        return "\n  quorum       \(needed): sign asks for \(nodes), of which that is more than half"
    }

    public func run() throws -> CommandResult {
        _ = try CheckedNames.name(alliance, as: "an alliance")
        if let receiptsNeeded {
            guard (1...Self.distinguishedNodeCount).contains(receiptsNeeded) else {
                throw CommandError(
                    .usage, "--quorum \(receiptsNeeded) is not possible: a batch needs 1 to \(Self.distinguishedNodeCount) receipts, since "
                        + "a gateway tells \(Self.distinguishedNodeCount) nodes apart",
                    nextStep: "leave --quorum out: then it is more than half of the nodes, whatever their number")
            }
        }
        let place = AllianceDirectory(directory)
        guard !DurableFile.exists(place.draftPath), !AuthorityKey.exists(place.rootKeyPath) else {
            throw CommandError(
                .failed, "\(directory) has an alliance already, and its keys are not overwritten",
                nextStep: "choose another directory")
        }
        let (rootKey, linkKey) = try keys()
        try place.makeDirectory(directory)
        let lifetime = CertificateLifetime.starting(at: nowSeconds, days: Self.authorityDays)
        let root = try CertificateAuthority.root(alliance: alliance, key: rootKey, lifetime: lifetime)
        let link = try CertificateAuthority.linkAuthority(alliance: alliance, key: linkKey, lifetime: lifetime)
        try place.write(
            key: root.key, uri: self.rootKey, keyPath: place.rootKeyPath, certificate: root.certificate,
            certificatePath: place.rootCertificatePath)
        try place.write(
            key: link.key, uri: self.linkKey, keyPath: place.linkKeyPath, certificate: link.certificate,
            certificatePath: place.linkCertificatePath)
        try RevocationListFile.writeEmpty(by: link, to: place.linkRevocationListPath, nowSeconds: nowSeconds)
        // Last, so that a directory with a draft has everything that the draft names.
        try place.save(
            AllianceDraft(
                alliance: alliance, signedVersion: 0, receiptsNeeded: receiptsNeeded,
                rootCertificate: Data(root.certificate.der), linkCertificate: Data(link.certificate.der), firms: [],
                nodes: [], servers: [], revocationLists: [], notAfterSeconds: nil))
        return CommandResult(
            output: """
                alliance \(alliance) in \(directory)
                  root key     \(rootLine(place))
                  link CA      \(place.linkCertificatePath)\(receiptsNeeded.map { Self.quorumLine($0) } ?? "")
                  next: harborseal alliance add-firm FIRM --alliance \(directory)

                """)
    }

    /// One key, one role (wire-format.md, section 1).
    private func keys() throws -> (root: AllianceSigningKey, link: AllianceSigningKey) {
        if makesKeys, rootKey == nil, linkKey == nil {
            throw CommandError(.usage, "--make-key makes a key in a token, and no token is named", nextStep: "give --root-key pkcs11:…, --link-key pkcs11:… or both")
        }
        let root = try AuthorityKey.given(rootKey, by: "--root-key", isNew: makesKeys && rootKey != nil)
        let link = try AuthorityKey.given(linkKey, by: "--link-key", isNew: makesKeys && linkKey != nil)
        guard root.keyID != link.keyID else {
            throw CommandError(.usage, "--root-key and --link-key name one key, and a key has one role", nextStep: "name another key, or make one with --make-key")
        }
        return (root, link)
    }

    private func rootLine(_ place: AllianceDirectory) -> String {
        guard rootKey == nil else { return "in its token, named in \(directory)/root.uri — take the token offline once the trust file is signed" }
        return "\(place.rootKeyPath) — take it offline once the trust file is signed"
    }
}

/// Revocation lists on disk: PEM, as mosquitto and openssl take them.
enum RevocationListFile {
    /// Ten years: OpenSSL refuses every client once a list is overdue, and the first day's list must not stop the broker.
    static let validityDays: Int64 = 3650

    static func writeEmpty(by authority: CertificateAuthority, to path: String, nowSeconds: Int64) throws {
        let der = try authority.issueRevocationList(
            number: 1, thisUpdateSeconds: nowSeconds - 300, nextUpdateSeconds: nowSeconds + validityDays * 86_400)
        try DurableFile.write(Array(CertificateAuthority.revocationListPEM(der: der).utf8), to: path)
    }
}
